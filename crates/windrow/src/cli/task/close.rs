//! `windrow task close`: a task that is done by other means, or not wanted any more.

use windrow_api::{ExitKind, ProjectCall};

use crate::context::Context;
use crate::error::Outcome;
use crate::output::one_line;
use crate::select::{self, task_id};

/// Close tasks without working on them
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow task close t-2 --done --reason 'done by hand'")]
pub(crate) struct CloseArgs {
    /// Tasks: `t-3`, keys or full names
    #[arg(value_name = "TASK", required = true)]
    tasks: Vec<String>,

    /// Count them as done, not as cancelled
    #[arg(long)]
    done: bool,

    /// Say why
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
}

/// Closes them, once every name is known.
pub(super) fn run(context: &Context, args: &CloseArgs) -> Outcome {
    let mut desk = context.desk()?;
    let all = desk.tasks()?;
    let rows =
        args.tasks.iter().map(|name| select::task(&all, name)).collect::<Result<Vec<_>, _>>()?;
    let word = if args.done { "done" } else { "cancelled" };
    for row in rows {
        let (task, done, reason) = (task_id(row)?, args.done, args.reason.clone());
        desk.do_once(ProjectCall::CloseTask { task, done, reason })?;
        context.out.say(&format!("{} {} is {word}.", row.id, one_line(&row.title)));
    }
    Ok(ExitKind::Success)
}
