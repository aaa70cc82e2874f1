//! What happens to a worker's end: every path ends in landed, done or stuck, with the reason.

use std::fs;

use windrow_api::view::TaskStatus::{Done, Landed, Stuck};
use windrow_testkit::{Plan, PlanTask, Role, Running, TestEnv, wait_until};

use crate::place::{detach_plan, failures_of, landings, note, place, restored, run_plan};

fn one(line: &str) -> Plan {
    Plan::new().with("a", PlanTask::run("do it", line))
}

/// Fails its first try with `first`, and does its work in the second.
fn second_try(first: &str) -> String {
    format!("if [ $WINDROW_ATTEMPT = 1 ]; then {first}; fi; cp \"$WINDROW_BRIEF\" brief.txt")
}

/// Requires that the task landed after exactly these failures.
#[track_caller]
fn landed_after(env: &TestEnv, key: &str, failures: &[&str]) {
    let task = env.expect_status(key, Landed);
    let found = failures_of(env, key);
    let kinds: Vec<&str> = found.iter().map(|row| row.kind.as_str()).collect();
    assert_eq!(kinds, failures, "{found:#?}");
    assert_eq!(usize::try_from(task.attempt).unwrap(), failures.len() + 1, "{task:#?}");
}

#[test]
fn o4_committed_work_lands_at_its_end() {
    let env = place();
    let line = "echo a > a.txt && git add a.txt && git commit -qm 'my own words'";
    let _ran = run_plan(&env, &one(line), &[]).ok();
    env.expect_status("a", Landed);
    assert_eq!(env.repo().text("a.txt"), "a\n");
    let landed = landings(&env);
    assert_eq!((landed.len(), landed[0].parents), (1, 2));
    assert_eq!(env.repo().git(["log", "-1", "--format=%s", "main^2"]), "my own words");
}

#[test]
fn leftovers_are_committed_with_the_title() {
    let env = place();
    let line = "echo a > a.txt; echo b > README; mkdir d; ln -s ../a.txt d/link; chmod +x a.txt";
    let _ran = run_plan(&env, &one(line), &[]).ok();
    env.expect_status("a", Landed);
    assert_eq!(env.repo().git(["log", "-1", "--format=%s", "main^2"]), "do it");
    let listed = env.repo().git(["ls-tree", "-r", "--format=%(objectmode) %(path)", "main"]);
    assert_eq!(listed, "100644 README\n100755 a.txt\n120000 d/link");
    assert_eq!(env.repo().text("README"), "b\n");
}

#[test]
fn leftovers_can_be_refused_and_are_kept() {
    let env = place();
    env.settings("leftovers = \"refuse\"\n");
    let _ran = run_plan(&env, &one("echo a > a.txt"), &["--tries", "2"]).code(3);
    let note = note(&env, "a", Stuck);
    assert!(!note.is_empty());
    assert_eq!(env.kept().len(), 2, "{:#?}", env.kept());
    for failure in failures_of(&env, "a") {
        let tree = restored(&env, &failure.kept.unwrap());
        assert_eq!(fs::read_to_string(tree.join("a.txt")).unwrap(), "a\n");
    }
    assert!(landings(&env).is_empty());
}

#[test]
fn an_end_without_changes_is_done_and_said_so() {
    let env = place();
    let before = env.repo().head();
    let ran = run_plan(&env, &one("true"), &[]).ok();
    let task = env.expect_status("a", Done);
    assert!(task.note.is_some() && task.commit.is_none(), "{task:?}");
    assert_eq!(env.repo().head(), before);
    let _said = ran.says("done");
}

#[test]
fn a_failed_try_is_tried_again_in_a_fresh_tree_and_told_why() {
    let env = place();
    let first = "echo half > half.txt; echo 'the reason is here'; exit 3";
    let _ran = run_plan(&env, &one(&second_try(first)), &[]).ok();
    landed_after(&env, "a", &["failed"]);
    assert_eq!(env.repo().at_revision("main", "half.txt"), None, "a fresh tree");
    let brief = env.repo().text("brief.txt");
    assert!(brief.contains("the reason is here"), "{brief}");
    assert!(brief.contains("try 2"), "{brief}");
    let kept: Vec<String> = failures_of(&env, "a").into_iter().filter_map(|row| row.kept).collect();
    let tree = restored(&env, &kept[0]);
    assert_eq!(fs::read_to_string(tree.join("half.txt")).unwrap(), "half\n");
}

#[test]
fn a_crash_is_a_failed_try() {
    let env = place();
    let _ran = run_plan(&env, &one(&second_try("kill -SEGV $$")), &[]).ok();
    landed_after(&env, "a", &["crashed"]);
}

