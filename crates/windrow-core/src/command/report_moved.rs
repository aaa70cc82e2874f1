//! The target branch was moved to a landing commit, or could not be.

use crate::effect::{Effect, Key, wanted_of};
use crate::event::Event;
use crate::ids::LandingId;
use crate::reject::Rejection;
use crate::spec::WhenBusy;
use crate::state::{DelayKey, EntryState, Landing, State};
use crate::time::Stamp;

use super::report_setback::backoff;
use super::rules;

/// How often a landing that may go ahead waits for a lock: most are gone within a moment.
const LOCK_WAITS: u32 = 3;

/// Reports a move of the target, or of the ref that is ahead of it.
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
    /// Somebody's git has the branch or its checkout locked; nothing was touched.
    Locked(String),
    /// A ref is ahead of the branch, and the entry was merged onto that.
    Behind(String),
    /// The ref that is ahead of the branch has the landing commit.
    MovedAhead {
        /// The last commit of the branch that is part of the landing commit.
        branch: String,
    },
}

impl ReportMoved {
    pub(super) fn decide(&self, state: &State, stamp: Stamp) -> Result<Vec<Event>, Rejection> {
        let entry = rules::require_turn(state, self.landing, self.round)?;
        let (EntryState::Merged { onto, commit, .. } | EntryState::Verified { onto, commit, .. }) =
            &entry.state
        else {
            return Err(self.not_awaited());
        };
        let landing = self.landing;
        let landed = |ahead| Event::WorkLanded {
            landing,
            commit: commit.clone(),
            onto: onto.clone(),
            ahead,
        };
        Ok(vec![match &self.report {
            MoveReport::Moved => landed(None),
            MoveReport::MovedAhead { branch } => landed(Some(branch.clone())),
            MoveReport::TargetMoved => Event::EntryTaken { landing, round: entry.round + 1 },
            MoveReport::Busy(reason) | MoveReport::Locked(reason) | MoveReport::Behind(reason) => {
                self.require_move(state, entry)?;
                self.in_the_way(state, entry, reason, stamp)
            }
        }])
    }

    /// A report that the branch cannot move is of no use once the entry goes ahead of it.
    fn require_move(&self, state: &State, entry: &Landing) -> Result<(), Rejection> {
        let wanted = wanted_of(state, &Key::Queue(entry.branch.clone()));
        // What is in the way may be seen before the gate runs for nothing.
        let awaited = |effect| wanted.contains(&effect);
        let awaited = awaited(Effect::MoveTarget(self.landing, self.round))
            || awaited(Effect::RunGate(self.landing, self.round));
        awaited.then_some(()).ok_or_else(|| self.not_awaited())
    }

    fn in_the_way(&self, state: &State, entry: &Landing, reason: &str, stamp: Stamp) -> Event {
        let (landing, key) = (self.landing, DelayKey::Landing(self.landing));
        let run = state.runs.get(&entry.run);
        let may = run.is_some_and(|run| run.spec.busy == WhenBusy::Ahead);
        let goes = match &self.report {
            MoveReport::Behind(_) => true,
            MoveReport::Locked(_) => may && state.waits(key) >= LOCK_WAITS,
            MoveReport::Busy(_)
            | MoveReport::Moved
            | MoveReport::TargetMoved
            | MoveReport::MovedAhead { .. } => may,
        };
        let reason = reason.to_owned();
        if goes {
            return Event::EntryGoesAhead { landing, reason };
        }
        let until = stamp.now.plus(backoff(state.waits(key)));
        Event::Delayed { key, until, reason, waits: true }
    }

    fn not_awaited(&self) -> Rejection {
        Rejection::EntryNotAwaited { landing: self.landing, round: self.round }
    }
}
