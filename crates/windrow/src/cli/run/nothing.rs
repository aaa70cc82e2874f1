//! What is said when no task is left to run: whether all is over, or what waits for a person.

use windrow_api::view::{TaskRow, TaskStatus};

use crate::desk::Desk;
use crate::error::CliError;

/// What is said when no task is open and none needs a person.
pub(super) const NOTHING: &str = "Nothing to do: no task is open.";

/// How many tasks a sentence names.
const NAMED: usize = 5;

/// Sentences about a project none of whose tasks can be run as it is, with the next steps.
pub(super) fn left(desk: &mut Desk) -> Result<Vec<String>, CliError> {
    let all = desk.tasks()?;
    let newest = desk.runs()?.pop().map(|run| run.id);
    Ok(in_words(&all, newest.as_deref()))
}

fn in_words(all: &[TaskRow], newest: Option<&str>) -> Vec<String> {
    let of = |status: TaskStatus| -> Vec<&TaskRow> {
        all.iter().filter(|row| row.status == status).collect()
    };
    let (stuck, held, open) = (of(TaskStatus::Stuck), of(TaskStatus::Held), of(TaskStatus::Open));
    if stuck.is_empty() && held.is_empty() && open.is_empty() {
        return vec![NOTHING.to_owned()];
    }
    let mut lines = vec!["Nothing can be run as it is.".to_owned()];
    if let [first, more @ ..] = &stuck[..] {
        let is = if more.is_empty() { "is stuck" } else { "are stuck" };
        let them = if more.is_empty() { "it" } else { "them" };
        let mine = stuck.iter().all(|row| row.run.as_deref() == newest);
        let again = if newest.is_some() && mine {
            "windrow run --resume".to_owned()
        } else {
            let ids: Vec<&str> = stuck.iter().map(|row| row.id.as_str()).collect();
            format!("windrow run --only {}", ids.join(","))
        };
        lines.push(format!("{} {is}: `windrow show {}` says why.", named(&stuck), first.id));
        lines.push(format!("`{again}` gives {them} fresh tries."));
    }
    if let [first, more @ ..] = &held[..] {
        let is = if more.is_empty() { "is held" } else { "are held" };
        lines.push(format!("{} {is}: `windrow land {}` lets it land.", named(&held), first.id));
    }
    if let [first, more @ ..] = &open[..] {
        let wait = if more.is_empty() { "waits" } else { "wait" };
        let id = &first.id;
        lines.push(format!("{} {wait}: `windrow explain {id}` says for what.", named(&open)));
    }
    lines
}

fn named(rows: &[&TaskRow]) -> String {
    let ids: Vec<&str> = rows.iter().take(NAMED).map(|row| row.id.as_str()).collect();
    match rows.len().saturating_sub(NAMED) {
        0 => ids.join(", "),
        more => format!("{} and {more} more", ids.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::task_row;

    fn row(id: &str, status: TaskStatus, run: Option<&str>) -> TaskRow {
        TaskRow { status, run: run.map(str::to_owned), ..task_row(id, None, "Task") }
    }

    #[test]
    fn what_is_over_is_no_news_and_what_rests_has_a_next_step() {
        use TaskStatus::{Cancelled, Done, Held, Landed, Open, Stuck};
        let over = [row("t-1", Landed, None), row("t-2", Done, None), row("t-3", Cancelled, None)];
        assert_eq!(in_words(&over, Some("r-1")), [NOTHING]);
        let stuck = [row("t-1", Stuck, Some("r-1")), row("t-2", Open, None)];
        assert_eq!(
            in_words(&stuck, Some("r-1")),
            [
                "Nothing can be run as it is.",
                "t-1 is stuck: `windrow show t-1` says why.",
                "`windrow run --resume` gives it fresh tries.",
                "t-2 waits: `windrow explain t-2` says for what.",
            ]
        );
        let older = [row("t-1", Stuck, Some("r-1")), row("t-2", Stuck, Some("r-2"))];
        let said = in_words(&older, Some("r-2"));
        assert_eq!(said[2], "`windrow run --only t-1,t-2` gives them fresh tries.");
        let held = in_words(&[row("t-1", Held, None)], None);
        assert_eq!(held[1], "t-1 is held: `windrow land t-1` lets it land.");
    }
}
