use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use crate::git::fixture::{Fixture, git, put, try_git};
use crate::git::worktree_registry as registry;
use crate::git::{Captured, Head, Oid, Saved, Tree, kept, restore};

use crate::git::capture_setup::{NAME, Setup, Shape, chmod, kept_as};

#[test]
fn a_tree_that_was_registered_and_never_filled_holds_nobodys_work() {
    let fx = Fixture::new();
    let path = fx.path("toast");
    let add = ["worktree", "add", "--no-checkout", "-b", "windrow/toast", path.to_str().unwrap()];
    git(&fx.main, add);
    let tree = fx.worktrees.find(&path).unwrap().unwrap();
    let setup = Setup::new(&fx);
    assert!(matches!(setup.capture(&tree), Captured::Nothing(_)));
    // The same with a commit of its own does.
    git(&path, ["commit", "-q", "--allow-empty", "-m", "work"]);
    std::fs::remove_file(tree.git_dir.join("index")).unwrap();
    assert!(matches!(setup.capture(&tree), Captured::Kept { .. }));
}

#[test]
fn a_clean_tree_at_a_safe_commit_needs_no_capture() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    put(&tree.path.join("noise.log"), "ignored");
    put(&tree.path.join("build/out"), "ignored");
    assert!(matches!(Setup::new(&fx).capture(&tree), Captured::Nothing(_)));
    assert_eq!(kept(&fx.repo).unwrap(), []);
}

#[test]
fn a_clean_tree_with_a_commit_of_its_own_is_kept() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    put(&tree.path.join("a.txt"), "mine\n");
    git(&tree.path, ["commit", "-qam", "mine"]);
    Setup::new(&fx).round_trip(&tree);
    let rows = kept(&fx.repo).unwrap();
    assert_eq!(rows[0].name, NAME);
    assert_eq!(rows[0].when, 1_700_000_000);
    let branch = rows[0].summary.as_ref().unwrap().branch.clone();
    assert_eq!(branch.as_deref(), Some("refs/heads/windrow/toast"));
}

#[test]
fn staged_unstaged_and_new_files_come_back_as_they_were() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    let at = |name: &str| tree.path.join(name);
    put(&at("a.txt"), "staged\n");
    git(&tree.path, ["add", "a.txt"]);
    put(&at("a.txt"), "staged, then edited\n");
    put(&at("b.txt"), "unstaged\n");
    put(&at("new/deep/file"), "untracked\n");
    put(&at("added"), "added\n");
    git(&tree.path, ["add", "added"]);
    put(&at("gone-again"), "in the index alone\n");
    git(&tree.path, ["add", "gone-again"]);
    fs::remove_file(at("gone-again")).unwrap();
    put(&at("later"), "intended\n");
    git(&tree.path, ["add", "-N", "later"]);
    fs::remove_file(at("src/lib.rs")).unwrap();
    chmod(&at("run.sh"), 0o755);
    symlink("a.txt", at("link")).unwrap();
    symlink("no/such/place", at("dangling")).unwrap();
    fs::create_dir_all(at("empty/inner")).unwrap();
    put(&at("noise.log"), "ignored");
    Setup::new(&fx).round_trip(&tree);
}

#[test]
fn flagged_files_keep_their_edits_and_their_flags() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    git(&tree.path, ["update-index", "--skip-worktree", "a.txt"]);
    git(&tree.path, ["update-index", "--assume-unchanged", "b.txt"]);
    git(&tree.path, ["update-index", "--skip-worktree", "run.sh"]);
    put(&tree.path.join("a.txt"), "hidden\n");
    put(&tree.path.join("b.txt"), "hidden as well\n");
    fs::remove_file(tree.path.join("run.sh")).unwrap();
    assert_eq!(git(&tree.path, ["status", "--porcelain"]), "");
    let back = Setup::new(&fx).round_trip(&tree);
    assert_eq!(fs::read_to_string(back.path.join("a.txt")).unwrap(), "hidden\n");
}

