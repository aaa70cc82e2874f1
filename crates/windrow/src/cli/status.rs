//! `windrow status`: what is going on and what needs a look, in sentences.

use std::fmt::Write as _;

use serde::Serialize;
use windrow_api::ExitKind;
use windrow_api::summary::headline;
use windrow_api::view::{RunView, SessionRow, TaskRow, TaskStatus};

use crate::context::Context;
use crate::error::Outcome;
use crate::output::{Format, listed, one_line};
use crate::render::{commit_of, cut, since};
use crate::trees::{self, Change};
use crate::watch::{is_over, other_troubles};

/// Show what goes on in this project
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow status")]
pub(crate) struct StatusArgs {
    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Everything the page is made of.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Status {
    project: String,
    sessions: Vec<Session>,
    /// Tasks that need a person.
    waiting: Vec<TaskRow>,
    /// Open tasks that wait for one of those.
    behind: Vec<TaskRow>,
    /// Runs that are not over, the newest one otherwise.
    runs: Vec<RunView>,
}

/// A live session and how far its files are from where it began.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    let (waiting, others): (Vec<_>, Vec<_>) = desk.tasks()?.into_iter().partition(waits);
    let behind = others.into_iter().filter(|task| is_behind(task, &waiting)).collect();
    let rows = desk.runs()?;
    let mut live: Vec<_> = rows.iter().filter(|run| !is_over(&run.phase)).collect();
    if live.is_empty() {
        live.extend(rows.last());
    }
    let mut runs = Vec::new();
    for row in live {
        runs.push(*desk.run(row.id.parse().ok())?);
    }
    let changed = |row: &SessionRow| {
        // Files are not part of the journal. What cannot be looked at is left out: the session itself
        // is what matters here.
        let now = (!context.is_past()).then(|| trees::changed(&project, row).ok().flatten());
        now.flatten()
    };
    let with_changes = |row| Session { changed: changed(&row), row };
    let sessions = sessions.into_iter().map(with_changes).collect();
    let status = Status { project: project.name.clone(), sessions, waiting, behind, runs };
    match args.format {
        Format::Json => context.out.json(&status)?,
        Format::Text => {
            let page = page(&status, context.now_ms());
            let width = context.out.width().unwrap_or(usize::MAX);
            let lines: Vec<String> = page.lines().map(|line| cut(line, width)).collect();
            context.out.answer(&lines.join("\n"))?;
        }
    }
    Ok(ExitKind::Success)
}

fn page(status: &Status, now_ms: i64) -> String {
    // A task that needs a person is shown once, as that, while its last session still winds down.
    let waits = |session: &&Session| status.waiting.iter().any(|task| task.id == session.row.task);
    let active: Vec<&Session> = status.sessions.iter().filter(|session| !waits(session)).collect();
    let mut page = format!("Active Sessions ({}):\n", active.len());
    for session in active {
        page.push('\n');
        push_session(&mut page, session, now_ms);
    }
    for task in &status.waiting {
        page.push('\n');
        push_waiting(&mut page, task, &status.behind);
    }
    for run in &status.runs {
        page.push('\n');
        push_run(&mut page, run);
    }
    page
}

fn push_session(page: &mut String, session: &Session, now_ms: i64) {
    let row = &session.row;
    let state = row.doing().to_uppercase();
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

/// Whether an open task waits for one of those that need a person.
fn is_behind(task: &TaskRow, waiting: &[TaskRow]) -> bool {
    task.status == TaskStatus::Open && waiting.iter().any(|on| task.depends.contains(&on.id))
}

fn push_waiting(page: &mut String, task: &TaskRow, behind: &[TaskRow]) {
    let (id, title, state) = (&task.id, one_line(&task.title), task.status.word().to_uppercase());
    let held = task.status == TaskStatus::Held;
    let mark = if held { "[+]" } else { "[!]" };
    let _never_fails = writeln!(page, "{mark} {id} - {state} - {title}");
    if let Some(note) = &task.note {
        let _never_fails = writeln!(page, "    Reason: {}", one_line(note));
    }
    let behind = behind.iter().filter(|other| other.depends.contains(&task.id));
    let behind: Vec<String> = behind.map(|other| other.id.clone()).collect();
    if !behind.is_empty() {
        let _never_fails = writeln!(page, "    Waits for it: {}", listed(&behind, ", "));
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
    if let Some(idle) = &run.idle {
        line(format!("    Waiting: {}", one_line(idle)));
    }
    for trouble in other_troubles(run) {
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
            behind: Vec::new(),
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

    #[test]
    fn a_task_that_needs_a_person_is_shown_once_with_what_waits_for_it() {
        let mut held = task_row("t-1", None, "Add a clock");
        held.status = TaskStatus::Held;
        let mut behind = task_row("t-2", None, "Wind it up");
        behind.depends = vec!["t-1".to_owned()];
        let free = task_row("t-3", None, "Mend the bell");
        assert!(is_behind(&behind, std::slice::from_ref(&held)));
        assert!(!is_behind(&free, std::slice::from_ref(&held)));
        let status = Status {
            project: "tower".to_owned(),
            sessions: vec![Session { row: session_row("s-1", "toast", false), changed: None }],
            waiting: vec![held],
            behind: vec![behind],
            runs: Vec::new(),
        };
        let expected = "\
Active Sessions (0):

[+] t-1 - HELD - Add a clock
    Waits for it: t-2
    Next: windrow land t-1
";
        assert_eq!(page(&status, 0), expected);
    }
}
