//! `windrow show NAME`: everything about a task or a session.

use windrow_api::ExitKind;

use crate::context::Context;
use crate::error::{CliError, Outcome};
use crate::output::Format;
use crate::render::{session_details, task_details};
use crate::select::{self, task_id};

/// Show a task or a session
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow show t-2")]
pub(crate) struct ShowArgs {
    /// Task or session, by name or id
    #[arg(value_name = "NAME")]
    name: String,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Shows a task or a session; a session's name goes first, for a key may be any word.
pub(super) fn run(context: &Context, args: &ShowArgs) -> Outcome {
    let mut desk = context.desk()?;
    let sessions = desk.sessions(true)?;
    let out = &context.out;
    if let Ok(found) = select::sessions(&sessions, &args.name) {
        match args.format {
            Format::Json => out.json(&found)?,
            Format::Text => {
                let pages: Vec<String> = found.iter().map(|row| session_details(row)).collect();
                out.answer(&pages.join("\n"))?;
            }
        }
        return Ok(ExitKind::Success);
    }
    let tasks = desk.tasks()?;
    let task = select::task(&tasks, &args.name).map_err(neither)?;
    let task = desk.task(task_id(task)?)?;
    match args.format {
        Format::Json => out.json(&task)?,
        Format::Text => {
            let evidence = desk.evidence(&task)?;
            out.answer(&task_details(&task, evidence.as_deref()))?;
        }
    }
    Ok(ExitKind::Success)
}

fn neither(error: CliError) -> CliError {
    let message = error.message.replacen("there is no task ", "there is no task or session ", 1);
    CliError { message, ..error }.hint("`windrow status` shows the sessions")
}
