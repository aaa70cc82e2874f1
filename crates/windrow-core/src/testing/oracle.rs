//! The rules of the schedule said once more, slowly and without any index.

use crate::ids::{RunId, TaskId};
use crate::state::{DelayKey, EntryState, Run, RunPhase, State, Task, TaskPhase};

fn priority_order(a: &Task, b: &Task) -> std::cmp::Ordering {
    (a.spec.priority, b.weight, a.spec.kind, a.id).cmp(&(
        b.spec.priority,
        a.weight,
        b.spec.kind,
        b.id,
    ))
}

fn active_run<'a>(state: &'a State, task: &Task) -> Option<&'a Run> {
    state.runs.get(&task.run?).filter(|run| run.phase == RunPhase::Active)
}

/// Open, in an active run, with its dependencies satisfied, its moment come and its wave open.
fn is_candidate(state: &State, task: &Task) -> bool {
    let Some(run) = active_run(state, task) else { return false };
    let met = |on: &TaskId| state.tasks.get(on).is_some_and(|on| on.phase.satisfies());
    let delayed = state.delays.get(&DelayKey::Task(task.id)).is_some_and(|d| d.until.is_some());
    let earlier = |other: &Task| match (other.spec.wave, task.spec.wave) {
        (Some(theirs), Some(own)) => theirs < own,
        (Some(_) | None, Some(_) | None) => false,
    };
    let wave_is_shut = run.spec.barrier
        && state
            .tasks
            .values()
            .any(|other| other.run == task.run && !other.phase.is_final() && earlier(other));
    task.phase == TaskPhase::Open && task.spec.depends.iter().all(met) && !delayed && !wave_is_shut
}

/// Whether a person has to act before this holder's scopes are free.
pub(crate) fn rests(state: &State, holder: &Task) -> bool {
    let TaskPhase::Submitted(landing) = holder.phase else { return false };
    let entry = state.landings.get(&landing).expect("a submitted task has an entry");
    matches!(entry.state, EntryState::Held | EntryState::Parked(_))
}

/// Whether two tasks may touch one file.
pub(crate) fn overlap(state: &State, task: &Task, other: &Task) -> bool {
    let touched = match other.phase {
        TaskPhase::Submitted(landing) => state.landings.get(&landing).map(|l| &l.touched),
        TaskPhase::Open
        | TaskPhase::Active(_)
        | TaskPhase::Landed { .. }
        | TaskPhase::Done { .. }
        | TaskPhase::Stuck(_)
        | TaskPhase::Cancelled { .. } => None,
    };
    let case = state.case();
    task.scopes().map(|scope| scope.when(case)).any(|scope| {
        other.scopes().any(|theirs| theirs.when(case).overlaps(scope))
            || touched.into_iter().flatten().any(|path| scope.matches(&case.fold(path)))
    })
}

fn holders<'a>(state: &'a State, task: &'a Task) -> impl Iterator<Item = &'a Task> {
    state.tasks.values().filter(|holder| {
        matches!(holder.phase, TaskPhase::Active(_) | TaskPhase::Submitted(_))
            && holder.id != task.id
            && overlap(state, task, holder)
    })
}

/// The tasks that may start at this moment if there were slots for all that start, best first.
pub(crate) fn startable(state: &State) -> Vec<TaskId> {
    let mut candidates: Vec<&Task> =
        state.tasks.values().filter(|task| is_candidate(state, task)).collect();
    candidates.sort_by(|a, b| priority_order(a, b));
    let mut reserved: Vec<&Task> = Vec::new();
    let mut startable = Vec::new();
    for task in candidates {
        let mut holders = holders(state, task).peekable();
        let held = holders.peek().is_some();
        if held {
            // What waits for a person alone does not keep others from going on.
            if holders.all(|holder| !rests(state, holder)) {
                reserved.push(task);
            }
        } else if let Some(by) = reserved.iter().find(|by| overlap(state, task, by)) {
            let _first: &Task = by;
            reserved.push(task);
        } else {
            startable.push(task.id);
        }
    }
    startable
}

/// Asserts that starting `task` now breaks no rule.
pub(crate) fn check_start(state: &State, id: TaskId) {
    let task = state.tasks.get(&id).expect("what starts is there");
    let run = active_run(state, task).expect("what starts has an active run");
    assert!(run.slots.len() < run.spec.pool as usize, "{id} starts without a slot");
    assert!(is_candidate(state, task), "{id} starts and is no candidate");
    if let Some(holder) = holders(state, task).next() {
        panic!("{id} starts while {} holds its files", holder.id);
    }
    assert!(startable(state).contains(&id), "{id} starts on what a better task has reserved");
}

/// Asserts that no slot is empty while a task may start.
pub(crate) fn check_no_idle_slot(state: &State) {
    for id in startable(state) {
        let run = active_run(state, &state.tasks[&id]).expect("a candidate has an active run");
        assert!(run.slots.len() >= run.spec.pool as usize, "{id} could start in {}", run.id);
    }
}

/// Asserts that a run which is said to be finished has nothing that could go on by itself.
pub(crate) fn check_end(state: &State, id: RunId) {
    let run = &state.runs[&id];
    assert!(run.slots.is_empty(), "{id} ends with workers");
    for task in state.tasks.values().filter(|task| task.run == Some(id)) {
        match &task.phase {
            TaskPhase::Landed { .. }
            | TaskPhase::Done { .. }
            | TaskPhase::Stuck(_)
            | TaskPhase::Cancelled { .. } => {}
            TaskPhase::Active(session) => panic!("{id} ends while {session} works"),
            TaskPhase::Submitted(_) => assert!(rests(state, task), "{} is on its way", task.id),
            TaskPhase::Open if run.phase == RunPhase::Active => {
                let goes_on = goes_on(state, task, 0);
                assert!(!goes_on, "{id} ends although {} goes on by itself", task.id);
            }
            TaskPhase::Open => {}
        }
    }
}

/// Whether a task comes to an end without a person; tasks that wait in a circle for files of work
/// that rests do not, which the depth tells.
fn goes_on(state: &State, task: &Task, depth: usize) -> bool {
    match task.phase {
        TaskPhase::Active(_) => true,
        TaskPhase::Submitted(_) => !rests(state, task),
        TaskPhase::Landed { .. }
        | TaskPhase::Done { .. }
        | TaskPhase::Stuck(_)
        | TaskPhase::Cancelled { .. } => false,
        TaskPhase::Open => {
            if active_run(state, task).is_none() || depth > 20 {
                return false;
            }
            let tasks = || task.spec.depends.iter().map(|on| &state.tasks[on]);
            let unmet: Vec<&Task> = tasks().filter(|on| !on.phase.satisfies()).collect();
            if unmet.is_empty() {
                is_candidate(state, task) && holders(state, task).all(|by| !rests(state, by))
            } else {
                unmet.iter().all(|on| goes_on(state, on, depth + 1))
            }
        }
    }
}
