//! Views of tasks.

use std::collections::BTreeSet;

use windrow_api::view::{FailureRow, SessionRow, TaskRow, TaskStatus, TaskView};
use windrow_core::State;
use windrow_core::ids::{SessionId, TaskId};
use windrow_core::state::{DelayKey, EntryState, Landing, Session, Task, TaskPhase, TryReason};

use super::ahead;
use super::session::session_row;
use crate::place::Place;

/// One line for each of these tasks, in their order.
pub(crate) fn task_rows(state: &State, ids: impl IntoIterator<Item = TaskId>) -> Vec<TaskRow> {
    let ids: Vec<TaskId> = ids.into_iter().collect();
    let last = last_sessions(state);
    let tasks = ids.iter().filter_map(|id| state.tasks.get(id));
    tasks.map(|task| row(state, task, last.get(&task.id).copied())).collect()
}

/// One line for each task whose work is held for a person, and for each open one behind it.
pub(crate) fn held_rows(state: &State) -> Vec<TaskRow> {
    let is_held = |task: &Task| status_of(state, task) == TaskStatus::Held;
    let held: BTreeSet<TaskId> =
        state.tasks.values().filter(|task| is_held(task)).map(|task| task.id).collect();
    if held.is_empty() {
        return Vec::new();
    }
    let waits = |task: &Task| {
        task.phase == TaskPhase::Open && task.spec.depends.iter().any(|on| held.contains(on))
    };
    let behind = state.tasks.values().filter(|task| waits(task)).map(|task| task.id);
    let all: BTreeSet<TaskId> = held.iter().copied().chain(behind).collect();
    task_rows(state, all)
}

/// Everything about a task but its body, which is a text of the journal.
pub(crate) fn task_view(state: &State, place: &Place, id: TaskId) -> Option<TaskView> {
    let task = state.tasks.get(&id)?;
    let row = task_rows(state, [id]).pop()?;
    let sessions = state.sessions.values().filter(|session| session.task == id);
    Some(TaskView {
        row,
        body: None,
        spec: task.spec.clone(),
        commit_type: task.spec.commit_type.clone(),
        run_line: task.spec.run.clone(),
        agent: task.spec.agent.clone(),
        model: task.spec.model.clone(),
        gate: task.spec.gate.clone(),
        wave: task.spec.wave,
        failures: task.reasons.iter().map(failure_row).collect(),
        sessions: sessions.map(|session| try_row(state, place, session)).collect(),
    })
}

/// A session with what became of the work it submitted.
fn try_row(state: &State, place: &Place, session: &Session) -> SessionRow {
    let mut row = session_row(state, place, session);
    let of_it = |entry: &&Landing| entry.session == Some(session.id);
    let rejected = state.landings.values().rev().find(of_it).and_then(|entry| match &entry.state {
        EntryState::Rejected(reason) => Some(format!("did not land: {}", reason.summary)),
        _ => None,
    });
    row.note = rejected.or(row.note);
    row
}

fn last_sessions(state: &State) -> std::collections::BTreeMap<TaskId, &Session> {
    state.sessions.values().map(|session| (session.task, session)).collect()
}

fn row(state: &State, task: &Task, last: Option<&Session>) -> TaskRow {
    let source = task.spec.source.as_ref();
    let working: Option<SessionId> = match task.phase {
        TaskPhase::Active(session) => Some(session),
        _ => None,
    };
    let live = working.and_then(|id| state.sessions.get(&id));
    let (status, held_as) = status(state, task);
    TaskRow {
        id: task.id.to_string(),
        source: source.map(|source| source.reference()),
        key: source.map(|source| source.key.clone()),
        title: task.spec.title.clone(),
        status,
        note: note(state, task),
        priority: task.spec.priority,
        kind: word(&task.spec.kind),
        depends: task.spec.depends.iter().map(ToString::to_string).collect(),
        files: task.spec.scopes.iter().map(ToString::to_string).collect(),
        run: task.run.map(|run| run.to_string()),
        session: last.map(Session::label),
        attempt: last.map_or(0, |session| session.attempt),
        branch: live.and_then(|s| s.tree.as_ref()).map(|tree| tree.branch.clone()),
        commit: match &task.phase {
            TaskPhase::Landed { commit, .. } => Some(commit.clone()),
            _ => None,
        },
        held_as,
        started_ms: live.and_then(|session| session.started_at).map(|at| at.0),
        check_off_problem: task.check_off_problem.clone(),
    }
}

/// The status of a task, and the queue entry that is held for a person.
fn status(state: &State, task: &Task) -> (TaskStatus, Option<String>) {
    let status = match &task.phase {
        TaskPhase::Open => TaskStatus::Open,
        TaskPhase::Active(_) => TaskStatus::Working,
        TaskPhase::Submitted(landing) => {
            let entry = state.landings.get(landing);
            if entry.is_some_and(|entry| entry.state == EntryState::Held) {
                return (TaskStatus::Held, Some(landing.to_string()));
            }
            TaskStatus::Landing
        }
        TaskPhase::Landed { .. } => TaskStatus::Landed,
        TaskPhase::Done { .. } => TaskStatus::Done,
        TaskPhase::Stuck(_) => TaskStatus::Stuck,
        TaskPhase::Cancelled { .. } => TaskStatus::Cancelled,
    };
    (status, None)
}

/// The status word of a task for counting.
pub(super) fn status_of(state: &State, task: &Task) -> TaskStatus {
    status(state, task).0
}

fn note(state: &State, task: &Task) -> Option<String> {
    match &task.phase {
        TaskPhase::Done { why } => Some(why.clone()),
        TaskPhase::Cancelled { reason } => Some(reason.clone()),
        TaskPhase::Stuck(reason) => Some(reason.summary.clone()),
        TaskPhase::Submitted(landing) => {
            let entry = state.landings.get(landing);
            let for_branch = entry.and_then(|entry| ahead::waits_for_branch(state, entry));
            let delay = state.delayed(DelayKey::Landing(*landing));
            let why = for_branch.or_else(|| delay.map(|delay| delay.reason.clone()));
            why.map(|why| format!("waits: {why}"))
        }
        TaskPhase::Active(session) => {
            let key = DelayKey::Session(*session);
            state.delayed(key).map(|delay| format!("waits: {}", delay.reason))
        }
        TaskPhase::Open => {
            let again = task.reasons.last().filter(|_| task.failed_tries > 0);
            let again = again
                .map(|reason| format!("try {} follows: {}", task.failed_tries + 1, reason.summary));
            again.or_else(|| waits_for_held(state, task))
        }
        TaskPhase::Landed { landing, .. } => {
            let entry = state.landings.get(landing).filter(|_| state.is_ahead(*landing));
            entry.map(|entry| format!("landed ahead; `{}` follows", entry.branch))
        }
    }
}

/// What an open task waits for, when a person holds it back.
fn waits_for_held(state: &State, task: &Task) -> Option<String> {
    let held = |on: &&TaskId| {
        let on = state.tasks.get(*on);
        on.is_some_and(|on| status_of(state, on) == TaskStatus::Held)
    };
    if task.unmet == 0 {
        return None;
    }
    let on = task.spec.depends.iter().find(held)?;
    Some(format!("waits for {on}, which is held; `windrow land {on}` lets it land"))
}

fn failure_row(reason: &TryReason) -> FailureRow {
    FailureRow {
        kind: word(&reason.kind),
        summary: reason.summary.clone(),
        detail: reason.detail.as_ref().map(|text| text.0.clone()),
        kept: reason.kept.clone(),
    }
}

/// The word under which an enum without fields is stored.
pub(super) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}
