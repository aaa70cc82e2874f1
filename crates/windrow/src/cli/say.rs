//! Speaking to workers: what `answer`, `tell` and `wait` have in common.

use windrow_api::view::SessionRow;
use windrow_api::{Call, Reply};

use crate::context::Context;
use crate::desk::{Desk, unexpected};
use crate::error::CliError;
use crate::output::one_line;
use crate::select;

/// The worker of that name: of the project around the folder, or of any project of the machine.
pub(super) fn find(context: &Context, name: &str) -> Result<(Desk, SessionRow), CliError> {
    if context.env.is_set("WINDROW_JOB") {
        return Err(CliError::refused("a worker does not speak for the person")
            .hint("`windrow ask QUESTION` asks the person"));
    }
    let here = in_project(context, name);
    let Err(unknown) = here else { return here };
    let rows = match context.daemon()?.ask_again(&Call::AllSessions)? {
        Reply::Sessions(rows) => rows,
        other => return Err(unexpected(&other)),
    };
    // Names are unique among the live workers of a machine; ids and tasks are not.
    let named = rows.into_iter().find(|row| row.name == name);
    let Some((row, path)) = named.and_then(|row| row.path.clone().map(|path| (row, path))) else {
        return Err(unknown);
    };
    Ok((context.elsewhere(&path).desk()?, row))
}

fn in_project(context: &Context, name: &str) -> Result<(Desk, SessionRow), CliError> {
    let mut desk = context.desk()?;
    let sessions = desk.sessions(true)?;
    let found = match select::session(&sessions, name) {
        Ok(found) => found,
        Err(_) => select::worker(&sessions, &desk.tasks()?, name)?,
    };
    let row = found.clone();
    Ok((desk, row))
}

/// What was said to a worker, and when it gets it.
pub(super) fn said(row: &SessionRow, what: &str) -> String {
    let name = one_line(&row.name);
    if row.status == "waiting" {
        format!("{what} {name} goes on with it.")
    } else {
        format!("{what} {name} gets it when it looks, or at the end of its turn.")
    }
}
