//! Several homes and one repository: they never take each other's work for their own.

use std::path::Path;

use windrow_testkit::{Ran, TaskList, TestEnv};

use crate::place::{commit_list, place};

fn in_home(env: &TestEnv, home: &Path, args: &[&str]) -> Ran {
    env.finish(env.command(env.repo().path(), args).env("WINDROW_HOME", home))
}

/// A task that fails and leaves `text` to be kept.
fn failing(env: &TestEnv, text: &str) {
    let list = TaskList::new().task("fail", &format!("echo {text} > left.txt; exit 1"), &[]);
    commit_list(env, &list);
}

const RUN: &[&str] = &["run", "TASKS.md", "--approve", "--tries", "1"];

#[test]
fn n1_a_second_home_is_refused_and_what_a_lost_one_kept_stays_whole() {
    let env = place();
    let (first, second) = (env.root().join("first"), env.root().join("second"));
    failing(&env, "one");
    let _stuck = in_home(&env, &first, RUN).code(3);
    let kept = env.repo().refs("refs/windrow/kept/");

    failing(&env, "two");
    let refused = in_home(&env, &second, RUN).code(4);
    let _told = refused.says("another windrow home works in this repository");
    assert_eq!(env.repo().refs("refs/windrow/kept/"), kept);

    let _stopped = in_home(&env, &first, &["daemon", "stop"]).ok();
    std::fs::rename(&first, env.root().join("lost")).unwrap();
    let _stuck = in_home(&env, &second, RUN).code(3);
    let kept = env.repo().refs("refs/windrow/kept/");
    let left = |name: &String| {
        env.repo().at_revision(name, "files/left.txt").unwrap_or_else(|| panic!("{name}: nothing"))
    };
    let mut left: Vec<String> = kept.iter().map(left).collect();
    left.sort();
    assert_eq!(left, ["one\n", "two\n"], "in {kept:?}");

    let _pruned = in_home(&env, &second, &["prune", "--unlanded"]).ok();
    assert_eq!(env.repo().refs("refs/windrow/"), [""; 0]);
    let _stopped = in_home(&env, &second, &["daemon", "stop"]).ok();
}

#[test]
fn n1_a_prune_by_a_second_home_is_refused_and_removes_nothing() {
    let env = place();
    let (first, second) = (env.root().join("first"), env.root().join("second"));
    failing(&env, "one");
    let _stuck = in_home(&env, &first, &[RUN, &["--gate", "true"]].concat()).code(3);
    let held = || (env.repo().refs("refs/"), env.repo().worktrees());
    let before = held();
    assert!(before.0.iter().any(|name| name.starts_with("refs/windrow/kept/")), "{before:?}");
    assert!(!before.1.is_empty(), "a warm worktree lies there");

    for args in [&["prune", "--unlanded"][..], &["prune"], &["prune", "--dry-run"]] {
        let refused = in_home(&env, &second, args).code(5);
        let _told = refused.says("another windrow home works in this repository");
        assert_eq!(held(), before, "after {args:?}");
    }
    let back = env.root().join("back");
    let name = before.0.iter().find(|name| name.starts_with("refs/windrow/kept/")).unwrap();
    let _back = in_home(&env, &first, &["restore", name, "--to", back.to_str().unwrap()]).ok();
    assert_eq!(std::fs::read_to_string(back.join("left.txt")).unwrap(), "one\n");
    for home in [&first, &second] {
        let _stopped = in_home(&env, home, &["daemon", "stop"]).ok();
    }
}
