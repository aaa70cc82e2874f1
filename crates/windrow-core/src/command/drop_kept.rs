//! Records that a kept ref was dropped, and why.

use crate::event::Event;
use crate::reject::Rejection;
use crate::state::State;

/// Forgets a kept ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropKept {
    /// The ref.
    pub refname: String,
    /// Why it may go.
    pub why: String,
}

impl DropKept {
    pub(super) fn decide(&self, _state: &State) -> Result<Vec<Event>, Rejection> {
        Ok(vec![Event::KeptDropped { refname: self.refname.clone(), why: self.why.clone() }])
    }
}
