//! A landing or a recovery in a process of its own, which can be killed.

use std::path::Path;

use rustix::process::Pid;

use super::ground::Ground;
use crate::cmd::{Cmd, Output};
use crate::git::{Lander, Move, Oid, Repo};

/// Who dies at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dies {
    /// The lander alone: its children see their input end.
    Lander,
    /// The lander and all of its children, at once.
    All,
}

/// What the child does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Land,
    Recover,
}

/// Runs a landing of `new` (or a recovery) that is killed at `step`, if it comes there.
pub(super) fn run(ground: &Ground, verb: Verb, new: &Oid, step: &str, dies: Dies) -> Output {
    // A child that is killed is what is wanted here, so its status is taken as it is.
    let done = call(ground, verb, new, step, dies).dialogue().unwrap().wait_with_output().unwrap();
    Output { status: done.status, stdout: done.stdout, stderr: done.stderr }
}

/// Runs a landing without waiting for those that keep its output open after its death.
pub(super) fn run_with_orphans(ground: &Ground, new: &Oid) -> std::process::ExitStatus {
    let call = call(ground, Verb::Land, new, "-", Dies::Lander);
    call.detach(None).unwrap().wait().unwrap()
}

fn call(ground: &Ground, verb: Verb, new: &Oid, step: &str, dies: Dies) -> Cmd {
    Cmd::new(std::env::current_exe().unwrap())
        .args(["--exact", "git::land::tests::child::body", "--nocapture"])
        .env("WINDROW_TEST_HOME", ground.home())
        .env("WINDROW_TEST_VERB", format!("{verb:?}"))
        .env("WINDROW_TEST_OLD", ground.head().as_str())
        .env("WINDROW_TEST_NEW", new.as_str())
        .env("WINDROW_TEST_STEP", step)
        .env("WINDROW_TEST_DIES", format!("{dies:?}"))
}

/// The child's side. Started as a test of the suite it has nothing to do.
#[test]
#[expect(clippy::disallowed_methods, reason = "the parent test speaks through the environment")]
fn body() {
    let Ok(home) = std::env::var("WINDROW_TEST_HOME") else { return };
    let said = |name: &str| std::env::var(format!("WINDROW_TEST_{name}")).unwrap();
    let (step, dies) = (said("STEP"), said("DIES"));
    let home = Path::new(&home);
    let repo = Repo::at(home.join("main/.git"));
    let lander = Lander::new(repo, home.join("state")).probe(move |name| {
        if name == step {
            if dies == "All" {
                kill_children();
            }
            kill(rustix::process::getpid());
        }
    });
    if said("VERB") == "Recover" {
        lander.recover().unwrap();
        return;
    }
    let oid = |name| Oid::parse(&said(name)).unwrap();
    let (old, new) = (oid("OLD"), oid("NEW"));
    lander.land(&Move { branch: "main".to_owned(), old, new, id: "7".to_owned() }).unwrap();
}

/// The processes that the calling process has started and not waited for.
pub(super) fn children() -> Vec<Pid> {
    let mut found = Vec::new();
    for thread in std::fs::read_dir("/proc/self/task").unwrap() {
        let list = thread.unwrap().path().join("children");
        let list = std::fs::read_to_string(list).unwrap_or_default();
        found.extend(
            list.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap()).unwrap()),
        );
    }
    found
}

fn kill_children() {
    for pid in children() {
        kill(pid);
        // Waited for, so that what it leaves is there before we go.
        let _status = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty());
    }
}

fn kill(pid: Pid) {
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}
