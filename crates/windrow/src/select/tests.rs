use super::*;
use crate::fixture::{session_row, task_row};

fn tasks() -> Vec<TaskRow> {
    vec![
        task_row("t-1", Some(("TASKS.md", "3")), "Add a clock"),
        task_row("t-2", Some(("plan.json", "auth")), "Add logins"),
        task_row("t-3", Some(("MORE.md", "3")), "Mend the bell"),
        task_row("t-4", None, "Sweep the floor"),
    ]
}

fn check_task(text: &str, id: &str) {
    assert_eq!(task(&tasks(), text).map(|task| task.id.clone()), Ok(id.to_owned()), "{text}");
}

#[test]
fn a_task_is_found_by_id_key_and_source() {
    check_task("t-4", "t-4");
    check_task("auth", "t-2");
    check_task("MORE.md#task-3", "t-3");
    check_task("plan.json#auth", "t-2");
}

#[test]
fn a_key_of_several_tasks_lists_them() {
    let error = task(&tasks(), "3").expect_err("two of them");
    assert_eq!(error.message, "`3` is the key of 2 tasks");
    assert_eq!(
        error.hints,
        [
            "name it by its id: `t-1` (TASKS.md#task-3: Add a clock)",
            "name it by its id: `t-3` (MORE.md#task-3: Mend the bell)",
        ]
    );
}

#[test]
fn a_task_nobody_knows_names_the_nearest() {
    let error = task(&tasks(), "auht").expect_err("a slip");
    assert_eq!(error.message, "there is no task `auht`");
    assert_eq!(error.hints.first().map(String::as_str), Some("is `auth` meant?"));
    assert_eq!(task(&[], "\x1b[2J").expect_err("none").message, "there is no task `\u{fffd}[2J`");
}

#[test]
fn a_live_session_goes_before_past_ones_of_its_name() {
    let all = [
        session_row("s-1", "toast", true),
        session_row("s-2", "toast", false),
        session_row("s-3", "rye", true),
        session_row("s-4", "rye", true),
    ];
    let found = |text| session(&all, text).map(|session| session.id.as_str());
    assert_eq!(found("toast"), Ok("s-2"));
    assert_eq!(found("s-1"), Ok("s-1"));
    let error = found("rye").expect_err("two of them");
    assert_eq!(error.message, "2 sessions were called `rye`");
    assert!(error.hints[0].contains("`s-4`"), "{error:?}");
    assert_eq!(found("wheat").expect_err("none").message, "there is no session `wheat`");
}

#[test]
fn a_worker_is_found_by_its_name_or_by_the_task_it_works_on() {
    let all = [session_row("s-1", "rye", true), session_row("s-2", "toast", false)];
    let found = |text| worker(&all, &tasks(), text).map(|session| session.id.as_str());
    assert_eq!(found("toast"), Ok("s-2"));
    assert_eq!(found("t-1"), Ok("s-2"));
    assert_eq!(found("TASKS.md#task-3"), Ok("s-2"));
    assert_eq!(found("rye"), Ok("s-1"));
    let error = found("t-4").expect_err("nobody there");
    assert_eq!(error.message, "nobody works on `t-4`; it is open");
    assert_eq!(error.hints, ["`windrow explain t-4` says why"]);
    assert_eq!(found("3").expect_err("two").message, "`3` is the key of 2 tasks");
    let error = found("toats").expect_err("a slip");
    assert_eq!(error.message, "there is no session or task `toats`");
    assert_eq!(error.hints[0], "is `toast` meant?");
}
