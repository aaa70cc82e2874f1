//! A restore that is cut short is finished by the next one, wherever it was cut.

use std::path::PathBuf;

use windrow_testkit::{Plan, PlanTask, Snapshot, TestEnv};

use crate::place::{detach_plan, place};

/// What a worker left, and a kept ref that holds it: new, changed, staged and a nested repository.
fn killed_worker(env: &TestEnv) -> (String, Snapshot) {
    let repo = env.repo();
    repo.write("slow.txt", "slow\n");
    repo.write(".gitattributes", "slow.txt filter=slow\n");
    repo.commit("more");
    let signs = env.signs();
    let line = format!(
        "echo new > new.txt; echo staged > staged.txt; git add staged.txt; echo x >> README; \
         git init -q nested; echo n > nested/n.txt; {}; {}",
        signs.put_line("made"),
        signs.wait_line("never")
    );
    detach_plan(env, &Plan::new().with("a", PlanTask::run("half a job", &line)), &["--tries", "1"]);
    signs.wait("made");
    let session = env.sessions().pop().unwrap();
    let before = Snapshot::of(&session.path.unwrap(), &env.home());
    let _ran = env.windrow(["kill", &session.name]).ok();
    env.await_run_end();
    (session.name, before)
}

/// Kills the daemon while git looks at a restored file; the nested repository has moved by then.
fn cut_short(env: &TestEnv, args: &[&str]) {
    let signs = env.signs();
    let filter = format!("{}; {}; cat", signs.put_line("at"), signs.wait_line("go"));
    env.repo().git(["config", "filter.slow.clean", &filter]);
    let restoring = env.start("restore.log", args);
    signs.wait("at");
    env.kill_daemon();
    signs.put("go");
    env.await_end(restoring);
    env.repo().git(["config", "--unset", "filter.slow.clean"]);
}

fn folders(env: &TestEnv) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(env.trees()).unwrap().map(|entry| entry.unwrap().path());
    let mut named: Vec<PathBuf> = entries
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("restored-"))
        .collect();
    named.sort();
    named
}

#[test]
fn a_restore_cut_short_by_a_kill_is_finished_in_the_same_place() {
    let env = place();
    let (name, before) = killed_worker(&env);
    cut_short(&env, &["restore", &name]);
    let half = folders(&env);
    assert_eq!(half.len(), 1, "{half:?}");
    windrow_world::files::replace(&half[0].join("theirs.txt"), b"a person's\n").unwrap();
    let ran = env.windrow(["restore", &name]).ok();
    assert_eq!(PathBuf::from(ran.out.trim()), half[0]);
    assert_eq!(folders(&env), half, "no second tree");
    let theirs = std::fs::read(half[0].join("theirs.txt")).unwrap();
    assert_eq!(theirs, b"a person's\n");
    std::fs::remove_file(half[0].join("theirs.txt")).unwrap();
    before.assert_same(&Snapshot::of(&half[0], &env.home()));
    // What is finished is left alone: another restore makes another tree.
    let _ran = env.windrow(["restore", &name]).ok();
    assert_eq!(folders(&env).len(), 2);
}

#[test]
fn a_restore_cut_short_is_finished_where_it_began_whatever_the_next_one_names() {
    let env = place();
    let (name, before) = killed_worker(&env);
    let (first, second) = (env.root().join("first"), env.root().join("second"));
    cut_short(&env, &["restore", &name, "--to", first.to_str().unwrap()]);
    let ran = env.windrow(["restore", &name, "--to", second.to_str().unwrap()]).ok();
    let ran = ran.says("git worktree move");
    assert_eq!(PathBuf::from(ran.out.trim()), first);
    before.assert_same(&Snapshot::of(&first, &env.home()));
    assert!(!second.exists());
}

#[test]
fn a_folder_with_something_in_it_is_never_restored_into() {
    let env = place();
    let (name, before) = killed_worker(&env);
    let to = env.root().join("full");
    std::fs::create_dir(&to).unwrap();
    windrow_world::files::replace(&to.join("mine"), b"mine\n").unwrap();
    let ran = env.windrow(["restore", &name, "--to", to.to_str().unwrap()]);
    assert_ne!(ran.code, 0, "{ran}");
    assert_eq!(std::fs::read_dir(&to).unwrap().count(), 1);
    let free = env.root().join("free");
    let _ran = env.windrow(["restore", &name, "--to", free.to_str().unwrap()]).ok();
    before.assert_same(&Snapshot::of(&free, &env.home()));
}
