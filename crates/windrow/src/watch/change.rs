//! What happened between two views of a run.
//!
//! Views may skip moments; what is derived is what a person missed, not every step.

use std::collections::BTreeMap;

use serde::Serialize;
use windrow_api::ExitKind;
use windrow_api::summary::short;
use windrow_api::view::{QueueRow, RunView, TaskRow, TaskStatus};

use super::told::other_troubles;
use crate::output::one_line;

/// One thing that happened. In JSON each is one line; `event` says what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Change {
    /// `started`, `submitted`, `landed`, `done`, `held`, `stuck`, `cancelled`, `failed`, `conflict`,
    /// `red`, `waiting`, `trouble` or `run`.
    pub(crate) event: &'static str,
    /// When it was seen, in milliseconds since 1970.
    pub(crate) at_ms: i64,
    /// The task's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
    /// The task's full name in its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// The task's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    /// The worker's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) worker: Option<String>,
    /// Which try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attempt: Option<u32>,
    /// The worker's branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) branch: Option<String>,
    /// The landing commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<String>,
    /// Why, or what it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

/// The last line in JSON: how it ended.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct End<'a> {
    /// `end`.
    event: &'static str,
    /// The name of the exit code.
    outcome: ExitKind,
    /// The run as it is now; not there when nothing was to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a RunView>,
}

impl<'a> End<'a> {
    pub(crate) const fn new(outcome: ExitKind, run: Option<&'a RunView>) -> Self {
        Self { event: "end", outcome, run }
    }
}

/// Everything that happened from `before` (nothing at the first look) to `after`.
pub(crate) fn changes(before: Option<&RunView>, after: &RunView, now_ms: i64) -> Vec<Change> {
    let old: BTreeMap<&str, &TaskRow> =
        before.iter().flat_map(|view| &view.tasks).map(|task| (task.id.as_str(), task)).collect();
    let mut found = Vec::new();
    for task in &after.tasks {
        let old = old.get(task.id.as_str()).copied();
        found.extend(of_task(old, task, after));
    }
    found.extend(of_queue(before, after));
    let known_idle = before.and_then(|view| view.idle.as_ref());
    let known: Vec<&String> = before.into_iter().flat_map(other_troubles).collect();
    for trouble in other_troubles(after).filter(|text| !known.contains(text)) {
        let note = Some(trouble.clone());
        found.push(Change { event: "trouble", note, ..Change::default() });
    }
    if let Some(idle) = after.idle.as_ref().filter(|idle| known_idle != Some(*idle)) {
        found.push(Change { event: "waiting", note: Some(idle.clone()), ..Change::default() });
    }
    if before.is_some_and(|view| view.row.phase != after.row.phase) {
        let note = Some(format!("{} is {}", after.row.id, after.row.phase));
        found.push(Change { event: "run", note, ..Change::default() });
    }
    for change in &mut found {
        change.at_ms = now_ms;
    }
    found
}

