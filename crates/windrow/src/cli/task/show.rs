//! `windrow task show TASK`: everything about a task.

use windrow_api::ExitKind;

use crate::context::Context;
use crate::error::Outcome;
use crate::output::Format;
use crate::render::task_details;
use crate::select::{self, task_id};

/// Show everything about a task
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow task show t-2")]
pub(crate) struct ShowArgs {
    /// Task: `t-3`, its key or full name
    #[arg(value_name = "TASK")]
    task: String,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Shows it.
pub(crate) fn run(context: &Context, args: &ShowArgs) -> Outcome {
    let mut desk = context.desk()?;
    let tasks = desk.tasks()?;
    let task = desk.task(task_id(select::task(&tasks, &args.task)?)?)?;
    match args.format {
        Format::Json => context.out.json(&task)?,
        Format::Text => {
            let evidence = desk.evidence(&task)?;
            context.out.answer(&task_details(&task, evidence.as_deref()))?;
        }
    }
    Ok(ExitKind::Success)
}
