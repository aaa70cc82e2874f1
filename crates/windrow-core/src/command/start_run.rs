//! Starts a run over a set of tasks.

use std::collections::BTreeSet;

use crate::event::Event;
use crate::ids::{RunId, TaskId};
use crate::reject::Rejection;
use crate::spec::RunSpec;
use crate::state::{RunPhase, State, Task, TaskPhase};

use super::rules;

/// Starts a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartRun {
    /// How to run.
    pub spec: RunSpec,
    /// The tasks it is about; those that are over are left out.
    pub tasks: Vec<TaskId>,
}

impl StartRun {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        if self.spec.pool == 0 {
            return Err(Rejection::EmptyPool);
        }
        let mut tasks = BTreeSet::new();
        for id in &self.tasks {
            let task = rules::require_task(state, *id)?;
            if task.phase.satisfies() || matches!(task.phase, TaskPhase::Cancelled { .. }) {
                continue;
            }
            if let Some(run) = live_run(state, task) {
                return Err(Rejection::TaskInRun { task: *id, run });
            }
            self.check_agent(task)?;
            tasks.insert(*id);
        }
        if tasks.is_empty() {
            return Err(Rejection::NothingToRun);
        }
        let run = state.next_run();
        let mut events = reopen(state, tasks.iter());
        events.push(Event::RunStarted { run, spec: self.spec.clone(), tasks });
        Ok(events)
    }

    fn check_agent(&self, task: &Task) -> Result<(), Rejection> {
        if task.spec.run.is_some() {
            return Ok(());
        }
        let agent = task.spec.agent.as_ref().or(self.spec.agent.as_ref());
        let agent = agent.ok_or(Rejection::NothingToStart(task.id))?;
        if self.spec.agents.contains_key(agent) {
            Ok(())
        } else {
            Err(Rejection::NoAgent { task: task.id, agent: agent.clone() })
        }
    }
}

fn live_run(state: &State, task: &Task) -> Option<RunId> {
    let run = state.runs.get(&task.run?)?;
    (!matches!(run.phase, RunPhase::Ended(_))).then_some(run.id)
}

/// Gives stuck tasks another chance: parked work goes back to the queue, the others start anew.
pub(super) fn reopen<'a>(state: &State, tasks: impl Iterator<Item = &'a TaskId>) -> Vec<Event> {
    let parked = rules::parked(state);
    let stuck = tasks.filter(|id| {
        state.tasks.get(id).is_some_and(|task| matches!(task.phase, TaskPhase::Stuck(_)))
    });
    stuck
        .map(|task| match parked.get(task) {
            Some(landing) => Event::EntryRequeued { landing: *landing },
            None => Event::TaskReopened { task: *task },
        })
        .collect()
}
