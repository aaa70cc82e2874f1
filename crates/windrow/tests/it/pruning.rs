//! A prune while windrow works takes nothing from under anybody.

use std::path::PathBuf;

use windrow_api::view::TaskStatus::{Held, Landed};
use windrow_testkit::{Plan, PlanTask, TestEnv, wait_until};

use crate::place::{detach_plan, place, run_plan};

/// The refs that hold somebody's work or mark the repository, and the worktrees.
fn in_use(env: &TestEnv) -> (Vec<String>, Vec<PathBuf>) {
    (env.repo().refs("refs/"), env.repo().worktrees())
}

#[test]
fn a_prune_during_a_run_leaves_everything_that_is_under_way() {
    let env = place();
    let signs = env.signs();
    let held = Plan::new().with("held", PlanTask::run("held", "echo h > held.txt"));
    let _held = run_plan(&env, &held, &["--hold"]).ok();
    env.expect_status("held", Held);
    // The held work's worktree is warm; the first of these takes it.
    let worker = format!("{}; {}; echo w > w.txt", signs.put_line("up"), signs.wait_line("go"));
    let both = Plan::new()
        .with("works", PlanTask::run("works", &worker))
        .with("lands", PlanTask::run("lands", "echo l > lands.txt"));
    let gate = format!("{}; {}; test ! -e stop", signs.put_line("gate"), signs.wait_line("go"));
    detach_plan(&env, &both, &["--pool", "2", "--gate", &gate]);
    signs.wait("up");
    signs.wait("gate");
    // What was submitted leaves its tree while the gate runs; until then that tree is in use too.
    wait_until("the session in the gate is over", || {
        env.sessions().iter().filter(|session| !session.over).count() == 1
    });
    let before = in_use(&env);
    let held = |prefix: &str| before.0.iter().filter(|name| name.starts_with(prefix)).count();
    assert_eq!(held("refs/windrow/kept/"), 2, "held, and in the gate: {before:#?}");
    // Not what a second look at the tree kept: that comes after the work was submitted.
    assert!(!before.0.iter().any(|name| name.ends_with(".rest")), "{before:#?}");
    assert_eq!(held("refs/windrow/flight/"), 1, "{before:#?}");

    let _pruned = env.windrow(["prune", "--unlanded"]).ok().says("in use");
    let after = in_use(&env);
    assert_eq!(after.0, before.0);
    let sessions = env.sessions().into_iter();
    let at_work = sessions.filter(|session| !session.over).filter_map(|session| session.path);
    let lanes = before.1.iter().filter(|path| path.starts_with(env.state())).cloned();
    let needed: Vec<PathBuf> = at_work.chain(lanes).collect();
    assert_eq!(needed.len(), 2, "a worker's tree and a gate's lane: {needed:?}");
    for path in needed {
        assert!(after.1.contains(&path), "{} went", path.display());
    }

    signs.put("go");
    env.await_run_end();
    env.expect_status("works", Landed);
    env.expect_status("lands", Landed);
    let _landed = env.windrow(["land", "--all"]).ok();
    wait_until("the held work landed", || env.repo().at_revision("main", "held.txt").is_some());
    for (file, text) in [("w.txt", "w\n"), ("lands.txt", "l\n"), ("held.txt", "h\n")] {
        assert_eq!(env.repo().text(file), text);
    }
}
