//! A person acts between two steps of a landing or a recovery.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::child::{self, Dies, Verb};
use super::ground::{Ground, git, put};
use crate::git::{Busy, Direction, InTheWay, Landed, Lander, Oid, Why};

/// A lander beside which a person acts once, right after `step`.
fn meanwhile(ground: &Ground, step: &'static str, act: fn(&Path)) -> Lander {
    let (main, acted) = (ground.main.clone(), AtomicBool::new(false));
    ground.lander().probe(move |name| {
        if name == step && !acted.swap(true, Ordering::Relaxed) {
            act(&main);
        }
    })
}

fn assert_held(ground: &Ground, landed: &Landed, old: &Oid, path: &str, why: Why) {
    let files = vec![InTheWay { path: PathBuf::from(path), why }];
    let worktree = ground.main.clone();
    assert_eq!(landed, &Landed::Busy(Busy::InTheWay { worktree, files }));
    assert_eq!(&ground.head(), old);
    ground.assert_tidy();
}

#[test]
fn an_edit_after_the_check_is_spared() {
    for step in ["checked", "recorded", "prepared", "noted"] {
        let ground = Ground::new();
        let new = ground.usual();
        let old = ground.head();
        let lander = meanwhile(&ground, step, |at| put(&at.join("dir/one"), "edited\n"));
        let landed = lander.land(&ground.request(&new)).unwrap();
        assert_held(&ground, &landed, &old, "dir/one", Why::Edited);
        assert_eq!(ground.text("dir/one"), "edited\n", "{step}");
        assert_eq!(ground.status(), " M dir/one\n", "{step}");
    }
}

#[test]
fn an_ignored_file_that_came_after_the_check_is_spared() {
    for step in ["checked", "noted"] {
        let ground = Ground::new();
        let new = ground.work(|at| put(&at.join("x.log"), "landed\n"));
        let old = ground.head();
        let lander = meanwhile(&ground, step, |at| put(&at.join("x.log"), "the person's\n"));
        let landed = lander.land(&ground.request(&new)).unwrap();
        assert_held(&ground, &landed, &old, "x.log", Why::Ignored);
        assert_eq!(ground.text("x.log"), "the person's\n");
    }
}

#[test]
fn a_branch_moved_after_the_check_is_spared() {
    let ground = Ground::new();
    let new = ground.usual();
    let lander = meanwhile(&ground, "checked", |at| {
        let other = git(at, ["commit-tree", "-p", "HEAD", "-m", "other", "HEAD^{tree}"]);
        git(at, ["update-ref", "refs/heads/main", other.trim()]);
    });
    let landed = lander.land(&ground.request(&new)).unwrap();
    assert_eq!(landed, Landed::TargetMoved { head: Some(ground.head()) });
    assert_eq!(ground.status(), "");
    ground.assert_tidy();
}

#[test]
fn an_edit_after_the_files_moved_stays() {
    for step in ["files", "moved", "written"] {
        let ground = Ground::new();
        let new = ground.usual();
        let lander = meanwhile(&ground, step, |at| put(&at.join("a"), "edited\n"));
        let landed = lander.land(&ground.request(&new)).unwrap();
        ground.assert_landed(&landed, &new, " M a\n");
        assert_eq!(ground.text("a"), "edited\n");
    }
}

#[test]
fn staging_after_our_lock_was_removed_stays() {
    fn stage(at: &Path) {
        fs::remove_file(at.join(".git/index.lock")).unwrap();
        put(&at.join("b"), "b: staged\n");
        git(at, ["add", "b"]);
    }
    for step in ["checked", "noted", "files", "moved"] {
        let ground = Ground::new();
        let new = ground.usual();
        let old = ground.head();
        let lander = meanwhile(&ground, step, stage);
        let landed = lander.land(&ground.request(&new));
        assert_eq!(ground.status(), "M  b\n", "{step}: {landed:?}");
        assert!(ground.head() == new || ground.head() == old);
        ground.assert_tidy();
    }
}

#[test]
fn a_worktree_switched_to_the_free_branch_is_seen() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.git(["checkout", "-q", "--detach"]);
    let lander = meanwhile(&ground, "noted", |at| drop(git(at, ["checkout", "-q", "main"])));
    let landed = lander.land(&ground.request(&new)).unwrap();
    ground.assert_landed(&landed, &new, "");
}

#[test]
fn an_edit_during_a_recovery_stays() {
    // Judged as ours to do, and edited before git comes to it.
    let ground = Ground::new();
    let new = ground.usual();
    child::run(&ground, Verb::Land, &new, "moved", Dies::Lander);
    let old = ground.git(["show", "HEAD~1:a"]);
    ground.put("a", old);
    let lander = meanwhile(&ground, "judged", |at| put(&at.join("a"), "edited\n"));
    let finished = lander.recover().unwrap().finished.unwrap();
    assert_eq!(finished.left, [PathBuf::from("a")]);
    assert_eq!(ground.text("a"), "edited\n");
    assert_eq!(ground.status(), " M a\n");

    // With the branch still at its old place the move goes back instead.
    let ground = Ground::new();
    let new = ground.usual();
    child::run(&ground, Verb::Land, &new, "noted", Dies::Lander);
    let lander = meanwhile(&ground, "judged", |at| put(&at.join("a"), "edited\n"));
    let finished = lander.recover().unwrap().finished.unwrap();
    assert_eq!((finished.direction, finished.left), (Direction::Back, vec![PathBuf::from("a")]));
    assert_eq!(ground.status(), " M a\n");
    ground.assert_tidy();
}

#[test]
fn a_killed_update_ref_is_cleaned_up_at_once() {
    use rustix::process::{Signal, kill_process};
    let ground = Ground::new();
    let new = ground.usual();
    let lander = ground.lander().probe(|step| {
        if step == "files" {
            for pid in child::children() {
                kill_process(pid, Signal::KILL).unwrap();
            }
        }
    });
    let before = ground.status();
    lander.land(&ground.request(&new)).unwrap_err();
    assert_eq!(ground.status(), before);
    ground.assert_tidy();
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, "");
}
