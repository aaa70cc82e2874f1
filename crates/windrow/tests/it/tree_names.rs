//! What the folders of worktrees are called.

use windrow_api::view::TaskStatus::Landed;
use windrow_testkit::{Plan, PlanTask, TestEnv};

use crate::place::{place, run_plan};

/// Writes where it is.
const WHERE: &str = "basename \"$PWD\" > where-$WINDROW_TASK-$WINDROW_ATTEMPT.txt";

fn at(env: &TestEnv, file: &str) -> String {
    env.repo().at_revision("main", file).unwrap_or_default()
}

#[test]
fn o2_folders_can_be_called_after_their_tasks() {
    let env = place();
    env.settings("worktree-names = \"task\"\n");
    let twice = format!("{WHERE}; test $WINDROW_ATTEMPT = 2");
    let plan = Plan::new()
        .with("a", PlanTask::run("first", WHERE))
        .with("b", PlanTask::run("second", &twice).list("needs", &["a"]))
        .with("c", PlanTask::run("third", WHERE).list("needs", &["b"]));
    let _ran = run_plan(&env, &plan, &["--pool", "2"]).ok();
    let ids: Vec<String> = ["a", "b", "c"].map(|key| env.expect_status(key, Landed).id).into();
    for (id, attempt) in ids.iter().zip([1, 2, 1]) {
        let folder = id.replace("t-", "task-") + if attempt == 1 { "" } else { "-2" };
        assert_eq!(at(&env, &format!("where-{id}-{attempt}.txt")), format!("{folder}\n"));
    }
    // The tree of the first task was moved for a later one.
    let listed = env.repo().git(["worktree", "list", "--porcelain"]);
    assert!(!listed.lines().any(|line| line.ends_with("/task-1")), "{listed}");
}

#[test]
fn a_folder_is_called_after_its_worker_unless_said_otherwise() {
    let env = place();
    let plan = Plan::new()
        .with("a", PlanTask::run("first", &format!("{WHERE}; echo \"$WINDROW_NAME\" > name")));
    let _ran = run_plan(&env, &plan, &[]).ok();
    let id = env.expect_status("a", Landed).id;
    assert_eq!(at(&env, &format!("where-{id}-1.txt")), at(&env, "name"));
}
