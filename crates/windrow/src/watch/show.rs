//! How a watcher shows what it sees: a table in place, lines, or JSON.

use windrow_api::summary::outcome;
use windrow_api::view::{RunView, TaskRow, TaskStatus};
use windrow_api::{ExitKind, summary};

use super::change::{Change, End};
use super::frame::frame;
use super::is_over;
use super::screen::Screen;
use crate::context::Context;
use crate::error::CliError;
use crate::output::{Format, one_line};
use crate::render::{Column, Table, clock, commit_of, wrapped};

/// How a run is shown.
#[derive(Debug)]
pub(crate) struct Show<'a> {
    context: &'a Context,
    format: Format,
    screen: Screen,
}

impl<'a> Show<'a> {
    pub(crate) fn new(context: &'a Context, format: Format) -> Self {
        Self { context, format, screen: Screen::default() }
    }

    /// Shows what changed, and where the run stands when there is a terminal.
    pub(crate) fn update(
        &mut self,
        view: &RunView,
        changes: &[Change],
        now_ms: i64,
    ) -> Result<(), CliError> {
        let out = &self.context.out;
        if self.format == Format::Json {
            return changes.iter().try_for_each(|change| out.json_line(change));
        }
        if out.live().is_none() {
            changes.iter().for_each(|change| out.say(&moment_of(change)));
            return Ok(());
        }
        let width = out.live().map(|(width, _)| width);
        let wrong = changes.iter().filter(|change| change.is_setback());
        let lines: Vec<String> = wrong
            .map(|change| {
                let moment = moment_of(change);
                let (time, rest) = moment.split_once(' ').unwrap_or(("", &moment));
                wrapped(&format!("{time} "), rest, width)
            })
            .collect();
        self.tell(view, &lines, now_ms);
        Ok(())
    }

    /// Whether a person reads it rather than a program.
    pub(crate) fn is_for_people(&self) -> bool {
        self.format == Format::Text
    }

    /// Says lines that stay above what is redrawn, and draws the run again below them.
    pub(crate) fn tell(&mut self, view: &RunView, lines: &[String], now_ms: i64) {
        if !lines.is_empty() {
            self.say(&lines.join("\n"));
        }
        self.redraw(view, now_ms);
    }

    /// Draws the run again where there is a terminal.
    pub(crate) fn redraw(&mut self, view: &RunView, now_ms: i64) {
        if self.format == Format::Json {
            return;
        }
        if let Some((width, height)) = self.context.out.live() {
            let lines = frame(view, now_ms, width, height.saturating_sub(1));
            self.context.out.narrate(&self.screen.redraw(&lines, width));
        }
    }

    /// Says something that stays above what is redrawn.
    pub(crate) fn say(&mut self, text: &str) {
        self.clear();
        self.context.out.say(text);
    }

    /// Shows how it ended.
    pub(crate) fn end(&mut self, view: &RunView, kind: ExitKind) -> Result<(), CliError> {
        self.clear();
        let out = &self.context.out;
        match self.format {
            Format::Json => out.json_line(&End::new(kind, Some(view))),
            Format::Text => out.answer(&end_text(view, out.width())),
        }
    }

    fn clear(&mut self) {
        if self.format == Format::Json {
            return;
        }
        if let Some((width, _)) = self.context.out.live() {
            self.context.out.narrate(&self.screen.clear(width));
        }
    }
}

/// A change as one line; the time of day is enough beside lines that come as they happen.
fn moment_of(change: &Change) -> String {
    let moment = clock(change.at_ms);
    format!("{} {}", moment.split(' ').nth(1).unwrap_or_default(), change.line())
}

