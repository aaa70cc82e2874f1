//! Folds of run events.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph;
use crate::ids::{RunId, TaskId};
use crate::spec::RunSpec;
use crate::state::{Run, RunEnd, RunPhase, State};
use crate::time::Timestamp;

use super::index::change_task;

pub(super) fn started(
    state: &mut State,
    id: RunId,
    spec: &RunSpec,
    tasks: &BTreeSet<TaskId>,
    at: Timestamp,
) {
    let run = Run {
        id,
        spec: spec.clone(),
        tasks: tasks.clone(),
        phase: RunPhase::Active,
        slots: BTreeSet::new(),
        paused: BTreeSet::new(),
        left: BTreeMap::new(),
        started_at: at,
        ended_at: None,
    };
    state.runs.insert(id, run);
    let weights = graph::weights(&state.dependents, tasks);
    for task in tasks {
        let weight = weights.get(task).copied().unwrap_or(0);
        change_task(state, *task, |task| {
            task.run = Some(id);
            task.weight = weight;
        });
    }
}

pub(super) fn resumed(state: &mut State, id: RunId) {
    if let Some(run) = state.runs.get_mut(&id) {
        run.phase = RunPhase::Active;
        run.ended_at = None;
    }
}

pub(super) fn resized(state: &mut State, id: RunId, pool: u32) {
    if let Some(run) = state.runs.get_mut(&id) {
        run.spec.pool = pool;
    }
}

pub(super) fn draining(state: &mut State, id: RunId) {
    if let Some(run) = state.runs.get_mut(&id) {
        run.phase = RunPhase::Draining;
    }
}

pub(super) fn stopping(state: &mut State, id: RunId) {
    if let Some(run) = state.runs.get_mut(&id) {
        run.phase = RunPhase::Stopping;
    }
}

pub(super) fn ended(state: &mut State, id: RunId, how: RunEnd, at: Timestamp) {
    if let Some(run) = state.runs.get_mut(&id) {
        run.phase = RunPhase::Ended(how);
        run.ended_at = Some(at);
    }
}
