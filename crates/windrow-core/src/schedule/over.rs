//! When a run is over: nothing of it goes on by itself any more.

use std::collections::BTreeMap;

use crate::ids::{LandingId, TaskId};
use crate::state::{EntryState, Run, RunPhase, State, Task, TaskPhase};

use super::files::{InUse, rests};
use super::{Wait, choose};

/// Whether `run` can do nothing more by itself: nothing runs, nothing is on its way, nothing waits
/// for a moment and nothing may start.
#[must_use]
pub(crate) fn is_over(state: &State, run: &Run) -> bool {
    // The task says whose the work is: it may have moved to a later run than the one it was done in.
    let on_its_way = |id: &LandingId| {
        state.landings.get(id).is_some_and(|entry| {
            let rests = matches!(entry.state, EntryState::Held | EntryState::Parked(_));
            let task = entry.task.and_then(|task| state.tasks.get(&task));
            !rests && task.is_some_and(|task| task.run == Some(run.id))
        })
    };
    if !run.slots.is_empty()
        || !run.paused.is_empty()
        || state.queues.values().flatten().any(on_its_way)
    {
        return false;
    }
    if run.phase != RunPhase::Active || run.tasks_left() == 0 {
        return true;
    }
    let (startable, waiting) = choose(state, run, 1);
    startable.is_empty()
        && !waiting.iter().any(|(_, wait)| may_pass(state, wait))
        && !waits_for_others(state, run)
}

/// Whether a wait ends without a person: by time, or because other work goes on. Only what waits
/// for work that goes on reserves scopes; a wave opens when something else of the same run ends.
fn may_pass(state: &State, wait: &Wait) -> bool {
    match wait {
        Wait::Delay { .. } | Wait::Reserved { .. } => true,
        Wait::Wave { .. } => false,
        Wait::Held { by, .. } => {
            state.tasks.get(by).is_some_and(|holder| is_held(holder) && !rests(state, holder))
        }
    }
}

fn is_held(task: &Task) -> bool {
    matches!(task.phase, TaskPhase::Active(_) | TaskPhase::Submitted(_))
}

/// Whether an open task of `run` depends only on work that goes on outside of it.
///
/// Walks from that work to its dependents, each of which goes on once all it depends on does.
fn waits_for_others(state: &State, run: &Run) -> bool {
    let mut going: Vec<TaskId> = outside(state, run);
    let mut missing: BTreeMap<TaskId, u32> = BTreeMap::new();
    while let Some(id) = going.pop() {
        let dependents = state.dependents.get(&id).into_iter().flatten();
        for task in dependents.filter_map(|id| state.tasks.get(id)) {
            let active = task.run.and_then(|run| state.runs.get(&run));
            let active = active.is_some_and(|run| run.phase == RunPhase::Active);
            if !active || task.phase != TaskPhase::Open {
                continue;
            }
            let missing = missing.entry(task.id).or_insert(task.unmet);
            *missing = missing.saturating_sub(1);
            if *missing == 0 {
                if task.run == Some(run.id) {
                    return true;
                }
                going.push(task.id);
            }
        }
    }
    false
}

/// Work outside of `run` that goes on by itself.
fn outside(state: &State, run: &Run) -> Vec<TaskId> {
    let held = state.holders.iter().filter_map(|id| state.tasks.get(id));
    let mut going: Vec<TaskId> =
        held.filter(|task| !rests(state, task)).map(|task| task.id).collect();
    let others = state.ready.iter().filter(|(id, _)| **id != run.id);
    let active = |id| state.runs.get(id).is_some_and(|run| run.phase == RunPhase::Active);
    let mut others = others.filter(|(id, _)| active(*id)).peekable();
    if others.peek().is_none() {
        return going;
    }
    let files = InUse::of(state);
    let ready = others.flat_map(|(_, ready)| ready).filter_map(|(_, id)| state.tasks.get(id));
    going.extend(ready.filter(|task| files.resting.meets(task).is_none()).map(|task| task.id));
    going
}
