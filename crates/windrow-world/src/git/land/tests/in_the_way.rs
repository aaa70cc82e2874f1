//! Moves that are refused with the files named, and nothing touched.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::ground::{Ground, git, put, try_git};
use crate::git::{Busy, Landed, Oid, Operation, Why};

fn adding(ground: &Ground, name: &str) -> Oid {
    ground.work(|at| put(&at.join(name), "landed\n"))
}

#[test]
fn an_edit_is_in_the_way() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.put("a", "a: edited\n");
    ground.put("c", "c: edited, and the landing removes it\n");
    ground.assert_in_the_way(&new, &[("a", Why::Edited), ("c", Why::Edited)]);
}

#[test]
fn a_changed_mode_is_an_edit() {
    use std::os::unix::fs::PermissionsExt as _;
    let ground = Ground::new();
    let new = ground.usual();
    let path = ground.main.join("a");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    ground.assert_in_the_way(&new, &[("a", Why::Edited)]);
}

#[test]
fn an_edit_of_the_same_length_and_time_is_seen() {
    let ground = Ground::new();
    let new = ground.usual();
    let path = ground.main.join("a");
    // The index is as old as the file it knows, and so is the edit: only bytes tell.
    let index = fs::metadata(ground.main.join(".git/index")).unwrap().modified().unwrap();
    // Most builds of git compare whole seconds.
    let index = index - std::time::Duration::from_secs(10);
    let age = |path: &Path| {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_times(fs::FileTimes::new().set_modified(index)).unwrap();
    };
    age(&path);
    ground.git(["-c", "core.trustctime=false", "update-index", "--refresh"]);
    age(&ground.main.join(".git/index"));
    ground.git(["config", "core.trustctime", "false"]);
    let same_length = ground.text("a").to_uppercase();
    let mut file = fs::File::options().write(true).open(&path).unwrap();
    std::io::Write::write_all(&mut file, same_length.as_bytes()).unwrap();
    drop(file);
    age(&path);
    ground.assert_in_the_way(&new, &[("a", Why::Edited)]);
}

#[test]
fn a_staged_change_is_in_the_way() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.put("a", "a: staged\n");
    ground.put("new/file", "staged as new\n");
    ground.git(["add", "a", "new/file"]);
    ground.git(["rm", "-q", "--cached", "dir/one"]);
    let files = [("a", Why::Staged), ("dir/one", Why::Staged), ("new/file", Why::Staged)];
    ground.assert_in_the_way(&new, &files);
}

#[test]
fn an_announced_file_is_in_the_way() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.put("new/file", "announced\n");
    ground.git(["add", "-N", "new/file"]);
    ground.assert_in_the_way(&new, &[("new/file", Why::IntentToAdd)]);
}

#[test]
fn a_deleted_file_is_in_the_way() {
    let ground = Ground::new();
    let new = ground.usual();
    fs::remove_file(ground.main.join("a")).unwrap();
    ground.assert_in_the_way(&new, &[("a", Why::Deleted)]);
}

#[test]
fn an_untracked_file_is_in_the_way() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.put("new/file", "the person's\n");
    ground.assert_in_the_way(&new, &[("new/file", Why::Untracked)]);
}

#[test]
fn an_ignored_file_is_in_the_way() {
    let ground = Ground::new();
    let new = adding(&ground, "deep/x.log");
    ground.put("deep/x.log", "the person's\n");
    ground.assert_in_the_way(&new, &[("deep/x.log", Why::Ignored)]);
}

#[test]
fn a_file_where_a_folder_comes_is_in_the_way() {
    let ground = Ground::new();
    let new = adding(&ground, "x.log/inside");
    ground.put("x.log", "the person's\n");
    ground.assert_in_the_way(&new, &[("x.log", Why::Ignored)]);
}

#[test]
fn a_folder_where_a_file_comes_is_in_the_way() {
    let ground = Ground::new();
    let new = adding(&ground, "place");
    ground.put("place/deep/file", "the person's\n");
    ground.put("place/x.log", "the person's\n");
    let files = [("place/deep/file", Why::Untracked), ("place/x.log", Why::Ignored)];
    ground.assert_in_the_way(&new, &files);
}

