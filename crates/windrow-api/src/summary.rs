//! The summary of a run: one page of Markdown with every task, its commit and what needs a person.
//!
//! Pure text from a view, so that the file the daemon keeps and the report a window prints are the
//! same. Titles and notes come from outside; they cannot break out of their cell or become markup.

use std::fmt::Write as _;

use crate::exit::ExitKind;
use crate::view::{Counts, RunView, TaskRow, TaskStatus};

/// How many characters of a commit's name are shown.
const SHORT_COMMIT: usize = 10;

/// The summary of a run as Markdown, ending with a line end.
#[must_use]
pub fn summary(run: &RunView) -> String {
    let row = &run.row;
    let mut page = format!("# Run {} on {}\n\n", row.id, code(&row.branch));
    line(&mut page, &format!("{}.", headline(&row.counts)));
    page.push('\n');
    let mut facts = vec![("project", plain(&run.project)), ("state", row.phase.clone())];
    facts.push(("sources", row.sources.iter().map(|s| code(s)).collect::<Vec<_>>().join(", ")));
    facts.push(("workers", row.pool.to_string()));
    if let Some(ended) = row.ended_ms {
        facts.push(("took", span(ended.saturating_sub(row.started_ms))));
    }
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        line(&mut page, &format!("- {name}: {value}"));
    }
    page.push('\n');
    line(&mut page, "| task | title | status | commit | tries | note |");
    line(&mut page, "|---|---|---|---|---|---|");
    for task in &run.tasks {
        line(&mut page, &task_line(task));
    }
    needs_a_person(&mut page, run);
    page
}

/// One clause that says how far a run is: `14 of 15 tasks landed, 1 stuck`.
#[must_use]
pub fn headline(counts: &Counts) -> String {
    let all = counts.all();
    let tasks = if all == 1 { "task" } else { "tasks" };
    let mut text = format!("{} of {all} {tasks} landed", counts.landed);
    let others = [
        (counts.done, "done without a change"),
        (counts.held, "held for a person"),
        (counts.landing, "landing"),
        (counts.working, "being worked on"),
        (counts.open, "open"),
        (counts.stuck, "stuck"),
        (counts.cancelled, "cancelled"),
    ];
    for (count, word) in others.into_iter().filter(|(count, _)| *count > 0) {
        let _never_fails = write!(text, ", {count} {word}");
    }
    text
}

/// How a run ended, for the exit code of whoever watched it.
///
/// Work that is held counts as what was asked for when the run was started with `hold`.
#[must_use]
pub fn outcome(run: &RunView) -> ExitKind {
    let counts = &run.row.counts;
    let asked = counts.landed + counts.done + if run.row.hold { counts.held } else { 0 };
    if asked == counts.all() {
        ExitKind::Success
    } else if run.row.phase == "finished" {
        ExitKind::Incomplete
    } else {
        ExitKind::Interrupted
    }
}

/// Milliseconds as people say them: `45s`, `3m 20s`, `2h 5m`, `3d 4h`.
#[must_use]
pub fn span(ms: i64) -> String {
    let secs = ms.max(0) / 1000;
    match secs {
        0..60 => format!("{secs}s"),
        60..3_600 => format!("{}m {}s", secs / 60, secs % 60),
        3_600..86_400 => format!("{}h {}m", secs / 3_600, secs % 3_600 / 60),
        _ => format!("{}d {}h", secs / 86_400, secs % 86_400 / 3_600),
    }
}

/// A commit's name as it is shown to people.
#[must_use]
pub fn short(commit: &str) -> &str {
    commit.get(..SHORT_COMMIT).unwrap_or(commit)
}

fn task_line(task: &TaskRow) -> String {
    let name = task.source.as_deref().unwrap_or(&task.id);
    let commit = task.commit.as_deref().map(|commit| code(short(commit))).unwrap_or_default();
    let tries = if task.attempt == 0 { String::new() } else { task.attempt.to_string() };
    let note = [task.note.as_deref(), task.check_off_problem.as_deref()];
    let note = note.into_iter().flatten().map(plain).collect::<Vec<_>>().join("; ");
    let (name, title, status) = (plain(name), plain(&task.title), task.status.word());
    format!("| {name} | {title} | {status} | {commit} | {tries} | {note} |")
}

fn needs_a_person(page: &mut String, run: &RunView) {
    let waits = |task: &&TaskRow| matches!(task.status, TaskStatus::Stuck | TaskStatus::Held);
    let tasks: Vec<&TaskRow> = run.tasks.iter().filter(waits).collect();
    if tasks.is_empty() && run.troubles.is_empty() {
        return;
    }
    page.push('\n');
    line(page, "## Needs a person");
    page.push('\n');
    for trouble in &run.troubles {
        line(page, &format!("- {}", plain(trouble)));
    }
    for task in tasks {
        let (id, title) = (&task.id, plain(&task.title));
        let command = if task.status == TaskStatus::Held { "land" } else { "show" };
        line(page, &format!("- {id} {title}: `windrow {command} {id}`"));
    }
}

fn line(page: &mut String, text: &str) {
    page.push_str(text);
    page.push('\n');
}

/// Text from outside, on one line and without any markup in it.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '|' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '#' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

/// Text from outside as code; it ends where it should whatever it holds.
fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| match c {
            '`' => '\'',
            '|' => '/',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect();
    format!("`{text}`")
}

#[cfg(test)]
mod tests;