/// The end of a run for a terminal: every task with its commit.
pub(crate) fn end_text(view: &RunView, width: Option<usize>) -> String {
    let column = |title, goes| Column { title, goes };
    let columns = [
        column("TASK", 0),
        column("STATUS", 0),
        column("COMMIT", 1),
        column("TRIES", 2),
        column("TITLE", 0),
        column("NOTE", 3),
    ];
    let mut table = Table::new(&columns, 4);
    for task in &view.tasks {
        let notes = [task.note.as_deref(), task.check_off_problem.as_deref()];
        let notes: Vec<String> = notes.into_iter().flatten().map(one_line).collect();
        table.row(vec![
            task.id.clone(),
            task.status.word().to_owned(),
            commit_of(task).to_owned(),
            if task.attempt == 0 { String::new() } else { task.attempt.to_string() },
            one_line(&task.title),
            notes.join("; "),
        ]);
    }
    let mut lines = table.lines(width);
    let row = &view.row;
    lines.push(String::new());
    let headline = summary::headline(&row.counts);
    let said = format!("Run {} on {}: {headline}.", row.id, one_line(&row.branch));
    lines.push(wrapped("", &said, width));
    let troubles = view.troubles.iter().map(|text| wrapped("Trouble: ", &one_line(text), width));
    lines.extend(troubles);
    if let Some(out) = &view.out {
        lines.push(format!("Summary: {}", out.join("summary.md").display()));
    }
    lines.extend(next(view).map(|text| wrapped("", &text, width)));
    lines.join("\n") + "\n"
}

/// What a person may do about what is left of a run.
fn next(view: &RunView) -> Option<String> {
    let counts = &view.row.counts;
    let mut steps: Vec<String> = Vec::new();
    if counts.held > 0 {
        steps.push("`windrow land --all` lands what is held".to_owned());
    }
    if outcome(view) != ExitKind::Success {
        let stuck = view.tasks.iter().find(|task| task.status == TaskStatus::Stuck);
        if let Some(stuck) = stuck {
            steps.push(format!("`windrow show {}` says why", stuck.id));
            if let Some(file) = file_of(stuck) {
                steps.push(format!("`windrow run {file}` takes what you mend in it"));
            }
        }
        if counts.open + counts.working + counts.landing + counts.stuck > 0 {
            let how = if stuck.is_some() { "tries the same again" } else { "goes on" };
            steps.push(format!("`windrow run --resume` {how}"));
        }
    }
    if !steps.is_empty() {
        return Some(format!("Next: {}.", steps.join(", ")));
    }
    let left = counts.cancelled > 0 && is_over(&view.row.phase);
    left.then(|| "Nothing is left to go on with; what was cancelled stays so.".to_owned())
}

/// The file that a task comes from, as a person types it.
fn file_of(task: &TaskRow) -> Option<&str> {
    let (file, _) = task.source.as_deref()?.split_once('#')?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
    Some(file).filter(|file| !file.is_empty() && file.chars().all(plain))
}

#[cfg(test)]
mod tests {
    use windrow_api::view::TaskStatus::{Cancelled, Held, Landed, Open, Stuck};

    use super::*;
    use crate::fixture::{run_view, task_row};

    #[track_caller]
    fn check(statuses: &[TaskStatus], expected: &[&str]) {
        let source = Some("TASKS.md#task-1".to_owned());
        let row = |status: &TaskStatus| TaskRow {
            status: *status,
            source: source.clone(),
            ..task_row("t-1", None, "Do")
        };
        let mut view = run_view(statuses.iter().map(row).collect());
        view.row.phase = "finished".to_owned();
        let text = next(&view).unwrap_or_default();
        let named = |part: &&str| text.contains(&format!("`windrow {part}`"));
        let all = ["land --all", "show t-1", "run TASKS.md", "run --resume"];
        assert_eq!(all.into_iter().filter(named).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn the_end_names_only_what_helps() {
        check(&[Landed], &[]);
        check(&[Landed, Cancelled], &[]);
        check(&[Stuck, Cancelled], &["show t-1", "run TASKS.md", "run --resume"]);
        check(&[Open], &["run --resume"]);
        check(&[Held, Landed], &["land --all"]);
        check(&[Held, Stuck], &["land --all", "show t-1", "run TASKS.md", "run --resume"]);
        let mut view = run_view(vec![TaskRow { status: Cancelled, ..task_row("t-1", None, "Do") }]);
        view.row.phase = "finished".to_owned();
        assert!(end_text(&view, None).ends_with("what was cancelled stays so.\n"));
        // Between words: a command that is cut in two cannot be copied.
        assert!(end_text(&view, Some(40)).ends_with("with; what was\ncancelled stays so.\n"));
    }
}
