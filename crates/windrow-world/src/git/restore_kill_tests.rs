//! A restore is killed with -9 at each of its own steps, a person uses what is there, and it is
//! called again.

use std::cell::Cell;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use super::fixture::{Fixture, git, put, try_git};
use super::kill_tests::{NAME, act, closed, ground, text};
use super::{Head, Restored, Tree, pin, restore};
use crate::cmd::{Cmd, CmdError};

thread_local! {
    /// Steps until the end of this process; nothing when it is to live.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// A moment at which a restore may be killed.
pub(super) fn step() {
    let left = LEFT.get().map(|left| left - 1);
    LEFT.set(left);
    if left == Some(0) {
        let own = rustix::process::getpid();
        rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
    }
}

/// The child's side. Started as a test of the suite it has nothing to do.
#[test]
#[expect(clippy::disallowed_methods, reason = "the parent test speaks through the environment")]
fn body() {
    let Ok(home) = std::env::var("WINDROW_TEST_HOME") else { return };
    LEFT.set(Some(std::env::var("WINDROW_TEST_STEP").unwrap().parse().unwrap()));
    act("restore", Path::new(&home));
}

/// Restores in a process that is killed at its `at`-th step; whether it came that far.
fn killed(fx: &Fixture, at: usize) -> bool {
    let done = Cmd::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("{}::body", module_path!().split_once("::").unwrap().1)])
        .env("WINDROW_TEST_HOME", fx.beside(""))
        .env("WINDROW_TEST_STEP", at.to_string())
        .output();
    match done {
        Err(CmdError::Failed { status, .. }) if status.signal() == Some(9) => true,
        other => {
            assert!(other.unwrap().status.success());
            false
        }
    }
}

fn back(fx: &Fixture) -> Restored {
    restore(&fx.worktrees, NAME, &fx.beside("trash"), &fx.path("back"), "windrow/back").unwrap()
}

/// Kills a restore at every step; `meanwhile` is what a person does then, `check` what must hold.
fn sweep(
    prepare: impl Fn(&Fixture),
    meanwhile: impl Fn(&Fixture),
    check: impl Fn(&Fixture, &Restored, &str),
) {
    for at in 1.. {
        let fx = ground();
        prepare(&fx);
        if !killed(&fx, at) {
            assert!(at > 8, "only {at} steps: nothing was killed");
            return;
        }
        meanwhile(&fx);
        let done = back(&fx);
        check(&fx, &done, &format!("killed at step {at}"));
        let again = back(&fx);
        assert_eq!(again.tree, done.tree);
        check(&fx, &done, &format!("killed at step {at}, and once more"));
        assert!(!done.tree.git_dir.join("windrow-making").exists());
    }
}

fn require_whole(fx: &Fixture, when: &str) {
    let path = fx.path("back");
    for (name, bytes) in [("new", "new\n"), ("b.txt", "hidden\n"), ("nested/file", "nested\n")] {
        assert_eq!(text(path.join(name)), bytes, "{when}");
    }
    let status = git(&path, ["status", "--porcelain", "-b"]);
    assert_eq!(status, "## windrow/back\nUU a.txt\nA  c.txt\n?? nested/\n?? new", "{when}");
}

#[test]
fn a_restore_killed_at_any_step_is_finished() {
    sweep(
        closed,
        |_| {},
        |fx, done, when| {
            assert!(done.missing.is_empty(), "{when}: {done:?}");
            require_whole(fx, when);
        },
    );
}

#[test]
fn what_a_person_did_in_the_half_made_tree_stays() {
    let meanwhile = |fx: &Fixture| {
        let path = fx.path("back");
        put(&path.join("run.sh"), "a person's\n");
        put(&path.join("theirs"), "a person's\n");
        drop(fs::remove_file(path.join("new")));
        put(&path.join("new/folder"), "a person's\n");
    };
    sweep(closed, meanwhile, |fx, done, when| {
        let path = fx.path("back");
        for name in ["run.sh", "theirs", "new/folder"] {
            assert_eq!(text(path.join(name)), "a person's\n", "{when}");
        }
        assert_eq!(text(path.join("b.txt")), "hidden\n", "{when}");
        assert_eq!(text(path.join("nested/file")), "nested\n", "{when}");
        let head = Fixture::head(&done.tree);
        assert_eq!(head, Head::Branch("refs/heads/windrow/back".to_owned()), "{when}");
        let named = |name: &str| done.missing.iter().any(|path| path == Path::new(name));
        let over = done.missing.is_empty();
        assert!(over || (named("run.sh") && named("new")), "{when}: {:?}", done.missing);
    });
}

