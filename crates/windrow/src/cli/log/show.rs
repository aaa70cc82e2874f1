//! Records that are there, as lines.

use windrow_api::view::LogRow;
use windrow_api::{ExitKind, ProjectCall, Reply};

use super::args::{LogArgs, LogFormat};
use crate::context::Context;
use crate::desk::unexpected;
use crate::error::{CliError, Outcome};
use crate::output::{Output, one_line};
use crate::render::{clock, cut};

/// As many columns as most names take.
const ACTOR: usize = 7;

/// As many columns as most numbers take.
const SEQ: usize = 5;

/// Shows them.
pub(super) fn run(context: &Context, args: &LogArgs) -> Outcome {
    let mut desk = context.desk()?;
    let query = super::query(&mut desk, args)?;
    let mut answer = desk.ask(ProjectCall::Log { query })?;
    loop {
        match answer {
            Reply::Log(rows) => print(&context.out, args, &rows)?,
            Reply::Done => return Ok(ExitKind::Success),
            other => return Err(unexpected(&other)),
        }
        answer = desk.daemon().next_answer()?;
    }
}

/// Prints records.
pub(super) fn print(out: &Output, args: &LogArgs, rows: &[LogRow]) -> Result<(), CliError> {
    if args.format == LogFormat::Jsonl {
        return out.json_lines(rows);
    }
    let width = out.width().unwrap_or(usize::MAX);
    let lines: String = rows.iter().map(|row| cut(&line(row, args.causes), width) + "\n").collect();
    out.answer(&lines)
}

fn line(row: &LogRow, causes: bool) -> String {
    let (time, seq, actor) = (clock(row.at_ms), row.seq, one_line(&row.actor));
    let cause = row.cause.filter(|_| causes).map(|cause| format!(" (led to by {cause})"));
    let (says, cause) = (one_line(&row.says), cause.unwrap_or_default());
    format!("{time} {seq:>SEQ$} {actor:<ACTOR$} {says}{cause}")
}
