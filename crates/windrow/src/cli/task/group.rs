//! Which commands there are below `windrow task`.

use super::{add, close, dep, edit, import, list, show};
use crate::context::Context;
use crate::error::Outcome;

/// Write down and look at tasks
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum TaskCommand {
    Add(Box<add::AddArgs>),
    Import(import::ImportArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Edit(Box<edit::EditArgs>),
    Close(close::CloseArgs),
    #[command(subcommand)]
    Dep(dep::DepCommand),
}

/// Runs one of them.
pub(crate) fn run(context: &Context, command: TaskCommand) -> Outcome {
    match command {
        TaskCommand::Add(args) => add::run(context, &args),
        TaskCommand::Import(args) => import::run(context, &args),
        TaskCommand::List(args) => list::run(context, &args),
        TaskCommand::Show(args) => show::run(context, &args),
        TaskCommand::Edit(args) => edit::run(context, &args),
        TaskCommand::Close(args) => close::run(context, &args),
        TaskCommand::Dep(command) => dep::run(context, &command),
    }
}
