//! A session's name and ports are free again: it is over.

use crate::event::Event;
use crate::ids::{Generation, SessionId};
use crate::reject::Rejection;
use crate::state::{SealOutcome, State, Wish};

use super::rules;

/// Reports a freed name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFreed {
    /// Whose.
    pub session: SessionId,
    /// Its generation.
    pub generation: Generation,
}

impl ReportFreed {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let session = rules::require_session(state, self.session, self.generation)?;
        if session.wish() != Wish::Unlease {
            return Err(Rejection::NotAwaited { session: self.session });
        }
        let mut events = vec![Event::SessionClosed { session: self.session }];
        // It was to start again, but meanwhile somebody wanted it to end.
        if session.sealed == Some(SealOutcome::Interrupted) {
            events.extend(rules::after_stop(state, session));
        }
        Ok(events)
    }
}
