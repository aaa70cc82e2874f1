use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::git::fixture::{Fixture, git, put, try_git};
use crate::git::worktree_registry as registry;
use crate::git::{Head, Saved, Tree, WorktreeError, Worktrees};

#[test]
fn a_new_tree_has_the_files_of_its_base_and_a_branch() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    assert_eq!(fs::read_to_string(tree.path.join("a.txt")).unwrap(), "one\ntwo\nthree\n");
    assert_eq!(git(&tree.path, ["status", "--porcelain"]), "");
    assert_eq!(git(&tree.path, ["branch", "--show-current"]), "windrow/toast");
    let listed = fx.worktrees.list().unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[1].branch.as_deref(), Some("refs/heads/windrow/toast"));
    assert_eq!((&listed[1].path, listed[1].head.as_ref()), (&tree.path, Some(&fx.base)));
    assert_eq!((&listed[1].locked, &listed[1].prunable, listed[1].bare), (&None, &None, false));
}

#[test]
fn creating_a_finished_tree_again_leaves_its_work_alone() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    put(&tree.path.join("a.txt"), "mine\n");
    git(&tree.path, ["commit", "-qam", "mine"]);
    put(&tree.path.join("a.txt"), "mine, edited\n");
    assert_eq!(fx.create("toast"), tree);
    assert_eq!(fs::read_to_string(tree.path.join("a.txt")).unwrap(), "mine, edited\n");
}

#[test]
fn a_branch_with_commits_is_never_taken() {
    let fx = Fixture::new();
    git(&fx.main, ["checkout", "-q", "-b", "windrow/toast"]);
    git(&fx.main, ["commit", "-q", "--allow-empty", "-m", "mine"]);
    git(&fx.main, ["checkout", "-q", "main"]);
    let mine = git(&fx.main, ["rev-parse", "windrow/toast"]);
    let made = fx.worktrees.create(&fx.path("toast"), "windrow/toast", &fx.base);
    let Err(WorktreeError::BranchExists { branch, at }) = made else { panic!("{made:?}") };
    assert_eq!((branch.as_str(), at.as_str()), ("windrow/toast", mine.as_str()));
    assert!(!fx.path("toast").exists());
    assert_eq!(git(&fx.main, ["rev-parse", "windrow/toast"]), mine);
}

#[test]
fn a_branch_that_is_checked_out_elsewhere_is_not_shared() {
    let fx = Fixture::new();
    let one = fx.create("one");
    let made = fx.worktrees.create(&fx.path("two"), "windrow/one", &fx.base);
    let Err(WorktreeError::BranchInUse { path, .. }) = made else { panic!("{made:?}") };
    assert_eq!(path, one.path);
}

#[test]
fn what_is_in_the_way_stays_and_is_named() {
    let fx = Fixture::new();
    put(&fx.path("toast/precious"), "mine");
    put(&fx.path("file"), "mine");
    symlink(&fx.main, fx.path("link")).unwrap();
    for name in ["toast", "file", "link"] {
        let made = fx.worktrees.create(&fx.path(name), "windrow/x", &fx.base);
        let Err(WorktreeError::PathTaken { path }) = made else { panic!("{made:?}") };
        assert_eq!(path, fx.path(name));
    }
    assert_eq!(fs::read_to_string(fx.path("toast/precious")).unwrap(), "mine");
}

#[test]
fn no_tree_is_made_or_removed_outside_of_the_root() {
    let fx = Fixture::new();
    symlink(fx.beside(""), fx.path("way-out")).unwrap();
    for path in ["../escape", "deep/../../escape", "way-out/escape", "..", "."] {
        let made = fx.worktrees.create(&fx.worktrees.root().join(path), "windrow/x", &fx.base);
        assert!(matches!(made, Err(WorktreeError::Outside { .. })), "{path}: {made:?}");
    }
    assert!(!fx.beside("escape").exists());
    let main = Tree { path: fx.main.clone(), git_dir: fx.main.join(".git") };
    let removed = fx.worktrees.remove(&main, &Saved::scratch(&main));
    assert!(matches!(removed, Err(WorktreeError::Outside { .. })), "{removed:?}");
    let forged = Tree { path: fx.path("x"), git_dir: fx.main.join(".git") };
    fx.worktrees.remove(&forged, &Saved::scratch(&forged)).unwrap_err();
    fx.worktrees.reset_warm(&forged, &Saved::scratch(&forged), &fx.base).unwrap_err();
    assert!(fx.main.join(".git/config").exists() && fx.main.join("a.txt").exists());
}

