//! `windrow task add`: one more task of the project's own.

use windrow_api::{ExitKind, ProjectCall, Reply, TaskDraft};
use windrow_core::spec::TaskSpec;

use super::fields::{FieldArgs, title};
use crate::context::Context;
use crate::desk::unexpected;
use crate::error::Outcome;
use crate::output::Format;
use crate::source::USUAL_PRIORITY;

/// Add a task
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Example:\n  windrow task add 'Add a clock' --files 'src/clock/**' --after t-1"
)]
pub(crate) struct AddArgs {
    /// What is to be done, on one line
    #[arg(value_name = "TITLE", allow_hyphen_values = true)]
    title: String,

    /// Everything else the worker should know
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    body: Option<String>,

    #[command(flatten)]
    fields: FieldArgs,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Adds the task and prints its id.
pub(super) fn run(context: &Context, args: &AddArgs) -> Outcome {
    let title = title(&args.title)?;
    let mut desk = context.desk()?;
    let mut spec = TaskSpec { title, priority: USUAL_PRIORITY, ..TaskSpec::default() };
    args.fields.clone().apply(&mut spec, &desk.tasks()?)?;
    let task = TaskDraft { spec, body: args.body.clone() };
    match desk.ask_once(ProjectCall::AddTask { task })? {
        Reply::Tasks(rows) => {
            match args.format {
                Format::Json => context.out.json(&rows)?,
                Format::Text => rows.iter().try_for_each(|row| context.out.answer(&row.id))?,
            }
            Ok(ExitKind::Success)
        }
        other => Err(unexpected(&other)),
    }
}
