//! `windrow ready`: what could be begun now, best first.

use windrow_api::ExitKind;

use crate::context::Context;
use crate::error::Outcome;
use crate::output::Format;
use crate::render::task_table;

/// List tasks that can start now
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ReadyArgs {
    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Lists open tasks without open dependencies.
pub(super) fn run(context: &Context, args: &ReadyArgs) -> Outcome {
    let tasks = context.desk()?.ready()?;
    let out = &context.out;
    match args.format {
        Format::Json => out.json(&tasks)?,
        Format::Text if tasks.is_empty() => out.say("No task can start now."),
        Format::Text => out.answer(&task_table(&tasks, out.width()))?,
    }
    Ok(ExitKind::Success)
}
