//! `windrow task list`: all tasks, or those of some statuses.

use windrow_api::ExitKind;
use windrow_api::view::{TaskRow, TaskStatus};

use crate::context::Context;
use crate::error::Outcome;
use crate::output::Format;
use crate::render::task_table;

/// List tasks
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow task list --status open,stuck")]
pub(crate) struct ListArgs {
    /// Only those of this status
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_enum)]
    status: Vec<StatusArg>,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// The statuses by their words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum StatusArg {
    Open,
    Working,
    Landing,
    Held,
    Landed,
    Done,
    Stuck,
    Cancelled,
}

impl StatusArg {
    const fn status(self) -> TaskStatus {
        match self {
            Self::Open => TaskStatus::Open,
            Self::Working => TaskStatus::Working,
            Self::Landing => TaskStatus::Landing,
            Self::Held => TaskStatus::Held,
            Self::Landed => TaskStatus::Landed,
            Self::Done => TaskStatus::Done,
            Self::Stuck => TaskStatus::Stuck,
            Self::Cancelled => TaskStatus::Cancelled,
        }
    }
}

/// Lists them.
pub(crate) fn run(context: &Context, args: &ListArgs) -> Outcome {
    let mut tasks = context.desk()?.tasks()?;
    let wanted: Vec<TaskStatus> = args.status.iter().map(|status| status.status()).collect();
    tasks.retain(|row: &TaskRow| wanted.is_empty() || wanted.contains(&row.status));
    let out = &context.out;
    match args.format {
        Format::Json => out.json(&tasks)?,
        Format::Text if tasks.is_empty() => {
            out.say(
                "No tasks. `windrow task add TITLE` or `windrow task import TASKS.md` adds some.",
            );
        }
        Format::Text => out.answer(&task_table(&tasks, out.width()))?,
    }
    Ok(ExitKind::Success)
}
