//! Records that a kept ref was dropped, and why.

use crate::event::Event;
use crate::reject::Rejection;
use crate::state::State;

/// Forgets a kept ref; for one that no session knows it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropKept {
    /// The ref.
    pub refname: String,
    /// Why it may go.
    pub why: String,
}

impl DropKept {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let mut kept = state.sessions.values().flat_map(|session| &session.kept);
        if !kept.any(|kept| kept.refname == self.refname) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::KeptDropped { refname: self.refname.clone(), why: self.why.clone() }])
    }
}