#[test]
fn many_trees_are_made_and_removed_at_once() {
    let fx = Fixture::new();
    let names: Vec<String> = (0..24).map(|at| format!("t{at}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            let fx = &fx;
            scope.spawn(move || {
                // Another actor in the same repository, as another process would have it.
                let own =
                    Worktrees::open(fx.repo.clone(), fx.worktrees.root(), &fx.beside("state"))
                        .unwrap();
                let branch = format!("windrow/{name}");
                let tree = own.create(&fx.path(name), &branch, &fx.base).unwrap();
                assert!(tree.path.join("src/lib.rs").exists());
                own.remove(&tree, &Saved::scratch(&tree)).unwrap();
                own.delete_branch(&branch, &fx.base).unwrap();
            });
        }
    });
    assert_eq!(fx.worktrees.list().unwrap().len(), 1);
    assert_eq!(fs::read_dir(fx.worktrees.root()).unwrap().count(), 0);
    assert_eq!(git(&fx.main, ["branch", "--list", "windrow/*"]), "");
}

/// Everything of a tree and its registration, times and numbers aside.
fn shape(tree: &Tree) -> Vec<(PathBuf, u32, Vec<u8>)> {
    fn below(root: &Path, dir: &Path, found: &mut Vec<(PathBuf, u32, Vec<u8>)>) {
        for entry in fs::read_dir(root.join(dir)).unwrap() {
            let path = dir.join(entry.unwrap().file_name());
            let meta = root.join(&path).symlink_metadata().unwrap();
            let skip = ["index", "windrow-warm", "windrow-print", ".git", "gitdir", "logs"];
            if skip.iter().any(|name| path == Path::new(name)) {
                continue;
            }
            let bytes =
                if meta.is_file() { fs::read(root.join(&path)).unwrap() } else { Vec::new() };
            found.push((path.clone(), meta.mode(), bytes));
            if meta.is_dir() {
                below(root, &path, found);
            }
        }
    }
    let mut found = Vec::new();
    below(&tree.path, Path::new(""), &mut found);
    let mut registered = Vec::new();
    below(&tree.git_dir, Path::new(""), &mut registered);
    registered.retain(|(path, _, _)| path != Path::new("refs"));
    found.extend(registered);
    found.sort();
    found
}

