//! The demo's narrator: what happens in the run, as sentences.
//!
//! The first time something happens it is explained, later only told. Every sentence comes from what
//! the daemon says; nothing is announced because it was planned.

use std::collections::BTreeSet;
use std::time::Instant;

use windrow_api::summary::short;
use windrow_api::view::{FailureRow, RunView, TaskRow, TaskStatus, TaskView};
use windrow_core::ids::TaskId;

use crate::desk::Desk;
use crate::output::{Output, one_line};
use crate::render::wrapped;
use crate::watch::{Change, Teller};

/// What stands in front of each sentence: the seconds since the start.
const MARGIN: usize = 6;

/// The narrator.
#[derive(Debug)]
pub(super) struct Story {
    out: Output,
    began: Instant,
    explained: BTreeSet<&'static str>,
}

impl Story {
    pub(super) fn new(out: &Output) -> Self {
        Self { out: out.clone(), began: Instant::now(), explained: BTreeSet::new() }
    }

    fn line(&self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let time = format!("{:>3}s", self.began.elapsed().as_secs());
        let width = self.out.live().map(|(width, _)| width);
        wrapped(&format!("{time:<MARGIN$}"), text, width)
    }

    /// The explanation, the first time.
    fn once(&mut self, what: &'static str, text: &str) -> String {
        if self.explained.insert(what) { format!(" {text}") } else { String::new() }
    }

    fn sentences(&mut self, desk: &mut Desk, view: &RunView, change: &Change) -> Vec<String> {
        let find = |task: &&TaskRow| change.task.as_deref() == Some(task.id.as_str());
        let Some(task) = view.tasks.iter().find(find) else { return other(change) };
        match change.event {
            "started" => self.started(view, task, change),
            "submitted" => self.submitted(task),
            "landed" => self.landed(task),
            "failed" | "conflict" | "red" => self.failed(desk, task, change),
            _ => other(change),
        }
    }

    fn started(&mut self, view: &RunView, task: &TaskRow, change: &Change) -> Vec<String> {
        let id = &task.id;
        let worker = change.worker.as_deref().map_or_else(|| "A worker".to_owned(), one_line);
        let attempt = change.attempt.unwrap_or(1);
        if attempt > 1 {
            let brief = self.once("brief", "Its brief tells what went wrong before.");
            return vec![format!("{worker} starts try {attempt} of {id} in a fresh tree.{brief}")];
        }
        let title = one_line(&task.title);
        let tree = self.once("tree", "Each worker has a worktree and a branch of its own.");
        let mut said = vec![format!("{worker} starts on {id}: {title}.{tree}")];
        let waits = |other: &&TaskRow| {
            other.status == TaskStatus::Open
                && other.id != task.id
                && other.files.iter().any(|file| task.files.contains(file))
        };
        for other in view.tasks.iter().filter(waits) {
            let (files, other) = (task.files.join(" "), &other.id);
            said.push(format!("{other} has to wait for {id}: both say that they change {files}."));
        }
        said
    }

    fn submitted(&mut self, task: &TaskRow) -> Vec<String> {
        let text = format!(
            "{} is written and waits in the queue: it is merged with main, the merge goes through the gate, and only then main moves.",
            task.id
        );
        self.explained.insert("queue").then_some(text).into_iter().collect()
    }

    fn landed(&mut self, task: &TaskRow) -> Vec<String> {
        let (id, commit) = (&task.id, task.commit.as_deref().map_or("", short));
        let green = self.once("landed", "The gate has passed on exactly these files.");
        vec![format!("{id} landed as {commit}.{green}")]
    }

    fn failed(&mut self, desk: &mut Desk, task: &TaskRow, change: &Change) -> Vec<String> {
        let known = task.id.parse::<TaskId>().ok().and_then(|id| desk.task(id).ok());
        let Some((known, failure)) = known.as_ref().and_then(|known| {
            let tried = usize::try_from(change.attempt.unwrap_or(1)).unwrap_or(1);
            Some((known, known.failures.get(tried.saturating_sub(1))?))
        }) else {
            return other(change);
        };
        let what = what(known, failure);
        let kept = failure.kept.as_ref().map(|kept| format!(" Its work is kept under {kept}."));
        let next = match task.status {
            TaskStatus::Stuck => String::new(),
            _ => self.once("next", "The next try starts from what main is by then."),
        };
        vec![format!("{what}{}{next}", kept.unwrap_or_default())]
    }
}

impl Teller for Story {
    fn tell(&mut self, desk: &mut Desk, view: &RunView, changes: &[Change]) -> Vec<String> {
        let mut lines = Vec::new();
        for change in changes {
            for sentence in self.sentences(desk, view, change) {
                lines.push(self.line(&sentence));
            }
        }
        lines
    }
}

/// What went wrong, as one or more sentences.
fn what(task: &TaskView, failure: &FailureRow) -> String {
    let (id, summary) = (&task.row.id, one_line(&failure.summary));
    match failure.kind.as_str() {
        "conflict" => format!("{id} conflicts: {summary}."),
        "red_gate" => {
            let (what, said) = summary.split_once("; it said: ").unwrap_or((&summary, ""));
            let said = if said.is_empty() { String::new() } else { format!(" It said: {said}.") };
            format!("{id} is red: {what}. main has not moved.{said}")
        }
        "crashed" | "silent" => {
            let what = summary.strip_prefix("the worker ").unwrap_or(&summary);
            format!("{id}'s worker {what}.")
        }
        _ => format!("{id} failed: {summary}."),
    }
}

/// What is not part of the plot, as any run tells it.
fn other(change: &Change) -> Vec<String> {
    match change.event {
        // That a slot is idle because of shared files is part of the plot; a trouble that stays
        // is told at the end.
        "trouble" => Vec::new(),
        // The end of the run has a page of its own.
        "run" => vec![String::new()],
        _ => vec![change.line()],
    }
}
