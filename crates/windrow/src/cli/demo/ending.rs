//! The demo's first and last words.

use std::path::Path;

use serde::Serialize;
use windrow_api::ExitKind;
use windrow_api::summary::short;
use windrow_api::view::TaskView;

use super::DemoArgs;
use super::place::{Place, TASKS};
use super::proof::Proof;
use crate::context::Context;
use crate::error::{CliError, Outcome};
use crate::output::{Format, Paint, one_line};
use crate::render::{Column, Table, wrapped};

/// The last line in JSON.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Ended<'a> {
    /// `demo`.
    event: &'static str,
    /// The name of the exit code.
    outcome: ExitKind,
    /// What was looked at when the run was over; not there when it was interrupted.
    #[serde(flatten)]
    proof: Option<&'a Proof>,
    /// Where everything lies; nothing when it was removed.
    folder: Option<&'a Path>,
}

/// What is about to be seen.
pub(super) fn opening(context: &Context, place: &Place, pool: u32) -> String {
    let width = context.out.live().map(|(width, _)| width);
    let text = format!(
        "A small repository with eight tasks is in {}. {pool} workers at a time do them; some collide, one is red, one crashes, one hangs. All of it lands on main, which stays green.",
        place.repository().display()
    );
    wrapped("", &text, width) + "\n"
}

/// The last words after a run that came to its end.
pub(super) fn tell(
    context: &Context,
    place: &Place,
    args: &DemoArgs,
    tasks: &[TaskView],
    proof: &Proof,
) -> Outcome {
    let good = proof.differences.is_empty();
    let removed = good && args.remove;
    if removed {
        place.remove()?;
    }
    let kind = if good { ExitKind::Success } else { ExitKind::Incomplete };
    if args.format == Format::Json {
        context.out.json_line(&Ended {
            event: "demo",
            outcome: kind,
            proof: Some(proof),
            folder: (!removed).then(|| place.root()),
        })?;
        return Ok(kind);
    }
    let out = &context.out;
    let width = out.width();
    let mut text = String::from("\nWhat the gate says of every commit on main:\n\n");
    text.push_str(&commits(proof).render(width));
    text.push('\n');
    if good {
        let mark = "Every task ended as it should";
        let retried = tasks.iter().filter(|task| !task.failures.is_empty()).count();
        let rest = format!(
            "{mark}: {} at the first try, {retried} at the second. {TASKS} is checked off, and git status shows nothing else.",
            tasks.len() - retried
        );
        // Painted at the end: what paints takes no room.
        let lines = wrapped("", &rest, width);
        text.push_str(&lines.replacen(mark, &out.paint(Paint::Green, mark), 1));
        text.push('\n');
    } else {
        text.push_str(&out.paint(Paint::Red, "This is not as it should be:"));
        text.push('\n');
        for difference in &proof.differences {
            text.push_str(&wrapped("- ", &one_line(difference), width));
            text.push('\n');
        }
    }
    text.push('\n');
    text.push_str(&if removed {
        "The folder is removed.\n".to_owned()
    } else {
        next(place, width)
    });
    out.answer(&text)?;
    Ok(kind)
}

fn commits(proof: &Proof) -> Table {
    let column = |title, goes| Column { title, goes };
    let columns = [column("COMMIT", 0), column("GATE", 0), column("SUBJECT", 0)];
    let mut table = Table::new(&columns, 2);
    for commit in &proof.commits {
        let gate = if commit.green { "green" } else { "red" };
        let row = [short(&commit.commit), gate, &one_line(&commit.subject)];
        table.row(row.map(str::to_owned).to_vec());
    }
    table
}

/// Where to look next.
fn next(place: &Place, width: Option<usize>) -> String {
    let tries = [
        ("../windrow show t-4", "a task, its tries, both sides of its conflict"),
        ("../windrow restore --list", "the work of every try, landed or not"),
        ("../windrow report", "the summary of the run, for a file or an issue"),
        ("../windrow log", "everything that happened, in order"),
        ("../windrow prune --dry-run", "what is not needed any more"),
        ("git log --graph --stat", "the same story as git tells it"),
    ];
    let longest = tries.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    let root = place.root().display();
    let mut text = format!("To look around:\n\n  cd {}\n", place.repository().display());
    for (command, what) in tries {
        text.push_str(&wrapped(&format!("  {command:<longest$}  "), what, width));
        text.push('\n');
    }
    let end = "Nothing runs any more; those commands start the daemon again. To remove everything:";
    text.push('\n');
    text.push_str(&wrapped("", end, width));
    text + &format!("\n\n  {root}/windrow daemon stop; rm -rf {root}\n")
}

/// The hint of an error that came while the folder was there.
pub(super) fn where_it_is(place: &Place) -> String {
    let root = place.root().display();
    format!("the demo's folder is `{root}`, and `{root}/windrow daemon logs` says more")
}

/// The last words after Ctrl-C.
pub(super) fn interrupted(
    context: &Context,
    place: &Place,
    format: Format,
    stopped: Result<(), CliError>,
) -> Outcome {
    stopped.map_err(|error| error.hint(where_it_is(place)))?;
    if format == Format::Json {
        context.out.json_line(&Ended {
            event: "demo",
            outcome: ExitKind::Interrupted,
            proof: None,
            folder: Some(place.root()),
        })?;
        return Ok(ExitKind::Interrupted);
    }
    let root = place.root().display();
    let repository = place.repository().display().to_string();
    let width = context.out.live().map(|(width, _)| width);
    let said =
        "The demo was interrupted; its workers and its daemon are ended. Their work is kept.";
    context.out.say(&format!(
        "\n{}\n\n  cd {repository}\n  ../windrow restore --list   work that was kept\n  ../windrow run --resume     goes on\n\nTo remove everything:\n\n  {root}/windrow daemon stop; rm -rf {root}",
        wrapped("", said, width)
    ));
    Ok(ExitKind::Interrupted)
}
