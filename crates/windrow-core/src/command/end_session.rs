//! Ends one session on a person's word: its work is submitted, kept, or dropped.

use crate::event::Event;
use crate::ids::SessionId;
use crate::reject::Rejection;
use crate::state::{State, StopReason};

/// Ends a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndSession {
    /// Which session.
    pub session: SessionId,
    /// What is to become of its work.
    pub why: StopReason,
}

impl EndSession {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let session =
            state.sessions.get(&self.session).ok_or(Rejection::NoSession(self.session))?;
        if !session.is_open() {
            return Err(Rejection::SessionOver(self.session));
        }
        if session.stop == Some(self.why) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::StopRequested { session: self.session, why: self.why }])
    }
}
