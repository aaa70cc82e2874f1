//! Worktrees that somebody removed or broke under a worker, and a target that was replaced: every
//! task goes on in a fresh tree, what was left is kept, and the reason is a sentence.

use std::fs;

use windrow_api::view::TaskStatus::{Landed, Stuck};
use windrow_testkit::{Plan, PlanTask, TestEnv};

use crate::place::{detach_plan, failures_of, note, place, restored, run_plan};

/// Does its work, then in its first try what `damage` says, and ends well.
fn plan(damage: &str) -> Plan {
    let line = format!(
        "echo done > done.txt; git add done.txt; git commit -qm done; echo more > more.txt; \
         if [ $WINDROW_ATTEMPT = 1 ]; then {damage}; fi"
    );
    Plan::new().with("a", PlanTask::run("do it", &line))
}

/// The first try failed in these words, the second landed; returns the ref of the first one's work.
#[track_caller]
fn landed_in_a_fresh_tree(env: &TestEnv, words: &str) -> String {
    env.expect_status("a", Landed);
    assert_eq!(env.repo().text("more.txt"), "more\n");
    let failures = failures_of(env, "a");
    assert_eq!(failures.len(), 1, "{failures:#?}");
    let summary = &failures[0].summary;
    assert!(summary.contains(words) && !summary.contains("git -c"), "{summary}");
    let kept = failures[0].kept.clone().unwrap();
    assert!(summary.contains(&kept), "{summary}");
    kept
}

#[test]
fn a_link_file_that_is_gone_costs_nothing() {
    let env = place();
    let _ran = run_plan(&env, &plan("rm .git"), &[]).ok();
    env.expect_status("a", Landed);
    assert_eq!(env.repo().text("more.txt"), "more\n");
    assert!(failures_of(&env, "a").is_empty());
}

#[test]
fn a_folder_that_is_gone_keeps_its_commits() {
    let env = place();
    let _ran = run_plan(&env, &plan("rm -rf \"$PWD\""), &[]).ok();
    let kept = landed_in_a_fresh_tree(&env, "its folder was removed");
    let back = restored(&env, &kept);
    assert_eq!(fs::read_to_string(back.join("done.txt")).unwrap(), "done\n");
}

#[test]
fn a_registration_that_is_gone_keeps_its_files() {
    let env = place();
    let damage = "rm -rf \"$(git rev-parse --absolute-git-dir)\"";
    let _ran = run_plan(&env, &plan(damage), &[]).ok();
    let kept = landed_in_a_fresh_tree(&env, "lost its registration");
    let back = restored(&env, &kept);
    for name in ["done", "more"] {
        let file = back.join(format!("{name}.txt"));
        assert_eq!(fs::read_to_string(file).unwrap(), format!("{name}\n"));
    }
}

#[test]
fn a_worker_that_removes_its_own_worktree_keeps_its_commits() {
    let env = place();
    let damage = "git worktree remove --force \"$PWD\"";
    let _ran = run_plan(&env, &plan(damage), &[]).ok();
    let kept = landed_in_a_fresh_tree(&env, "its folder was removed");
    let back = restored(&env, &kept);
    assert_eq!(fs::read_to_string(back.join("done.txt")).unwrap(), "done\n");
}

#[test]
fn a_corrupt_index_and_head_keep_every_file() {
    let env = place();
    let damage = "at=$(git rev-parse --absolute-git-dir); echo x > $at/index; echo x > $at/HEAD";
    let _ran = run_plan(&env, &plan(damage), &[]).ok();
    let kept = landed_in_a_fresh_tree(&env, "its HEAD could not be read");
    let back = restored(&env, &kept);
    assert_eq!(fs::read_to_string(back.join("more.txt")).unwrap(), "more\n");
}

#[test]
fn a_damaged_tree_of_a_worker_that_is_killed_is_kept() {
    let env = place();
    let signs = env.signs();
    let damage = format!(
        "rm -rf \"$(git rev-parse --absolute-git-dir)\"; {}; {}",
        signs.put_line("made"),
        signs.wait_line("never")
    );
    detach_plan(&env, &plan(&damage), &["--tries", "1"]);
    signs.wait("made");
    let session = env.sessions().pop().unwrap();
    let _ran = env.windrow(["kill", &session.name]).ok();
    env.await_run_end();
    let back = restored(&env, &session.id);
    assert_eq!(fs::read_to_string(back.join("more.txt")).unwrap(), "more\n");
}

#[test]
fn a_target_that_was_replaced_is_said_and_the_task_starts_from_the_new_one() {
    let env = place();
    let root = env.repo().path().display().to_string();
    let damage = format!(
        "new=$(git -C '{root}' commit-tree -m new 'main^{{tree}}') && \
         git -C '{root}' update-ref refs/heads/main $new"
    );
    let _ran = run_plan(&env, &plan(&damage), &[]).ok();
    env.expect_status("a", Landed);
    let failures = failures_of(&env, "a");
    assert_eq!(failures.len(), 1, "{failures:#?}");
    assert!(failures[0].summary.contains("`main` was replaced"), "{failures:#?}");
    assert!(failures[0].kept.is_some());
}

#[test]
fn a_target_that_is_gone_is_a_sentence_with_the_next_step() {
    let env = place();
    let root = env.repo().path().display().to_string();
    let line = format!("echo a > a.txt; git -C '{root}' update-ref -d refs/heads/work");
    env.repo().git(["branch", "work"]);
    let plan = Plan::new().with("a", PlanTask::run("do it", &line));
    let _ran = run_plan(&env, &plan, &["--branch", "work"]).code(3);
    let note = note(&env, "a", Stuck);
    assert!(note.contains("the branch `work` does not exist"), "{note}");
    assert!(note.contains("refs/windrow/kept/"), "{note}");
    assert!(note.contains("`windrow run --resume`"), "{note}");
}
