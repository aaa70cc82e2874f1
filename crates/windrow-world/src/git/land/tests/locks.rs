//! Locks on the branch and on `HEAD` that came after the record: ours go, everybody else's stay.

use std::path::PathBuf;
use std::process::Child;

use super::child::{self, Dies, Verb};
use super::ground::Ground;
use crate::cmd::Cmd;
use crate::git::{Busy, Direction, LandError, Oid};

/// A ground where the landing of `usual` work was killed at `step`, and all its git with it.
fn killed(step: &str) -> (Ground, Oid) {
    let ground = Ground::new();
    let new = ground.usual();
    let done = child::run(&ground, Verb::Land, &new, step, Dies::All);
    assert!(!done.status.success(), "`{step}` was not reached");
    (ground, new)
}

fn head_lock(ground: &Ground) -> PathBuf {
    ground.main.join(".git/HEAD.lock")
}

fn assert_held(ground: &Ground) {
    let error = ground.lander().recover().unwrap_err();
    assert!(matches!(error, LandError::Held(Busy::RefLocked { .. })), "{error:?}");
}

/// A git in the person's checkout that lives until its input ends.
fn a_live_git(ground: &Ground) -> Child {
    let cat = Cmd::new("git").args(["cat-file", "--batch"]).dir(&ground.main);
    cat.dialogue().unwrap()
}

fn end(mut git: Child) {
    drop(git.stdin.take());
    git.wait().unwrap();
}

#[test]
fn our_empty_lock_on_head_goes_together_with_ours_on_the_branch() {
    let (ground, new) = killed("prepared");
    let branch = ground.main.join(".git/refs/heads/main.lock");
    assert_eq!(std::fs::read(head_lock(&ground)).unwrap(), b"");
    let recovered = ground.lander().recover().unwrap();
    assert_eq!(recovered.removed, [head_lock(&ground), branch]);
    assert_eq!(recovered.finished.unwrap().direction, Direction::Forward);
    assert_eq!((ground.head(), ground.status()), (new, String::new()));
    ground.assert_tidy();
}

#[test]
fn an_empty_lock_waits_while_any_git_lives_that_could_hold_it() {
    let (ground, new) = killed("prepared");
    let theirs = a_live_git(&ground);
    for _ in 0..2 {
        assert_held(&ground);
        assert!(head_lock(&ground).exists());
    }
    end(theirs);
    assert_eq!(ground.lander().recover().unwrap().finished.unwrap().direction, Direction::Forward);
    assert_eq!((ground.head(), ground.status()), (new, String::new()));
    ground.assert_tidy();
}

#[test]
fn somebodys_live_lock_on_head_is_spared_however_long_it_is_held() {
    let (ground, _) = killed("recorded");
    let theirs = a_live_git(&ground);
    ground.put(".git/HEAD.lock", "");
    assert_held(&ground);
    assert!(head_lock(&ground).exists());
    end(theirs);
    // Nor does it go when its holder cannot be seen: nothing tells that our git came that far.
    assert_held(&ground);
    assert!(head_lock(&ground).exists());
    std::fs::remove_file(head_lock(&ground)).unwrap();
    ground.lander().recover().unwrap();
    assert_eq!(ground.status(), "");
    ground.assert_tidy();
}

#[test]
fn a_lock_on_head_goes_when_the_branch_has_moved_and_the_prints_are_lost() {
    let (ground, new) = killed("moved");
    // What a power loss may leave: the flushed move and record, and not the noted prints.
    std::fs::remove_file(ground.beside("state/moving-locks.json")).unwrap();
    ground.put(".git/HEAD.lock", "");
    let recovered = ground.lander().recover().unwrap();
    assert_eq!(recovered.removed, [head_lock(&ground)]);
    assert_eq!((ground.head(), ground.status()), (new, String::new()));
    ground.assert_tidy();
}

#[test]
fn a_look_does_not_take_what_an_interrupted_move_left_for_somebodys_edit() {
    let (ground, new) = killed("files");
    let request = ground.request(&new);
    assert!(ground.lander().look(&request).unwrap().is_none());
    ground.lander().recover().unwrap();
    assert_eq!(ground.status(), "");
    ground.assert_tidy();
}
