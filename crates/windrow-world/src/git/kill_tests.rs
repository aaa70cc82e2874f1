//! Every operation on a tree is killed with -9 at each of its git calls, and then called again.
//!
//! A wrapper named `git` comes first on the child's PATH. At the n-th call it kills the child and
//! then, by mode, runs git all the same (an orphan that goes on) or does not (killed just before,
//! which is also just after the call before).

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};

use super::fixture::{Fixture, git, me, put, try_git};
use super::{
    CaptureSpec, Captured, Oid, Repo, Saved, Tree, Worktrees, capture, commit_leftovers, restore,
};
use crate::cmd::{Cmd, CmdError, which};

pub(super) const NAME: &str = "refs/windrow/kept/s/1";

const WRAPPER: &str = r#"
read -r n < "$count"
n=$((n + 1))
echo "$n" > "$count"
if [ "$n" = "$at" ]; then
    kill -9 "$PPID"
    [ "$mode" = orphan ] || exit 1
fi
exec "$real" "$@"
"#;

/// What one child does, by name.
pub(super) fn act(verb: &str, home: &Path) {
    let repo = Repo::at(home.join("main/.git"));
    let worktrees =
        Worktrees::open(repo.clone(), &home.join("trees"), &home.join("state")).unwrap();
    let path = worktrees.root().join("toast");
    let base = repo.commit("refs/heads/start").unwrap().unwrap();
    let next = repo.commit("refs/heads/main").unwrap().unwrap();
    let found = |path: &Path| worktrees.find(path).unwrap();
    match verb {
        "create" => {
            worktrees.create(&path, "windrow/toast", &base).unwrap();
        }
        "seal" => {
            commit_leftovers(&repo, &found(&path).unwrap(), "sealed", &me(), None).unwrap();
        }
        "close" | "reset" => {
            // When the tree is gone already there is nothing left to do.
            let Some(tree) = found(&path) else { return };
            let saved = keep(&repo, &tree, home);
            if verb == "close" {
                worktrees.remove(&tree, &saved).unwrap();
            } else {
                worktrees.reset_warm(&tree, &saved, &base).unwrap();
            }
        }
        "reuse" => {
            let new = worktrees.root().join("jam");
            let warm = found(&path).filter(|tree| worktrees.is_warm(tree));
            match warm {
                Some(tree) => worktrees.reuse(&tree, &new, "windrow/jam", &next).unwrap(),
                None => worktrees.create(&new, "windrow/jam", &next).unwrap(),
            };
        }
        "restore" => {
            let back = worktrees.root().join("back");
            restore(&worktrees, NAME, &home.join("trash"), &back, "windrow/back").unwrap();
        }
        other => panic!("unknown verb {other}"),
    }
}

fn keep(repo: &Repo, tree: &Tree, home: &Path) -> Saved {
    let spec = CaptureSpec {
        name: NAME,
        safe: &["refs/heads/main".to_owned()],
        precious: &[],
        trash: &home.join("trash"),
        trash_limit: 1 << 20,
        blob_limit: 1 << 20,
        when: 1,
    };
    match capture(repo, tree, &spec).unwrap() {
        Captured::Nothing(saved) | Captured::Kept { saved, .. } => saved,
        Captured::Incomplete { left, .. } => panic!("left: {left:?}"),
    }
}

/// The child's side. Started as a test of the suite it has nothing to do.
#[test]
#[expect(clippy::disallowed_methods, reason = "the parent test speaks through the environment")]
fn body() {
    let Ok(home) = std::env::var("WINDROW_TEST_HOME") else { return };
    act(&std::env::var("WINDROW_TEST_VERB").unwrap(), Path::new(&home));
}

/// Runs `verb` in a process that is killed at its `at`-th git call; whether it came that far.
fn killed(fx: &Fixture, verb: &str, at: usize, mode: &str) -> bool {
    let home = fx.beside("");
    let (bin, count, tmp) = (home.join("bin"), home.join("count"), home.join("tmp"));
    fs::create_dir_all(&tmp).unwrap();
    put(&count, "0\n");
    let real = which("git").unwrap();
    // Variables would not reach it: a child's own calls pass none on.
    let (count, real) = (count.display(), real.display());
    let head = format!("#!/bin/sh\ncount='{count}' at='{at}' mode='{mode}' real='{real}'\n");
    put(&bin.join("git"), format!("{head}{WRAPPER}"));
    fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    let done = Cmd::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("{}::body", module_path!().split_once("::").unwrap().1)])
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .env("TMPDIR", &tmp)
        .env("WINDROW_TEST_HOME", &home)
        .env("WINDROW_TEST_VERB", verb)
        .output();
    match done {
        Err(CmdError::Failed { status, .. }) if status.signal() == Some(9) => true,
        other => {
            let done = other.unwrap();
            let said = String::from_utf8_lossy(&done.stdout);
            assert!(done.status.success(), "{verb}, {mode} call {at}: {said}");
            false
        }
    }
}

/// A repository with a branch `start` and a newer `main`.
pub(super) fn ground() -> Fixture {
    let fx = Fixture::new();
    git(&fx.main, ["branch", "start"]);
    put(&fx.main.join("a.txt"), "next\n");
    put(&fx.main.join("c.txt"), "next\n");
    git(&fx.main, ["add", "-A"]);
    git(&fx.main, ["commit", "-qm", "next"]);
    fx
}

