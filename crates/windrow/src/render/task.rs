//! Tasks as lines and as a page.

use std::fmt::Write as _;

use windrow_api::summary::short;
use windrow_api::view::{TaskRow, TaskView};

use super::table::{Column, Table};
use crate::output::{lines, one_line};

/// How many lines of evidence are shown.
const EVIDENCE_LINES: usize = 20;

/// Tasks, one a line.
pub(crate) fn task_table(tasks: &[TaskRow], width: Option<usize>) -> String {
    let column = |title, goes| Column { title, goes };
    let columns = [
        column("TASK", 0),
        column("STATUS", 0),
        column("PRIO", 2),
        column("TITLE", 0),
        column("AFTER", 3),
        column("FROM", 4),
        column("NOTE", 5),
    ];
    let mut table = Table::new(&columns, 3);
    for task in tasks {
        table.row(vec![
            task.id.clone(),
            task.status.word().to_owned(),
            format!("P{}", task.priority),
            one_line(&task.title),
            task.depends.join(" "),
            task.source.as_deref().map(one_line).unwrap_or_default(),
            task.note.as_deref().map(one_line).unwrap_or_default(),
        ]);
    }
    table.render(width)
}

/// The short name of the commit a task landed as, or nothing.
pub(crate) fn commit_of(task: &TaskRow) -> &str {
    task.commit.as_deref().map_or("", short)
}

/// Everything about a task; `evidence` is the long text behind its last failed try.
pub(crate) fn task_details(task: &TaskView, evidence: Option<&str>) -> String {
    let row = &task.row;
    let mut page = format!("{} {}\n", row.id, one_line(&row.title));
    let mut fact = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let _never_fails = writeln!(page, "  {name:<9} {}", one_line(&value));
        }
    };
    let (attempt, status) = (row.attempt, row.status.word());
    let tries = if attempt > 1 { format!(" (try {attempt})") } else { String::new() };
    fact("status", Some(format!("{status}{tries}")));
    fact("note", row.note.clone());
    fact("source", row.source.clone());
    fact("priority", Some(format!("P{}, {}", row.priority, row.kind)));
    fact("after", Some(row.depends.join(" ")));
    fact("files", Some(row.files.join(" ")));
    fact("type", task.commit_type.clone());
    fact("agent", task.agent.clone());
    fact("model", task.model.clone());
    fact("run", task.run_line.clone());
    fact("gate", task.gate.clone());
    fact("wave", task.wave.map(|wave| wave.to_string()));
    fact("in run", row.run.clone());
    fact("branch", row.branch.clone());
    fact("commit", row.commit.clone());
    fact("held as", row.held_as.clone());
    fact("file", row.check_off_problem.clone());
    if let Some(body) = task.body.as_deref().filter(|body| !body.trim().is_empty()) {
        page.push('\n');
        page.push_str(&lines(body));
    }
    if !task.failures.is_empty() {
        page.push_str("\nFailed tries:\n");
    }
    for failure in &task.failures {
        let summary = one_line(&failure.summary);
        let kept = failure.kept.as_ref().map(|kept| format!(" (kept as {kept})"));
        let kind = failure.kind.replace('_', " ");
        let _never_fails = writeln!(page, "  {kind}: {summary}{}", kept.unwrap_or_default());
    }
    if let Some(evidence) = evidence.filter(|text| !text.trim().is_empty()) {
        page.push_str("\nThe last one said:\n");
        for line in last(evidence, EVIDENCE_LINES) {
            let _never_fails = writeln!(page, "  | {}", one_line(line));
        }
    }
    if !task.sessions.is_empty() {
        page.push_str("\nSessions:\n");
    }
    for session in &task.sessions {
        let (id, name, status) = (&session.id, one_line(&session.name), &session.status);
        let note = session.note.as_ref().map(|note| format!(": {}", one_line(note)));
        let _never_fails = writeln!(page, "  {id} {name} {status}{}", note.unwrap_or_default());
        if let Some(transcript) = session.transcript.as_ref().filter(|_| !session.over) {
            let transcript = transcript.display().to_string();
            let _never_fails = writeln!(page, "      writes {}", one_line(&transcript));
        }
    }
    page
}

fn last(text: &str, count: usize) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].to_vec()
}