/// Does to a tree what a worker can do to it.
fn ransack(fx: &Fixture, tree: &Tree) {
    let at = |name: &str| tree.path.join(name);
    put(&at("a.txt"), "mine\n");
    git(&tree.path, ["commit", "-qam", "mine"]);
    git(&tree.path, ["tag", "--force", "side"]);
    try_git(&tree.path, ["bisect", "start", "HEAD", "HEAD~1"]);
    put(&fx.main.join("a.txt"), "theirs\n");
    git(&fx.main, ["commit", "-qam", "theirs"]);
    assert!(!try_git(&tree.path, ["rebase", "main"]).status.success());
    put(&at("untracked/deep"), "x");
    put(&at("build/out"), "ignored");
    put(&at("noise.log"), "ignored");
    git(&tree.path, ["init", "-q", "nested"]);
    put(&at("nested/file"), "x");
    git(&tree.path, ["update-index", "--skip-worktree", "b.txt"]);
    put(&at("b.txt"), "hidden\n");
    fs::set_permissions(at("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_file(at("src/lib.rs")).unwrap();
    symlink("/etc", at("src/lib.rs")).unwrap();
    git(&tree.path, ["config", "extensions.worktreeConfig", "true"]);
    git(&tree.path, ["config", "--worktree", "core.autocrlf", "true"]);
    put(&tree.git_dir.join("index.lock"), "");
    put(&tree.git_dir.join("locked"), "mine");
    fs::create_dir_all(at("shut/in")).unwrap();
    fs::set_permissions(at("shut"), fs::Permissions::from_mode(0o555)).unwrap();
}

#[test]
fn a_reset_tree_equals_a_fresh_one() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    let fresh = fx.worktrees.create_detached(&fx.path("fresh"), &fx.base).unwrap();
    ransack(&fx, &tree);
    fx.worktrees.reset_warm(&tree, &Saved::scratch(&tree), &fx.base).unwrap();
    assert_eq!(shape(&tree), shape(&fresh));
    assert_eq!(git(&tree.path, ["status", "--porcelain", "--ignored"]), "");
    assert_eq!(git(&tree.path, ["ls-files", "-v"]), git(&fresh.path, ["ls-files", "-v"]));
    assert!(fx.worktrees.is_warm(&tree));
}

#[test]
fn declared_caches_survive_a_reset() {
    let mut fx = Fixture::new();
    let caches = ["/build/".to_owned()];
    fx.worktrees = Worktrees::open(fx.repo.clone(), fx.worktrees.root(), &fx.beside("state"))
        .unwrap()
        .with_caches(caches);
    let tree = fx.create("toast");
    put(&tree.path.join("build/out"), "kept");
    put(&tree.path.join("noise.log"), "not kept");
    fx.worktrees.reset_warm(&tree, &Saved::scratch(&tree), &fx.base).unwrap();
    assert!(tree.path.join("build/out").exists() && !tree.path.join("noise.log").exists());
    assert!(fx.worktrees.is_warm(&tree));
}

#[test]
fn a_warm_tree_is_moved_and_given_a_branch() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    ransack(&fx, &tree);
    fx.worktrees.reset_warm(&tree, &Saved::scratch(&tree), &fx.base).unwrap();
    let next = fx.repo.commit("main").unwrap().unwrap();
    let used = fx.worktrees.reuse(&tree, &fx.path("jam"), "windrow/jam", &next).unwrap();
    assert_eq!(used, Tree { path: fx.path("jam"), git_dir: tree.git_dir.clone() });
    assert!(!tree.path.exists());
    assert_eq!(Fixture::head(&used), Head::Branch("refs/heads/windrow/jam".to_owned()));
    assert_eq!(fs::read_to_string(used.path.join("a.txt")).unwrap(), "theirs\n");
    assert_eq!(git(&used.path, ["status", "--porcelain", "--ignored"]), "");
    assert_eq!(fx.worktrees.create(&fx.path("jam"), "windrow/jam", &next).unwrap(), used);
    assert!(!fx.worktrees.is_warm(&used));
}

#[test]
fn a_tree_that_was_moved_by_a_killed_call_is_found_where_it_is() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    fx.worktrees.reset_warm(&tree, &Saved::scratch(&tree), &fx.base).unwrap();
    let new = fx.path("jam");
    fs::rename(&tree.path, &new).unwrap();
    assert_eq!(fx.worktrees.find(&new).unwrap(), None, "nobody was at work on it");
    put(&tree.git_dir.join("windrow-making"), "");
    git(&fx.main, ["branch", "windrow/jam", fx.base.as_str()]);
    let found = fx.worktrees.find(&new).unwrap().unwrap();
    assert_eq!((&found.path, &found.git_dir), (&new, &tree.git_dir));
    let made = fx.worktrees.create(&new, "windrow/jam", &fx.base).unwrap();
    assert_eq!(made.git_dir, tree.git_dir);
    assert_eq!(git(&new, ["status", "--porcelain", "-b"]), "## windrow/jam");
    assert_eq!(fx.worktrees.find(&tree.path).unwrap(), None);
    // A link that leads to a tree which is where it says is nobody's.
    put(&fx.path("ham/.git"), fs::read_to_string(new.join(".git")).unwrap());
    put(&tree.git_dir.join("windrow-making"), "");
    assert_eq!(fx.worktrees.find(&fx.path("ham")).unwrap(), None);
}

