//! From what a person types to the task or session that is meant.
//!
//! Tasks: `t-3`, the key in its file when only one task has it (`3`, `auth`), `TASKS.md#task-3`.
//! Sessions: the name of a live one, `s-4`, or the name of past ones. What fits several is an
//! error that lists them.

use std::str::FromStr as _;

use windrow_api::view::{SessionRow, TaskRow};
use windrow_core::ids::{SessionId, TaskId};
use windrow_world::trackers::nearest;

use crate::error::CliError;
use crate::output::one_line;

/// How many candidates an error lists.
const LISTED: usize = 10;

/// The task that is meant.
pub(crate) fn task<'a>(tasks: &'a [TaskRow], text: &str) -> Result<&'a TaskRow, CliError> {
    let exact = |task: &&TaskRow| task.id == text || task.source.as_deref() == Some(text);
    if let Some(task) = tasks.iter().find(exact) {
        return Ok(task);
    }
    let by_key: Vec<&TaskRow> =
        tasks.iter().filter(|task| task.key.as_deref() == Some(text)).collect();
    match by_key[..] {
        [task] => Ok(task),
        [] => {
            let names = tasks.iter().flat_map(|task| [Some(task.id.as_str()), task.key.as_deref()]);
            let error = CliError::user(format!("there is no task `{}`", one_line(text)));
            Err(with_nearest(error, text, names.flatten()).hint("`windrow task list` shows all"))
        }
        ref several => {
            let error = CliError::user(format!("`{text}` is the key of {} tasks", several.len()));
            let named = several.iter().take(LISTED).map(|task| {
                let source = task.source.as_deref().unwrap_or_default();
                format!("name it by its id: `{}` ({source}: {})", task.id, one_line(&task.title))
            });
            Err(named.fold(error, CliError::hint))
        }
    }
}

/// The id of a task.
pub(crate) fn task_id(row: &TaskRow) -> Result<TaskId, CliError> {
    TaskId::from_str(&row.id).map_err(|error| CliError::internal(error.to_string()))
}

/// The id of a session.
pub(crate) fn session_id(row: &SessionRow) -> Result<SessionId, CliError> {
    SessionId::from_str(&row.id).map_err(|error| CliError::internal(error.to_string()))
}

/// Every session that is meant: one, or all past ones of that name, newest last.
pub(crate) fn sessions<'a>(
    sessions: &'a [SessionRow],
    text: &str,
) -> Result<Vec<&'a SessionRow>, CliError> {
    if let Some(session) = sessions.iter().find(|session| session.id == text) {
        return Ok(vec![session]);
    }
    let named: Vec<&SessionRow> = sessions.iter().filter(|session| session.name == text).collect();
    if let Some(live) = named.iter().find(|session| !session.over) {
        return Ok(vec![live]);
    }
    if named.is_empty() {
        let names = sessions.iter().map(|session| session.name.as_str());
        let error = CliError::user(format!("there is no session `{}`", one_line(text)));
        return Err(with_nearest(error, text, names).hint("`windrow` shows those that live"));
    }
    Ok(named)
}

/// Every session that ever bore a name, or the one of that id; oldest first.
pub(crate) fn bearers<'a>(
    all: &'a [SessionRow],
    text: &str,
) -> Result<Vec<&'a SessionRow>, CliError> {
    let known = sessions(all, text)?;
    let named: Vec<&SessionRow> = all.iter().filter(|session| session.name == text).collect();
    Ok(if named.is_empty() { known } else { named })
}

/// The one session that is meant.
pub(crate) fn session<'a>(all: &'a [SessionRow], text: &str) -> Result<&'a SessionRow, CliError> {
    match sessions(all, text)?[..] {
        [session] => Ok(session),
        ref several => {
            let error = CliError::user(format!("{} sessions were called `{text}`", several.len()));
            let named = several.iter().rev().take(LISTED).map(|session| {
                let (id, task, title) = (&session.id, &session.task, one_line(&session.title));
                format!("name it by its id: `{id}` (worked on {task} {title})")
            });
            Err(named.fold(error, CliError::hint))
        }
    }
}

/// The one session that is to be ended: by its own name, or as the one at work on a task.
///
/// A session's name goes first, for a key may be any word.
pub(crate) fn worker<'a>(
    all: &'a [SessionRow],
    tasks: &[TaskRow],
    text: &str,
) -> Result<&'a SessionRow, CliError> {
    let Err(unknown) = sessions(all, text) else { return session(all, text) };
    let task = match task(tasks, text) {
        Ok(task) => task,
        Err(several) if !several.message.starts_with("there is no") => return Err(several),
        Err(_) => {
            let message = format!("there is no session or task `{}`", one_line(text));
            return Err(CliError { message, ..unknown });
        }
    };
    let at_work = |session: &&SessionRow| session.task == task.id && !session.over;
    all.iter().rfind(at_work).ok_or_else(|| {
        let (id, status) = (&task.id, task.status.word());
        CliError::user(format!("nobody works on `{id}`; it is {status}"))
            .hint(format!("`windrow explain {id}` says why"))
    })
}

fn with_nearest<'a>(
    error: CliError,
    text: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> CliError {
    match nearest(text, names) {
        Some(near) => error.hint(format!("is `{}` meant?", one_line(near))),
        None => error,
    }
}

#[cfg(test)]
mod tests;
