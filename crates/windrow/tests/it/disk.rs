//! A disk that is full for a while, under a run: nothing is lost, and all of it lands afterwards.

use std::fs;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use windrow_api::view::TaskStatus::Landed;
use windrow_testkit::{Plan, PlanTask, Role, TestEnv, wait_until};

use crate::machine::in_a_namespace;
use crate::place::{detach_plan, landings, place, write_plan};

/// Bytes of a file beyond which the daemon can write nothing: less than any journal has.
const FULL: u64 = 4096;

/// Two workers that wait to be let go, and one that waits for them; each adds a file.
fn batch(env: &TestEnv) -> Plan {
    let signs = env.signs();
    let waits = |key: &str| {
        let (up, go) = (signs.put_line(key), signs.wait_line("go"));
        let done = signs.put_line(&format!("{key}-done"));
        PlanTask::run(key, &format!("{up}; {go}; echo {key} > {key}.txt; {done}"))
    };
    let last = PlanTask::run("c", "echo c > c.txt").list("needs", &["a", "b"]);
    Plan::new().with("a", waits("a")).with("b", waits("b")).with("c", last)
}

/// Lets the daemon write as if its disk were full, or as before.
///
/// A limit of the process stands for the disk: it needs no rights, and ends a write in the same way.
fn full(env: &TestEnv, is: bool) {
    let daemon = env.playing(Role::Daemon).pop().unwrap();
    let limit = Rlimit { current: is.then_some(FULL), maximum: None };
    let pid = Pid::from_raw(daemon.process.pid);
    let _before = prlimit(pid, Resource::Fsize, limit).unwrap();
}

#[test]
fn a_run_whose_journal_cannot_be_written_for_a_while_lands_everything() {
    let env = place();
    // The limit is told by a signal as well, which nobody gets from a disk.
    let start = "trap '' XFSZ; exec \"$0\" daemon start";
    let args = ["-c", start, env!("CARGO_BIN_EXE_windrow")];
    let _started = env.finish(env.command_of("sh", env.repo().path(), &args)).ok();
    let daemon = env.playing(Role::Daemon);
    detach_plan(&env, &batch(&env), &["--pool", "2"]);
    let signs = env.signs();
    signs.wait("a");
    signs.wait("b");

    full(&env, true);
    let refused = env.windrow(["task", "add", "too late", "--run", "true"]).code(5);
    assert!(refused.err.contains("failed to write the journal"), "{refused}");
    signs.put("go");
    wait_until("the workers ended", || env.playing(Role::Worker).is_empty());
    wait_until("the daemon has tried to write that down", || {
        let tried = env.daemon_log().matches("nothing of a batch counts").count();
        tried > 1
    });
    for question in [&["status"][..], &["task", "list"], &["log"], &["ready"]] {
        assert!(!answer(&env, question).contains("too late"), "{question:?}");
    }
    assert_eq!(landings(&env).len(), 0);

    full(&env, false);
    // Whoever asked the daemon would wake it; it has to come back to this by itself.
    wait_until("everything landed, with nobody asking", || landings(&env).len() == 3);
    env.await_run_end();
    assert_eq!(env.playing(Role::Daemon), daemon, "it never went away");
    all_landed_once(&env);
    let _whole = env.windrow(["log", "verify"]).ok();
    let _again = env.windrow(["task", "add", "in time", "--run", "true"]).ok();
}

/// What windrow answers; a question that came together with a write that failed is asked again.
#[track_caller]
fn answer(env: &TestEnv, question: &[&str]) -> String {
    let mut answer = None;
    wait_until("a question is answered", || {
        let ran = env.windrow(question);
        answer = (ran.code == 0).then_some(ran.out);
        answer.is_some()
    });
    answer.unwrap()
}

fn all_landed_once(env: &TestEnv) {
    for key in ["a", "b", "c"] {
        env.expect_status(key, Landed);
        assert_eq!(env.repo().text(&format!("{key}.txt")), format!("{key}\n"));
    }
    assert_eq!(landings(env).len(), 3);
}

#[test]
fn a_run_on_a_full_disk_lands_everything_once_there_is_room() {
    // A small disk in a namespace of its own is windrow's home; a script plays there, and this
    // test looks at what it reported.
    let env = place();
    write_plan(&env, &batch(&env));
    let script = r#"
set -e
home=$1; signs=$2; shift 2
await() { until [ -e "$signs/$1" ]; do sleep 0.02; done; }
mount -t tmpfs -o size=6m none "$home"
"$@" run ../plan.json --approve --detach --pool 2 >/dev/null
await a; await b
# The bigger pieces first, then whatever is left.
for size in 64k 1k 1; do dd if=/dev/zero bs=$size 2>/dev/null >>"$home/filler" || true; done
long=$(head -c 20000 /dev/zero | tr '\0' x)
n=0
while "$@" task add "$n $long" --run true >/dev/null 2>"$signs/full"; do
  n=$((n+1)); [ $n -lt 2000 ]
done
echo refused
: >"$signs/go"
await a-done; await b-done
n=0
until "$@" task list >/dev/null && "$@" status >/dev/null; do n=$((n+1)); [ $n -lt 200 ]; done
echo reads
rm "$home/filler"
"$@" run --resume >"$signs/resumed" 2>&1 && echo over
"$@" log verify >/dev/null && echo whole
"$@" task list --format json >"$signs/tasks"
"$@" daemon stop >/dev/null
"#;
    let words = [env.state(), env.signs().path("")].map(|path| path.display().to_string());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(ran) = in_a_namespace(&env, script, &words, &[]) else { return };
    let read = |name: &str| fs::read_to_string(env.signs().path(name)).unwrap_or_default();
    let said: Vec<&str> = ran.out.lines().collect();
    assert_eq!(said, ["refused", "reads", "over", "whole"], "{ran}\n{}", read("resumed"));
    assert!(read("full").contains("disk") || read("full").contains("space"), "{}", read("full"));
    assert_eq!(landings(&env).len(), 3);
    assert_eq!(env.repo().text("c.txt"), "c\n");
}
