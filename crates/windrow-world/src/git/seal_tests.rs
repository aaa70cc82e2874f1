use super::*;
use crate::git::fixture::{Fixture, git, me, put, try_git};

#[test]
fn leftovers_become_one_commit_on_the_branch() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    put(&tree.path.join("new/-odd \n\"name"), "x\n");
    put(&tree.path.join("a.txt"), "changed\n");
    put(&tree.path.join("noise.log"), "ignored\n");
    fs::remove_file(tree.path.join("b.txt")).unwrap();
    let found = leftovers(&fx.repo, &tree).unwrap();
    assert_eq!(found.paths.len(), 3, "{found:?}");
    put(&tree.git_dir.join("index.lock"), "left by a killed git");
    let commit = commit_leftovers(&fx.repo, &tree, "a task\n", &me(), None).unwrap().unwrap();
    assert_eq!(head(&fx.repo, &tree).unwrap(), Some(commit.clone()));
    assert_eq!(git(&tree.path, ["status", "--porcelain"]), "");
    assert_eq!(git(&tree.path, ["log", "--format=%s|%an", "-1"]), "a task|A Person");
    let changed = changed_paths(&fx.repo, &fx.base, &commit).unwrap();
    let names = ["a.txt", "b.txt", "new/-odd \n\"name"].map(PathBuf::from);
    assert_eq!(changed, names);
    assert_eq!(commit_leftovers(&fx.repo, &tree, "a task\n", &me(), None).unwrap(), None);
    assert!(leftovers(&fx.repo, &tree).unwrap().is_empty());
}

#[test]
fn looking_for_leftovers_changes_nothing() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    put(&tree.path.join("a.txt"), "changed\n");
    let before = fs::read(tree.git_dir.join("index")).unwrap();
    leftovers(&fx.repo, &tree).unwrap();
    assert_eq!(fs::read(tree.git_dir.join("index")).unwrap(), before);
}

#[test]
fn the_branch_the_worker_is_on_is_what_counts() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    git(&tree.path, ["checkout", "-q", "-b", "elsewhere"]);
    put(&tree.path.join("one"), "1");
    let one = commit_leftovers(&fx.repo, &tree, "one", &me(), None).unwrap();
    assert_eq!(fx.repo.commit("elsewhere").unwrap(), one);
    assert_eq!(fx.repo.commit("windrow/toast").unwrap(), Some(fx.base.clone()));
    git(&tree.path, ["checkout", "-q", "--detach"]);
    put(&tree.path.join("two"), "2");
    let two = commit_leftovers(&fx.repo, &tree, "two", &me(), None).unwrap();
    assert_eq!(head(&fx.repo, &tree).unwrap(), two);
    assert_eq!(fx.repo.commit("elsewhere").unwrap(), one);
    git(&tree.path, ["checkout", "-q", "--orphan", "empty"]);
    assert_eq!(head(&fx.repo, &tree).unwrap(), None);
    let refused = commit_leftovers(&fx.repo, &tree, "x", &me(), None);
    assert!(matches!(refused, Err(SealError::NoCommit { .. })), "{refused:?}");
}

#[test]
fn what_a_commit_would_not_hold_is_refused_by_name() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    let seal = || commit_leftovers(&fx.repo, &tree, "x", &me(), None);
    git(&tree.path, ["init", "-q", "nested"]);
    put(&tree.path.join("nested/file"), "x");
    let Err(SealError::Nested { nested, .. }) = seal() else { panic!("{:?}", seal()) };
    assert_eq!(nested, [PathBuf::from("nested/")]);
    fs::remove_dir_all(tree.path.join("nested")).unwrap();
    put(&fx.main.join("a.txt"), "theirs\n");
    git(&fx.main, ["commit", "-qam", "theirs"]);
    put(&tree.path.join("a.txt"), "mine\n");
    git(&tree.path, ["commit", "-qam", "mine"]);
    assert!(!try_git(&tree.path, ["merge", "main"]).status.success());
    let Err(SealError::Unmerged { files, .. }) = seal() else { panic!("{:?}", seal()) };
    assert_eq!(files, [PathBuf::from("a.txt")]);
    git(&tree.path, ["add", "a.txt"]);
    let Err(SealError::Unfinished { operation, .. }) = seal() else { panic!("{:?}", seal()) };
    assert_eq!(operation, Operation::Merge);
    let said = seal().unwrap_err().to_string();
    assert!(said.ends_with("a merge is unfinished"), "{said}");
    assert_eq!(git(&tree.path, ["log", "--format=%s", "-1"]), "mine");
}

#[test]
fn flagged_files_are_named_and_not_committed() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    git(&tree.path, ["update-index", "--skip-worktree", "a.txt"]);
    put(&tree.path.join("a.txt"), "hidden\n");
    let left = leftovers(&fx.repo, &tree).unwrap();
    assert_eq!((left.flagged, left.paths), (vec![PathBuf::from("a.txt")], vec![]));
    assert_eq!(commit_leftovers(&fx.repo, &tree, "x", &me(), None).unwrap(), None);
}

#[test]
fn a_branch_that_moved_is_not_overwritten() {
    let fx = Fixture::new();
    let name = "refs/windrow/kept/s/1";
    pin(&fx.repo, name, &fx.base, None).unwrap();
    pin(&fx.repo, name, &fx.base, None).unwrap();
    git(&fx.main, ["commit", "-q", "--allow-empty", "-m", "next"]);
    let next = fx.repo.commit("main").unwrap().unwrap();
    let refused = pin(&fx.repo, name, &next, None);
    assert!(matches!(refused, Err(GitError::RefMoved { .. })), "{refused:?}");
    pin(&fx.repo, name, &next, Some(&fx.base)).unwrap();
    assert_eq!(fx.repo.ref_value(name).unwrap(), Some(next));
}
