//! `kill`, `close` and `restore`: work that goes comes back as it was, byte for byte.

use std::fs;
use std::path::PathBuf;

use windrow_api::view::SessionRow;
use windrow_testkit::{Entry, Plan, PlanTask, Role, Snapshot, TestEnv, wait_until};
use windrow_world::proc::Signal;

use crate::place::{detach_plan, landings, place, restored, run_plan};

/// Everything that a worktree can hold and git alone would lose or change.
const ZOO: &str = r#"#!/bin/sh
set -e
own=$(git symbolic-ref --short HEAD)
git checkout -q -b other
echo theirs > conflict.txt; git commit -qam theirs
git checkout -q "$own"
echo ours > conflict.txt; git commit -qam ours
git merge other >/dev/null && exit 1
echo staged > staged.txt; git add staged.txt
echo unstaged >> a.txt
echo one >> b.txt; git add b.txt; echo two >> b.txt
rm gone.txt
mkdir -p deep/er; echo untracked > 'deep/er/odd name é.txt'
printf 'keep me' > key.secret
echo x > run.sh; chmod +x run.sh; chmod +x exec.txt
ln -s ../nowhere link
printf 'a\r\nb\r\n' > crlf.txt
git update-index --skip-worktree flagged.txt; echo hidden > flagged.txt
echo later > intent.txt; git add -N intent.txt
mkdir -p empty/inner
git init -q nested; cd nested; echo n > n.txt; git add .; git commit -qm nested; echo more > m.txt
"#;

fn zoo() -> TestEnv {
    let env = place();
    let repo = env.repo();
    for name in ["a.txt", "b.txt", "gone.txt", "exec.txt", "flagged.txt", "conflict.txt"] {
        repo.write(name, format!("{name}\n"));
    }
    repo.write(".gitattributes", "crlf.txt text\n");
    repo.write("crlf.txt", "a\n");
    repo.write(".gitignore", "*.secret\n*.tmp\n");
    repo.script("zoo.sh", ZOO);
    repo.commit("the zoo");
    env.settings("precious = [\"*.secret\"]\n");
    env
}

/// A worker that made the zoo and now stays.
fn keeper_of(env: &TestEnv) -> (SessionRow, Snapshot) {
    let signs = env.signs();
    let line = format!("./zoo.sh && {}; {}", signs.put_line("made"), signs.wait_line("never"));
    let plan = Plan::new().with("a", PlanTask::run("keep a zoo", &line));
    detach_plan(env, &plan, &["--tries", "1"]);
    signs.wait("made");
    let session = env.sessions().pop().unwrap();
    let path = session.path.clone().unwrap();
    (session, Snapshot::of(&path, &env.home()))
}

fn comes_back(env: &TestEnv, name: &str, before: &Snapshot) {
    let to = env.root().join(format!("back-{name}"));
    let _ran = env.windrow(["restore", name, "--to", to.to_str().unwrap()]).ok();
    let after = Snapshot::of(&to, &env.home());
    before.assert_same(&after);
}

#[test]
fn n1_a_killed_workers_tree_comes_back_as_it_was() {
    let env = zoo();
    let (session, before) = keeper_of(&env);
    assert!(before.entries.contains_key(&PathBuf::from("nested/n.txt")), "{before:#?}");
    assert_eq!(before.entries[&PathBuf::from("empty/inner")], Entry::Folder);
    let _ran = env.windrow(["kill", &session.name]).ok();
    assert!(!env.kept().is_empty());
    env.await_run_end();
    comes_back(&env, &session.name, &before);
    let _again = env.windrow(["restore", &session.id, "--list"]).ok().says(&session.name);
}

#[test]
fn n1_a_closed_workers_tree_that_cannot_be_submitted_comes_back_as_it_was() {
    let env = zoo();
    let (session, before) = keeper_of(&env);
    let _ran = env.windrow(["close", &session.name]);
    env.await_run_end();
    assert!(landings(&env).is_empty(), "a stopped merge is nobody's finished work");
    comes_back(&env, &session.name, &before);
}

#[test]
fn n1_a_killed_workers_tree_comes_back_even_when_the_daemon_is_killed_as_well() {
    let env = zoo();
    let (session, before) = keeper_of(&env);
    let killing = env.start("kill.log", ["kill", &session.name]);
    wait_until("the end has begun", || {
        env.try_run().is_none_or(|run| run.row.counts.working == 0)
            || !killing.alive()
            || env.sessions().iter().any(|one| one.status != "working")
    });
    env.kill_daemon();
    env.await_end(killing);
    let _status = env.windrow(["status"]).ok();
    env.await_run_end();
    comes_back(&env, &session.name, &before);
}

#[test]
fn a_closed_worker_lands_what_it_has() {
    let env = place();
    let signs = env.signs();
    let line =
        format!("echo so far > a.txt; {}; {}", signs.put_line("made"), signs.wait_line("never"));
    let plan = Plan::new().with("a", PlanTask::run("half a job", &line));
    detach_plan(&env, &plan, &[]);
    signs.wait("made");
    let session = env.sessions().pop().unwrap();
    let _ran = env.windrow(["close", &session.name]).ok();
    env.await_run_end();
    assert_eq!(env.repo().text("a.txt"), "so far\n");
    assert_eq!(landings(&env).len(), 1);
}