#[test]
fn silence_is_a_failed_try() {
    let env = place();
    env.settings("[limits]\nsilence = \"1s\"\ngrace = \"100ms\"\n");
    let _ran = run_plan(&env, &one(&second_try("sleep 1000")), &[]).ok();
    landed_after(&env, "a", &["silent"]);
}

#[test]
fn time_over_is_a_failed_try() {
    let env = place();
    env.settings("[limits]\ntime = \"2s\"\ngrace = \"100ms\"\n");
    let first = "while :; do echo noise; sleep 0.1; done";
    let _ran = run_plan(&env, &one(&second_try(first)), &[]).ok();
    landed_after(&env, "a", &["time_over"]);
}

#[test]
fn tries_are_bounded_and_independent_work_goes_on() {
    let env = place();
    let tried = env.signs();
    let line = format!("{}; exit 7", tried.log_line("tries", "$WINDROW_ATTEMPT"));
    let plan = Plan::new()
        .with("bad", PlanTask::run("never works", &line))
        .with("after", PlanTask::run("comes after it", "echo x > x.txt").list("needs", &["bad"]))
        .with("last", PlanTask::run("and after that", "echo x > y.txt").list("needs", &["after"]))
        .with("free", PlanTask::run("needs nobody", "echo free > free.txt"));
    let ran = run_plan(&env, &plan, &["--pool", "1", "--tries", "3"]).code(3);
    assert_eq!(tried.log("tries"), ["1", "2", "3"]);
    let bad = note(&env, "bad", Stuck);
    assert!(bad.contains('7'), "{bad}");
    let after = note(&env, "after", Stuck);
    assert!(after.contains(&env.task("bad").id), "{after}");
    env.expect_status("last", Stuck);
    env.expect_status("free", Landed);
    let _said = ran.says("stuck");
}

#[test]
fn a_program_that_is_not_there_is_a_failed_try_with_its_name() {
    let env = place();
    let _ran = run_plan(&env, &one("no-such-program-anywhere"), &["--tries", "1"]).code(3);
    let note = note(&env, "a", Stuck);
    assert!(note.contains("127") || note.contains("no-such-program"), "{note}");
}

/// The worker itself, once it runs.
fn worker(env: &TestEnv) -> Running {
    let mut found = None;
    wait_until("a worker runs", || {
        let mut workers = env.playing(Role::Worker).into_iter();
        found = workers.find(|one| one.session.is_some() && one.line.starts_with("sh -c"));
        found.is_some()
    });
    found.unwrap()
}

#[test]
fn n2_a_worker_killed_from_outside_is_no_failed_try() {
    let env = place();
    let signs = env.signs();
    let line = format!(
        "echo $WINDROW_ATTEMPT > attempt.txt; {}; {}",
        signs.log_line("starts", "$WINDROW_ATTEMPT"),
        signs.wait_line("go")
    );
    detach_plan(&env, &one(&line), &[]);
    wait_until("it started", || signs.log("starts").len() == 1);
    assert!(worker(&env).kill());
    wait_until("it started again", || signs.log("starts").len() == 2);
    signs.put("go");
    env.await_run_end();
    landed_after(&env, "a", &[]);
    assert_eq!(signs.log("starts"), ["1", "1"]);
}

#[test]
fn a_worker_killed_again_and_again_without_progress_gets_stuck() {
    let env = place();
    let signs = env.signs();
    let line = format!("{}; {}", signs.log_line("starts", "x"), signs.wait_line("never"));
    detach_plan(&env, &one(&line), &["--tries", "1"]);
    let mut kills = 0;
    wait_until("the task is stuck", || {
        let starts = signs.log("starts").len();
        if starts > kills {
            kills = starts;
            for one in env.playing(Role::Worker) {
                one.kill();
            }
        }
        env.try_run().is_some_and(|run| run.row.counts.stuck == 1)
    });
    env.await_run_end();
    assert!((2..=8).contains(&kills), "killed {kills} times");
    assert!(!note(&env, "a", Stuck).is_empty());
}

#[test]
fn what_a_worker_left_running_is_ended_with_it() {
    let env = place();
    let line = "setsid sleep 1000 & nohup sleep 1000 >/dev/null 2>&1 & echo a > a.txt";
    let _ran = run_plan(&env, &one(line), &[]).ok();
    env.expect_status("a", Landed);
    let left = env.running().into_iter().filter(|one| one.line.starts_with("sleep"));
    assert_eq!(left.count(), 0, "{:#?}", env.running());
}
