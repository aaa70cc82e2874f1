//! A worker asks the person something.

use crate::event::Event;
use crate::ids::{Generation, SessionId};
use crate::reject::Rejection;
use crate::spec::TextRef;
use crate::state::{State, Wish};

use super::rules;

/// Asks the person.
///
/// The same question of the same session, asked again, is that question, answered or not: whoever
/// begins anew from the same brief asks it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskPerson {
    /// Who asks.
    pub session: SessionId,
    /// Its generation.
    pub generation: Generation,
    /// The question with what belongs to it.
    pub text: TextRef,
    /// Its first line, shortened.
    pub summary: String,
    /// What may be answered; anything, when there is nothing.
    pub options: Vec<String>,
    /// It is whether a tool may be used: each use is asked for anew.
    pub permission: bool,
}

impl AskPerson {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let session = rules::require_session(state, self.session, self.generation)?;
        // An agent may ask before anybody noted that it runs.
        if !matches!(session.wish(), Wish::Agent | Wish::End) {
            return Err(Rejection::NotAtWork(self.session));
        }
        let known = session.question(&self.text);
        if known.is_some_and(|known| known.is_open() || !self.permission) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::QuestionAsked {
            message: state.next_message(),
            session: self.session,
            generation: self.generation,
            text: self.text.clone(),
            summary: self.summary.clone(),
            options: self.options.clone(),
            permission: self.permission,
        }])
    }
}
