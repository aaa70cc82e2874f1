//! A session's agent ended, and every process it started with it.

use crate::event::Event;
use crate::ids::{Generation, SessionId};
use crate::reject::Rejection;
use crate::state::{Exit, State, Wish};

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
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let session = rules::require_session(state, self.session, self.generation)?;
        // An agent that could not be started, or was not started because the session is to end,
        // ends without having run.
        if !matches!(session.wish(), Wish::Agent | Wish::End) {
            return Err(Rejection::NotAwaited { session: self.session });
        }
        let (session, generation) = (self.session, self.generation);
        Ok(vec![Event::AgentEnded { session, generation, exit: self.exit.clone() }])
    }
}
