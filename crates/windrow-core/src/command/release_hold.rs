//! Lets held work land, on a person's word.

use crate::event::Event;
use crate::ids::LandingId;
use crate::reject::Rejection;
use crate::state::{EntryState, State};

/// Releases a held queue entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseHold {
    /// Which entry.
    pub landing: LandingId,
}

impl ReleaseHold {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let entry = state.landings.get(&self.landing).ok_or(Rejection::NoLanding(self.landing))?;
        if entry.state == EntryState::Held {
            Ok(vec![Event::EntryReleased { landing: self.landing }])
        } else {
            Err(Rejection::NotHeld(self.landing))
        }
    }
}
