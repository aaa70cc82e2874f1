//! `windrow log`: what happened, from the journal; `verify` walks its chain.

use std::fmt::Write as _;

use windrow_api::view::{LogCheck, LogRow};
use windrow_api::{ExitKind, ProjectCall, Reply};

use crate::context::Context;
use crate::desk::unexpected;
use crate::error::{CliError, Outcome};
use crate::output::{Format, one_line};
use crate::render::{Column, Table, clock};

/// How many records are asked for at once.
const PAGE: usize = 1_000;

/// Show what happened in this project
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:\n  windrow log --from 100 --limit 20\n  windrow log verify")]
pub(crate) struct LogArgs {
    #[command(subcommand)]
    command: Option<LogCommand>,

    /// Start at this record
    #[arg(long, value_name = "SEQ", default_value_t = 1)]
    from: u64,

    /// Show at most this many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// Print in this form, JSON as lines
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum LogCommand {
    /// Check that nothing was cut or rewritten
    Verify {
        /// Print in this form
        #[arg(long, value_enum, default_value_t, value_name = "FORM")]
        format: Format,
    },
}

/// Shows or verifies the journal.
pub(super) fn run(context: &Context, args: &LogArgs) -> Outcome {
    if let Some(LogCommand::Verify { format }) = &args.command {
        return verify(context, *format);
    }
    let mut desk = context.desk()?;
    let mut from = args.from;
    let mut left = args.limit.unwrap_or(usize::MAX);
    while left > 0 {
        let rows = desk.log(from, left.min(PAGE))?;
        let Some(last) = rows.last() else { break };
        from = last.seq + 1;
        left = left.saturating_sub(rows.len());
        match args.format {
            Format::Json => rows.iter().try_for_each(|row| context.out.json_line(row))?,
            Format::Text => context.out.answer(&text(&rows, context.out.width()))?,
        }
    }
    Ok(ExitKind::Success)
}

fn text(rows: &[LogRow], width: Option<usize>) -> String {
    let column = |title, goes| Column { title, goes };
    let columns = [
        column("SEQ", 0),
        column("TIME", 1),
        column("ACTOR", 2),
        column("WHAT", 0),
        column("WITH", 0),
    ];
    let mut table = Table::new(&columns, 4);
    for row in rows {
        table.row(vec![
            row.seq.to_string(),
            clock(row.at_ms),
            one_line(&row.actor),
            row.kind.clone(),
            one_line(&row.body.to_string()),
        ]);
    }
    table.render(width)
}

fn verify(context: &Context, format: Format) -> Outcome {
    let answer = context.desk()?.ask(ProjectCall::VerifyLog)?;
    let Reply::Verified(check) = answer else {
        return Err(unexpected(&answer));
    };
    if format == Format::Json {
        context.out.json(&check)?;
    } else if check.bad.is_none() {
        context.out.answer(&whole(&check))?;
    }
    let Some(bad) = check.bad else { return Ok(ExitKind::Success) };
    let error =
        CliError::new(ExitKind::World, format!("the journal is not what was written: {bad}"));
    let error = match check.witness {
        Some(commit) => {
            error.hint(format!("the landing {commit} says what it was; see its trailer"))
        }
        None => error,
    };
    Err(error.hint("stop the daemon and bring the project's journal back from a backup"))
}

fn whole(check: &LogCheck) -> String {
    let LogCheck { checked, head, compared, others, .. } = check;
    let mut text = format!("{checked} records, unbroken; the newest hash is {head}\n");
    text.push_str(&agree(*compared));
    if *others > 0 {
        let names = if *others == 1 { "names" } else { "name" };
        let _infallible = write!(
            text,
            "\n{others} more {names} another journal: of another machine, or of a home that is gone"
        );
    }
    text
}

fn agree(landings: u64) -> String {
    match landings {
        0 => "no landing was there to compare it with".to_owned(),
        1 => "1 landing agrees with it".to_owned(),
        more => format!("{more} landings agree with it"),
    }
}
