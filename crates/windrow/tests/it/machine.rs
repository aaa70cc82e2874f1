//! What happens around windrow: other daemons, stale sockets, repositories that go, full disks.

use std::fs;
use std::os::unix::net::UnixListener;

use windrow_api::view::TaskStatus::{Landed, Working};
use windrow_testkit::{Plan, PlanTask, Role, TestEnv, skip, wait_until};
use windrow_world::cmd::Cmd;

use crate::place::{detach_plan, place, run_plan};

fn simple() -> Plan {
    Plan::new().with("a", PlanTask::run("add", "echo a > a.txt"))
}

#[test]
fn a_second_daemon_leaves_at_once_and_well() {
    let env = place();
    let _ran = env.windrow(["daemon", "start"]).ok();
    let first = env.playing(Role::Daemon);
    assert_eq!(first.len(), 1);
    let _second = env.windrow(["__daemon"]).ok();
    assert_eq!(env.playing(Role::Daemon), first);
    let _ran = env.windrow(["daemon", "start"]).ok();
    assert_eq!(env.playing(Role::Daemon), first);
}

#[test]
fn many_commands_at_once_start_one_daemon() {
    let env = place();
    let all: Vec<_> = (0..6).map(|_| env.start("many.log", ["task", "list"])).collect();
    for one in all {
        env.await_end(one);
    }
    assert_eq!(env.playing(Role::Daemon).len(), 1);
}

#[test]
fn a_socket_that_a_dead_daemon_left_is_no_obstacle() {
    let env = place();
    drop(UnixListener::bind(env.state().join("socket")).unwrap());
    assert!(env.state().join("socket").exists());
    let _ran = run_plan(&env, &simple(), &[]).ok();
    env.kill_daemon();
    assert!(env.state().join("socket").exists(), "killed, so it was left behind");
    let _ran = env.windrow(["status"]).ok();
    env.expect_status("a", Landed);
}

#[test]
fn a_home_that_cannot_be_written_is_said_and_nothing_changed() {
    let env = place();
    let home = env.root().join("file");
    windrow_world::files::replace(&home, b"not a folder").unwrap();
    let before = env.repo().refs("refs/");
    let call = env.command(env.repo().path(), &["task", "list"]).env("WINDROW_HOME", &home);
    let ran = env.finish(call);
    assert!(ran.code != 0 && ran.err.contains("file"), "{ran}");
    assert_eq!(env.repo().refs("refs/"), before);
    assert_eq!(fs::read(&home).unwrap(), b"not a folder");
}

#[test]
fn a_read_only_home_is_said() {
    // Modes do not stop everybody; a read-only mount does.
    let env = place();
    let script = "mount --bind $1 $1 && mount -o remount,ro,bind $1 && shift && exec \"$@\"";
    let home = env.state().display().to_string();
    let Some(ran) = in_a_namespace(&env, script, &[&home], &["task", "list"]) else { return };
    assert!(ran.code != 0 && ran.err.contains("windrow: error:"), "{ran}");
    assert!(ran.err.contains("state"), "{ran}");
}

/// Runs windrow behind `script` in a mount namespace of its own; nothing where that is not possible.
pub(crate) fn in_a_namespace(
    env: &TestEnv,
    script: &str,
    words: &[&str],
    args: &[&str],
) -> Option<windrow_testkit::Ran> {
    let able = Cmd::new("unshare").args(["-rm", "true"]).output();
    if !able.is_ok_and(|done| done.status.success()) {
        skip("no mount namespace can be made here");
        return None;
    }
    let windrow = env!("CARGO_BIN_EXE_windrow");
    let inner = [&["-rm", "sh", "-c", script, "sh"], words, &[windrow], args].concat();
    Some(env.finish(env.command_of("unshare", env.repo().path(), &inner)))
}

