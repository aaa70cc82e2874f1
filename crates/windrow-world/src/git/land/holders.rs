//! Who has a branch checked out, and who is in the middle of something with it.
//!
//! Read from every worktree's git directory, because git's own listing leaves out a branch that a
//! stopped rebase or a bisect will come back to.

use std::fs;
use std::path::{Path, PathBuf};

use super::calls::Calls;
use super::{Busy, LandError};
use crate::git::{Operation, Repo, Tree};

/// The worktrees that hold a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Holders {
    pub(super) trees: Vec<Tree>,
    pub(super) operations: Vec<(PathBuf, Operation)>,
    pub(super) missing: Vec<PathBuf>,
    pub(super) unreadable: Vec<(PathBuf, String)>,
}

impl Holders {
    /// Why the branch cannot move, if it cannot.
    pub(super) fn busy(&self, out: &[PathBuf]) -> Option<Busy> {
        if let Some((worktree, which)) = self.operations.first() {
            return Some(Busy::Operation { worktree: worktree.clone(), which: *which });
        }
        if let Some((worktree, reason)) = self.unreadable.first() {
            let (worktree, reason) = (worktree.clone(), reason.clone());
            return Some(Busy::Unreadable { worktree, reason });
        }
        let paths = || self.trees.iter().map(|tree| tree.path.clone());
        if self.trees.len() > 1 {
            return Some(Busy::TwoCheckouts { worktrees: paths().collect() });
        }
        let kept_out = |path: &PathBuf| out.iter().any(|folder| path.starts_with(folder));
        paths().find(kept_out).map(|worktree| Busy::KeptOut { worktree })
    }
}

/// Finds the holders of `refs/heads/<branch>`.
///
/// `main` is the folder of the main worktree where git's layout does not tell it.
pub(super) fn of(
    calls: &Calls,
    repo: &Repo,
    branch: &str,
    main: Option<&Path>,
) -> Result<Holders, LandError> {
    let mut holders = Holders::default();
    for git_dir in git_dirs(repo) {
        let on_branch = head(calls, repo, &git_dir)? == Some(format!("refs/heads/{branch}"));
        let operation = operation(&git_dir, branch, on_branch);
        if !on_branch && operation.is_none() {
            continue;
        }
        let place = if git_dir == repo.common_dir() {
            main_place(repo, main)?
        } else {
            linked_place(&git_dir)
        };
        match place {
            Place::Bare => {}
            Place::Missing(path) => holders.missing.push(path),
            Place::Unreadable(path, reason) => holders.unreadable.push((path, reason)),
            Place::At(path) => {
                if let Some(operation) = operation {
                    holders.operations.push((path.clone(), operation));
                }
                if on_branch {
                    holders.trees.push(Tree { path, git_dir });
                }
            }
        }
    }
    Ok(holders)
}

/// The common git directory and that of every registered worktree, in order.
pub(super) fn git_dirs(repo: &Repo) -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = fs::read_dir(repo.common_dir().join("worktrees"))
        .map(|listing| listing.flatten().map(|item| item.path()).collect())
        .unwrap_or_default();
    dirs.sort();
    dirs.insert(0, repo.common_dir().to_owned());
    dirs
}

/// What `HEAD` points at; nothing when it is detached or cannot be read.
fn head(calls: &Calls, repo: &Repo, git_dir: &Path) -> Result<Option<String>, LandError> {
    let path = git_dir.join("HEAD");
    let link = path.is_symlink();
    let text = fs::read_to_string(&path).unwrap_or_default();
    let target = text.trim().strip_prefix("ref:").map(str::trim);
    // A link is the oldest form of a symbolic ref; `.invalid` is what reftable leaves for old eyes.
    if !link && target != Some("refs/heads/.invalid") {
        return Ok(target.map(ToOwned::to_owned));
    }
    let call = repo.git(["symbolic-ref", "--quiet", "HEAD"]).env("GIT_DIR", git_dir);
    let done = calls.run(call)?;
    let text = String::from_utf8_lossy(&done.stdout).trim().to_owned();
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// The unfinished operation in a git directory that concerns the branch.
fn operation(git_dir: &Path, branch: &str, on_branch: bool) -> Option<Operation> {
    let names = |file: &str| {
        fs::read_to_string(git_dir.join(file)).is_ok_and(|text| {
            let name = text.trim();
            name.strip_prefix("refs/heads/").unwrap_or(name) == branch
        })
    };
    let there = |file: &str| git_dir.join(file).exists();
    let will_update = || {
        fs::read_to_string(git_dir.join("rebase-merge/update-refs"))
            .is_ok_and(|text| text.lines().any(|line| line == format!("refs/heads/{branch}")))
    };
    if names("rebase-merge/head-name") || names("rebase-apply/head-name") || will_update() {
        return Some(Operation::Rebase);
    }
    if !on_branch {
        return names("BISECT_START").then_some(Operation::Bisect);
    }
    let signs = [
        ("MERGE_HEAD", Operation::Merge),
        ("CHERRY_PICK_HEAD", Operation::CherryPick),
        ("REVERT_HEAD", Operation::Revert),
        ("rebase-merge", Operation::Rebase),
        ("rebase-apply/applying", Operation::ApplyMail),
        ("rebase-apply", Operation::Rebase),
        ("sequencer/todo", Operation::CherryPick),
    ];
    signs.into_iter().find(|(file, _)| there(file)).map(|(_, operation)| operation)
}

enum Place {
    Bare,
    At(PathBuf),
    Missing(PathBuf),
    Unreadable(PathBuf, String),
}

/// The folder of the main worktree.
fn main_place(repo: &Repo, main: Option<&Path>) -> Result<Place, LandError> {
    let common = repo.common_dir();
    if repo.is_set("core.bare")? {
        return Ok(Place::Bare);
    }
    if let Some(main) = main {
        return Ok(Place::At(main.to_owned()));
    }
    if let Some(path) = repo.path_set("core.worktree")? {
        return Ok(Place::At(common.join(path)));
    }
    Ok(match common.parent().filter(|_| common.ends_with(".git")) {
        Some(parent) => Place::At(parent.to_owned()),
        None => Place::Unreadable(common.to_owned(), "its folder is not known".to_owned()),
    })
}

/// The folder of a linked worktree. It counts only if its `.git` file leads back here: a git
/// directory that names any other folder could make us write there.
fn linked_place(git_dir: &Path) -> Place {
    let Ok(text) = fs::read_to_string(git_dir.join("gitdir")) else {
        return Place::Missing(git_dir.to_owned());
    };
    let link = git_dir.join(text.trim_end_matches('\n'));
    let path = link.parent().unwrap_or(git_dir).to_owned();
    let Ok(text) = fs::read_to_string(&link) else {
        return if git_dir.join("locked").exists() {
            Place::Unreadable(path, "the worktree is locked and its folder is away".to_owned())
        } else {
            Place::Missing(path)
        };
    };
    let back = text.trim_end_matches('\n').strip_prefix("gitdir: ").map(|back| path.join(back));
    match (back.and_then(|back| back.canonicalize().ok()), git_dir.canonicalize()) {
        (Some(back), Ok(here)) if back == here => match path.canonicalize() {
            Ok(path) => Place::At(path),
            Err(_) => Place::Missing(path),
        },
        _ => Place::Missing(path),
    }
}
