//! `windrow explain TASK`: why it runs, waits or rests.

use std::fmt::Write as _;

use windrow_api::ExitKind;

use crate::context::Context;
use crate::error::Outcome;
use crate::output::{Format, one_line};
use crate::select::{self, task_id};

/// Say why a task stands still
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow explain t-2")]
pub(crate) struct ExplainArgs {
    /// Task: `t-3`, its key or full name
    #[arg(value_name = "TASK")]
    task: String,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Explains one task.
pub(super) fn run(context: &Context, args: &ExplainArgs) -> Outcome {
    let mut desk = context.desk()?;
    let tasks = desk.tasks()?;
    let explanation = desk.explain(task_id(select::task(&tasks, &args.task)?)?)?;
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