fn of_task(old: Option<&TaskRow>, task: &TaskRow, view: &RunView) -> Vec<Change> {
    let mut found = Vec::new();
    let status_was = old.map(|old| old.status);
    let attempt_was = old.map_or(0, |old| old.attempt);
    let at_work = matches!(status_was, Some(TaskStatus::Working | TaskStatus::Landing));
    // A task that was open in between has been told as failed when it fell back.
    let new_try = at_work && attempt_was > 0 && task.attempt > attempt_was;
    let fell_back = task.status == TaskStatus::Open && at_work;
    if new_try || (fell_back && task.note.is_some()) {
        // Why a task is stuck is told with that, and is not why the try before its last one failed.
        let note = task.note.clone().filter(|_| task.status != TaskStatus::Stuck);
        let attempt = Some(attempt_was);
        found.push(Change { attempt, commit: None, note, ..about(task, "failed") });
    }
    let moved = status_was != Some(task.status);
    // A session that is asked for has not begun; one that begins anew has another moment.
    let begun = task.started_ms.is_some() && old.and_then(|old| old.started_ms) != task.started_ms;
    match task.status {
        TaskStatus::Working if begun => {
            found.push(Change {
                worker: task.session.clone(),
                attempt: Some(task.attempt),
                branch: task.branch.clone(),
                note: anew(task, view),
                ..about(task, "started")
            });
        }
        TaskStatus::Landing if moved => {
            found.push(Change { note: None, ..about(task, "submitted") });
        }
        TaskStatus::Landed if moved => found.push(about(task, "landed")),
        TaskStatus::Done if moved => found.push(about(task, "done")),
        TaskStatus::Held if moved => found.push(about(task, "held")),
        TaskStatus::Stuck if moved => found.push(about(task, "stuck")),
        TaskStatus::Cancelled if moved => found.push(about(task, "cancelled")),
        TaskStatus::Open
        | TaskStatus::Working
        | TaskStatus::Landing
        | TaskStatus::Landed
        | TaskStatus::Done
        | TaskStatus::Held
        | TaskStatus::Stuck
        | TaskStatus::Cancelled => {}
    }
    found
}

/// Why a worker is started that is no new try.
fn anew(task: &TaskRow, view: &RunView) -> Option<String> {
    let session = view.sessions.iter().find(|session| !session.over && session.task == task.id)?;
    let why = if session.goes_on {
        "again, with the person's word"
    } else {
        "again, for it was ended from outside"
    };
    (session.generation > 1).then(|| why.to_owned())
}

/// Landings that began to wait, or wait for something else now.
fn of_queue(before: Option<&RunView>, after: &RunView) -> Vec<Change> {
    let waits = |view: &RunView| -> BTreeMap<String, QueueRow> {
        let rows = view.queue.iter().filter(|row| row.state == "waiting");
        rows.map(|row| (row.id.clone(), row.clone())).collect()
    };
    let old = before.map(waits).unwrap_or_default();
    let new = waits(after);
    let told = |row: &&QueueRow| old.get(&row.id).is_none_or(|was| was.note != row.note);
    new.values()
        .filter(told)
        .map(|row| {
            let task = after.tasks.iter().find(|task| task.id == row.task);
            let mut change = task.map(|task| about(task, "waiting")).unwrap_or_default();
            change.event = "waiting";
            change.note.clone_from(&row.note);
            change
        })
        .collect()
}

fn about(task: &TaskRow, event: &'static str) -> Change {
    Change {
        event,
        task: Some(task.id.clone()),
        source: task.source.clone(),
        title: Some(task.title.clone()),
        commit: task.commit.clone(),
        note: task.note.clone(),
        ..Change::default()
    }
}

impl Change {
    /// Whether something went wrong that a person may want to read again later.
    pub(crate) fn is_setback(&self) -> bool {
        matches!(self.event, "failed" | "conflict" | "red" | "stuck")
    }

    /// The change as one line.
    pub(crate) fn line(&self) -> String {
        let tries = self.attempt.filter(|attempt| *attempt > 1 || self.event == "failed");
        let details = [
            self.worker.as_ref().map(|worker| format!("by {worker}")),
            tries.map(|attempt| format!("try {attempt}")),
            self.branch.as_ref().map(|branch| format!("on {branch}")),
            self.commit.as_ref().map(|commit| format!("as {}", short(commit))),
        ];
        let details: Vec<String> = details.into_iter().flatten().collect();
        let details = Some(format!("({})", details.join(", "))).filter(|text| text != "()");
        let about = [&self.task, &self.title, &details].into_iter().flatten();
        let about = about.cloned().collect::<Vec<_>>().join(" ");
        let about = [Some(about).filter(|text| !text.is_empty()), self.note.clone()];
        let text = about.into_iter().flatten().collect::<Vec<_>>().join(": ");
        format!("{:<10}{}", self.event, one_line(&text))
    }
}

#[cfg(test)]
mod tests;
