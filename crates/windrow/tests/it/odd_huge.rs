//! A repository of very many files.

use std::fmt::Write as _;

use windrow_testkit::{Plan, PlanTask, TestEnv};

use crate::place::{bare_place, landings, run_plan};

/// A repository whose only commit has this many files of one content, none of them checked out.
fn many_files(env: &TestEnv, count: usize) {
    let mut stream = String::from("blob\nmark :1\ndata 2\nx\n\n");
    stream.push_str("commit refs/heads/main\ncommitter A <a@example.org> 1700000000 +0000\n");
    stream.push_str("data 4\nmany\n");
    for nth in 0..count {
        let (folder, file) = (nth / 1000, nth % 1000);
        let _infallible = writeln!(stream, "M 100644 :1 d{folder:03}/f{file:03}");
    }
    let import = env.command_of("git", env.repo().path(), &["fast-import", "--quiet"]);
    let _made = env.finish(import.stdin(stream)).ok();
}

#[test]
fn a_repository_of_100_000_files_is_like_any_other() {
    let env = bare_place();
    many_files(&env, 100_000);
    // The person's checkout has a few of them and one worktree serves both, which saves time.
    env.repo().git(["sparse-checkout", "set", "d007"]);
    env.repo().git(["reset", "-q", "--hard", "main"]);
    let plan = Plan::new()
        .with("a", PlanTask::run("a", "echo a > d007/f000"))
        .with("b", PlanTask::run("b", "test $(cat d099/* | wc -l) = 1000; echo b > d050/new"));
    let _ran = run_plan(&env, &plan, &["--pool", "1"]).ok();
    assert_eq!(landings(&env).len(), 2);
    assert_eq!(env.repo().text("d007/f000"), "a\n");
    assert_eq!(env.repo().at_revision("main", "d050/new").unwrap(), "b\n");
    assert_eq!(env.repo().status(), [""; 0]);
}