#[test]
fn dropped_work_is_gone_and_nothing_is_kept() {
    let env = place();
    let signs = env.signs();
    let line = format!("echo no > a.txt; {}; {}", signs.put_line("made"), signs.wait_line("never"));
    let plan = Plan::new().with("a", PlanTask::run("not wanted", &line));
    detach_plan(&env, &plan, &["--tries", "1"]);
    signs.wait("made");
    let session = env.sessions().pop().unwrap();
    let _ran = env.windrow(["kill", "--drop-work", &session.name]).ok();
    env.await_run_end();
    assert_eq!(env.kept(), []);
}

#[test]
fn work_that_did_not_land_stays_through_a_prune_until_a_person_says_so() {
    let env = zoo();
    let (session, before) = keeper_of(&env);
    let _ran = env.windrow(["kill", &session.name]).ok();
    env.await_run_end();
    let _ran = env.windrow(["prune"]).ok();
    comes_back(&env, &session.name, &before);
    let _ran = env.windrow(["prune", "--unlanded"]).ok();
    assert_eq!(env.kept(), []);
}

#[test]
fn what_cannot_be_captured_keeps_its_tree_and_is_named() {
    let env = place();
    let signs = env.signs();
    // A nested repository moves to the trash folder, which takes no more than 2 GiB at once. The
    // big file is all hole.
    let line = format!(
        "git init -q nested; truncate -s 3G nested/big; echo x > x.txt; {}; {}",
        signs.put_line("made"),
        signs.wait_line("never")
    );
    let plan = Plan::new().with("a", PlanTask::run("too much", &line));
    detach_plan(&env, &plan, &["--tries", "1"]);
    signs.wait("made");
    let session = env.sessions().pop().unwrap();
    let path = session.path.clone().unwrap();
    let _ran = env.windrow(["kill", &session.name]);
    env.await_run_end();
    assert!(path.join("nested/big").exists() && path.join("x.txt").exists());
    let stays = env.known_trees().into_iter().find(|tree| tree.used == "stays");
    let note = stays.unwrap_or_else(|| panic!("{:#?}", env.known_trees())).note.unwrap();
    assert!(note.contains("nested"), "{note}");
    let _ran = env.windrow(["prune"]).ok();
    assert!(path.join("nested/big").exists(), "a prune leaves it alone");
}

#[test]
fn n1_a_prune_keeps_what_did_not_land_beside_what_landed() {
    let env = place();
    env.repo().write(".gitignore", "*.secret\n");
    env.repo().commit("secrets are ignored");
    env.settings("precious = [\"*.secret\"]\n");
    let plan = Plan::new()
        .with("a", PlanTask::run("lands", "echo a > a.txt; echo key > key.secret"))
        .with("b", PlanTask::run("fails", "echo b > b.txt; exit 1"));
    let _ran = run_plan(&env, &plan, &["--tries", "1", "--pool", "1"]).code(3);
    let names = || env.kept().into_iter().map(|row| row.refname).collect::<Vec<_>>();
    let kept = ["refs/windrow/kept/s-1/1", "refs/windrow/kept/s-1/1.rest"];
    assert_eq!(names(), [kept[0], kept[1], "refs/windrow/kept/s-2/1"]);

    let _dry = env.windrow(["prune", "--dry-run", "--unlanded"]).ok();
    let _ran = env.windrow(["prune"]).ok();
    assert_eq!(names(), [kept[1], "refs/windrow/kept/s-2/1"]);
    let rest = restored(&env, kept[1]);
    assert_eq!(fs::read_to_string(rest.join("key.secret")).unwrap(), "key\n");
    let captured = restored(&env, "refs/windrow/kept/s-2/1");
    assert_eq!(fs::read_to_string(captured.join("b.txt")).unwrap(), "b\n");

    let _ran = env.windrow(["prune", "--unlanded"]).ok();
    assert_eq!(names(), [""; 0]);
}

#[test]
fn n2_a_worker_whose_keeper_is_stopped_ends_all_the_same() {
    let env = place();
    let signs = env.signs();
    let line = format!("echo a > a.txt; {}; {}", signs.put_line("up"), signs.wait_line("never"));
    let plan = Plan::new().with("a", PlanTask::run("stay", &line));
    detach_plan(&env, &plan, &["--tries", "1"]);
    signs.wait("up");
    let keeper = env.playing(Role::Keeper).pop().unwrap().process;
    assert!(keeper.signal(Signal::STOP).unwrap());
    let stat = format!("/proc/{}/stat", keeper.pid);
    wait_until("the keeper is stopped", || {
        let stat = fs::read_to_string(&stat).unwrap();
        stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T'))
    });
    let name = env.sessions().pop().unwrap().name;
    let killing = env.start("kill.log", ["kill", &name]);
    env.await_end(killing);
    let log = fs::read_to_string(env.root().join("kill.log")).unwrap();
    assert!(log.contains("is stopped, its work kept"), "{log}");
    env.await_run_end();
    assert_eq!(env.playing(Role::Worker), []);
    let kept = restored(&env, &name);
    assert_eq!(fs::read_to_string(kept.join("a.txt")).unwrap(), "a\n");
}
