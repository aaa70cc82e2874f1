use super::*;
use crate::fixture::{run_view, task_row};

fn task(status: TaskStatus, attempt: u32) -> TaskRow {
    TaskRow { status, attempt, ..task_row("t-1", Some(("TASKS.md", "1")), "Add a clock") }
}

fn view(task: TaskRow) -> RunView {
    run_view(vec![task])
}

fn check(before: Option<&RunView>, after: &RunView, expected: &[&str]) {
    let lines: Vec<String> = changes(before, after, 0).iter().map(Change::line).collect();
    assert_eq!(lines, expected);
}

#[test]
fn a_task_is_told_from_start_to_landing() {
    let open = view(task(TaskStatus::Open, 0));
    let mut working = task(TaskStatus::Working, 1);
    working.session = Some("s-1".to_owned());
    let asked_for = view(working.clone());
    working.session = Some("toast".to_owned());
    working.started_ms = Some(5);
    working.branch = Some("windrow/add-a-clock".to_owned());
    let working = view(working);
    let landing = view(task(TaskStatus::Landing, 1));
    let mut landed = task(TaskStatus::Landed, 1);
    landed.commit = Some("0123456789abcdef".to_owned());
    let landed = view(landed);
    check(None, &open, &[]);
    check(Some(&open), &asked_for, &[]);
    check(
        Some(&asked_for),
        &working,
        &["started   t-1 Add a clock (by toast, on windrow/add-a-clock)"],
    );
    check(Some(&working), &landing, &["submitted t-1 Add a clock"]);
    check(Some(&landing), &landed, &["landed    t-1 Add a clock (as 0123456789)"]);
    check(Some(&landed), &landed, &[]);
    // Who looks only now hears what became of it.
    check(None, &landed, &["landed    t-1 Add a clock (as 0123456789)"]);
}

#[test]
fn a_failed_try_is_told_even_when_the_next_one_runs_already() {
    let mut first = task(TaskStatus::Working, 1);
    first.started_ms = Some(5);
    let mut second = task(TaskStatus::Working, 2);
    second.session = Some("rye".to_owned());
    second.started_ms = Some(9);
    second.note = Some("the gate was red".to_owned());
    check(
        Some(&view(first)),
        &view(second),
        &[
            "failed    t-1 Add a clock (try 1): the gate was red",
            "started   t-1 Add a clock (by rye, try 2)",
        ],
    );
}

#[test]
fn a_failed_try_is_told_once_when_the_next_one_takes_its_time() {
    let landing = view(task(TaskStatus::Landing, 1));
    let mut open = task(TaskStatus::Open, 1);
    open.note = Some("try 2 follows: the gate was red".to_owned());
    let open = view(open);
    let mut second = task(TaskStatus::Working, 2);
    second.started_ms = Some(9);
    let told = "failed    t-1 Add a clock (try 1): try 2 follows: the gate was red";
    check(Some(&landing), &open, &[told]);
    check(Some(&open), &view(second), &["started   t-1 Add a clock (try 2)"]);
}

#[test]
fn a_landing_that_waits_names_what_is_in_the_way_once() {
    let landing = view(task(TaskStatus::Landing, 1));
    let mut waiting = landing.clone();
    waiting.queue = vec![QueueRow {
        id: "l-1".to_owned(),
        task: "t-1".to_owned(),
        state: "waiting".to_owned(),
        note: Some("`src/a.rs` has edits".to_owned()),
    }];
    check(Some(&landing), &waiting, &["waiting   t-1 Add a clock: `src/a.rs` has edits"]);
    check(Some(&waiting), &waiting, &[]);
}

#[test]
fn troubles_and_the_end_are_told() {
    let before = view(task(TaskStatus::Open, 0));
    let mut after = before.clone();
    after.troubles = vec!["the disk is full".to_owned()];
    after.row.phase = "draining".to_owned();
    check(Some(&before), &after, &["trouble   the disk is full", "run       r-1 is draining"]);
}

#[test]
fn a_change_is_one_line_of_json() {
    let after = view(task(TaskStatus::Done, 1));
    let json = serde_json::to_string(&changes(None, &after, 7)[0]).expect("json");
    assert_eq!(
        json,
        r#"{"event":"done","at_ms":7,"task":"t-1","source":"TASKS.md#task-1","title":"Add a clock"}"#
    );
}

#[test]
fn what_a_task_is_stuck_for_is_told_once() {
    let mut last = task(TaskStatus::Stuck, 2);
    last.note = Some("the gate was red".to_owned());
    let working = view(task(TaskStatus::Working, 1));
    let told = ["failed    t-1 Add a clock (try 1)", "stuck     t-1 Add a clock: the gate was red"];
    check(Some(&working), &view(last.clone()), &told);
    let working = view(task(TaskStatus::Working, 2));
    check(Some(&working), &view(last), &told[1..]);
}
