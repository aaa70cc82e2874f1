//! Bad input: a clear error with place and remedy, and nothing changed.

use windrow_testkit::{Ran, Role, TestEnv};

use crate::place::{bare_place, place};

const GOOD: &str = "## Task 1: Lay the ground\nRun: true\n";

/// Requires a refusal that names all of these, with a remedy, before anything changed.
#[track_caller]
fn check_refused(env: &TestEnv, ran: Ran, parts: &[&str]) {
    let ran = ran.code(1);
    for part in parts {
        assert!(ran.err.contains(part), "no `{part}`: {ran}");
    }
    assert!(ran.err.starts_with("windrow: error: "), "{ran}");
    assert!(ran.err.contains("\nhint: ") || ran.err.contains("; "), "no remedy: {ran}");
    assert!(ran.out.is_empty(), "{ran}");
    assert!(env.playing(Role::Daemon).is_empty(), "a daemon was started: {ran}");
    assert!(env.repo().refs("refs/windrow").is_empty());
    assert!(!env.trees().exists());
}

#[track_caller]
fn check_file(name: &str, text: &str, parts: &[&str]) {
    let env = place();
    env.repo().write(name, text);
    check_refused(&env, env.windrow(["run", name, "--approve"]), parts);
}

#[test]
fn broken_and_contradictory_task_files() {
    check_file("TASKS.md", "# Nothing here\n", &["TASKS.md:1: there is no task"]);
    check_file(
        "TASKS.md",
        "## Task 1: A\nRun: true\nPriority: P9\n## Task 1: B\nDepends on: 7\nRun: true\n",
        &["TASKS.md:3: ", "`P9`", "TASKS.md:4: ", "there twice", "TASKS.md:5: ", "`7`"],
    );
    check_file("TASKS.md", "## Task 1: A\nPrioritty: P1\nRun: true\n", &["TASKS.md:2"]);
    check_file(
        "TASKS.md",
        "## Task 1: A\nDepends on: 2\n## Task 2: B\nDepends on: 1\n",
        &["in a circle: 1 -> 2 -> 1"],
    );
    check_file("TASKS.md", "## Task 1: A\nFiles: ../x\nRun: true\n", &["TASKS.md:2", "`../x`"]);
    check_file("plan.json", "{\"version\":1,\"tasks\":{", &["plan.json:1", "not readable JSON"]);
    check_file(
        "plan.json",
        r#"{"version":1,"wavs":[],"tasks":{"a":{"run":"true","need":[]}}}"#,
        &["`wavs`", "write `waves`?", "`need`", "write `needs`?"],
    );
    check_file(
        "plan.json",
        r#"{"version":1,"waves":[["a","b"]],"tasks":{"a":{"run":"true"},"b":{"run":"true","needs":["a"]}}}"#,
        &["`b` (wave 1)", "`a` (wave 1)"],
    );
}

#[test]
fn every_fault_of_every_file_is_shown_at_once() {
    let env = place();
    env.repo().write("A.md", "nothing\n");
    env.repo().write("B.md", "## Task 1: A\nKind: big\nRun: true\n");
    let ran = env.windrow(["run", "A.md", "B.md", "missing.md"]);
    check_refused(&env, ran, &["A.md:1", "B.md:2", "missing.md"]);
}

#[test]
fn a_file_that_is_not_there() {
    let env = place();
    let ran = env.windrow(["run", "NOPE.md"]);
    check_refused(&env, ran, &["failed to read `NOPE.md`", "looked in", "`windrow init`"]);
    env.repo().write("TASKS.md", GOOD);
    check_refused(&env, env.windrow(["run", "TASK.md"]), &["is `TASKS.md` meant?"]);
    check_refused(&env, env.windrow(["task", "add", " "]), &["title is empty", "windrow task add"]);
}

