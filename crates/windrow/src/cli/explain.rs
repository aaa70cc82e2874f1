//! `windrow explain NAME`: why a task runs, waits or rests, and what a worker is doing.

use std::fmt::Write as _;

use serde::Serialize;
use windrow_api::ExitKind;
use windrow_api::talk::MessageView;
use windrow_api::view::SessionRow;

use crate::context::Context;
use crate::desk::Desk;
use crate::error::Outcome;
use crate::output::{Format, one_line};
use crate::render::clock;
use crate::select::{self, session_id, task_id};

/// Say why a task or worker stands still
///
/// Of a worker it says what it is doing, since when, on which fact that rests, and what was said.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow explain t-2")]
pub(crate) struct ExplainArgs {
    /// Task or worker, by id, key or name
    #[arg(value_name = "NAME")]
    task: String,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// What a worker is doing, and what was said.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Doing {
    /// The session, with its activity.
    session: SessionRow,
    /// What it and the person said to each other, oldest first.
    talk: Vec<MessageView>,
}

/// Explains one task or worker; a task goes first, for that is what is mostly asked.
pub(super) fn run(context: &Context, args: &ExplainArgs) -> Outcome {
    let mut desk = context.desk()?;
    let tasks = desk.tasks()?;
    let task = match select::task(&tasks, &args.task) {
        Ok(task) => task,
        Err(unknown) => {
            let sessions = desk.sessions(true)?;
            let Ok(found) = select::session(&sessions, &args.task) else { return Err(unknown) };
            return worker(context, &mut desk, found, args.format);
        }
    };
    let explanation = desk.explain(task_id(task)?)?;
    if args.format == Format::Json {
        context.out.json(&explanation)?;
        return Ok(ExitKind::Success);
    }
    let task = &explanation.task;
    let mut text = format!("{} {}: {}\n", task.id, one_line(&task.title), task.status.word());
    for sentence in &explanation.because {
        let _never_fails = writeln!(text, "  {}", one_line(sentence));
    }
    context.out.answer(&text)?;
    Ok(ExitKind::Success)
}

/// Explains one worker. What was said is not asked about a moment of the past.
fn worker(context: &Context, desk: &mut Desk, row: &SessionRow, format: Format) -> Outcome {
    let past = context.is_past();
    let talk = if past { Vec::new() } else { desk.talk(session_id(row)?)? };
    let doing = Doing { session: row.clone(), talk };
    match format {
        Format::Json => context.out.json(&doing)?,
        Format::Text => context.out.answer(&page(&doing))?,
    }
    Ok(ExitKind::Success)
}

fn page(doing: &Doing) -> String {
    let row = &doing.session;
    let mut page = format!("{} {}: {}\n", row.id, one_line(&row.name), row.doing());
    if let Some(activity) = &row.activity {
        let (since, evidence) = (clock(activity.since_ms), one_line(&activity.evidence));
        let _never_fails = writeln!(page, "  {evidence} ({}, {since})", activity.source);
    }
    for said in &doing.talk {
        let (id, kind, state) = (&said.id, &said.kind, &said.state);
        let to = said.to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
        let _never_fails = writeln!(page, "  {id} {kind}{to}, {state}, {}", clock(said.at_ms));
        for line in said.text.as_deref().unwrap_or(&said.summary).lines() {
            let _never_fails = writeln!(page, "    {}", one_line(line));
        }
    }
    if row.activity.as_ref().is_some_and(|activity| activity.question.is_some()) {
        let _never_fails = writeln!(page, "  windrow answer {} TEXT", one_line(&row.name));
    }
    page
}
