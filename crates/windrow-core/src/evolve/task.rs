//! Folds of task events.

use crate::ids::{LandingId, TaskId};
use crate::spec::TaskSpec;
use crate::state::{ClosedAs, DelayKey, State, Task, TaskPhase, TryReason};
use crate::time::Timestamp;

use super::index::{add_task, change_task, doom, unmet};

pub(super) fn added(state: &mut State, id: TaskId, spec: &TaskSpec, at: Timestamp) {
    let task = Task {
        id,
        spec: spec.clone(),
        imported: spec.source.is_some().then(|| Box::new(spec.clone())),
        added_at: at,
        phase: TaskPhase::Open,
        run: None,
        failed_tries: 0,
        reasons: Vec::new(),
        learned: Vec::new(),
        unmet: 0,
        weight: 0,
        checked_off: false,
        check_off_problem: None,
    };
    add_task(state, task);
}

#[expect(clippy::ref_option, reason = "the fold hands the fields of an event on as they are")]
pub(super) fn edited(
    state: &mut State,
    id: TaskId,
    spec: &TaskSpec,
    imported: &Option<Box<TaskSpec>>,
) {
    let Some(old) = state.tasks.get(&id).map(|task| task.spec.depends.clone()) else { return };
    for on in old.difference(&spec.depends) {
        if let Some(dependents) = state.dependents.get_mut(on) {
            dependents.remove(&id);
        }
    }
    for on in &spec.depends {
        state.dependents.entry(*on).or_default().insert(id);
    }
    change_task(state, id, |task| {
        task.spec = spec.clone();
        if imported.is_some() {
            task.imported.clone_from(imported);
        }
    });
    let open = state.tasks.get(&id).map_or(0, |task| unmet(state, task));
    change_task(state, id, |task| task.unmet = open);
    doom(state, id);
    // The gates of its queue entry may have changed.
    if let Some(TaskPhase::Submitted(landing)) = state.tasks.get(&id).map(|task| &task.phase) {
        let landing = DelayKey::Landing(*landing);
        super::mark(state, landing);
    }
}

pub(super) fn closed(state: &mut State, id: TaskId, how: ClosedAs, reason: &str) {
    let reason = reason.to_owned();
    let phase = match how {
        ClosedAs::Done => TaskPhase::Done { why: reason },
        ClosedAs::Cancelled => TaskPhase::Cancelled { reason },
    };
    end(state, id, phase);
}

pub(super) fn requeued(state: &mut State, id: TaskId, reason: &TryReason) {
    change_task(state, id, |task| {
        task.phase = TaskPhase::Open;
        task.failed_tries += 1;
        task.reasons.push(reason.clone());
    });
}

pub(super) fn reopened(state: &mut State, id: TaskId) {
    change_task(state, id, |task| {
        task.phase = TaskPhase::Open;
        task.failed_tries = 0;
    });
}

pub(super) fn stuck(state: &mut State, id: TaskId, reason: &TryReason) {
    change_task(state, id, |task| task.reasons.push(reason.clone()));
    end(state, id, TaskPhase::Stuck(reason.clone()));
}

pub(super) fn done(state: &mut State, id: TaskId, why: &str) {
    end(state, id, TaskPhase::Done { why: why.to_owned() });
}

/// The entry that brought it is not known any more.
pub(super) fn found_landed(state: &mut State, id: TaskId, commit: &str) {
    let phase = TaskPhase::Landed { commit: commit.to_owned(), landing: LandingId(0) };
    end(state, id, phase);
}

pub(super) fn checked_off(state: &mut State, id: TaskId, problem: Option<String>) {
    change_task(state, id, |task| {
        task.checked_off = true;
        task.check_off_problem = problem;
    });
}

/// Gives a task a phase that nothing follows by itself.
pub(super) fn end(state: &mut State, id: TaskId, phase: TaskPhase) {
    change_task(state, id, |task| task.phase = phase);
    super::undelayed(state, DelayKey::Task(id));
}