/// A tree with everything in it that a capture must not lose.
fn worked(fx: &Fixture) -> Tree {
    let tree = fx.create("toast");
    put(&tree.path.join("a.txt"), "committed\n");
    git(&tree.path, ["commit", "-qam", "mine"]);
    assert!(!try_git(&tree.path, ["merge", "main"]).status.success());
    put(&tree.path.join("new"), "new\n");
    git(&tree.path, ["init", "-q", "nested"]);
    put(&tree.path.join("nested/file"), "nested\n");
    git(&tree.path, ["update-index", "--skip-worktree", "b.txt"]);
    put(&tree.path.join("b.txt"), "hidden\n");
    tree
}

pub(super) fn text(path: PathBuf) -> String {
    fs::read_to_string(path).unwrap()
}

/// Kills `verb` at every git call in both modes; after each, it is called again and checked.
fn sweep(verb: &str, prepare: impl Fn(&Fixture), check: impl Fn(&Fixture, &str)) {
    let mut kills = 0;
    for (mode, step) in [("before", 1), ("orphan", 2)] {
        for at in (1..).step_by(step) {
            let fx = ground();
            prepare(&fx);
            if !killed(&fx, verb, at, mode) {
                break;
            }
            kills += 1;
            act(verb, &fx.beside(""));
            act(verb, &fx.beside(""));
            check(&fx, &format!("{verb}, {mode} call {at}"));
            git(&fx.main, ["fsck", "--strict"]);
            assert_eq!(git(&fx.main, ["worktree", "prune", "--dry-run", "-v"]), "");
        }
    }
    assert!(kills > 2, "only {kills} kills: the wrapper does not work");
}

#[test]
fn creating_is_finished_by_the_next_call() {
    sweep(
        "create",
        |_| {},
        |fx, when| {
            assert_eq!(
                git(&fx.path("toast"), ["status", "--porcelain", "-b"]),
                "## windrow/toast",
                "{when}"
            );
            assert_eq!(fx.worktrees.list().unwrap().len(), 2, "{when}");
        },
    );
}

#[test]
fn a_commit_of_leftovers_is_whole_or_absent() {
    let prepare = |fx: &Fixture| {
        let tree = fx.create("toast");
        put(&tree.path.join("new"), "new\n");
        put(&tree.path.join("a.txt"), "mine\n");
    };
    sweep("seal", prepare, |fx, when| {
        let path = fx.path("toast");
        assert_eq!(git(&path, ["status", "--porcelain"]), "", "{when}");
        assert_eq!(git(&path, ["log", "--format=%s", "start.."]), "sealed", "{when}");
        assert_eq!(git(&path, ["show", "HEAD:new"]), "new", "{when}");
    });
}

/// What a capture of [`worked`] holds.
fn require_kept(fx: &Fixture, when: &str) {
    let show = |path: &str| git(&fx.main, ["show", &format!("{NAME}:{path}")]);
    assert_eq!(show("files/new"), "new", "{when}");
    assert_eq!(show("files/b.txt"), "hidden", "{when}");
    assert!(show("meta.json").contains("\"nested\""), "{when}");
    assert_eq!(text(fx.beside("trash/0/file")), "nested\n", "{when}");
    let _complete: Oid = Oid::parse(&show("gitdir/MERGE_HEAD")).unwrap();
}

#[test]
fn closing_keeps_everything_and_removes_the_tree() {
    sweep(
        "close",
        |fx| drop(worked(fx)),
        |fx, when| {
            require_kept(fx, when);
            assert_eq!(fx.worktrees.list().unwrap().len(), 1, "{when}");
            assert_eq!(fs::read_dir(fx.worktrees.root()).unwrap().count(), 0, "{when}");
        },
    );
}

#[test]
fn resetting_keeps_everything_and_leaves_a_warm_tree() {
    sweep(
        "reset",
        |fx| drop(worked(fx)),
        |fx, when| {
            require_kept(fx, when);
            let tree = fx.worktrees.find(&fx.path("toast")).unwrap().unwrap();
            assert!(fx.worktrees.is_warm(&tree), "{when}");
            assert_eq!(git(&tree.path, ["status", "--porcelain", "--ignored"]), "", "{when}");
        },
    );
}

#[test]
fn using_a_tree_again_is_finished_by_the_next_call() {
    let prepare = |fx: &Fixture| {
        let tree = worked(fx);
        fx.worktrees.reset_warm(&tree, &Saved::scratch(&tree), &fx.base).unwrap();
    };
    sweep("reuse", prepare, |fx, when| {
        let path = fx.path("jam");
        assert_eq!(git(&path, ["status", "--porcelain", "-b"]), "## windrow/jam", "{when}");
        assert_eq!(text(path.join("c.txt")), "next\n", "{when}");
    });
}

/// The work of [`worked`] under a kept ref, and its tree gone.
pub(super) fn closed(fx: &Fixture) {
    worked(fx);
    act("close", &fx.beside(""));
}

#[test]
fn restoring_is_finished_by_the_next_call() {
    let prepare = closed;
    sweep("restore", prepare, |fx, when| {
        let path = fx.path("back");
        for (name, bytes) in [("new", "new\n"), ("b.txt", "hidden\n"), ("nested/file", "nested\n")]
        {
            assert_eq!(text(path.join(name)), bytes, "{when}");
        }
        let status = git(&path, ["status", "--porcelain", "-b"]);
        assert_eq!(status, "## windrow/back\nUU a.txt\nA  c.txt\n?? nested/\n?? new", "{when}");
    });
}
