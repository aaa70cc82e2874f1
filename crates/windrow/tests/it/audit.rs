//! The journal cannot be cut or rewritten without a landing that says otherwise.

use std::fs;
use std::path::{Path, PathBuf};

use windrow_testkit::{Plan, PlanTask, TestEnv};

use crate::place::{place, run_plan};

/// Lands one task that adds a file of that name.
fn land(env: &TestEnv, name: &str) {
    let plan = Plan::new().with(name, PlanTask::run(name, &format!("echo {name} > {name}.txt")));
    let _ran = run_plan(env, &plan, &[]).ok();
}

/// The files of the only project's journal.
fn journal(env: &TestEnv) -> Vec<PathBuf> {
    let projects = fs::read_dir(env.state().join("projects")).unwrap();
    let project = projects.flatten().next().expect("a project").path();
    let files = fs::read_dir(project).unwrap().flatten().map(|entry| entry.path());
    files.filter(|path| name(path).starts_with("journal.db")).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn d11_a_journal_that_was_cut_shows_in_what_landed_since() {
    let env = place();
    land(&env, "one");
    env.windrow(["log", "verify"]).ok().says("1 landing agrees with it");
    env.stop_daemon();
    let before = env.root().join("before");
    fs::create_dir(&before).unwrap();
    for file in journal(&env) {
        fs::copy(&file, before.join(name(&file))).unwrap();
    }
    land(&env, "two");
    env.windrow(["log", "verify"]).ok().says("2 landings agree with it");
    let landing = env.repo().git(["rev-parse", "main"]);

    // The journal as it was before the second landing: every chain in it is whole.
    env.stop_daemon();
    for file in journal(&env) {
        fs::remove_file(&file).unwrap();
    }
    for entry in fs::read_dir(&before).unwrap().flatten() {
        let project = env.state().join("projects");
        let project = fs::read_dir(project).unwrap().flatten().next().unwrap().path();
        fs::copy(entry.path(), project.join(entry.file_name())).unwrap();
    }
    let ran = env.windrow(["log", "verify"]).code(5);
    assert!(ran.err.contains("it is missing") && ran.err.contains(&landing), "{ran}");
    let found = env.windrow(["log", "verify", "--format", "json"]).code(5).json();
    assert_eq!(found["witness"], landing, "{found}");
}

#[test]
fn d11_landings_of_a_home_that_is_gone_are_counted_apart() {
    let env = place();
    land(&env, "one");
    env.stop_daemon();
    fs::remove_dir_all(env.state()).unwrap();
    fs::create_dir(env.state()).unwrap();
    land(&env, "two");
    let ran = env.windrow(["log", "verify"]).ok();
    let _told = ran.says("1 landing agrees with it").says("1 more names another journal");
}
