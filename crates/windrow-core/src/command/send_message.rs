//! The person says something to a worker, or answers what it asked.

use crate::event::Event;
use crate::ids::{MessageId, SessionId};
use crate::reject::Rejection;
use crate::spec::TextRef;
use crate::state::State;

/// Sends a message to a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendMessage {
    /// To whom.
    pub session: SessionId,
    /// What.
    pub text: TextRef,
    /// Its first line, shortened.
    pub summary: String,
    /// The question that it answers.
    pub answers: Option<MessageId>,
}

impl SendMessage {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let id = self.session;
        let session = state.sessions.get(&id).ok_or(Rejection::NoSession(id))?;
        if !session.hears() {
            return Err(Rejection::HearsNothing(id));
        }
        if let Some(question) = self.answers {
            let asked = session.message(question).ok_or(Rejection::NoQuestion(question))?;
            if !asked.is_open() {
                return Err(Rejection::NoQuestion(question));
            }
        }
        Ok(vec![Event::MessageSent {
            message: state.next_message(),
            session: id,
            text: self.text.clone(),
            summary: self.summary.clone(),
            answers: self.answers,
        }])
    }
}