#[test]
fn a_task_of_ones_own_that_nobody_can_do() {
    let env = place();
    env.windrow(["task", "add", "Do it"]).ok();
    let ran = env.windrow(["run"]).code(1);
    assert!(ran.err.contains("hint: `windrow task edit t-1 --run CMD`"), "{ran}");
    assert!(ran.err.contains("--agent NAME"), "{ran}");
    env.settings("[agents.smith]\nrun = \"true\"\n");
    let ran = env.windrow(["run"]).code(1);
    assert!(ran.err.contains("`--agent smith`"), "{ran}");
    env.windrow(["task", "edit", "t-1", "--run", "true"]).ok();
    env.windrow(["run"]).ok();
}

#[test]
fn settings_with_slips_and_contradictions() {
    let env = place();
    env.repo().write("TASKS.md", GOOD);
    for (text, parts) in [
        ("\ngaet = \"true\"\n", &["windrow.toml:2:1", "write `gate`?"][..]),
        ("gate = 3\n", &["windrow.toml:1:8"]),
        ("agent = \"nobody\"\n", &["windrow.toml", "there is no `[agents.nobody]`"]),
        ("worktrees = \"trees\"\n", &["inside of the repository"]),
    ] {
        env.settings(text);
        check_refused(&env, env.windrow(["run", "TASKS.md", "--approve"]), parts);
    }
    env.settings("");
    let config = env.root().join("config/windrow/config.toml");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    windrow_world::files::replace(&config, b"color = \"always\"\ncolours = 1\n").unwrap();
    let ran = env.windrow(["run", "TASKS.md", "--approve"]);
    check_refused(&env, ran, &["config.toml:2:1", "`colours`"]);
}

#[test]
fn tasks_that_nobody_can_do() {
    let env = place();
    env.repo().write("TASKS.md", "## Task 1: A\n\nDo it.\n## Task 2: B\nAgent: smith\n");
    let ran = env.windrow(["run", "TASKS.md", "--only", "1", "--dry-run"]);
    check_refused(&env, ran, &["`TASKS.md#task-1`", "no `Run:` line and no agent"]);
    let again = env.windrow(["run", "TASKS.md", "--only", "1", "--dry-run"]);
    check_refused(&env, again, &["a `Run:` line in TASKS.md", "--agent NAME"]);
    let ran = env.windrow(["run", "TASKS.md", "--agent", "smith"]);
    check_refused(&env, ran, &["there is no agent `smith`", "[agents.smith]"]);
    env.settings("agent = \"smyth\"\n[agents.smyth]\nrun = \"true\"\n");
    let ran = env.windrow(["run", "TASKS.md", "--dry-run"]);
    check_refused(&env, ran, &["names the agent `smith`", "agents: claude, codex, smyth"]);
}

#[test]
fn names_that_fit_no_task_or_would_wait_for_ever() {
    let env = place();
    env.repo()
        .write("TASKS.md", "## Task 1: A\nRun: true\n## Task 2: B\nDepends on: 1\nRun: true\n");
    let run = |only: &str| env.windrow(["run", "TASKS.md", "--dry-run", "--only", only]);
    check_refused(&env, run("7"), &["there is no task `7`", "tasks there: 1, 2"]);
    check_refused(&env, run("2"), &["`2` waits for `1`, which is not done", "--only 1"]);
    run("2,1").ok();
    let ran = env.windrow(["run", "TASKS.md", "--dry-run", "--wave", "1"]);
    check_refused(&env, ran, &["there is no wave 1"]);
}

#[test]
fn strange_titles_are_data() {
    let env = place();
    let title = "--help \"quotes\" 'and' $(touch pwned) `x` ; ../../etc 🚀 <b>";
    env.repo().write("TASKS.md", format!("## Task 1: {title}\nRun: true\n"));
    env.windrow(["run", "TASKS.md", "--dry-run"]).ok().says(title);
    assert!(!env.repo().file("pwned").exists());
}

