//! `windrow task edit`: changes what a task says; what is not named stays.

use windrow_api::{ExitKind, ProjectCall, Reply, TaskDraft};

use super::fields::{FieldArgs, title};
use crate::context::Context;
use crate::desk::unexpected;
use crate::error::Outcome;
use crate::output::Format;
use crate::render::task_table;
use crate::select::{self, task_id};

/// Change what a task says
///
/// What is not named stays as it is; an empty value takes one away. The file a task came from is
/// not touched, and importing it again brings its words back.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow task edit t-2 --priority P0 --gate 'make lint'")]
pub(crate) struct EditArgs {
    /// Task: `t-3`, its key or full name
    #[arg(value_name = "TASK")]
    task: String,

    /// What is to be done, on one line
    #[arg(long, value_name = "TITLE", allow_hyphen_values = true)]
    title: Option<String>,

    /// Everything else the worker should know
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    body: Option<String>,

    #[command(flatten)]
    fields: FieldArgs,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Replaces the description by the changed one.
pub(super) fn run(context: &Context, args: &EditArgs) -> Outcome {
    let title = args.title.as_deref().map(title).transpose()?;
    let mut desk = context.desk()?;
    let tasks = desk.tasks()?;
    let task = task_id(select::task(&tasks, &args.task)?)?;
    let mut spec = desk.task(task)?.spec;
    spec.title = title.unwrap_or(spec.title);
    args.fields.clone().apply(&mut spec, &tasks)?;
    let draft = TaskDraft { spec, body: args.body.clone() };
    let rows = match desk.ask(ProjectCall::EditTask { task, draft })? {
        Reply::Tasks(rows) => rows,
        other => return Err(unexpected(&other)),
    };
    match args.format {
        Format::Json => context.out.json(&rows)?,
        Format::Text => context.out.answer(&task_table(&rows, context.out.width()))?,
    }
    Ok(ExitKind::Success)
}