#[test]
fn a_full_disk_stops_nothing_for_good() {
    // Windrow's home is a small disk in a namespace of its own; everything is played there, by a
    // script, and this test only looks at what it reported.
    let env = place();
    let script = r#"
set -e
home=$1; signs=$2; shift 2
mount -t tmpfs -o size=6m none "$home"
"$@" task add 'before' --run true >/dev/null
dd if=/dev/zero of="$home/filler" bs=64k 2>/dev/null || true
n=0
while "$@" task add "a task with a long text $n $(head -c 20000 /dev/zero | tr '\0' x)" --run true >/dev/null 2>"$signs/full"; do
  n=$((n+1)); [ $n -lt 2000 ]
done
echo refused
"$@" task list >"$signs/list-full" && echo reads
rm "$home/filler"
"$@" task add 'after' --run true >/dev/null && echo writes
"$@" task list >"$signs/list-after"
"$@" log verify >/dev/null && echo whole
"$@" daemon stop >/dev/null
"#;
    let signs = env.signs().path("").display().to_string();
    let home = env.state().display().to_string();
    let Some(ran) = in_a_namespace(&env, script, &[&home, &signs], &[]) else { return };
    assert_eq!(
        ran.out.lines().collect::<Vec<_>>(),
        ["refused", "reads", "writes", "whole"],
        "{ran}"
    );
    let read = |name: &str| fs::read_to_string(env.signs().path(name)).unwrap();
    assert!(read("full").contains("disk") || read("full").contains("space"), "{}", read("full"));
    assert!(read("list-full").contains("before"));
    let after = read("list-after");
    assert!(after.contains("before") && after.contains("after"), "{after}");
}

#[test]
fn a_damaged_register_of_the_machine_is_cut_and_living_workers_keep_their_names() {
    let env = place();
    let signs = env.signs();
    let line = format!("{}; {}; echo a > a.txt", signs.put_line("up"), signs.wait_line("go"));
    let plan = Plan::new().with("a", PlanTask::run("add", &line));
    detach_plan(&env, &plan, &[]);
    signs.wait("up");
    let first = env.await_status("a", Working).session.unwrap();
    env.stop_daemon();
    for name in ["machine.db", "machine.db-wal"] {
        let file = env.state().join(name);
        if let Ok(bytes) = fs::read(&file) {
            windrow_world::files::replace(&file, &vec![7; bytes.len()]).unwrap();
        }
    }
    let status = env.windrow(["daemon", "status"]);
    let _listed = env.windrow(["task", "list"]).ok().says("add");
    let said = env.windrow(["daemon", "status"]).ok();
    assert!(said.out.contains("machine.db` was damaged"), "{status}{said}");
    assert!(env.state().join("broken-journal-1/machine.db").exists());
    let more = Plan::new().with("b", PlanTask::run("beside", "echo b > b.txt"));
    let second = run_plan(&env, &more, &[]).ok();
    let name = format!("(by {first},");
    assert!(second.err.contains("started") && !second.err.contains(&name), "{second}");
    signs.put("go");
    let landed = || env.windrow(["show", "t-1"]).ok().out.contains("status    landed");
    wait_until("the first worker's work landed", landed);
    assert!(env.windrow(["log", "verify"]).ok().out.contains("unbroken"));
}

#[test]
fn o11_a_repository_that_moves_away_under_workers_waits_and_goes_on_when_it_is_back() {
    let env = place();
    let signs = env.signs();
    let line = format!("{}; {}; echo a > a.txt", signs.put_line("up"), signs.wait_line("go"));
    let plan = Plan::new().with("a", PlanTask::run("add", &line));
    detach_plan(&env, &plan, &[]);
    signs.wait("up");
    let _working = env.await_status("a", Working);
    let elsewhere = env.root().join("elsewhere");
    fs::rename(env.repo().path(), &elsewhere).unwrap();
    signs.put("go");
    wait_until("windrow says that something is missing", || {
        let said = |run: windrow_api::view::RunView| {
            !run.troubles.is_empty() || run.sessions.iter().any(|one| one.note.is_some())
        };
        env.try_run().is_some_and(said)
    });
    assert_eq!(env.playing(Role::Daemon).len(), 1, "{}", env.daemon_log());
    fs::rename(&elsewhere, env.repo().path()).unwrap();
    env.await_run_end();
    env.expect_status("a", Landed);
    assert_eq!(env.repo().text("a.txt"), "a\n");
}

