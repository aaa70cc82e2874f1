//! Moves that go through, with the person's own work beside them as it was.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::{Duration, SystemTime};

use super::ground::{Ground, git, put};
use crate::git::{Busy, Landed, Why};

#[test]
fn a_clean_checkout_follows() {
    let ground = Ground::new();
    let new = ground.usual();
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, "");
    assert_eq!(ground.text("a"), "a: landed\n");
    assert_eq!(ground.text("new/file"), "new: landed\n");
    assert!(!ground.main.join("c").exists());
    let log = ground.git(["reflog", "-1", "--format=%gs", "HEAD"]);
    assert_eq!(log, "windrow: land 7\n");
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
    ground.git(["rm", "-q", "--cached", "dir/two"]);
    let status = ground.status();
    let staged = ground.git(["diff", "--cached"]);
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, &status);
    assert_eq!(ground.git(["diff", "--cached"]), staged);
    assert_eq!(ground.text("d"), "d: staged, then edited\n");
    assert_eq!(ground.text("x.log"), "ignored\n");
}

#[test]
fn flags_of_the_index_stay() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.git(["update-index", "--skip-worktree", "b"]);
    ground.git(["update-index", "--assume-unchanged", "d"]);
    ground.put("b", "b: hidden edit\n");
    ground.put("d", "d: hidden edit\n");
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, "");
    let flags = ground.git(["ls-files", "-v", "b", "d"]);
    assert_eq!(flags, "S b\nh d\n");
    assert_eq!(ground.text("b"), "b: hidden edit\n");
    assert_eq!(ground.text("d"), "d: hidden edit\n");
}

#[test]
fn a_flagged_file_without_an_edit_is_no_hindrance() {
    for flag in ["--skip-worktree", "--assume-unchanged"] {
        let ground = Ground::new();
        let new = ground.usual();
        ground.git(["update-index", flag, "a"]);
        let landed = ground.land(&new);
        ground.assert_landed(&landed, &new, "");
        assert_eq!(ground.text("a"), "a: landed\n", "{flag}");
    }
}

#[test]
fn what_git_alone_refuses_is_left_as_it_is() {
    let ground = Ground::new();
    let new = ground.usual();
    let touch = |ago: u64| {
        let file = fs::File::options().write(true).open(ground.main.join("a")).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(ago)).unwrap();
    };
    // Touched long after the index last saw it, and nobody told git to look again.
    touch(120);
    ground.git(["update-index", "--refresh"]);
    ground.git(["update-index", "--assume-unchanged", "a", "b"]);
    touch(60);
    let index = fs::read(ground.main.join(".git/index")).unwrap();
    let landed = ground.land(&new);
    let Landed::Busy(Busy::InTheWay { files, .. }) = &landed else { panic!("{landed:?}") };
    assert!(matches!(files[0].why, Why::Refused(_)), "{files:?}");
    assert!(fs::read(ground.main.join(".git/index")).unwrap() == index, "the index was touched");
}

#[test]
fn a_touched_file_is_no_edit() {
    let ground = Ground::new();
    let new = ground.usual();
    let text = ground.text("a");
    fs::remove_file(ground.main.join("a")).unwrap();
    ground.put("a", text);
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, "");
}

#[test]
fn what_the_person_staged_alike_is_no_hindrance() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.put("a", "a: landed\n");
    ground.git(["add", "a"]);
    ground.put("a", "a: landed, then edited\n");
    ground.git(["rm", "-q", "c"]);
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, " M a\n");
    assert_eq!(ground.text("a"), "a: landed, then edited\n");
}

#[test]
fn a_deletion_of_a_file_that_goes_anyway_is_no_hindrance() {
    let ground = Ground::new();
    let new = ground.usual();
    fs::remove_file(ground.main.join("c")).unwrap();
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, "");
}

