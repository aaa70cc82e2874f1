//! Takes a run up again: only what is not done, stuck tasks with fresh tries.

use crate::event::Event;
use crate::ids::RunId;
use crate::reject::Rejection;
use crate::state::{RunPhase, State};

use super::rules;
use super::start_run::reopen;

/// Resumes a run; on one that goes on already it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResumeRun {
    /// Which run.
    pub run: RunId,
    /// A new number of workers.
    pub pool: Option<u32>,
}

impl ResumeRun {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let run = rules::require_run(state, self.run)?;
        let mut events = Vec::new();
        if let Some(pool) = self.pool.filter(|pool| *pool != run.spec.pool) {
            if pool == 0 {
                return Err(Rejection::EmptyPool);
            }
            events.push(Event::RunResized { run: self.run, pool });
        }
        if run.phase == RunPhase::Active {
            return Ok(events);
        }
        let mine = |id: &&crate::ids::TaskId| {
            state.tasks.get(id).is_some_and(|task| task.run == Some(self.run))
        };
        let again = reopen(state, run.tasks.iter().filter(mine));
        if again.is_empty() && run.tasks_left() == 0 {
            return Ok(events);
        }
        events.push(Event::RunResumed { run: self.run });
        events.extend(again);
        Ok(events)
    }
}
