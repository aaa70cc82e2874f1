//! One picture of a run: lines of text that fit the terminal. Pure.

use windrow_api::summary::headline;
use windrow_api::view::{RunView, SessionRow};

use super::told::other_troubles;
use crate::output::one_line;
use crate::render::{Column, Table, cut, since, wrapped};

/// The widest the bar gets.
const BAR: usize = 30;

/// The run as lines of at most `width` columns, at most `height` of them.
pub(crate) fn frame(view: &RunView, now_ms: i64, width: usize, height: usize) -> Vec<String> {
    let row = &view.row;
    let mut lines = Vec::new();
    let ended = row.ended_ms.unwrap_or(now_ms);
    let (id, branch, phase) = (&row.id, one_line(&row.branch), &row.phase);
    let took = since(row.started_ms, ended);
    let workers_word = if row.busy == 1 { "worker" } else { "workers" };
    lines.push(format!("Run {id} on {branch}: {phase}, {took}, {} {workers_word}", row.busy));
    lines.push(bar(view, width));
    lines.extend(broken("", &format!("{}.", headline(&row.counts)), width));
    let mut tail: Vec<String> = Vec::new();
    for entry in view.queue.iter().filter(|entry| entry.state == "waiting") {
        let note = entry.note.as_deref().map(one_line).unwrap_or_default();
        tail.extend(broken("waiting: ", &format!("{} {note}", entry.task), width));
    }
    if let Some(text) = &view.idle {
        tail.extend(broken("waiting: ", &one_line(text), width));
    }
    for text in other_troubles(view) {
        tail.extend(broken("trouble: ", &one_line(text), width));
    }
    let live: Vec<&SessionRow> = view.sessions.iter().filter(|session| !session.over).collect();
    if !live.is_empty() {
        let room = height.saturating_sub(lines.len() + tail.len() + 1).max(2);
        lines.extend(workers(&live, now_ms, width, room));
    }
    // What helps stands at the end of a sentence: rather fewer sentences than half of one.
    let left = height.saturating_sub(lines.len()).max(1);
    if tail.len() > left {
        let whole =
            (0..left).rev().find(|at| tail.get(*at + 1).is_some_and(|l| !l.starts_with(' ')));
        tail.truncate(whole.map_or(left, |at| at + 1));
    }
    lines.extend(tail);
    lines.truncate(height.max(1));
    lines.iter().map(|line| cut(line, width)).collect()
}

/// A sentence as lines that fit, so that its end, where the advice stands, is seen too.
fn broken(margin: &str, text: &str, width: usize) -> Vec<String> {
    wrapped(margin, text, Some(width)).lines().map(str::to_owned).collect()
}

/// How much of the run is over: `[####....] 4/8`.
fn bar(view: &RunView, width: usize) -> String {
    let counts = &view.row.counts;
    let all = counts.all() as usize;
    let over = (counts.landed + counts.done + counts.stuck + counts.cancelled) as usize;
    let numbers = format!(" {over}/{all} over");
    let room = width.saturating_sub(numbers.len() + 2).min(BAR);
    let full = (over * room).checked_div(all).unwrap_or(0);
    let (full, empty) = ("#".repeat(full), ".".repeat(room - full));
    format!("[{full}{empty}]{numbers}")
}

fn workers(live: &[&SessionRow], now_ms: i64, width: usize, room: usize) -> Vec<String> {
    let column = |title, goes| Column { title, goes };
    let columns = [
        column("WORKER", 0),
        column("TASK", 0),
        column("STATE", 0),
        column("FOR", 1),
        column("TITLE", 0),
        column("BRANCH", 2),
    ];
    let mut table = Table::new(&columns, 4);
    let shown = if live.len() + 1 > room { room.saturating_sub(2) } else { live.len() };
    for session in live.iter().take(shown) {
        table.row(vec![
            one_line(&session.name),
            session.task.clone(),
            session.doing().to_owned(),
            since(session.started_ms.unwrap_or(session.requested_ms), now_ms),
            one_line(&session.title),
            session.branch.as_deref().map(one_line).unwrap_or_default(),
        ]);
    }
    let mut lines = table.lines(Some(width));
    if live.len() > shown {
        lines.push(format!("and {} more", live.len() - shown));
    }
    lines
}

#[cfg(test)]
mod tests {
    use windrow_api::view::TaskStatus;

    use super::*;
    use crate::fixture::{run_view, session_row, task_row};
    use crate::render::width_of;

    fn view() -> RunView {
        let mut landed = task_row("t-1", None, "Lay the ground");
        landed.status = TaskStatus::Landed;
        let mut view = run_view(vec![landed, task_row("t-2", None, "Add a clock")]);
        view.row.busy = 1;
        view.sessions = vec![session_row("s-1", "toast", false), session_row("s-2", "rye", true)];
        view
    }

    #[test]
    fn a_frame_has_workers_a_bar_and_no_one_who_is_over() {
        let lines = frame(&view(), 62_000, 80, 24);
        assert_eq!(
            lines,
            [
                "Run r-1 on main: active, 1m 1s, 1 worker",
                "[###############...............] 1/2 over",
                "1 of 2 tasks landed, 1 open.",
                "WORKER  TASK  STATE    FOR    TITLE        BRANCH",
                "toast   t-1   working  1m 0s  Add a clock  windrow/add-a-clock",
            ]
        );
    }

    #[test]
    fn what_helps_is_not_cut_off_in_a_narrow_terminal() {
        let mut view = view();
        let note = "files in `/home/ann/garden` are in the way: `a.txt` (edited); commit, stash or move them";
        view.queue = vec![windrow_api::view::QueueRow {
            id: "l-1".to_owned(),
            task: "t-2".to_owned(),
            state: "waiting".to_owned(),
            note: Some(note.to_owned()),
        }];
        view.troubles =
            vec!["t-9 is not checked off: `TASKS.md` has changed; look at it".to_owned()];
        let expected = [
            "waiting: t-2 files in `/home/ann/garden` are in the way:",
            "         `a.txt` (edited); commit, stash or move them",
            "trouble: t-9 is not checked off: `TASKS.md` has changed;",
            "         look at it",
        ];
        let lines = frame(&view, 62_000, 60, 24);
        assert_eq!(lines[lines.len() - 4..], expected, "{lines:#?}");
        // Where there is no room for both, the first is whole.
        let lines = frame(&view, 62_000, 60, 8);
        assert_eq!(lines[lines.len() - 2..], expected[..2], "{lines:#?}");
    }

    #[test]
    fn a_frame_fits_the_terminal() {
        let mut view = view();
        for n in 3..40 {
            view.sessions.push(session_row(&format!("s-{n}"), "worker-with-a-name", false));
        }
        view.troubles = vec!["x".repeat(300)];
        for (width, height) in [(60, 24), (20, 10), (200, 5), (10, 3), (1, 1)] {
            let lines = frame(&view, 0, width, height);
            assert!(lines.len() <= height, "{width}x{height}: {lines:#?}");
            assert!(lines.iter().all(|line| width_of(line) <= width), "{lines:#?}");
        }
        let lines = frame(&view, 0, 60, 12);
        assert!(lines.iter().any(|line| line.starts_with("and ")), "{lines:#?}");
        assert!(lines.last().is_some_and(|line| line.starts_with("trouble: ")), "{lines:#?}");
    }
}