#[test]
fn an_ignored_file_in_a_folder_that_becomes_a_file_is_in_the_way() {
    let ground = Ground::new();
    let new = ground.work(|at| {
        fs::remove_dir_all(at.join("dir")).unwrap();
        put(&at.join("dir"), "now a file\n");
    });
    ground.put("dir/x.log", "the person's\n");
    ground.assert_in_the_way(&new, &[("dir/x.log", Why::Ignored)]);
}

#[test]
fn a_link_where_a_folder_comes_is_in_the_way() {
    let ground = Ground::new();
    let new = adding(&ground, "place/file");
    let elsewhere = ground.beside("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, ground.main.join("place")).unwrap();
    ground.assert_in_the_way(&new, &[("place", Why::Untracked)]);
    assert!(fs::read_dir(&elsewhere).unwrap().next().is_none());
}

#[test]
fn a_flagged_edit_is_in_the_way() {
    for flag in ["--skip-worktree", "--assume-unchanged"] {
        let ground = Ground::new();
        let new = ground.usual();
        ground.git(["update-index", flag, "a"]);
        ground.put("a", "a: edited\n");
        ground.assert_in_the_way(&new, &[("a", Why::Flagged)]);
    }
}

#[test]
fn unmerged_entries_are_in_the_way() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.put("e", "e: stashed\n");
    ground.git(["stash", "-q"]);
    ground.put("e", "e: committed\n");
    ground.git(["commit", "-qam", "other"]);
    let new = {
        let onto = ground.head();
        let tree = ground.git(["merge-tree", "--write-tree", onto.as_str(), new.as_str()]);
        let made =
            ground.git(["commit-tree", "-p", "HEAD", "-p", new.as_str(), "-m", "m", tree.trim()]);
        Oid::parse(&made).unwrap()
    };
    assert!(!try_git(&ground.main, ["stash", "pop", "-q"]).status.success());
    ground.assert_in_the_way(&new, &[("e", Why::Unmerged)]);
}

fn assert_operation(ground: &Ground, new: &Oid, which: Operation) {
    let worktree = ground.main.clone();
    assert_eq!(ground.refused(new), Landed::Busy(Busy::Operation { worktree, which }));
    ground.assert_tidy();
}

/// A branch `side` that collides with `main` in `e`.
fn with_side() -> (Ground, Oid) {
    let ground = Ground::new();
    ground.git(["checkout", "-qb", "side"]);
    ground.put("e", "e: side\n");
    ground.git(["commit", "-qam", "side"]);
    ground.git(["checkout", "-q", "main"]);
    ground.put("e", "e: main\n");
    ground.git(["commit", "-qam", "main"]);
    let new = ground.usual();
    (ground, new)
}

#[test]
fn an_open_merge_holds() {
    let (ground, new) = with_side();
    ground.git(["merge", "--no-commit", "-q", "-s", "ours", "side"]);
    assert_operation(&ground, &new, Operation::Merge);
}

#[test]
fn an_open_cherry_pick_or_revert_holds() {
    let (ground, new) = with_side();
    assert!(!try_git(&ground.main, ["cherry-pick", "side"]).status.success());
    assert_operation(&ground, &new, Operation::CherryPick);
    ground.git(["cherry-pick", "--abort"]);
    ground.git(["revert", "--no-commit", "main"]);
    assert_operation(&ground, &new, Operation::Revert);
}

#[test]
fn a_stopped_rebase_holds_although_head_is_detached() {
    for backend in ["--merge", "--apply"] {
        let (ground, new) = with_side();
        assert!(!try_git(&ground.main, ["rebase", backend, "side"]).status.success());
        assert_operation(&ground, &new, Operation::Rebase);
    }
}

#[test]
fn a_rebase_that_will_update_the_branch_holds() {
    let (ground, new) = with_side();
    ground.git(["checkout", "-qb", "top"]);
    ground.put("d", "d: top\n");
    ground.git(["commit", "-qam", "top"]);
    let stopped = try_git(&ground.main, ["rebase", "--update-refs", "side"]);
    assert!(!stopped.status.success());
    assert_operation(&ground, &new, Operation::Rebase);
}

#[test]
fn a_bisection_away_from_the_branch_holds() {
    let (ground, _) = with_side();
    ground.git(["commit", "-q", "--allow-empty", "-m", "one more"]);
    let new = ground.usual();
    ground.git(["bisect", "start", "main", "main~2"]);
    assert_operation(&ground, &new, Operation::Bisect);
}

