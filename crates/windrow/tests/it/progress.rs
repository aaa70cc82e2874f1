//! What did not go as asked is said where a person looks, with the next step.

use windrow_api::view::TaskStatus::Landed;
use windrow_testkit::{TestEnv, wait_until};

use crate::place::place;

const LIST: &str = "## Task 1: One\n\nRun: echo one > one.txt\n";

fn says_why(env: &TestEnv, why: &str) {
    let args = ["run", "TASKS.md", "--approve", "--commit-progress"];
    let _ran = env.windrow(args).ok().says(why);
    env.expect_status("1", Landed);
    let run = env.await_run_end();
    let named = run.troubles.iter().any(|trouble| trouble.contains(why));
    assert!(named, "{:?}", run.troubles);
    let summary = run.out.unwrap().join("summary.md");
    wait_until("the summary says it, too", || {
        std::fs::read_to_string(&summary).is_ok_and(|summary| summary.contains(why))
    });
}

#[test]
fn a_task_file_that_is_not_committed_cannot_be_checked_off_in_a_commit() {
    let env = place();
    env.repo().write("TASKS.md", LIST);
    says_why(&env, "is not in the commit that landed it");
    assert_eq!(env.repo().text("TASKS.md"), LIST);
}

#[test]
fn a_task_that_is_not_in_the_committed_file_is_named() {
    let env = place();
    env.repo().write("TASKS.md", "# Tasks\n");
    env.repo().commit("tasks");
    env.repo().write("TASKS.md", LIST);
    says_why(&env, "in the commit that landed it");
}

#[test]
fn a_run_with_nothing_but_stuck_tasks_names_the_next_step() {
    let env = place();
    env.windrow(["task", "add", "Bad", "--run", "exit 3"]).ok();
    env.windrow(["task", "add", "Late", "--run", "true", "--after", "t-1"]).ok();
    env.windrow(["task", "add", "Not wanted", "--run", "true"]).ok();
    env.windrow(["task", "close", "t-3"]).ok();
    env.windrow(["run", "--tries", "1"]).code(3);
    let ran = env.windrow(["run"]).ok().says("`windrow run --resume` gives them fresh tries.");
    let _ran = ran.says("t-1, t-2 are stuck: `windrow show t-1` says why.");
    let _ran = env.windrow(["run", "--dry-run"]).ok().says("`windrow run --resume`");
    let standing = |id: &str| {
        let ran = env.windrow(["explain", id, "--format", "json"]).ok();
        ran.json()["standing"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        [standing("t-1"), standing("t-2"), standing("t-3")],
        ["stuck", "stuck", "cancelled"]
    );
}

#[test]
fn an_end_by_hand_says_what_became_of_the_work() {
    let env = place();
    let ended = |before: &str, verb: &[&str]| {
        let signs = env.signs();
        let line = format!("{before}; {}; {}", signs.put_line("made"), signs.wait_line("never"));
        env.windrow(["run", "--detach", "--tries", "1", "--only", &add(&env, &line)]).ok();
        signs.wait("made");
        signs.remove("made");
        let name = env.sessions().pop().unwrap().name;
        let ran = env.windrow([verb, &[name.as_str()]].concat());
        env.await_run_end();
        (name, ran)
    };
    let (_, ran) = ended("true", &["close"]);
    let _ran = ran.ok().says("is closed; it had nothing to submit.");
    let (_, ran) =
        ended("git init -q nested; cd nested; git commit -q --allow-empty -m x", &["close"]);
    let _ran = ran
        .code(3)
        .says("is closed, its work not submitted")
        .says("nested")
        .says("windrow restore");
    let (_, ran) = ended("true", &["kill"]);
    let _ran = ran.ok().says("is stopped; it had nothing to keep.");
    let (_, ran) = ended("echo x > x.txt", &["kill"]);
    let _ran = ran.ok().says("is stopped, its work kept: `windrow restore");
}

/// Adds a task; its id.
fn add(env: &TestEnv, line: &str) -> String {
    let ran = env.windrow(["task", "add", "Something", "--run", line, "--format", "json"]).ok();
    let json = ran.json();
    let row = json.get(0).unwrap_or(&json);
    row["id"].as_str().unwrap_or_else(|| panic!("{ran}")).to_owned()
}