#[test]
fn converted_files_come_back_with_their_raw_bytes() {
    let fx = Fixture::with(&[
        (".gitattributes", "*.txt text\n*.enc filter=rot\n*.need filter=broken\n"),
        ("crlf.txt", "one\ntwo\n"),
        ("secret.enc", "uryyb\n"),
        ("same.enc", "jbeyq\n"),
    ]);
    git(&fx.main, ["config", "filter.rot.clean", "tr a-z n-za-m"]);
    git(&fx.main, ["config", "filter.rot.smudge", "tr a-z n-za-m"]);
    git(&fx.main, ["config", "filter.broken.clean", "false"]);
    git(&fx.main, ["config", "filter.broken.required", "true"]);
    let tree = fx.create("toast");
    put(&tree.path.join("crlf.txt"), "one\r\ntwo\r\n");
    git(&tree.path, ["add", "--renormalize", "crlf.txt"]);
    put(&tree.path.join("secret.enc"), "hello you\n");
    put(&tree.path.join("new.need"), "cannot be added\n");
    put(&tree.path.join("new.txt"), "untracked\r\n");
    Setup::new(&fx).round_trip(&tree);
}

#[test]
fn other_ends_of_lines_come_back_though_git_sees_no_change() {
    let fx = Fixture::with(&[(".gitattributes", "*.txt text\n"), ("crlf.txt", "one\ntwo\n")]);
    let tree = fx.create("toast");
    let file = tree.path.join("crlf.txt");
    put(&file, "one\r\ntwo\r\n");
    let file = fs::File::options().write(true).open(&file).unwrap();
    // Old enough for its time in the index to be believed.
    file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(60)).unwrap();
    git(&tree.path, ["add", "crlf.txt"]);
    git(&tree.path, ["update-index", "--refresh"]);
    assert_eq!(git(&tree.path, ["status", "--porcelain"]), "");
    Setup::new(&fx).round_trip(&tree);
}

#[test]
fn nothing_of_a_worker_is_left_for_the_next_one() {
    type Step = fn(&Fixture, &Tree);
    let steps: [(&str, Step); 3] = [
        ("nothing more", |_, _| {}),
        ("an index that hides something", |_, tree| {
            git(&tree.path, ["update-index", "--assume-unchanged", "a.txt"]);
        }),
        ("a file where a submodule should be", |fx, tree| {
            let link = format!("160000,{},sub", fx.base);
            git(&tree.path, ["update-index", "--add", "--cacheinfo", &link]);
            git(&tree.path, ["commit", "-q", "-m", "link"]);
            put(&tree.path.join("sub"), "no submodule\n");
        }),
    ];
    for (what, step) in steps {
        let fx = Fixture::new();
        let tree = fx.create("toast");
        put(&tree.path.join("new/new.txt"), "mine\n");
        git(&tree.path, ["add", "-A"]);
        git(&tree.path, ["commit", "-q", "-m", "mine"]);
        step(&fx, &tree);
        let (_, saved) = kept_as(Setup::new(&fx).capture(&tree));
        fx.worktrees.reset_warm(&tree, &saved, &fx.base).unwrap();
        assert_eq!(git(&tree.path, ["status", "--porcelain", "--ignored"]), "", "{what}");
        assert!(!tree.path.join("new").exists(), "{what}");
        assert!(fx.worktrees.is_warm(&tree), "{what}");
    }
}

#[test]
fn a_stopped_merge_goes_on_where_it_stopped() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    conflict(&fx, &tree);
    assert!(!try_git(&tree.path, ["merge", "main"]).status.success());
    put(&tree.path.join("other"), "beside it\n");
    let back = Setup::new(&fx).round_trip(&tree);
    put(&back.path.join("a.txt"), "resolved\n");
    git(&back.path, ["add", "a.txt"]);
    git(&back.path, ["commit", "-q", "--no-edit"]);
    assert_eq!(git(&back.path, ["rev-list", "--count", "--merges", "HEAD"]), "1");
}

#[test]
fn a_stopped_rebase_goes_on_and_ends_on_the_new_branch() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    conflict(&fx, &tree);
    assert!(!try_git(&tree.path, ["rebase", "main"]).status.success());
    let back = Setup::new(&fx).round_trip(&tree);
    assert!(matches!(Fixture::head(&back), Head::Detached(_)));
    put(&back.path.join("a.txt"), "resolved\n");
    git(&back.path, ["add", "a.txt"]);
    git(&back.path, ["rebase", "--continue"]);
    assert_eq!(git(&back.path, ["branch", "--show-current"]), "windrow/back");
    assert_eq!(git(&back.path, ["log", "--format=%s", "main..HEAD"]), "mine");
}

