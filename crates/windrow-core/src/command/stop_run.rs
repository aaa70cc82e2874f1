//! Ends a run before its time: politely, or at once with the work kept.

use crate::event::Event;
use crate::ids::RunId;
use crate::reject::Rejection;
use crate::state::{RunPhase, State, StopReason};

use super::rules;

/// Hands out no more work; what runs is finished and landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrainRun {
    /// Which run.
    pub run: RunId,
}

impl DrainRun {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let run = rules::require_run(state, self.run)?;
        match run.phase {
            RunPhase::Active => Ok(vec![Event::RunDraining { run: self.run }]),
            RunPhase::Draining | RunPhase::Stopping => Ok(Vec::new()),
            RunPhase::Ended(_) => Err(Rejection::RunOver(self.run)),
        }
    }
}

/// Ends every worker of a run; their work is captured and their tasks stay open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopRun {
    /// Which run.
    pub run: RunId,
}

impl StopRun {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let run = rules::require_run(state, self.run)?;
        match run.phase {
            RunPhase::Active | RunPhase::Draining => {}
            RunPhase::Stopping => return Ok(Vec::new()),
            RunPhase::Ended(_) => return Err(Rejection::RunOver(self.run)),
        }
        let stops = run.slots.iter().chain(&run.paused).filter_map(|id| {
            let session = state.sessions.get(id).filter(|session| session.stop.is_none())?;
            Some(Event::StopRequested { session: session.id, why: StopReason::RunStopped })
        });
        let mut events = vec![Event::RunStopping { run: self.run }];
        events.extend(stops);
        Ok(events)
    }
}
