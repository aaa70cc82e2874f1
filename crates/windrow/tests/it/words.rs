//! What needs no daemon: help, completions, a first settings file, a look ahead.

use windrow_testkit::{Role, TestEnv};

use crate::place::place;

fn no_daemon(env: &TestEnv) {
    assert!(env.playing(Role::Daemon).is_empty(), "a daemon was started");
}

const TASKS: &str = "\
## Task 1: Lay the ground
Run: echo ground > ground.txt
## Task 2: Build the house
Depends on: 1
Run: echo house > house.txt
## Task 3: Plant a tree
Priority: P0
Run: echo tree > tree.txt
";

#[test]
fn every_command_has_help_on_standard_output() {
    let env = place();
    let commands = [
        "run",
        "task",
        "ready",
        "status",
        "show",
        "diff",
        "log",
        "at",
        "explain",
        "kill",
        "close",
        "restore",
        "land",
        "report",
        "approve",
        "prune",
        "doctor",
        "daemon",
        "completion",
        "init",
        "ask",
        "inbox",
        "answer",
        "tell",
        "next",
        "wait",
    ];
    let top = env.windrow(["--help"]).ok();
    for command in commands {
        assert!(top.out.contains(&format!("\n  {command} ")), "no {command}: {top}");
        let help = env.windrow([command, "--help"]).ok();
        assert!(help.out.contains("Usage: windrow") && help.err.is_empty(), "{help}");
    }
    for command in ["add", "import", "list", "show", "edit", "close", "dep"] {
        env.windrow(["task", command, "--help"]).ok().says("Usage: windrow");
    }
    assert!(!top.out.contains("__"), "hidden commands are shown: {top}");
    no_daemon(&env);
}

#[test]
fn a_wrong_command_line_is_usage() {
    let env = place();
    env.windrow(["reprot"]).code(2).says("report");
    env.windrow(["run", "--pool", "0", "TASKS.md"]).code(2);
    env.windrow(["run", "--tries", "many", "TASKS.md"]).code(2);
    env.windrow(["--format", "json", "status"]).code(2).says("status --format json");
    env.windrow(["run", "--wave", "1"]).code(2).says("--wave");
    no_daemon(&env);
}

#[test]
fn completions_exist_for_the_usual_shells() {
    let env = place();
    for shell in ["bash", "zsh", "fish"] {
        let script = env.windrow(["completion", shell]).ok();
        assert!(script.out.contains("windrow") && script.out.contains("commit-progress"));
    }
}

#[test]
fn init_writes_both_files_once() {
    let env = place();
    env.windrow(["init"]).ok().says("Wrote windrow.toml.").says("Wrote TASKS.md.");
    env.repo().write("TASKS.md", "mine\n");
    env.windrow(["init"]).ok().says("Left TASKS.md as it is");
    assert_eq!(env.repo().text("TASKS.md"), "mine\n");
    no_daemon(&env);
}

#[test]
fn a_dry_run_shows_order_and_consent_and_changes_nothing() {
    let env = place();
    env.repo().write("TASKS.md", TASKS);
    let before = env.repo().status();
    let ran = env.windrow(["run", "TASKS.md", "--dry-run", "--format", "json"]).ok();
    let plan = ran.json();
    let order: Vec<(u64, &str)> = plan["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["step"].as_u64().unwrap(), step["task"].as_str().unwrap()))
        .collect();
    assert_eq!(order, [(1, "TASKS.md#task-3"), (1, "TASKS.md#task-1"), (2, "TASKS.md#task-2")]);
    assert_eq!(plan["to_approve"][0], "TASKS.md");
    assert_eq!(plan["branch"], "main");
    let ran = env.windrow(["run", "TASKS.md", "--dry-run", "--only", "3", "--gate", "make"]).ok();
    assert!(ran.out.contains("Plant a tree") && !ran.out.contains("Build the house"), "{ran}");
    assert!(ran.out.contains("Gates: make"), "{ran}");
    assert_eq!(env.repo().status(), before);
    assert!(env.repo().refs("refs/windrow").is_empty());
    assert!(!env.trees().exists());
    no_daemon(&env);
}

#[test]
fn a_dry_run_with_nothing_to_do_says_so() {
    let env = place();
    let said = "Nothing to do: no task is open.";
    let ran = env.windrow(["run", "--dry-run"]).ok();
    assert!(ran.err.contains(said) && ran.out.is_empty(), "{ran}");
    env.windrow(["run"]).ok().says(said);
    env.repo().write("TASKS.md", "## Task 1: A\nRun: true\n");
    env.windrow(["run", "TASKS.md", "--dry-run"]).ok().says("1 task would land on main");
    env.windrow(["run", "TASKS.md", "--approve"]).ok();
    env.windrow(["run", "TASKS.md", "--dry-run"]).ok().says(said);
}

#[test]
fn dependencies_are_named_in_place_or_behind_after() {
    let env = place();
    for title in ["A", "B", "C"] {
        env.windrow(["task", "add", title, "--run", "true"]).ok();
    }
    env.windrow(["task", "dep", "add", "t-3", "--after", "t-1,t-2"]).ok().says("t-1, t-2");
    env.windrow(["task", "dep", "remove", "t-3", "t-1"]).ok().says("t-3 waits for t-2.");
    env.windrow(["task", "dep", "remove", "t-3", "--after", "t-2"]).ok().says("waits for nothing");
    env.windrow(["task", "dep", "add", "t-3"]).code(2);
}

#[test]
fn a_dry_run_works_from_a_subfolder_and_a_linked_worktree() {
    let env = place();
    env.repo().write("sub/TASKS.md", TASKS);
    let inside = env.repo().file("sub");
    let ran = env.windrow_in(&inside, ["run", "TASKS.md", "--dry-run"]).ok();
    assert!(ran.out.contains("sub/TASKS.md#task-1"), "{ran}");
    let linked = env.root().join("linked");
    env.repo().git(["worktree", "add", "-q", "-b", "side", linked.to_str().unwrap()]);
    let ran = env.windrow_in(&linked, ["run", "../repo/sub/TASKS.md", "--dry-run"]).ok();
    assert!(ran.out.contains("sub/TASKS.md#task-1") && ran.out.contains("land on main"), "{ran}");
}

#[test]
fn ten_thousand_tasks_are_looked_at_and_none_is_lost() {
    let env = place();
    let tasks: Vec<String> = (0..10_000)
        .map(|n| {
            let needs = if n == 0 { String::new() } else { format!("\"t{}\"", n - 1) };
            format!("\"t{n}\":{{\"title\":\"Task {n}\",\"run\":\"true\",\"needs\":[{needs}]}}")
        })
        .collect();
    let plan = format!("{{\"version\":1,\"tasks\":{{{}}}}}", tasks.join(","));
    env.repo().write("plan.json", plan);
    let ran = env.windrow(["run", "plan.json", "--dry-run", "--format", "json"]).ok();
    let steps = ran.json()["tasks"].as_array().unwrap().len();
    assert_eq!(steps, 10_000);
}

#[test]
fn the_daemon_is_reported_absent_without_being_started() {
    let env = place();
    env.windrow(["daemon", "status"]).code(1).says("No daemon");
    let doctor = env.windrow(["doctor"]).ok();
    assert!(doctor.out.contains("no daemon is running") && doctor.out.contains("git version"));
    no_daemon(&env);
}