#[test]
fn a_sparse_checkout_stays_sparse() {
    for cone in ["--cone", "--no-cone"] {
        let ground = Ground::new();
        let new = ground.work(|at| {
            put(&at.join("a"), "a: landed\n");
            put(&at.join("dir/one"), "one: landed\n");
            put(&at.join("dir/more"), "more: landed\n");
            put(&at.join("kept/file"), "kept: landed\n");
        });
        match cone {
            "--cone" => ground.git(["sparse-checkout", "set", cone, "kept"]),
            _ => ground.git(["sparse-checkout", "set", cone, "/kept/", "/a"]),
        };
        assert!(!ground.main.join("dir").exists());
        let landed = ground.land(&new);
        ground.assert_landed(&landed, &new, "");
        assert!(!ground.main.join("dir").exists(), "{cone}");
        assert_eq!(ground.text("kept/file"), "kept: landed\n");
        assert_eq!(ground.text("a"), "a: landed\n");
    }
}

#[test]
fn a_split_index_is_understood() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.git(["update-index", "--split-index"]);
    ground.put("d", "d: staged\n");
    ground.git(["add", "d"]);
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, "M  d\n");
}

#[test]
fn a_bisection_that_has_only_begun_is_no_hindrance() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.git(["bisect", "start"]);
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, "");
}

#[test]
fn hooks_never_run() {
    let ground = Ground::new();
    let new = ground.usual();
    let hooks = [
        "post-checkout",
        "post-merge",
        "post-index-change",
        "reference-transaction",
        "pre-commit",
        "post-commit",
        "fsmonitor-watchman",
    ];
    let ran = ground.beside("ran");
    for hook in hooks {
        let path = ground.main.join(".git/hooks").join(hook);
        put(&path, format!("#!/bin/sh\necho {hook} >> {}\n", ran.display()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let landed = ground.land(&new);
    assert!(!ran.exists(), "{}", fs::read_to_string(&ran).unwrap());
    for hook in hooks {
        fs::remove_file(ground.main.join(".git/hooks").join(hook)).unwrap();
    }
    ground.assert_landed(&landed, &new, "");
}

#[test]
fn filters_and_line_ends_are_the_checkouts() {
    let ground = Ground::new();
    ground.git(["config", "filter.big.smudge", "sed 's/^pointer /content of /'"]);
    ground.git(["config", "filter.big.clean", "sed 's/^content of /pointer /'"]);
    ground.git(["config", "filter.big.required", "true"]);
    ground.put(".gitattributes", "*.big filter=big\n*.txt text eol=crlf\n");
    ground.put("x.big", "content of x\n");
    ground.put("x.txt", "one\r\ntwo\r\n");
    ground.git(["add", "-A"]);
    ground.git(["commit", "-qm", "attributes"]);
    let new = ground.work(|at| {
        put(&at.join("x.big"), "content of y\n");
        put(&at.join("x.txt"), "one\r\nthree\r\n");
        put(&at.join("z.txt"), "new\r\n");
    });
    assert_eq!(ground.git(["show", &format!("{new}:x.big")]), "pointer y\n");
    assert_eq!(ground.git(["show", &format!("{new}:x.txt")]), "one\nthree\n");
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, "");
    assert_eq!(ground.text("x.big"), "content of y\n");
    assert_eq!(ground.text("x.txt"), "one\r\nthree\r\n");
    assert_eq!(ground.text("z.txt"), "new\r\n");
}

#[test]
fn kinds_of_files_change_places() {
    let ground = Ground::new();
    symlink("b", ground.main.join("link")).unwrap();
    ground.git(["add", "-A"]);
    ground.git(["commit", "-qm", "a link"]);
    let new = ground.work(|at| {
        fs::remove_file(at.join("a")).unwrap();
        put(&at.join("a/inside"), "a is a folder\n");
        fs::remove_dir_all(at.join("dir")).unwrap();
        put(&at.join("dir"), "dir is a file\n");
        fs::remove_file(at.join("link")).unwrap();
        put(&at.join("link"), "link is a file\n");
        fs::remove_file(at.join("b")).unwrap();
        symlink("c", at.join("b")).unwrap();
        fs::set_permissions(at.join("d"), fs::Permissions::from_mode(0o755)).unwrap();
    });
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, "");
    assert_eq!(ground.text("a/inside"), "a is a folder\n");
    assert_eq!(ground.text("dir"), "dir is a file\n");
    assert!(!ground.main.join("link").is_symlink());
    assert_eq!(fs::read_link(ground.main.join("b")).unwrap().to_str(), Some("c"));
    let mode = fs::metadata(ground.main.join("d")).unwrap().permissions().mode();
    assert_eq!(mode & 0o111, 0o111);
}

#[test]
fn a_submodule_pointer_moves_and_its_folder_stays() {
    let ground = Ground::new();
    let inner = ground.beside("inner");
    git(ground.home(), ["init", "-q", "-b", "main", "inner"]);
    put(&inner.join("x"), "one\n");
    git(&inner, ["add", "-A"]);
    git(&inner, ["commit", "-qm", "one"]);
    let url = inner.to_str().unwrap();
    ground.git(["-c", "protocol.file.allow=always", "submodule", "add", "-q", url, "sub"]);
    ground.git(["commit", "-qm", "a submodule"]);
    ground.git(["config", "submodule.recurse", "true"]);
    put(&inner.join("x"), "two\n");
    git(&inner, ["commit", "-qam", "two"]);
    let two = git(&inner, ["rev-parse", "HEAD"]);
    let tree = ground.beside("index");
    let new = {
        let index = tree.to_str().unwrap();
        let call = |args: &[&str]| {
            let words = ["-c", "core.splitIndex=false"].iter().chain(args);
            let done = crate::cmd::Cmd::new("git")
                .args(words)
                .dir(&ground.main)
                .env("GIT_INDEX_FILE", index)
                .env("GIT_AUTHOR_NAME", "A")
                .env("GIT_AUTHOR_EMAIL", "a@example.org")
                .env("GIT_COMMITTER_NAME", "A")
                .env("GIT_COMMITTER_EMAIL", "a@example.org");
            String::from_utf8(done.success().unwrap()).unwrap().trim().to_owned()
        };
        call(&["read-tree", "HEAD"]);
        let info = format!("160000,{},sub", two.trim());
        call(&["update-index", "--cacheinfo", &info]);
        let tree = call(&["write-tree"]);
        call(&["commit-tree", "-p", "HEAD", "-m", "pointer", &tree])
    };
    let new = crate::git::Oid::parse(&new).unwrap();
    ground.put("sub/x", "the person's edit in the submodule\n");
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, " M sub\n");
    assert_eq!(ground.text("sub/x"), "the person's edit in the submodule\n");
}

