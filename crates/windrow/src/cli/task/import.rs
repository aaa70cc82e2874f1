//! `windrow task import`: takes in task files without running anything.

use std::path::PathBuf;

use windrow_api::{ExitKind, ProjectCall, Reply};

use crate::context::Context;
use crate::desk::unexpected;
use crate::error::Outcome;
use crate::output::Format;
use crate::render::task_table;
use crate::source;

/// Take in the tasks of files
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow task import TASKS.md")]
pub(crate) struct ImportArgs {
    /// Task files: TASKS.md, plan.json
    #[arg(value_name = "SOURCE", required = true)]
    sources: Vec<PathBuf>,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Imports every file once all of them are readable.
pub(super) fn run(context: &Context, args: &ImportArgs) -> Outcome {
    let project = context.project()?;
    let files = source::read_all(context, &project, &args.sources)?;
    let mut desk = context.desk_of(&project)?;
    let mut tasks = Vec::new();
    for file in &files {
        let call =
            ProjectCall::Import { file: file.file.clone(), tasks: file.drafts(), approved: false };
        match desk.ask(call)? {
            Reply::Tasks(rows) => tasks.extend(rows),
            other => return Err(unexpected(&other)),
        }
    }
    match args.format {
        Format::Json => context.out.json(&tasks)?,
        Format::Text => context.out.answer(&task_table(&tasks, context.out.width()))?,
    }
    Ok(ExitKind::Success)
}