fn conflict(fx: &Fixture, tree: &Tree) {
    put(&fx.main.join("a.txt"), "theirs\n");
    git(&fx.main, ["commit", "-qam", "theirs"]);
    put(&tree.path.join("a.txt"), "mine\n");
    git(&tree.path, ["commit", "-qam", "mine"]);
}

#[test]
fn a_stopped_merge_keeps_a_commit_that_nothing_else_names() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    conflict(&fx, &tree);
    git(&fx.main, ["checkout", "-q", "-b", "side"]);
    git(&fx.main, ["commit", "-q", "--allow-empty", "-m", "side"]);
    git(&fx.main, ["checkout", "-q", "main"]);
    assert!(!try_git(&tree.path, ["merge", "side"]).status.success());
    git(&fx.main, ["branch", "-D", "side"]);
    let back = Setup::new(&fx).round_trip(&tree);
    put(&back.path.join("a.txt"), "resolved\n");
    git(&back.path, ["commit", "-qam", "merged"]);
    assert_eq!(git(&back.path, ["log", "-1", "--format=%s", "HEAD^2"]), "side");
}

#[test]
fn names_may_be_any_bytes() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    let names: [&[u8]; 7] = [
        b"line\nbreak",
        b"quote\"d",
        b"not utf-8 \xff\xfe",
        b"-rf",
        b"back\\slash",
        b"git~1",
        b"tab\there/ space ",
    ];
    for (at, name) in names.iter().enumerate() {
        put(&tree.path.join(OsStr::from_bytes(name)), format!("{at}\n"));
    }
    git(&tree.path, [OsStr::new("add"), OsStr::new("--"), OsStr::from_bytes(names[0])]);
    git(&tree.path, [OsStr::new("add"), OsStr::new("--"), OsStr::from_bytes(names[2])]);
    put(&tree.path.join(OsStr::from_bytes(names[2])), "edited\n");
    fs::remove_file(tree.path.join(OsStr::from_bytes(names[0]))).unwrap();
    fs::create_dir(tree.path.join(OsStr::from_bytes(b"empty \xff\n"))).unwrap();
    Setup::new(&fx).round_trip(&tree);
}

#[test]
fn what_git_cannot_hold_moves_to_the_trash_and_back() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    let at = |name: &str| tree.path.join(name);
    git(&tree.path, ["init", "-q", "nested/full"]);
    put(&at("nested/full/file"), "committed\n");
    git(&at("nested/full"), ["add", "-A"]);
    git(&at("nested/full"), ["commit", "-qm", "inner"]);
    git(&tree.path, ["init", "-q", "bare-bones"]);
    put(&at("bare-bones/file"), "never committed\n");
    put(&at(".env"), "SECRET=1\n");
    put(&fx.main.join(".git/info/exclude"), ".env\n");
    rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::RWXU).unwrap();
    let mut setup = Setup::new(&fx);
    setup.precious = vec![".env".to_owned()];
    let before = Shape::of(&tree);
    let (commit, saved) = kept_as(setup.capture(&tree));
    assert!(!at("nested/full").exists() && !at(".env").exists());
    let (again, _) = kept_as(setup.capture(&tree));
    let lists = |commit: &Oid| git(&fx.main, ["show", &format!("{commit}:meta.json")]);
    assert_eq!(lists(&again), lists(&commit), "a second capture forgets what the first moved");
    fx.worktrees.remove(&tree, &saved).unwrap();
    let back = setup.restore();
    assert_eq!(back.missing, Vec::<PathBuf>::new());
    Shape::of(&back.tree).require(&before);
    assert_eq!(git(&back.tree.path.join("nested/full"), ["log", "--format=%s"]), "inner");
}