#[test]
fn places_that_are_no_usable_repository() {
    let env = place();
    let outside = env.root().join("outside");
    std::fs::create_dir_all(&outside).unwrap();
    let run = |dir: &std::path::Path| env.windrow_in(dir, ["run", "TASKS.md"]);
    check_refused(&env, run(&outside), &["failed to find a git repository", "git init"]);
    env.repo().git(["clone", "-q", "--bare", ".", "../bare.git"]);
    check_refused(&env, run(&env.root().join("bare.git")), &["bare repository", "clone"]);
    let gone = env.windrow(["-C", "../gone", "run", "TASKS.md"]);
    check_refused(&env, gone, &["../gone", "moved or deleted"]);
    let unborn = bare_place();
    unborn.repo().write("TASKS.md", GOOD);
    check_refused(&unborn, unborn.windrow(["run", "TASKS.md"]), &["no commit yet", "first commit"]);
}

#[test]
fn targets_that_cannot_be_landed_on() {
    let env = place();
    env.repo().write("TASKS.md", GOOD);
    let run = |args: &[&str]| env.windrow([&["run", "TASKS.md", "--approve"], args].concat());
    check_refused(&env, run(&["--branch", "mian"]), &["no branch `mian`", "is `main` meant?"]);
    env.repo().git(["checkout", "-q", "--detach"]);
    check_refused(&env, run(&[]), &["is on no branch", "git switch", "--branch"]);
    env.windrow(["run", "TASKS.md", "--dry-run", "--branch", "main"]).ok();
}

#[test]
fn a_rebase_and_a_merge_in_progress() {
    let env = place();
    let repo = env.repo();
    repo.git(["checkout", "-q", "-b", "side"]);
    repo.write("README", "side\n");
    repo.commit("side");
    repo.git(["checkout", "-q", "main"]);
    repo.write("README", "main\n");
    repo.commit("main");
    repo.write("TASKS.md", GOOD);
    let run = || env.windrow(["run", "TASKS.md", "--approve"]);
    let _stops = repo.try_git(["merge", "side"]);
    check_refused(&env, run(), &["a merge is in progress", "git merge --abort"]);
    repo.git(["merge", "--abort"]);
    let _stops = repo.try_git(["rebase", "side"]);
    check_refused(&env, run(), &["a rebase is in progress", "git rebase --abort"]);
    let ran = env.windrow(["run", "TASKS.md", "--approve", "--branch", "main"]);
    check_refused(&env, ran, &["a rebase is in progress"]);
    env.windrow(["run", "TASKS.md", "--dry-run", "--branch", "side"]).ok();
    repo.git(["rebase", "--abort"]);
}

#[test]
fn nobody_to_commit_as() {
    let env = place();
    env.repo().write("TASKS.md", GOOD);
    windrow_world::files::replace(&env.home().join(".gitconfig"), b"").unwrap();
    let ran = env.windrow(["run", "TASKS.md", "--approve"]);
    check_refused(&env, ran, &["git has no `user.name` set", "git config --global user.name"]);
}

#[test]
fn a_git_that_is_too_old() {
    let env = place();
    env.repo().write("TASKS.md", GOOD);
    let bin = env.root().join("bin");
    env.repo().script("../bin/git", "#!/bin/sh\necho git version 2.30.2\n");
    let call = env.command(env.repo().path(), &["run", "TASKS.md"]).env("PATH", &bin);
    check_refused(&env, env.finish(call), &["failed to use git 2.30.2", "install a newer git"]);
}

#[test]
fn a_home_whose_socket_would_be_too_long() {
    let env = place();
    env.repo().write("TASKS.md", GOOD);
    let deep = env.root().join("d".repeat(100));
    let call = env.command(env.repo().path(), &["run", "TASKS.md", "--approve"]);
    let ran = env.finish(call.env("WINDROW_HOME", deep));
    check_refused(&env, ran, &["the system allows 107", "WINDROW_HOME"]);
}

#[test]
fn a_dirty_checkout_is_no_obstacle() {
    let env = place();
    env.repo().write("TASKS.md", GOOD);
    env.repo().write("README", "edited\n");
    env.repo().write("untracked", "x\n");
    env.windrow(["run", "TASKS.md", "--dry-run"]).ok();
}