#[test]
fn a_removal_that_was_cut_short_leaves_a_warm_tree_unless_somebody_came_since() {
    let fx = Fixture::new();
    let cut_short = |tree: &Tree| {
        let marker = tree.git_dir.join(registry::MAKING);
        registry::replace(&marker, registry::REMOVING.as_bytes()).unwrap();
    };
    let (whole, aside, worked) = (fx.create("whole"), fx.create("aside"), fx.create("worked"));
    for tree in [&whole, &aside, &worked] {
        fx.worktrees.reset_warm(tree, &Saved::scratch(tree), &fx.base).unwrap();
        cut_short(tree);
    }
    fs::rename(&aside.path, fx.path(".gone-aside")).unwrap();
    put(&worked.path.join("theirs"), "x");
    assert!(fx.worktrees.is_warm(&whole));
    assert!(fx.worktrees.is_warm(&aside));
    assert!(!fx.worktrees.is_warm(&worked), "somebody came");
    let half_reset = fx.create("half");
    registry::replace(&half_reset.git_dir.join(registry::MAKING), b"").unwrap();
    assert!(!fx.worktrees.is_warm(&half_reset));
}

#[test]
fn a_warm_tree_in_which_somebody_worked_is_not_used_again() {
    let fx = Fixture::new();
    type Work = fn(&Path);
    let works: [Work; 5] = [
        |path| put(&path.join("new"), "x"),
        |path| put(&path.join("a.txt"), "x"),
        |path| {
            git(path, ["commit", "-q", "--allow-empty", "-m", "x"]);
            git(path, ["checkout", "-q", "-b", "other"]);
        },
        |path| {
            put(&path.join("new"), "x");
            git(path, ["add", "new"]);
        },
        // Only staged: no file of the tree is touched.
        |path| {
            git(path, ["rm", "-q", "--cached", "a.txt"]);
        },
    ];
    for (at, work) in works.into_iter().enumerate() {
        let tree = fx.create(&format!("t{at}"));
        let refused =
            |fx: &Fixture| fx.worktrees.reuse(&tree, &fx.path("n"), "windrow/n", &fx.base);
        assert!(matches!(refused(&fx), Err(WorktreeError::Unsaved { .. })), "{at}");
        fx.worktrees.reset_warm(&tree, &Saved::scratch(&tree), &fx.base).unwrap();
        work(&tree.path);
        assert!(matches!(refused(&fx), Err(WorktreeError::Unsaved { .. })), "{at}");
        assert!(!fx.path("n").exists() && tree.path.exists());
    }
}

#[test]
fn a_warm_tree_at_rest_is_known_by_its_print_and_by_git_when_only_times_changed() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    fx.worktrees.reset_warm(&tree, &Saved::scratch(&tree), &fx.base).unwrap();
    let print = tree.git_dir.join("windrow-print");
    assert!(print.is_file());
    // Somebody wrote what was there already, and made something that git ignores: nobody's work.
    put(&tree.path.join("b.txt"), "b\n");
    put(&tree.path.join("noise.log"), "noise");
    assert!(fx.worktrees.is_warm(&tree));
    // A print that matches is believed without asking git, which would name the new file.
    put(&tree.path.join("new"), "x");
    assert!(!fx.worktrees.is_warm(&tree));
    let now = super::super::worktree_print::now(&tree).unwrap();
    put(&print, &now);
    assert!(fx.worktrees.is_warm(&tree));
    // Used again, the tree has no print any more.
    fs::remove_file(tree.path.join("new")).unwrap();
    let used = fx.worktrees.reuse(&tree, &fx.path("jam"), "windrow/jam", &fx.base).unwrap();
    assert!(!used.git_dir.join("windrow-print").exists());
}