#[test]
fn what_cannot_be_moved_keeps_its_tree_and_is_named() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    git(&tree.path, ["init", "-q", "nested"]);
    put(&tree.path.join("nested/file"), "x".repeat(5000));
    put(&tree.path.join("large"), "y".repeat(3000));
    put(&tree.path.join("small"), "z");
    let mut setup = Setup::new(&fx);
    (setup.trash_limit, setup.blob_limit) = (4000, 2000);
    let Captured::Incomplete { left, commit } = setup.capture(&tree) else { panic!("complete") };
    let named: Vec<_> = left.iter().map(|left| left.path.to_str().unwrap()).collect();
    assert_eq!(named, ["nested"], "{left:?}");
    assert!(left[0].why.contains("nested repository, over the trash limit"), "{left:?}");
    assert!(tree.path.join("nested/file").exists() && tree.path.join("large").exists());
    assert_eq!(git(&fx.main, ["show", &format!("{commit}:files/small")]), "z");
}

#[test]
fn a_tree_that_changed_after_its_capture_is_kept_on_top_of_it() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    let setup = Setup::new(&fx);
    put(&tree.path.join("a.txt"), "first\n");
    let (first, _) = kept_as(setup.capture(&tree));
    put(&tree.path.join("a.txt"), "second\n");
    let (second, _) = kept_as(setup.capture(&tree));
    assert_ne!(first, second);
    assert_eq!(git(&fx.main, ["show", &format!("{first}:files/a.txt")]), "first");
    assert_eq!(git(&fx.main, ["merge-base", first.as_str(), second.as_str()]), first.as_str());
}

#[test]
fn a_commit_only_the_reflog_knows_stays_reachable() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    put(&tree.path.join("a.txt"), "dropped\n");
    git(&tree.path, ["commit", "-qam", "dropped"]);
    let dropped = git(&tree.path, ["rev-parse", "HEAD"]);
    git(&tree.path, ["reset", "-q", "--hard", "HEAD~1"]);
    put(&tree.path.join("b.txt"), "kept\n");
    let (commit, _) = kept_as(Setup::new(&fx).capture(&tree));
    assert_eq!(git(&fx.main, ["merge-base", &dropped, commit.as_str()]), dropped);
}

#[test]
fn five_thousand_new_files_come_back() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    for at in 0..5000 {
        put(&tree.path.join(format!("many/{}/{at}", at % 7)), format!("{at}\n"));
    }
    Setup::new(&fx).round_trip(&tree);
}

#[test]
fn a_commit_that_was_only_pinned_comes_back_as_a_tree() {
    let fx = Fixture::new();
    crate::git::pin(&fx.repo, NAME, &fx.base, None).unwrap();
    let back = Setup::new(&fx).restore();
    assert_eq!(git(&back.tree.path, ["rev-parse", "HEAD"]), fx.base.as_str());
    assert_eq!(git(&back.tree.path, ["branch", "--show-current"]), "windrow/back");
}

#[test]
fn edits_that_keep_size_and_time_are_seen() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    git(&tree.path, ["update-index", "--assume-unchanged", "b.txt"]);
    for (name, text) in
        [("a.txt", "ONE\ntwo\nthree\n"), ("b.txt", "B\n"), ("run.sh", "#!/bin/ba\n")]
    {
        let path = tree.path.join(name);
        let time = path.metadata().unwrap().modified().unwrap();
        put(&path, text);
        fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    }
    Setup::new(&fx).round_trip(&tree);
}

#[test]
fn the_first_commit_of_a_new_history_need_not_be_made() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    git(&tree.path, ["checkout", "-q", "--orphan", "fresh"]);
    put(&tree.path.join("new"), "new\n");
    let back = Setup::new(&fx).round_trip(&tree);
    assert_eq!(Fixture::head(&back), Head::Branch("refs/heads/windrow/back".to_owned()));
}

#[test]
fn a_repository_made_in_place_of_the_link_is_kept() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    fs::remove_file(tree.path.join(".git")).unwrap();
    git(&tree.path, ["init", "-q"]);
    put(&tree.path.join("a.txt"), "mine\n");
    git(&tree.path, ["add", "a.txt"]);
    git(&tree.path, ["commit", "-qm", "inner"]);
    let setup = Setup::new(&fx);
    let (_, saved) = kept_as(setup.capture(&tree));
    fx.worktrees.remove(&tree, &saved).unwrap();
    let back = setup.restore();
    assert_eq!(back.missing, [PathBuf::from(".git")]);
    assert_eq!(fs::read_to_string(back.tree.path.join("a.txt")).unwrap(), "mine\n");
    assert_eq!(git(&setup.trash().join("0"), ["log", "--format=%s"]), "inner");
}

