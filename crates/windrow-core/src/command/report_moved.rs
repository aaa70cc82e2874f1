//! The target branch was moved to a landing commit, or could not be.

use crate::event::Event;
use crate::ids::LandingId;
use crate::reject::Rejection;
use crate::state::{DelayKey, EntryState, State};
use crate::time::Stamp;

use super::report_setback::backoff;
use super::rules;

/// Reports a move of the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportMoved {
    /// Which entry.
    pub landing: LandingId,
    /// Which round of it.
    pub round: u32,
    /// What came of it.
    pub report: MoveReport,
}

/// What came of a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MoveReport {
    /// The branch has the landing commit.
    Moved,
    /// Somebody else moved the branch first; the entry merges anew.
    TargetMoved,
    /// Something is in the way; nothing was touched.
    Busy(String),
}

impl ReportMoved {
    pub(super) fn decide(&self, state: &State, stamp: Stamp) -> Result<Vec<Event>, Rejection> {
        let entry = rules::require_turn(state, self.landing, self.round)?;
        let (EntryState::Merged { onto, commit, .. } | EntryState::Verified { onto, commit, .. }) =
            &entry.state
        else {
            let (landing, round) = (self.landing, self.round);
            return Err(Rejection::EntryNotAwaited { landing, round });
        };
        let landing = self.landing;
        Ok(vec![match &self.report {
            MoveReport::Moved => {
                Event::WorkLanded { landing, commit: commit.clone(), onto: onto.clone() }
            }
            MoveReport::TargetMoved => Event::EntryTaken { landing, round: entry.round + 1 },
            MoveReport::Busy(reason) => {
                let key = DelayKey::Landing(landing);
                let until = stamp.now.plus(backoff(state.waits(key)));
                Event::Delayed { key, until, reason: reason.clone(), waits: true }
            }
        }])
    }
}
