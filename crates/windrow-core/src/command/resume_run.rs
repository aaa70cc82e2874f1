//! Takes a run up again: only what is not done, stuck tasks with fresh tries, and a person's commits
//! that could not be checked.

use crate::event::Event;
use crate::ids::RunId;
use crate::reject::Rejection;
use crate::state::{RunPhase, State};

use super::rules;
use super::start_run::reopen;

/// Resumes a run. On one that goes on already only a person's commits are looked at anew.
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
        events.extend(look_anew(state, &run.spec.branch));
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

/// Lets a person's commits that windrow could not check, or not take in, be submitted again. Nobody
/// has to commit for that; what they must settle themselves stays told.
fn look_anew(state: &State, branch: &str) -> Option<Event> {
    let ahead = state.ahead.get(branch)?;
    let trouble = ahead.trouble.as_ref()?;
    rules::is_windrows(trouble.reason.kind).then(|| Event::TargetSeen {
        branch: branch.to_owned(),
        head: Some(ahead.known.clone()),
        trouble: None,
    })
}