#[test]
fn five_hundred_paths_land() {
    let ground = Ground::new();
    for n in 0..500 {
        ground.put(&format!("many/{}/{n}", n % 20), format!("old {n}\n"));
    }
    ground.git(["add", "-A"]);
    ground.git(["commit", "-qm", "many"]);
    let new = ground.work(|at| {
        for n in 0..500 {
            put(&at.join(format!("many/{}/{n}", n % 20)), format!("new {n}\n"));
        }
    });
    ground.put("b", "b: edited\n");
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, " M b\n");
    assert_eq!(ground.text("many/19/499"), "new 499\n");
}

#[test]
fn odd_names_land() {
    let ground = Ground::new();
    let names = ["-dash", "with space", "line\nbreak", "quote\"d", "*star", ":(top)x", "é/ü"];
    let new = ground.work(|at| {
        for name in names {
            put(&at.join(name), "landed\n");
        }
    });
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, "");
    let next = ground.work(|at| {
        for name in names {
            put(&at.join(name), "landed again\n");
        }
    });
    ground.put("line\nbreak", "edited\n");
    ground.assert_in_the_way(&next, &[("line\nbreak", crate::git::Why::Edited)]);
}

#[test]
fn a_free_branch_moves_alone() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.git(["checkout", "-q", "--detach"]);
    let landed = ground.land(&new);
    assert_eq!(landed, Landed::Moved { followed: None, missing: Vec::new() });
    assert_eq!(ground.head(), new);
    assert_eq!(ground.status(), "");
    assert_eq!(ground.text("a"), "a: first line\n");
    ground.assert_tidy();
}

#[test]
fn a_bare_repository_has_no_checkout() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.git(["config", "core.bare", "true"]);
    let landed = ground.land(&new);
    assert_eq!(landed, Landed::Moved { followed: None, missing: Vec::new() });
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
    assert_eq!(landed, Landed::Moved { followed, missing: Vec::new() });
    assert_eq!(git(&linked, ["status", "--porcelain"]), " M b\n");
    assert_eq!(ground.status(), "");
    assert_eq!(ground.text("a"), "a: first line\n");
}
