//! A session's agent runs under its keeper.

use crate::event::Event;
use crate::ids::{Generation, SessionId};
use crate::reject::Rejection;
use crate::state::{Process, State, Wish};

use super::rules;

/// Reports a started agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportStarted {
    /// Whose.
    pub session: SessionId,
    /// Its generation.
    pub generation: Generation,
    /// The keeper that owns it.
    pub keeper: Process,
}

impl ReportStarted {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let session = rules::require_session(state, self.session, self.generation)?;
        if session.wish() != Wish::Agent {
            return Err(Rejection::NotAwaited { session: self.session });
        }
        let (session, generation) = (self.session, self.generation);
        Ok(vec![Event::AgentStarted { session, generation, keeper: self.keeper }])
    }
}
