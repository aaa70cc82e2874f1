//! Keeps the indexes beside the task table true while a task changes.
//!
//! Invariant: every change of a task goes through [`change_task`].

use crate::effect::Key;
use crate::ids::{RunId, TaskId};
use crate::schedule::Rank;
use crate::state::{State, Task, TaskPhase};

/// Where a task without a wave is counted: behind every wave, so that it keeps none shut.
const NO_WAVE: u32 = u32::MAX;

/// What the indexes know of a task.
struct Facet {
    open: bool,
    ready: Option<(RunId, Rank)>,
    counted: Option<(RunId, u32)>,
    holds: bool,
    satisfies: bool,
    dooms: bool,
}

impl Facet {
    fn of(task: &Task) -> Self {
        let open = task.phase == TaskPhase::Open;
        let ready = open && task.unmet == 0;
        let left = !task.phase.is_final();
        let wave = task.spec.wave.unwrap_or(NO_WAVE);
        Self {
            open,
            ready: task.run.filter(|_| ready).map(|run| (run, Rank::of(task))),
            counted: task.run.filter(|_| left).map(|run| (run, wave)),
            holds: matches!(task.phase, TaskPhase::Active(_) | TaskPhase::Submitted(_)),
            satisfies: task.phase.satisfies(),
            dooms: matches!(task.phase, TaskPhase::Stuck(_) | TaskPhase::Cancelled { .. }),
        }
    }
}

/// Changes one task and every index that mentions it.
pub(super) fn change_task(state: &mut State, id: TaskId, change: impl FnOnce(&mut Task)) {
    let Some(task) = state.tasks.get_mut(&id) else { return };
    let before = Facet::of(task);
    change(task);
    let after = Facet::of(task);
    leave(state, id, &before);
    enter(state, id, &after);
    if before.open != after.open {
        doom(state, id);
    }
    if before.satisfies != after.satisfies || before.dooms != after.dooms {
        tell_dependents(state, id, &before, &after);
    }
    state.dirty.insert(Key::Task(id));
}

/// Enters a new task into the indexes.
pub(super) fn add_task(state: &mut State, mut task: Task) {
    let id = task.id;
    task.unmet = unmet(state, &task);
    for on in &task.spec.depends {
        state.dependents.entry(*on).or_default().insert(id);
    }
    let facet = Facet::of(&task);
    state.tasks.insert(id, task);
    enter(state, id, &facet);
    doom(state, id);
    state.dirty.insert(Key::Task(id));
}

/// The number of dependencies of `task` that are not satisfied.
pub(super) fn unmet(state: &State, task: &Task) -> u32 {
    let met = |on: &TaskId| state.tasks.get(on).is_some_and(|task| task.phase.satisfies());
    let open = task.spec.depends.iter().filter(|on| !met(on)).count();
    u32::try_from(open).unwrap_or(u32::MAX)
}

fn leave(state: &mut State, id: TaskId, facet: &Facet) {
    if let Some((run, rank)) = facet.ready
        && let Some(ready) = state.ready.get_mut(&run)
    {
        ready.remove(&(rank, id));
        if ready.is_empty() {
            state.ready.remove(&run);
        }
    }
    if let Some((run, wave)) = facet.counted
        && let Some(run) = state.runs.get_mut(&run)
        && let Some(left) = run.left.get_mut(&wave)
    {
        *left -= 1;
        if *left == 0 {
            run.left.remove(&wave);
        }
    }
    if facet.holds {
        state.holders.remove(&id);
    }
}

fn enter(state: &mut State, id: TaskId, facet: &Facet) {
    if let Some((run, rank)) = facet.ready {
        state.ready.entry(run).or_default().insert((rank, id));
    }
    if let Some((run, wave)) = facet.counted
        && let Some(run) = state.runs.get_mut(&run)
    {
        *run.left.entry(wave).or_default() += 1;
    }
    if facet.holds {
        state.holders.insert(id);
    }
}

fn tell_dependents(state: &mut State, id: TaskId, before: &Facet, after: &Facet) {
    for dependent in state.dependents.get(&id).cloned().unwrap_or_default() {
        change_task(state, dependent, |task| match (before.satisfies, after.satisfies) {
            (false, true) => task.unmet = task.unmet.saturating_sub(1),
            (true, false) => task.unmet += 1,
            (true, true) | (false, false) => {}
        });
        if before.dooms != after.dooms {
            doom(state, dependent);
        }
    }
}

/// Enters or removes a task among those that wait for what will not come.
pub(super) fn doom(state: &mut State, id: TaskId) {
    let Some(task) = state.tasks.get(&id) else { return };
    let lost = |on: &TaskId| state.tasks.get(on).is_some_and(|task| Facet::of(task).dooms);
    if task.phase == TaskPhase::Open && task.spec.depends.iter().any(lost) {
        state.doomed.insert(id);
    } else {
        state.doomed.remove(&id);
    }
}
