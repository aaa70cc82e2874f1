//! `windrow at SEQ|TIME COMMAND`: what a command showed at a moment of the past.

use std::ffi::OsString;

use windrow_api::request::{Point, ProjectCall};
use windrow_api::view::Moment;
use windrow_api::{ExitKind, Reply};

use super::task::{ListArgs, ShowArgs as TaskShowArgs, list_tasks, show_task};
use super::{explain, ready, sessions, show, status};
use crate::context::Context;
use crate::desk::unexpected;
use crate::error::{CliError, Outcome};
use crate::moment;
use crate::output::{Format, one_line};
use crate::render::clock;

/// What can be looked at, for messages.
const LOOKS: &str = "status, show, ready, explain, task list, task show";

/// Show this project as it was then
///
/// The state is put together anew from the journal, up to the record of that number or the last one
/// of that time. A time is a span back from now (`2h`), a time of today (`10:30`), a date, or both.
/// Without a command the live workers are shown. Files of worktrees are not part of the journal.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  windrow at 120 status\n  windrow at 2h task list\n  windrow at 10:30"
)]
pub(crate) struct AtArgs {
    /// Number of a record, or a time
    #[arg(value_name = "SEQ|TIME", value_parser = point)]
    point: Point,

    /// Print the live workers in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,

    #[command(subcommand)]
    command: Option<AtCommand>,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum AtCommand {
    #[command(after_help = "Example:\n  windrow at 120 status")]
    Status(status::StatusArgs),
    #[command(after_help = "Example:\n  windrow at 120 show t-3")]
    Show(show::ShowArgs),
    #[command(after_help = "Example:\n  windrow at 120 ready")]
    Ready(ready::ReadyArgs),
    #[command(after_help = "Example:\n  windrow at 120 explain t-3")]
    Explain(explain::ExplainArgs),
    #[command(subcommand)]
    Task(AtTask),
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

/// Look at tasks
#[derive(Clone, Debug, clap::Subcommand)]
enum AtTask {
    #[command(after_help = "Example:\n  windrow at 120 task list")]
    List(ListArgs),
    #[command(after_help = "Example:\n  windrow at 120 task show t-3")]
    Show(TaskShowArgs),
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

/// Shows the past.
pub(super) fn run(context: &Context, args: &AtArgs) -> Outcome {
    if let Some(AtCommand::Other(words) | AtCommand::Task(AtTask::Other(words))) = &args.command {
        return Err(refused(words));
    }
    let then = find(context, args.point)?;
    let context = context.at(then);
    if args.format != Format::Text && args.command.is_some() {
        return Err(CliError::usage("`--format` stands before the command")
            .hint("write it behind the command: `windrow at 120 status --format json`"));
    }
    context.out.say(&format!("As of record {}, {}:", then.seq, clock(then.at_ms)));
    match &args.command {
        None => sessions::of_project(&context, args.format),
        Some(AtCommand::Status(args)) => status::run(&context, args),
        Some(AtCommand::Show(args)) => show::run(&context, args),
        Some(AtCommand::Ready(args)) => ready::run(&context, args),
        Some(AtCommand::Explain(args)) => explain::run(&context, args),
        Some(AtCommand::Task(AtTask::List(args))) => list_tasks(&context, args),
        Some(AtCommand::Task(AtTask::Show(args))) => show_task(&context, args),
        Some(AtCommand::Other(words) | AtCommand::Task(AtTask::Other(words))) => {
            Err(refused(words))
        }
    }
}

fn find(context: &Context, point: Point) -> Result<Moment, CliError> {
    match context.desk()?.ask(ProjectCall::Moment { point })? {
        Reply::Moment(moment) => Ok(moment),
        other => Err(unexpected(&other)),
    }
}

fn refused(words: &[OsString]) -> CliError {
    let word = words.first().map(|word| one_line(&word.to_string_lossy())).unwrap_or_default();
    CliError::new(ExitKind::Refused, format!("`{word}` is not for the past, which stays as it was"))
        .hint(format!("what can be looked at: {LOOKS}"))
}

/// A number is a record's, everything else a time.
fn point(text: &str) -> Result<Point, String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seq = text.parse().map_err(|_too_large| format!("`{text}` is no record's number"))?;
        return Ok(Point::Seq(seq));
    }
    moment::parse_ms(text).map(Point::Time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_record_and_the_rest_a_time() {
        assert_eq!(point("120"), Ok(Point::Seq(120)));
        assert!(matches!(point("2026-11-27"), Ok(Point::Time(_))));
        assert!(matches!(point("2h"), Ok(Point::Time(_))));
        assert!(point("soon").is_err());
        assert!(point("99999999999999999999").is_err());
    }
}
