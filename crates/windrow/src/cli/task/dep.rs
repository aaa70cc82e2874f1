//! `windrow task dep`: what must be done before what.

use windrow_api::{ExitKind, ProjectCall, Reply, TaskDraft};

use crate::context::Context;
use crate::desk::unexpected;
use crate::error::Outcome;
use crate::select::{self, task_id};

/// Change what a task waits for
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum DepCommand {
    /// Let a task wait for others
    #[command(after_help = "Example:\n  windrow task dep add t-3 t-1 t-2")]
    Add(DepArgs),
    /// Let a task wait for others no more
    #[command(after_help = "Example:\n  windrow task dep remove t-3 t-1")]
    Remove(DepArgs),
}

/// A task and others.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DepArgs {
    /// Task that waits
    #[arg(value_name = "TASK")]
    task: String,

    /// Tasks it waits for
    #[arg(value_name = "ON", required_unless_present = "after")]
    on: Vec<String>,

    /// The same, as `task add` has it
    #[arg(long, value_name = "ON", value_delimiter = ',')]
    after: Vec<String>,
}

/// Adds or removes dependencies.
pub(super) fn run(context: &Context, command: &DepCommand) -> Outcome {
    let (args, add) = match command {
        DepCommand::Add(args) => (args, true),
        DepCommand::Remove(args) => (args, false),
    };
    let mut desk = context.desk()?;
    let tasks = desk.tasks()?;
    let task = task_id(select::task(&tasks, &args.task)?)?;
    let mut spec = desk.task(task)?.spec;
    for name in args.on.iter().chain(&args.after) {
        let on = task_id(select::task(&tasks, name)?)?;
        if add {
            spec.depends.insert(on);
        } else {
            spec.depends.remove(&on);
        }
    }
    let after: Vec<String> = spec.depends.iter().map(ToString::to_string).collect();
    let draft = TaskDraft { spec, body: None };
    match desk.ask(ProjectCall::EditTask { task, draft })? {
        Reply::Tasks(_) => {}
        other => return Err(unexpected(&other)),
    }
    if after.is_empty() {
        context.out.say(&format!("{task} waits for nothing."));
    } else {
        context.out.say(&format!("{task} waits for {}.", after.join(", ")));
    }
    Ok(ExitKind::Success)
}
