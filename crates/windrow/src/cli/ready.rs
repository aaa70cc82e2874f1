//! `windrow ready`: what could be begun now, best first.

use windrow_api::ExitKind;
use windrow_api::view::{TaskRow, TaskStatus};

use crate::context::Context;
use crate::error::Outcome;
use crate::output::{Format, listed};
use crate::render::task_table;

/// List tasks that can start now
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow ready")]
pub(crate) struct ReadyArgs {
    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Lists open tasks without open dependencies.
pub(super) fn run(context: &Context, args: &ReadyArgs) -> Outcome {
    let mut desk = context.desk()?;
    let tasks = desk.ready()?;
    let out = &context.out;
    match args.format {
        Format::Json => out.json(&tasks)?,
        Format::Text if tasks.is_empty() => out.say("No task can start now."),
        Format::Text => out.answer(&task_table(&tasks, out.width()))?,
    }
    if args.format == Format::Text {
        // What waits for a person's word is not there, and would not come by itself.
        let held = |task: &&TaskRow| task.status == TaskStatus::Held;
        let all = desk.held()?;
        for task in all.iter().filter(held) {
            let behind = all.iter().filter(|other| {
                other.status == TaskStatus::Open && other.depends.contains(&task.id)
            });
            let ids: Vec<String> = behind.map(|other| other.id.clone()).collect();
            if !ids.is_empty() {
                let (id, wait) = (&task.id, if ids.len() == 1 { "waits" } else { "wait" });
                let ids = listed(&ids, ", ");
                out.say(&format!("{ids} {wait} for {id}, which is held: `windrow land {id}`"));
            }
        }
    }
    Ok(ExitKind::Success)
}
