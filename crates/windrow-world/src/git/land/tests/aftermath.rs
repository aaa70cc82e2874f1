//! What a person does between a kill and the recovery is theirs.

use std::fs;
use std::path::PathBuf;

use super::child::{self, Dies, Verb};
use super::ground::Ground;
use crate::git::{Busy, Direction, Finished, Landed, Oid};

/// A ground where the landing of `usual` work was killed at `step`.
fn killed(step: &str) -> (Ground, Oid, Oid) {
    let ground = Ground::new();
    let new = ground.usual();
    let old = ground.head();
    let done = child::run(&ground, Verb::Land, &new, step, Dies::Lander);
    assert!(!done.status.success());
    (ground, old, new)
}

fn recover(ground: &Ground) -> Finished {
    let finished = ground.lander().recover().unwrap().finished.unwrap();
    ground.assert_tidy();
    assert_eq!(ground.lander().recover().unwrap().finished, None);
    finished
}

#[test]
fn an_edit_after_the_branch_moved_is_left_and_named() {
    let (ground, _, new) = killed("moved");
    ground.put("a", "a: edited\n");
    ground.put("new/file", "new: edited\n");
    let finished = recover(&ground);
    assert_eq!(finished.direction, Direction::Forward);
    assert_eq!(finished.left, [PathBuf::from("a"), PathBuf::from("new/file")]);
    assert_eq!(ground.head(), new);
    assert_eq!(ground.text("a"), "a: edited\n");
    assert_eq!(ground.status(), " M a\n M new/file\n");
}

#[test]
fn an_edit_before_the_branch_moved_takes_the_rest_back() {
    let (ground, old, _) = killed("files");
    ground.put("a", "a: edited\n");
    let finished = recover(&ground);
    assert_eq!(finished.direction, Direction::Back);
    assert_eq!(finished.left, [PathBuf::from("a")]);
    assert_eq!(ground.head(), old);
    assert_eq!(ground.text("a"), "a: edited\n");
    assert_eq!(ground.status(), " M a\n");
    assert!(!ground.main.join("new").exists());
}

#[test]
fn a_file_cut_off_while_it_was_written_is_finished() {
    for (step, cut) in [("moved", 0), ("moved", 7), ("files", 0), ("files", 7)] {
        let (ground, _, new) = killed(step);
        fs::File::options()
            .write(true)
            .open(ground.main.join("dir/one"))
            .unwrap()
            .set_len(cut)
            .unwrap();
        fs::remove_file(ground.main.join("a")).unwrap();
        let finished = recover(&ground);
        assert_eq!((finished.direction, finished.left.len()), (Direction::Forward, 0));
        assert_eq!(ground.head(), new);
        assert_eq!(ground.status(), "");
        assert_eq!(ground.text("dir/one"), "one: landed\nwith a second line\n");
    }
}

#[test]
fn a_branch_moved_elsewhere_takes_the_files_back() {
    let (ground, old, _) = killed("files");
    let other = ground.git(["commit-tree", "-p", "HEAD", "-m", "other", "HEAD^{tree}"]);
    ground.git(["update-ref", "refs/heads/main", other.trim()]);
    fs::File::options().write(true).open(ground.main.join("new/file")).unwrap().set_len(3).unwrap();
    let finished = recover(&ground);
    assert_eq!((finished.direction, finished.left.len()), (Direction::Back, 0));
    assert_eq!(ground.head().as_str(), other.trim());
    assert_eq!(ground.status(), "");
    assert_eq!(ground.text("a"), "a: first line\n");
    assert_eq!(ground.text("c"), "c: first line\n");
    assert!(!ground.main.join("new").exists());
    assert_ne!(ground.head(), old);
}

#[test]
fn going_back_killed_half_way_goes_back_again() {
    for step in ["judging", "settled", "undone", "rewritten", "reinstalled"] {
        let (ground, _, new) = killed("files");
        let other = ground.git(["commit-tree", "-p", "HEAD", "-m", "other", "HEAD^{tree}"]);
        ground.git(["update-ref", "refs/heads/main", other.trim()]);
        let done = child::run(&ground, Verb::Recover, &new, step, Dies::All);
        assert!(!done.status.success(), "`{step}` was not reached");
        if step == "settled" {
            let file = fs::File::options().write(true).open(ground.main.join("c")).unwrap();
            file.set_len(4).unwrap();
        }
        recover(&ground);
        assert_eq!(ground.status(), "", "{step}");
        assert_eq!(ground.text("c"), "c: first line\n", "{step}");
    }
}

