//! What the scenarios share: a place with the real binary, and runs in it.

use std::path::PathBuf;

use windrow_api::view::{FailureRow, TaskRow, TaskStatus};
use windrow_api::{ProjectCall, Reply};
use windrow_testkit::{Landing, Plan, Ran, TaskList, TestEnv};

/// A place with a repository of one commit.
pub(crate) fn place() -> TestEnv {
    TestEnv::new(env!("CARGO_BIN_EXE_windrow"))
}

/// A place with a repository without commits.
pub(crate) fn bare_place() -> TestEnv {
    TestEnv::bare(env!("CARGO_BIN_EXE_windrow"))
}

/// Runs a plan to its end; the plan lies beside the repository.
#[track_caller]
pub(crate) fn run_plan(env: &TestEnv, plan: &Plan, args: &[&str]) -> Ran {
    write_plan(env, plan);
    env.windrow([&["run", "../plan.json", "--approve"], args].concat())
}

/// Starts a run of a plan that goes on without a terminal.
#[track_caller]
pub(crate) fn detach_plan(env: &TestEnv, plan: &Plan, args: &[&str]) {
    let _ran = run_plan(env, plan, &[args, &["--detach"]].concat()).ok();
}

pub(crate) fn write_plan(env: &TestEnv, plan: &Plan) {
    windrow_world::files::replace(&env.root().join("plan.json"), plan.text().as_bytes()).unwrap();
}

/// Commits a task list and runs it to its end.
#[track_caller]
pub(crate) fn run_list(env: &TestEnv, list: &TaskList, args: &[&str]) -> Ran {
    commit_list(env, list);
    env.windrow([&["run", "TASKS.md", "--approve"], args].concat())
}

pub(crate) fn commit_list(env: &TestEnv, list: &TaskList) -> String {
    env.repo().write("TASKS.md", list.text());
    env.repo().commit("tasks")
}

/// The landing commits since the place was made.
pub(crate) fn landings(env: &TestEnv) -> Vec<Landing> {
    let root = env.repo().git(["rev-list", "--max-parents=0", "main"]);
    let ours = env.repo().landings(&root, "main").into_iter();
    ours.filter(|landing| landing.task.is_some()).collect()
}

/// The note of a task, which must have that status.
#[track_caller]
pub(crate) fn note(env: &TestEnv, key: &str, status: TaskStatus) -> String {
    let TaskRow { note, .. } = env.expect_status(key, status);
    note.unwrap_or_default()
}

/// Why the tries of a task failed, oldest first.
#[track_caller]
pub(crate) fn failures_of(env: &TestEnv, key: &str) -> Vec<FailureRow> {
    let task = env.task(key).id.parse().unwrap();
    match env.ask(&ProjectCall::Task { task }) {
        Reply::Task(task) => task.failures,
        other => panic!("{other:?}"),
    }
}

/// Brings kept work back into a new folder.
#[track_caller]
pub(crate) fn restored(env: &TestEnv, what: &str) -> PathBuf {
    let name = format!("back-{}", what.replace(['/', '.'], "-"));
    let folder = env.root().join(name);
    let _ran = env.windrow(["restore", what, "--to", folder.to_str().unwrap()]).ok();
    folder
}
