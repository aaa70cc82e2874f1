//! `windrow status`: what is going on and what needs a look, in sentences.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;
use windrow_api::ExitKind;
use windrow_api::summary::headline;
use windrow_api::view::{RunView, SessionRow, TaskRow, TaskStatus};

use crate::context::{Context, Project};
use crate::error::Outcome;
use crate::output::{Format, one_line};
use crate::render::{commit_of, cut, since};
use crate::trees::{self, Change};
use crate::watch::is_over;

/// Show what goes on in this project
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct StatusArgs {
    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Everything the page is made of.
#[derive(Debug, Serialize)]
struct Status {
    project: String,
    sessions: Vec<Session>,
    /// Tasks that need a person.
    waiting: Vec<TaskRow>,
    /// Runs that are not over, the newest one otherwise.
    runs: Vec<RunView>,
}

/// A live session and how far its files are from where it began.
#[derive(Debug, Serialize)]
struct Session {
    #[serde(flatten)]
    row: SessionRow,
    changed: Option<Change>,
}

/// Shows the page.
pub(super) fn run(context: &Context, args: &StatusArgs) -> Outcome {
    let project = context.project()?;
    let mut desk = context.desk_of(&project)?;
    let sessions = desk.sessions(false)?;
    let waits = |task: &TaskRow| matches!(task.status, TaskStatus::Stuck | TaskStatus::Held);
    let waiting = desk.tasks()?.into_iter().filter(waits).collect();
    let rows = desk.runs()?;
    let mut live: Vec<_> = rows.iter().filter(|run| !is_over(&run.phase)).collect();
    if live.is_empty() {
        live.extend(rows.last());
    }
    let mut runs = Vec::new();
    for row in live {
        runs.push(*desk.run(row.id.parse().ok())?);
    }
    let sessions = sessions.into_iter().map(|row| with_changes(&project, row)).collect();
    let status = Status { project: project.name, sessions, waiting, runs };
    match args.format {
        Format::Json => context.out.json(&status)?,
        Format::Text => {
            let now = Timestamp::now().as_millisecond();
            let page = page(&status, now);
            let width = context.out.width().unwrap_or(usize::MAX);
            let lines: Vec<String> = page.lines().map(|line| cut(line, width)).collect();
            context.out.answer(&lines.join("\n"))?;
        }
    }
    Ok(ExitKind::Success)
}

/// What cannot be looked at is left out: the session itself is what matters here.
fn with_changes(project: &Project, row: SessionRow) -> Session {
    let changed = trees::changed(project, &row).ok().flatten();
    Session { row, changed }
}

fn page(status: &Status, now_ms: i64) -> String {
    let mut page = format!("Active Sessions ({}):\n", status.sessions.len());
    for session in &status.sessions {
        page.push('\n');
        push_session(&mut page, session, now_ms);
    }
    for task in &status.waiting {
        page.push('\n');
        push_waiting(&mut page, task);
    }
    for run in &status.runs {
        page.push('\n');
        push_run(&mut page, run);
    }
    page
}

fn push_session(page: &mut String, session: &Session, now_ms: i64) {
    let row = &session.row;
    let state = row.status.to_uppercase();
    let time = since(row.started_ms.unwrap_or(row.requested_ms), now_ms);
    let (task, name, title) = (&row.task, one_line(&row.name), one_line(&row.title));
    let mut line = |text: String| {
        let _never_fails = writeln!(page, "{text}");
    };
    line(format!("[*] {task} - {state} ({time}) - {title}"));
    let tries = if row.attempt > 1 { format!(", try {}", row.attempt) } else { String::new() };
    let branch = row.branch.as_ref().map(|branch| format!(", branch {}", one_line(branch)));
    line(format!("    Worker: {name}{tries}{}", branch.unwrap_or_default()));
    if let Some(changed) = &session.changed {
        let (files, added, removed) = (changed.files, changed.added, changed.removed);
        line(format!("    Files changed: {files} (+{added}, -{removed})"));
    }
    if let Some(note) = &row.note {
        line(format!("    Note: {}", one_line(note)));
    }
}

fn push_waiting(page: &mut String, task: &TaskRow) {
    let (id, title, state) = (&task.id, one_line(&task.title), task.status.word().to_uppercase());
    let held = task.status == TaskStatus::Held;
    let mark = if held { "[+]" } else { "[!]" };
    let _never_fails = writeln!(page, "{mark} {id} - {state} - {title}");
    if let Some(note) = &task.note {
        let _never_fails = writeln!(page, "    Reason: {}", one_line(note));
    }
    let next = if held { "land" } else { "show" };
    let _never_fails = writeln!(page, "    Next: windrow {next} {id}");
}

fn push_run(page: &mut String, run: &RunView) {
    let row = &run.row;
    let (id, branch, phase) = (&row.id, one_line(&row.branch), &row.phase);
    let mut line = |text: String| {
        let _never_fails = writeln!(page, "{text}");
    };
    line(format!("Run {id} on {branch}: {phase}, {}.", headline(&row.counts)));
    for entry in &run.queue {
        let note = entry.note.as_ref().map(|note| format!(": {}", one_line(note)));
        line(format!("    Queue: {} {}{}", entry.task, entry.state, note.unwrap_or_default()));
    }
    for trouble in &run.troubles {
        line(format!("    Trouble: {}", one_line(trouble)));
    }
    let landed = run.tasks.iter().filter(|task| task.status == TaskStatus::Landed);
    for task in landed {
        line(format!("    Landed: {} {} {}", commit_of(task), task.id, one_line(&task.title)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{run_view, session_row, task_row};

    #[test]
    fn the_page_says_who_works_what_waits_and_how_far_it_is() {
        let mut stuck = task_row("t-2", None, "Implement auth flow");
        stuck.status = TaskStatus::Stuck;
        stuck.note = Some("the gate was red three times".to_owned());
        let mut landed = task_row("t-1", None, "Lay the ground");
        landed.status = TaskStatus::Landed;
        landed.commit = Some("0123456789abcdef".to_owned());
        let status = Status {
            project: "tower".to_owned(),
            sessions: vec![Session {
                row: session_row("s-1", "toast", false),
                changed: Some(Change { files: 3, added: 42, removed: 5 }),
            }],
            waiting: vec![stuck.clone()],
            runs: vec![run_view(vec![landed, stuck])],
        };
        let expected = "\
Active Sessions (1):

[*] t-1 - WORKING (45m 0s) - Add a clock
    Worker: toast, branch windrow/add-a-clock
    Files changed: 3 (+42, -5)

[!] t-2 - STUCK - Implement auth flow
    Reason: the gate was red three times
    Next: windrow show t-2

Run r-1 on main: active, 1 of 2 tasks landed, 1 stuck.
    Landed: 0123456789 t-1 Lay the ground
";
        assert_eq!(page(&status, 2_702_000), expected);
    }
}