#[test]
fn a_commit_after_the_landing_was_through_stays() {
    let (ground, _, new) = killed("installed");
    ground.put("a", "a: edited\n");
    ground.git(["commit", "-qam", "the person's"]);
    let theirs = ground.head();
    let finished = recover(&ground);
    assert_eq!((finished.direction, finished.left.len()), (Direction::Forward, 0));
    assert_eq!(ground.head(), theirs);
    assert_eq!(ground.status(), "");
    ground.git(["merge-base", "--is-ancestor", new.as_str(), "main"]);
}

#[test]
fn a_landing_taken_back_by_the_person_stays_back() {
    for mode in ["--hard", "--mixed", "--soft"] {
        let (ground, old, _) = killed("installed");
        ground.git(["reset", "-q", mode, old.as_str()]);
        let before = ground.everything();
        recover(&ground);
        assert_eq!(ground.everything(), before, "{mode}");
    }
}

#[test]
fn a_checkout_whose_lock_the_person_removed_is_theirs() {
    for step in ["files", "moved", "written"] {
        let (ground, _, _) = killed(step);
        fs::remove_file(ground.main.join(".git/index.lock")).unwrap();
        ground.git(["commit", "-qam", "whatever was there"]);
        let before = ground.everything();
        let finished = recover(&ground);
        assert_ne!(finished.direction, Direction::Back, "{step}");
        assert_eq!(ground.everything(), before, "{step}");
    }
}

#[test]
fn a_removed_lock_and_nothing_else_is_finished() {
    for step in ["files", "moved", "written"] {
        let (ground, _, new) = killed(step);
        fs::remove_file(ground.main.join(".git/index.lock")).unwrap();
        assert_eq!(recover(&ground).direction, Direction::Forward, "{step}");
        assert_eq!(ground.head(), new, "{step}");
        assert_eq!(ground.status(), "", "{step}");
    }
}

#[test]
fn somebody_elses_lock_is_not_removed() {
    let (ground, old, new) = killed("moved");
    let lock = ground.main.join(".git/index.lock");
    fs::remove_file(&lock).unwrap();
    ground.put(".git/index.lock", "");
    ground.lander().recover().unwrap_err();
    let request = crate::git::Move { old, ..ground.request(&new) };
    let landed = ground.lander().land(&request).unwrap();
    let worktree = ground.main.clone();
    let busy = Busy::IndexLocked { worktree, lock: lock.clone() };
    assert_eq!(landed, Landed::Busy(busy));
    assert!(lock.exists());
    fs::remove_file(&lock).unwrap();
    assert_eq!(recover(&ground).direction, Direction::Forward);
    assert_eq!(ground.status(), "");
}

#[test]
fn a_checkout_that_is_gone_holds_nothing_up() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.git(["checkout", "-q", "--detach"]);
    let linked = ground.beside("linked");
    ground.git(["worktree", "add", "-q", linked.to_str().unwrap(), "main"]);
    child::run(&ground, Verb::Land, &new, "files", Dies::Lander);
    fs::remove_dir_all(&linked).unwrap();
    assert_eq!(recover(&ground).direction, Direction::Back);
    let request = ground.request(&new);
    let missing = vec![linked];
    let moved = Landed::Moved { followed: None, missing };
    assert_eq!(ground.lander().land(&request).unwrap(), moved);
}

#[test]
fn what_the_person_staged_alike_is_not_judged() {
    for step in ["files", "moved"] {
        let ground = Ground::new();
        let new = ground.usual();
        ground.put("a", "a: landed\n");
        ground.git(["add", "a"]);
        ground.put("a", "a: landed, then edited\n");
        child::run(&ground, Verb::Land, &new, step, Dies::Lander);
        let finished = recover(&ground);
        assert_eq!((finished.direction, finished.left.len()), (Direction::Forward, 0), "{step}");
        assert_eq!(ground.head(), new);
        assert_eq!(ground.status(), " M a\n");
        assert_eq!(ground.text("a"), "a: landed, then edited\n");
    }
}
