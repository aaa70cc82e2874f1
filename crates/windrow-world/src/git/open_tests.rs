use std::fs;

use super::*;
use crate::git::fixture::{Fixture, git, put, try_git};

fn check(text: &str, expected: Option<(u32, u32)>) {
    assert_eq!(parse_version(text), expected, "{text}");
}

#[test]
fn versions_are_read_in_every_spelling() {
    check("git version 2.47.3\n", Some((2, 47)));
    check("git version 2.39.5 (Apple Git-154)", Some((2, 39)));
    check("git version 2.45.0.windows.1", Some((2, 45)));
    check("git version 3.0-rc1", Some((3, 0)));
    check("something else", None);
}

#[test]
fn a_repository_is_found_from_anywhere_in_it() {
    let fx = Fixture::new();
    for at in ["", "src", ".git"] {
        let found = Repo::discover(&fx.main.join(at)).unwrap();
        assert_eq!(found.repo.common_dir(), fx.main.join(".git"));
        assert_eq!(found.main.path, fx.main);
        assert_eq!(found.linked, None);
    }
    let tree = fx.create("toast");
    let found = Repo::discover(&tree.path.join("src")).unwrap();
    assert_eq!(found.main, Tree { path: fx.main.clone(), git_dir: fx.main.join(".git") });
    assert_eq!(found.linked, Some(tree));
}

#[test]
fn what_cannot_be_worked_with_is_refused_by_name() {
    let fx = Fixture::new();
    let plain = fx.beside("plain");
    fs::create_dir(&plain).unwrap();
    let error = Repo::discover(&plain).unwrap_err();
    assert!(matches!(error, OpenError::NoRepository { .. }), "{error:?}");
    let error = Repo::discover(&fx.beside("gone")).unwrap_err();
    assert!(matches!(error, OpenError::Missing { .. }), "{error:?}");
    let bare = fx.beside("bare");
    git(&plain, ["init", "-q", "--bare", bare.to_str().unwrap()]);
    let error = Repo::discover(&bare).unwrap_err();
    assert!(matches!(error, OpenError::Bare { .. }), "{error:?}");
    git(&plain, ["init", "-q", "-b", "fresh"]);
    let error = Repo::discover(&plain).unwrap_err();
    let OpenError::Unborn { branch, .. } = &error else { panic!("{error:?}") };
    assert_eq!(branch, "fresh");
    assert!(error.to_string().contains("has no commit yet"));
}

#[test]
fn a_reftable_repository_is_refused() {
    let fx = Fixture::new();
    let made = try_git(&fx.main, ["init", "-q", "--ref-format=reftable", "../tables"]);
    let path = fx.beside("tables");
    if made.status.success() {
        git(&path, ["commit", "-q", "--allow-empty", "-m", "x"]);
    } else {
        // An older git cannot make one; what tells them apart is this folder.
        git(&fx.main, ["init", "-q", "../tables"]);
        fs::create_dir(path.join(".git/reftable")).unwrap();
    }
    let error = Repo::discover(&path).unwrap_err();
    assert!(matches!(error, OpenError::Unsupported { .. }), "{error:?}");
}

#[test]
fn a_repository_of_somebody_else_is_refused() {
    let fx = Fixture::new();
    if !rustix::process::geteuid().is_root() {
        // Only root can give a folder away, so nobody else can show this.
        return;
    }
    let nobody = rustix::fs::Uid::from_raw(65534);
    for path in [fx.main.clone(), fx.main.join(".git")] {
        rustix::fs::chown(&path, Some(nobody), None).unwrap();
    }
    let error = Repo::discover(&fx.main).unwrap_err();
    assert!(matches!(error, OpenError::Untrusted { .. }), "{error:?}");
}

#[test]
fn an_identity_is_read_and_never_guessed() {
    let fx = Fixture::new();
    git(&fx.main, ["config", "user.name", "A Person"]);
    git(&fx.main, ["config", "user.email", ""]);
    let error = identity(&fx.repo).unwrap_err();
    assert!(matches!(error, OpenError::NoIdentity { missing: "user.email" }), "{error:?}");
    git(&fx.main, ["config", "user.email", "person@example.org"]);
    assert_eq!(identity(&fx.repo).unwrap(), crate::git::fixture::me());
    git(&fx.main, ["config", "committer.name", "Another"]);
    assert_eq!(identity(&fx.repo).unwrap().name, "Another");
}

#[test]
fn branches_and_operations_are_told_apart() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    let on = current_branch(&fx.repo, &tree).unwrap();
    assert_eq!(on, Branch::On { name: "windrow/toast".to_owned(), at: fx.base.clone() });
    put(&fx.main.join("a.txt"), "theirs\n");
    git(&fx.main, ["commit", "-qam", "theirs"]);
    put(&tree.path.join("a.txt"), "mine\n");
    git(&tree.path, ["commit", "-qam", "mine"]);
    assert_eq!(operation_in_progress(&tree), None);
    let tries: [(&[&str], Operation, &[&str]); 6] = [
        (&["merge", "main"], Operation::Merge, &["merge", "--abort"]),
        (&["rebase", "main"], Operation::Rebase, &["rebase", "--abort"]),
        (&["rebase", "--apply", "main"], Operation::Rebase, &["rebase", "--abort"]),
        (&["cherry-pick", "main"], Operation::CherryPick, &["cherry-pick", "--abort"]),
        (&["revert", "--no-edit", "-n", "HEAD"], Operation::Revert, &["revert", "--abort"]),
        (&["bisect", "start"], Operation::Bisect, &["bisect", "reset"]),
    ];
    for (start, operation, abort) in tries {
        try_git(&tree.path, start);
        assert_eq!(operation_in_progress(&tree), Some(operation), "{start:?}");
        git(&tree.path, abort);
        assert_eq!(operation_in_progress(&tree), None, "{abort:?}");
    }
    git(&tree.path, ["checkout", "-q", "--detach", "main"]);
    assert!(matches!(current_branch(&fx.repo, &tree).unwrap(), Branch::Detached(_)));
    git(&tree.path, ["checkout", "-q", "--orphan", "new"]);
    assert_eq!(current_branch(&fx.repo, &tree).unwrap(), Branch::Unborn("new".to_owned()));
}