#[test]
fn two_checkouts_hold() {
    let ground = Ground::new();
    let new = ground.usual();
    let linked = ground.beside("linked");
    ground.git(["worktree", "add", "-q", "-f", linked.to_str().unwrap(), "main"]);
    let worktrees = vec![ground.main.clone(), linked.clone()];
    assert_eq!(ground.refused(&new), Landed::Busy(Busy::TwoCheckouts { worktrees }));
    assert_eq!(git(&linked, ["status", "--porcelain"]), "");
}

#[test]
fn a_held_index_lock_holds() {
    let ground = Ground::new();
    let new = ground.usual();
    let lock = ground.main.join(".git/index.lock");
    ground.put(".git/index.lock", "");
    let worktree = ground.main.clone();
    assert_eq!(
        ground.refused(&new),
        Landed::Busy(Busy::IndexLocked { worktree, lock: lock.clone() })
    );
    assert!(lock.exists());
    fs::remove_file(lock).unwrap();
    ground.assert_tidy();
}

#[test]
fn a_held_branch_holds() {
    for name in ["refs/heads/main.lock", "HEAD.lock"] {
        let ground = Ground::new();
        let new = ground.usual();
        let lock = ground.main.join(".git").join(name);
        ground.put(&format!(".git/{name}"), "");
        assert!(matches!(ground.refused(&new), Landed::Busy(Busy::RefLocked { .. })), "{name}");
        assert!(lock.exists());
        fs::remove_file(lock).unwrap();
        ground.assert_tidy();
        let landed = ground.land(&new);
        ground.assert_landed(&landed, &new, "");
    }
}

#[test]
fn a_branch_that_moved_is_not_touched() {
    let ground = Ground::new();
    let new = ground.usual();
    let request = ground.request(&new);
    ground.put("a", "a: the person's\n");
    ground.git(["commit", "-qam", "the person's"]);
    let before = ground.everything();
    let landed = ground.lander().land(&request).unwrap();
    assert_eq!(landed, Landed::TargetMoved { head: Some(ground.head()) });
    assert_eq!(ground.everything(), before);
    ground.assert_tidy();
}

#[test]
fn a_move_made_before_is_told_so() {
    let ground = Ground::new();
    let new = ground.usual();
    let request = ground.request(&new);
    ground.lander().land(&request).unwrap();
    ground.git(["commit", "-q", "--allow-empty", "-m", "the person's"]);
    let landed = ground.lander().land(&request).unwrap();
    assert_eq!(landed, Landed::Already { head: ground.head() });
}

#[test]
fn a_move_that_would_drop_commits_is_an_error() {
    let ground = Ground::new();
    let new = ground.head();
    ground.put("a", "a: the person's\n");
    ground.git(["commit", "-qam", "the person's"]);
    let side = ground.work_on("main~1", |at| put(&at.join("b"), "b: side\n"));
    ground.lander().land(&ground.request(&side)).unwrap_err();
    let back = ground.lander().land(&ground.request(&new)).unwrap_err();
    assert!(back.to_string().starts_with("invalid move"), "{back}");
}

#[test]
fn a_checkout_among_the_workers_is_not_followed() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.git(["checkout", "-q", "--detach"]);
    let linked = ground.beside("workers/one");
    ground.git(["worktree", "add", "-q", linked.to_str().unwrap(), "main"]);
    let lander = ground.lander().keep_out_of(ground.beside("workers"));
    let landed = lander.land(&ground.request(&new)).unwrap();
    assert_eq!(landed, Landed::Busy(Busy::KeptOut { worktree: linked }));
}

#[test]
fn a_git_directory_that_points_elsewhere_is_not_followed() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.git(["checkout", "-q", "--detach"]);
    let linked = ground.beside("linked");
    ground.git(["worktree", "add", "-q", linked.to_str().unwrap(), "main"]);
    let victim = ground.beside("victim");
    fs::create_dir(&victim).unwrap();
    put(&victim.join(".git"), "gitdir: /nowhere\n");
    ground.put(".git/worktrees/linked/gitdir", format!("{}/.git\n", victim.display()));
    let landed = ground.land(&new);
    assert_eq!(landed, Landed::Moved { followed: None, missing: vec![victim.clone()] });
    assert_eq!(super::ground::files(&victim).len(), 1);
}