#[test]
fn what_a_person_staged_or_committed_in_the_half_made_tree_can_be_found() {
    let meanwhile = |fx: &Fixture| {
        let path = fx.path("back");
        put(&path.join("theirs"), "a person's\n");
        drop(try_git(&path, ["add", "theirs"]));
        drop(try_git(&path, ["update-ref", "HEAD", "refs/heads/main"]));
    };
    sweep(closed, meanwhile, |fx, done, when| {
        assert_eq!(text(fx.path("back/theirs")), "a person's\n", "{when}");
        let staged = |name: &str| index_has(&done.tree, name, "theirs");
        assert!(staged("index") || staged("index.windrow-found"), "{when}");
        let holds = git(&fx.main, ["for-each-ref", "--points-at=main", "--format=%(refname)"]);
        let held = holds.contains("refs/heads/windrow/found/back-1");
        assert!(held || holds.contains("refs/heads/windrow/back"), "{when}: {holds}");
    });
}

fn index_has(tree: &Tree, index: &str, name: &str) -> bool {
    let index = tree.git_dir.join(index);
    index.exists()
        && Cmd::new("git")
            .env("GIT_DIR", &tree.git_dir)
            .env("GIT_INDEX_FILE", &index)
            .args(["ls-files", "--cached"])
            .dir(&tree.path)
            .success()
            .is_ok_and(|said| String::from_utf8_lossy(&said).lines().any(|line| line == name))
}

/// Submitted work: a plain commit under a kept ref.
fn pinned(fx: &Fixture) {
    let tree = fx.create("toast");
    put(&tree.path.join("a.txt"), "mine\n");
    put(&tree.path.join("new"), "new\n");
    git(&tree.path, ["add", "-A"]);
    git(&tree.path, ["commit", "-qm", "mine"]);
    let commit = fx.repo.commit("refs/heads/windrow/toast").unwrap().unwrap();
    pin(&fx.repo, NAME, &commit, None).unwrap();
}

#[test]
fn submitted_work_comes_back_over_a_half_made_tree_and_under_a_persons_edits() {
    let fx = ground();
    pinned(&fx);
    // As a kill in the middle leaves it: registered, some files, one of them cut.
    let commit = fx.repo.ref_value(NAME).unwrap().unwrap();
    let half = fx.path("back");
    let add = ["worktree", "add", "-q", "--no-checkout", "--detach"];
    let half_text = half.to_string_lossy().into_owned();
    git(&fx.main, add.iter().copied().chain([half_text.as_str(), commit.as_str()]));
    put(&half.join("a.txt"), "mi");
    put(&half.join("b.txt"), "a person's\n");
    put(&half.join("theirs"), "a person's\n");
    let done = back(&fx);
    assert_eq!(done.missing, [Path::new("b.txt")]);
    assert_eq!(text(half.join("a.txt")), "mine\n");
    assert_eq!(text(half.join("new")), "new\n");
    let status = git(&half, ["status", "--porcelain", "-b"]);
    assert_eq!(status, "## windrow/back\n M b.txt\n?? theirs");
    assert_eq!(back(&fx).missing, Vec::<std::path::PathBuf>::new());
    assert_eq!(git(&half, ["status", "--porcelain", "-b"]), status);
}

#[test]
fn a_submitted_works_restore_killed_at_any_step_is_finished() {
    for at in 1..=2 {
        let fx = ground();
        pinned(&fx);
        assert!(killed(&fx, at));
        back(&fx);
        let status = git(&fx.path("back"), ["status", "--porcelain", "-b"]);
        assert_eq!(status, "## windrow/back", "killed at step {at}");
    }
}

#[test]
fn a_session_never_takes_a_half_restored_tree() {
    let fx = ground();
    closed(&fx);
    assert!(killed(&fx, 3));
    let taken = fx.worktrees.create(&fx.path("back"), "windrow/other", &fx.base);
    assert!(matches!(taken, Err(super::WorktreeError::Unsaved { .. })), "{taken:?}");
}