#[test]
fn a_removed_tree_leaves_nothing_but_its_branch() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    ransack(&fx, &tree);
    let other = fx.create("other");
    fx.worktrees.remove(&tree, &Saved::scratch(&other)).unwrap_err();
    assert!(tree.path.join("nested/file").exists(), "removed with another tree's permission");
    fx.worktrees.remove(&tree, &Saved::scratch(&tree)).unwrap();
    fx.worktrees.remove(&tree, &Saved::scratch(&tree)).unwrap();
    assert!(!tree.path.exists() && !tree.git_dir.exists());
    assert_eq!(fs::read_dir(fx.worktrees.root()).unwrap().count(), 1);
    let at = fx.repo.ref_value("refs/heads/windrow/toast").unwrap().unwrap();
    fx.worktrees.delete_branch("windrow/toast", &fx.base).unwrap_err();
    fx.worktrees.delete_branch("windrow/toast", &at).unwrap();
}

#[test]
fn a_tree_whose_folder_was_deleted_or_locked_is_made_again() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    git(&fx.main, [Path::new("worktree"), Path::new("lock"), &tree.path]);
    fs::remove_dir_all(&tree.path).unwrap();
    assert_eq!(fx.create("toast"), tree);
    assert_eq!(git(&tree.path, ["status", "--porcelain"]), "");
    put(&tree.path.join("a.txt"), "staged\n");
    git(&tree.path, ["add", "a.txt"]);
    fs::remove_dir_all(&tree.path).unwrap();
    let made = fx.worktrees.create(&tree.path, "windrow/toast", &fx.base);
    assert!(matches!(made, Err(WorktreeError::Unsaved { .. })), "{made:?}");
}

#[test]
fn a_worktree_add_that_was_cut_short_is_finished() {
    let fx = Fixture::new();
    let git_dir = fx.main.join(".git/worktrees/toast");
    put(&git_dir.join("locked"), "initializing");
    let tree = fx.create("toast");
    assert_eq!(tree.git_dir, git_dir);
    assert_eq!(git(&tree.path, ["status", "--porcelain"]), "");
    fs::remove_file(git_dir.join("index")).unwrap();
    let made = fx.worktrees.create(&tree.path, "windrow/toast", &fx.base);
    assert!(matches!(made, Err(WorktreeError::Unsaved { .. })), "{made:?}");
    for file in git(&tree.path, ["ls-tree", "-r", "--name-only", "HEAD"]).lines() {
        fs::remove_file(tree.path.join(file)).unwrap();
    }
    fs::remove_dir(tree.path.join("src")).unwrap();
    put(&git_dir.join("index.lock"), "");
    assert_eq!(fx.create("toast"), tree);
    assert_eq!(git(&tree.path, ["status", "--porcelain"]), "");
}

#[test]
fn a_folder_without_registration_that_only_links_is_made_anew() {
    let fx = Fixture::new();
    put(&fx.path("toast/.git"), "gitdir: /nowhere/worktrees/toast\n");
    let tree = fx.create("toast");
    assert_eq!(git(&tree.path, ["status", "--porcelain"]), "");
}

#[test]
fn submodules_are_left_alone() {
    let fx = Fixture::new();
    let other = Fixture::new();
    let source = other.main.to_str().unwrap();
    git(
        &fx.main,
        ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", source, "sub"],
    );
    git(&fx.main, ["commit", "-qm", "with a submodule"]);
    let base = fx.repo.commit("main").unwrap().unwrap();
    assert!(crate::git::has_submodules(&fx.repo, &base).unwrap());
    assert!(!crate::git::has_submodules(&fx.repo, &fx.base).unwrap());
    let tree = fx.worktrees.create(&fx.path("toast"), "windrow/toast", &base).unwrap();
    assert_eq!(fs::read_dir(tree.path.join("sub")).unwrap().count(), 0);
    assert_eq!(git(&tree.path, ["status", "--porcelain"]), "");
    fx.worktrees.reset_warm(&tree, &Saved::scratch(&tree), &base).unwrap();
    assert_eq!(git(&tree.path, ["status", "--porcelain"]), "");
    let moved = fx.worktrees.reuse(&tree, &fx.path("jam"), "windrow/jam", &fx.base).unwrap();
    assert_eq!(git(&moved.path, ["status", "--porcelain"]), "");
    fx.worktrees.remove(&moved, &Saved::scratch(&moved)).unwrap();
}