#[test]
fn a_repository_that_is_deleted_under_workers_brings_nobody_else_down() {
    let env = place();
    let signs = env.signs();
    let line = format!("{}; {}; echo a > a.txt", signs.put_line("up"), signs.wait_line("go"));
    let plan = Plan::new().with("a", PlanTask::run("add", &line));
    detach_plan(&env, &plan, &[]);
    signs.wait("up");
    let other = windrow_testkit::TestRepo::init(&env.root().join("other"), &env.home());
    other.write("README", "other\n");
    other.commit("base");
    other.write("TASKS.md", "- [ ] one\n  Run: echo 1 > one.txt\n");
    fs::remove_dir_all(env.repo().path()).unwrap();
    signs.put("go");
    let args = ["run", "TASKS.md", "--approve"];
    let _ran = env.windrow_in(other.path(), args).ok();
    assert_eq!(other.text("one.txt"), "1\n");
    wait_until("the worker without a repository ended", || {
        env.playing(Role::Worker).is_empty() && env.playing(Role::Keeper).is_empty()
    });
    assert_eq!(env.playing(Role::Daemon).len(), 1);
}

#[test]
fn o11_a_branch_that_was_there_is_left_alone() {
    let env = place();
    let repo = env.repo();
    repo.git(["switch", "-q", "-c", "windrow/t-1-add"]);
    repo.write("person.txt", "not landed anywhere\n");
    let theirs = repo.commit("a person's commit");
    repo.git(["switch", "-q", "main"]);
    let _ran = run_plan(&env, &simple(), &[]).ok();
    assert_eq!(repo.git(["rev-parse", "windrow/t-1-add"]), theirs);
    assert!(!repo.file("person.txt").exists() && repo.file("a.txt").exists());
}

#[test]
fn o11_a_warm_worktree_that_is_locked_or_gone_stops_nobody() {
    let env = place();
    let _ran = run_plan(&env, &simple(), &[]).ok();
    let warm = env.known_trees().pop().unwrap().path;
    env.repo().git(["worktree", "lock", warm.to_str().unwrap()]);
    let next = |key: &str| {
        let plan = Plan::new().with(key, PlanTask::run(key, &format!("echo x > {key}.txt")));
        let _ran = run_plan(&env, &plan, &[]).ok();
        env.expect_status(key, Landed);
    };
    next("locked");
    for tree in env.known_trees() {
        let _may_be_locked =
            env.repo().try_git(["worktree", "unlock", tree.path.to_str().unwrap()]);
        fs::remove_dir_all(tree.path).unwrap();
    }
    next("gone");
    let _ran = env.windrow(["prune"]).ok();
    assert_eq!(env.repo().worktrees(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn n1_what_a_person_commits_in_a_warm_worktree_is_kept() {
    let env = place();
    let _ran = run_plan(&env, &simple(), &[]).ok();
    let warm = env.known_trees().pop().unwrap().path;
    let tree = windrow_testkit::TestRepo::at(&warm, &env.home());
    tree.write("mine.txt", "mine\n");
    let mine = tree.commit("a person's commit, on no branch");
    let plan = Plan::new().with("b", PlanTask::run("next", "echo b > b.txt"));
    let _ran = run_plan(&env, &plan, &[]).ok();
    let refs = env.repo().git(["for-each-ref", "--contains", &mine, "--format=%(refname)"]);
    assert!(refs.contains("refs/windrow/kept/"), "{refs:?}\n{}", env.daemon_log());
}
