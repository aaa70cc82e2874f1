//! What a worker writes into its tree and its registration never makes windrow run a command.

use std::fs;
use std::path::{Path, PathBuf};

use super::fixture::{Fixture, git, me, put};
use super::{CaptureSpec, Captured, Saved, Tree, capture, commit_leftovers, leftovers, restore};

/// A repository whose settings run a command that leaves a trace.
fn trap(fx: &Fixture) -> (PathBuf, PathBuf) {
    let (trap, trace) = (fx.beside("trap"), fx.beside("trace"));
    fs::create_dir(&trap).unwrap();
    git(&trap, ["init", "-q", "-b", "main"]);
    git(&trap, ["commit", "-q", "--allow-empty", "-m", "trap"]);
    arm(&trap.join(".git/config"), &trace);
    let hook = trap.join(".git/hooks/reference-transaction");
    put(&hook, format!("#!/bin/sh\ntouch {}\n", trace.display()));
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    (trap, trace)
}

/// Adds settings that run a command on nearly every call.
fn arm(config: &Path, trace: &Path) {
    let touch = format!("touch {}", trace.display());
    let mut text = fs::read_to_string(config).unwrap_or_default();
    for (section, keys) in [
        ("core", &["fsmonitor", "editor", "pager", "sshCommand"][..]),
        ("filter \"evil\"", &["clean", "smudge", "process"]),
        ("diff", &["external"]),
        ("gpg", &["program"]),
    ] {
        let keys = keys.iter().map(|key| format!("\t{key} = \"{touch}; false\"\n"));
        text.extend([format!("[{section}]\n")].into_iter().chain(keys));
    }
    put(config, text);
}

/// Everything windrow does to a worker's tree; each step may fail, but none may run a command.
fn do_everything(fx: &Fixture, tree: &Tree, trace: &Path) {
    let safe = |what: &str| assert!(!trace.exists(), "{what} ran a worker's command");
    drop(leftovers(&fx.repo, tree));
    safe("looking for leftovers");
    drop(commit_leftovers(&fx.repo, tree, "x", &me(), None));
    safe("committing leftovers");
    let trash = fx.beside("trash");
    let spec = CaptureSpec {
        name: "refs/windrow/kept/s/1",
        safe: &[],
        precious: &[],
        trash: &trash,
        trash_limit: 1 << 20,
        blob_limit: 1 << 20,
        when: 0,
    };
    let saved = match capture(&fx.repo, tree, &spec).unwrap() {
        Captured::Nothing(saved) | Captured::Kept { saved, .. } => saved,
        Captured::Incomplete { .. } => panic!("incomplete"),
    };
    safe("capturing");
    fx.worktrees.reset_warm(tree, &saved, &fx.base).unwrap();
    safe("resetting");
    let used = fx.worktrees.reuse(tree, &fx.path("jam"), "windrow/jam", &fx.base).unwrap();
    safe("using again");
    fx.worktrees.remove(&used, &Saved::scratch(&used)).unwrap();
    safe("removing");
    restore(&fx.worktrees, spec.name, &trash, &fx.path("back"), "windrow/back").unwrap();
    safe("restoring");
}

fn worked(fx: &Fixture) -> Tree {
    let tree = fx.create("toast");
    put(&tree.path.join(".gitattributes"), "* filter=evil diff=evil\n");
    put(&tree.path.join("a.txt"), "mine\n");
    put(&tree.path.join("new"), "new\n");
    tree
}

#[test]
fn a_rewritten_link_file_leads_nowhere() {
    let fx = Fixture::new();
    let (trap, trace) = trap(&fx);
    let tree = worked(&fx);
    put(&tree.path.join(".git"), format!("gitdir: {}\n", trap.join(".git").display()));
    do_everything(&fx, &tree, &trace);
}

#[test]
fn a_rewritten_common_directory_leads_nowhere() {
    let fx = Fixture::new();
    let (trap, trace) = trap(&fx);
    let tree = worked(&fx);
    put(&tree.git_dir.join("commondir"), format!("{}\n", trap.join(".git").display()));
    do_everything(&fx, &tree, &trace);
}

#[test]
fn a_link_file_turned_into_a_symlink_is_replaced_and_not_followed() {
    let fx = Fixture::new();
    let (trap, trace) = trap(&fx);
    let tree = worked(&fx);
    let victim = fx.beside("victim");
    put(&victim, "mine\n");
    fs::remove_file(tree.path.join(".git")).unwrap();
    std::os::unix::fs::symlink(&victim, tree.path.join(".git")).unwrap();
    let _armed = trap;
    do_everything(&fx, &tree, &trace);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine\n");
}

#[test]
fn settings_of_the_worktree_itself_are_not_read() {
    let fx = Fixture::new();
    let trace = fx.beside("trace");
    git(&fx.main, ["config", "extensions.worktreeConfig", "true"]);
    let tree = worked(&fx);
    arm(&tree.git_dir.join("config.worktree"), &trace);
    do_everything(&fx, &tree, &trace);
}

#[test]
fn hooks_of_the_repository_do_not_run() {
    let fx = Fixture::new();
    let trace = fx.beside("trace");
    for name in ["post-checkout", "pre-commit", "reference-transaction", "post-index-change"] {
        let hook = fx.main.join(".git/hooks").join(name);
        put(&hook, format!("#!/bin/sh\ntouch {}\n", trace.display()));
        fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let tree = fx.create("toast");
    put(&tree.path.join("new"), "new\n");
    do_everything(&fx, &tree, &trace);
}

#[test]
fn settings_planted_in_a_warm_or_half_gone_tree_are_not_read() {
    let fx = Fixture::with(&[(".gitattributes", "* filter=evil\n"), ("a.txt", "a\n")]);
    let trace = fx.beside("trace");
    git(&fx.main, ["config", "extensions.worktreeConfig", "true"]);
    let tree = fx.create("toast");
    arm(&tree.git_dir.join("config.worktree"), &trace);
    fs::remove_dir_all(&tree.path).unwrap();
    fx.create("toast");
    assert!(!trace.exists(), "making a tree again ran a command");
    fx.worktrees.reset_warm(&tree, &Saved::scratch(&tree), &fx.base).unwrap();
    arm(&tree.git_dir.join("config.worktree"), &trace);
    put(&tree.path.join("a.txt"), "b\n");
    assert!(!fx.worktrees.is_warm(&tree));
    assert!(!trace.exists(), "looking at a warm tree ran a command");
    put(&tree.path.join("a.txt"), "a\n");
    fx.worktrees.reuse(&tree, &fx.path("jam"), "windrow/jam", &fx.base).unwrap();
    assert!(!trace.exists(), "using a tree again ran a command");
}
