//! `windrow log`: what happened, from the journal.

mod args;
mod follow;
mod repair;
mod show;
mod verify;

use windrow_api::LogQuery;

pub(crate) use args::LogArgs;
#[cfg(test)]
pub(super) use verify::Export;

use args::LogCommand;

use crate::context::Context;
use crate::desk::Desk;
use crate::error::{CliError, Outcome};
use crate::select;

/// Shows or verifies the journal.
pub(super) fn run(context: &Context, args: &LogArgs) -> Outcome {
    match &args.command {
        Some(LogCommand::Verify(args)) => verify::run(context, args),
        Some(LogCommand::Repair(args)) => repair::run(context, args),
        None if args.follow => follow::run(context, args),
        None => show::run(context, args),
    }
}

/// The query that the arguments mean.
fn query(desk: &mut Desk, args: &LogArgs) -> Result<LogQuery, CliError> {
    let mut query = LogQuery {
        from: args.from,
        to: args.to,
        since_ms: args.since,
        until_ms: args.until,
        actors: args.actor.clone(),
        kinds: args.kind.clone(),
        limit: args.limit,
        newest_first: args.reverse,
        follow: args.follow,
        ..LogQuery::default()
    };
    if !args.task.is_empty() {
        let rows = desk.tasks()?;
        for name in &args.task {
            query.tasks.push(select::task_id(select::task(&rows, name)?)?);
        }
    }
    if !args.session.is_empty() {
        let rows = desk.sessions(true)?;
        for name in &args.session {
            for row in select::bearers(&rows, name)? {
                query.sessions.push(select::session_id(row)?);
            }
        }
    }
    Ok(query)
}
