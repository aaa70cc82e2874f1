//! Moves that go through, with the person's own work beside them as it was.

use super::ground::{Ground, git, put};
use std::fs;

#[test]
fn a_clean_checkout_follows() {
    let ground = Ground::new();
    let new = ground.usual();
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, "");
    assert_eq!(ground.text("a"), "a: landed\n");
    assert_eq!(ground.text("new/file"), "new: landed\n");
    assert!(!ground.main.join("c").exists());
}

#[test]
fn edits_of_other_files_stay_as_they_are() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.put("b", "b: edited\n");
    ground.put("d", "d: staged\n");
    ground.git(["add", "d"]);
    ground.put("d", "d: staged, then edited\n");
    ground.put("added", "staged as new\n");
    ground.git(["add", "added"]);
    ground.put("announced", "only announced\n");
    ground.git(["add", "-N", "announced"]);
    ground.put("loose", "untracked\n");
    ground.put("x.log", "ignored\n");
    fs::remove_file(ground.main.join("e")).unwrap();
    let status = ground.status();
    let staged = ground.git(["diff", "--cached"]);
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, &status);
    assert_eq!(ground.git(["diff", "--cached"]), staged);
    assert_eq!(ground.text("d"), "d: staged, then edited\n");
    assert_eq!(ground.text("x.log"), "ignored\n");
}

#[test]
fn a_free_branch_moves_alone() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.git(["checkout", "-q", "--detach"]);
    let landed = ground.land(&new);
    assert_eq!(landed, crate::git::Landed::Moved { followed: None, missing: Vec::new() });
    assert_eq!(ground.head(), new);
    assert_eq!(ground.status(), "");
    assert_eq!(ground.text("a"), "a: first line\n");
    ground.assert_tidy();
}

#[test]
fn a_linked_worktree_follows() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.git(["checkout", "-q", "--detach"]);
    let linked = ground.beside("linked");
    ground.git(["worktree", "add", "-q", linked.to_str().unwrap(), "main"]);
    put(&linked.join("b"), "b: edited\n");
    let landed = ground.land(&new);
    let followed = Some(linked.clone());
    assert_eq!(landed, crate::git::Landed::Moved { followed, missing: Vec::new() });
    assert_eq!(git(&linked, ["status", "--porcelain"]), " M b\n");
    assert_eq!(ground.status(), "");
    assert_eq!(ground.text("a"), "a: first line\n");
}
