//! Sessions as lines and as a page.

use std::fmt::Write as _;

use windrow_api::view::SessionRow;

use super::table::{Column, Table};
use super::time::{clock, since};
use crate::output::one_line;

/// Sessions, one a line.
pub(crate) fn session_table(sessions: &[SessionRow], now_ms: i64, width: Option<usize>) -> String {
    let column = |title, goes| Column { title, goes };
    let columns = [
        column("WORKER", 0),
        column("TASK", 0),
        column("STATE", 0),
        column("FOR", 1),
        column("QUIET", 2),
        column("TITLE", 0),
        column("PROJECT", 3),
        column("BRANCH", 4),
        column("NOTE", 5),
    ];
    let mut table = Table::new(&columns, 5);
    for session in sessions {
        table.row(vec![
            one_line(&session.name),
            session.task.clone(),
            session.doing().to_owned(),
            since(session.started_ms.unwrap_or(session.requested_ms), now_ms),
            session.output_ms.map(|at| since(at, now_ms)).unwrap_or_default(),
            one_line(&session.title),
            one_line(&session.project),
            session.branch.clone().unwrap_or_default(),
            session.note.as_deref().map(one_line).unwrap_or_default(),
        ]);
    }
    table.render(width)
}

/// Everything about a session.
pub(crate) fn session_details(session: &SessionRow) -> String {
    let mut page = format!("{} {}\n", session.id, one_line(&session.name));
    let mut fact = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let _never_fails = writeln!(page, "  {name:<11} {}", one_line(&value));
        }
    };
    fact("task", Some(format!("{} {}", session.task, session.title)));
    fact("status", Some(session.status.clone()));
    if let Some(activity) = &session.activity {
        fact("activity", Some(format!("{} since {}", activity.word, clock(activity.since_ms))));
        fact("evidence", Some(format!("{} ({})", activity.evidence, activity.source)));
    }
    fact("note", session.note.clone());
    fact("try", Some(session.attempt.to_string()));
    fact("generation", Some(session.generation.to_string()));
    fact("branch", session.branch.clone());
    fact("worktree", session.path.as_ref().map(|path| path.display().to_string()));
    fact("base", session.base.clone());
    fact("ports", session.port_offset.map(|offset| format!("base + {offset}")));
    fact("started", session.started_ms.map(clock));
    fact("last output", session.output_ms.map(clock));
    fact("transcript", session.transcript.as_ref().map(|path| path.display().to_string()));
    for kept in &session.kept {
        fact("kept", Some(kept.clone()));
    }
    page
}
