//! A session's agent ended, and every process it started with it.
//!
//! Its work is sealed then, unless the person still has a word in it: with an open question the
//! session waits, and with an answer or a message that its agent did not get it goes on at once.

use crate::event::Event;
use crate::ids::{Generation, SessionId};
use crate::reject::Rejection;
use crate::state::{Exit, ExitHow, Message, Said, Session, State, Wish};
use crate::time::Stamp;

use super::rules;

/// Reports an agent's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportEnded {
    /// Whose.
    pub session: SessionId,
    /// Its generation.
    pub generation: Generation,
    /// How it ended.
    pub exit: Exit,
}

impl ReportEnded {
    pub(super) fn decide(&self, state: &State, stamp: Stamp) -> Result<Vec<Event>, Rejection> {
        let session = rules::require_session(state, self.session, self.generation)?;
        // An agent that could not be started, or was not started because the session is to end,
        // ends without having run.
        if !matches!(session.wish(), Wish::Agent | Wish::End) {
            return Err(Rejection::NotAwaited { session: self.session });
        }
        let after = self.after(state, session, stamp);
        let (session, generation) = (self.session, self.generation);
        let ended = Event::AgentEnded { session, generation, exit: self.exit.clone() };
        Ok(std::iter::once(ended).chain(after).collect())
    }

    /// What follows at once: a pause, or the next turn.
    fn after(&self, state: &State, session: &Session, stamp: Stamp) -> Option<Event> {
        // Only a turn that came to its own end leaves the word to the person. What crashed, was
        // ended or could not ask its model is a try that failed, whatever it asked before.
        let is_own_end = matches!(self.exit.how, ExitHow::Code(_));
        if !is_own_end || self.exit.how.is_interruption() || session.stop.is_some() {
            return None;
        }
        let (id, generation) = (self.session, self.generation);
        if session.open_questions().next().is_some() {
            return Some(Event::TurnPaused { session: id, generation });
        }
        let mut queued = session.talk.iter().filter(|message| message.is_queued());
        let goes_on = queued.any(|message| self.calls_for_turn(message));
        goes_on.then(|| rules::next_turn(state, session, self.exit.talks(), stamp))
    }

    /// Whether a message that nobody got calls for another turn. A command that only was told
    /// something has done its work; one that asked has not.
    fn calls_for_turn(&self, message: &Message) -> bool {
        let is_well = self.exit.how == ExitHow::Code(0);
        matches!(message.what, Said::Answer { .. }) || (is_well && self.exit.talks())
    }
}