#[test]
fn a_submodule_that_was_checked_out_comes_back_with_its_commits() {
    let (fx, other) = (Fixture::new(), Fixture::new());
    let source = other.main.to_str().unwrap();
    let allow = ["-c", "protocol.file.allow=always", "submodule", "--quiet"];
    git(&fx.main, [&allow[..], &["add", source, "sub"]].concat());
    git(&fx.main, ["commit", "-qm", "with a submodule"]);
    let base = fx.repo.commit("main").unwrap().unwrap();
    let tree = fx.worktrees.create(&fx.path("toast"), "windrow/toast", &base).unwrap();
    git(&tree.path, [&allow[..], &["update", "--init"]].concat());
    put(&tree.path.join("sub/b.txt"), "mine\n");
    git(&tree.path.join("sub"), ["commit", "-qam", "inner"]);
    let (setup, before) = (Setup::new(&fx), Shape::of(&tree));
    let (_, saved) = kept_as(setup.capture(&tree));
    fx.worktrees.remove(&tree, &saved).unwrap();
    let back = setup.restore();
    assert_eq!(back.missing, Vec::<PathBuf>::new());
    let after = Shape::of(&back.tree);
    assert_eq!((&after.status, &after.staged), (&before.status, &before.staged));
    assert_eq!(fs::read_to_string(back.tree.path.join("sub/b.txt")).unwrap(), "mine\n");
    assert_eq!(git(&back.tree.path.join("sub"), ["log", "--format=%s", "-1"]), "inner");
}

#[test]
fn a_second_item_at_one_path_does_not_take_the_place_of_the_first() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    let setup = Setup::new(&fx);
    for text in ["first\n", "second\n"] {
        git(&tree.path, ["init", "-q", "nested"]);
        put(&tree.path.join("nested/file"), text);
        kept_as(setup.capture(&tree));
        assert!(!tree.path.join("nested").exists());
    }
    let back = setup.restore();
    assert_eq!(fs::read_to_string(back.tree.path.join("nested/file")).unwrap(), "second\n");
    assert_eq!(back.missing, [PathBuf::from("nested")]);
    assert_eq!(fs::read_to_string(setup.trash().join("0/file")).unwrap(), "first\n");
}

#[test]
fn a_kept_tree_cannot_write_outside_of_its_worktree() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    put(&tree.path.join("a.txt"), "mine\n");
    let setup = Setup::new(&fx);
    kept_as(setup.capture(&tree));
    // A link in the index and a file below it in the capture: no capture writes that.
    let out = fx.beside("out");
    fs::create_dir(&out).unwrap();
    symlink(&out, fx.main.join("way")).unwrap();
    git(&fx.main, ["add", "way"]);
    let index = git(&fx.main, ["hash-object", "-w", ".git/index"]);
    let file = git(&fx.main, ["rev-parse", "main:a.txt"]);
    git(&fx.main, ["read-tree", NAME]);
    for (path, oid) in [("files/way/x", &file), ("index", &index)] {
        git(&fx.main, ["update-index", "--add", "--cacheinfo", &format!("100644,{oid},{path}")]);
    }
    let forged = git(&fx.main, ["write-tree"]);
    let forged = git(&fx.main, ["commit-tree", &forged, "-p", "main", "-m", "Kept work: forged"]);
    git(&fx.main, ["update-ref", NAME, &forged]);
    let refused = restore(&fx.worktrees, NAME, &setup.trash(), &fx.path("back"), "windrow/back");
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0);
}

#[test]
fn what_somebody_puts_into_a_tree_whose_removal_was_cut_short_is_kept() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    fx.worktrees.reset_warm(&tree, &Saved::scratch(&tree), &fx.base).unwrap();
    let marker = tree.git_dir.join(registry::MAKING);
    registry::replace(&marker, registry::REMOVING.as_bytes()).unwrap();
    let setup = Setup::new(&fx);
    assert!(matches!(setup.capture(&tree), Captured::Nothing(_)), "nobody came");
    put(&tree.path.join("theirs"), "x");
    let (commit, _) = kept_as(setup.capture(&tree));
    assert_eq!(git(&fx.main, ["show", &format!("{commit}:files/theirs")]), "x");
}
