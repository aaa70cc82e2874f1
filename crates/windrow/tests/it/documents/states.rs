//! The guide says of each state that a person can find what it means and what to do.

use windrow_api::states::{ActivityState, QueueState, RunState, SessionState};
use windrow_api::view::TaskStatus;

use super::pages::text_of;

/// The words of the first column of the table below a line.
fn told_below(page: &str, head: &str) -> Vec<String> {
    let (_, table) = page.split_once(&format!("\n{head}\n\n")).unwrap_or_else(|| panic!("{head}"));
    let rows = table.lines().take_while(|line| line.starts_with('|')).skip(2);
    let cells = rows.filter_map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert!(cells.len() == 3 && cells.iter().all(|cell| !cell.is_empty()), "{row}");
        cells.first().map(|cell| cell.replace(" or ", ", "))
    });
    let mut words: Vec<String> =
        cells.flat_map(|cell| cell.split(", ").map(str::to_owned).collect::<Vec<_>>()).collect();
    words.sort();
    words
}

#[test]
fn every_state_stands_in_the_guide_and_no_other() {
    let page = text_of("docs/guide.md");
    let tasks = [
        TaskStatus::Open,
        TaskStatus::Working,
        TaskStatus::Landing,
        TaskStatus::Held,
        TaskStatus::Landed,
        TaskStatus::Done,
        TaskStatus::Stuck,
        TaskStatus::Cancelled,
    ];
    assert_eq!(tasks.len(), TaskStatus::Cancelled as usize + 1);
    let tasks: Vec<&str> = tasks.iter().map(|status| status.word()).collect();
    for (head, words) in [
        ("Of a task:", &tasks[..]),
        ("Of a session, which is one try of a task:", SessionState::WORDS),
        ("Of a run:", RunState::WORDS),
        ("Of an entry of the landing queue:", QueueState::WORDS),
    ] {
        let mut words = words.to_vec();
        words.sort_unstable();
        assert_eq!(told_below(&page, head), words, "{head}");
    }
    let page = text_of("docs/guide/asking.md");
    let mut words = ActivityState::WORDS.to_vec();
    words.sort_unstable();
    let head = "Bare `windrow`, `windrow status` and the table of `windrow run` say of every worker what it is doing:";
    assert_eq!(told_below(&page, head), words);
}
