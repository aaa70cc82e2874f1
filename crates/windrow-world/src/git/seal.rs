//! The end of a worker: what it left uncommitted, a commit of that, and pinning the result.
//!
//! Nothing here runs a hook. A commit of leftovers is whole or absent: the index is
//! staged first, then HEAD moves by compare-and-swap, so a kill in between leaves staged changes
//! that the next call commits.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use super::capture_view::View;
use super::open::{Identity, Operation, operation_in_progress};
use super::repo::{DURABLE, GitError, Oid, Repo, Tree};
use super::sign::{self, Signer};
use super::worktree_registry::{self as registry, Head, file_error};
use crate::cmd::beside;
use crate::crash;

/// How many letters of a path a message has.
const BRIEF: usize = 120;

/// What a tree holds that is in no commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Tracked files that differ from HEAD and files that are new and not ignored.
    pub paths: Vec<PathBuf>,
    /// Files that the index flags as unchanged (skip-worktree, assume-unchanged); they are not
    /// compared and never committed.
    pub flagged: Vec<PathBuf>,
    /// Repositories nested in the tree that the index does not know; they cannot be committed.
    pub nested: Vec<PathBuf>,
    /// Folders that git cannot look into, and why.
    pub unreadable: Vec<String>,
    /// Files with an unresolved conflict.
    pub unmerged: Vec<PathBuf>,
    /// A merge, rebase or the like that was not finished.
    pub operation: Option<Operation>,
}

impl Leftovers {
    /// Tells whether a commit has anything to record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
            && self.unmerged.is_empty()
            && self.nested.is_empty()
            && self.unreadable.is_empty()
    }
}

/// Leftovers that could not be committed; the tree is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Git or the file system failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A merge, rebase or the like is unfinished.
    #[error("failed to commit what is left in `{path}`: a {operation} is unfinished", path = path.display())]
    Unfinished {
        /// The tree.
        path: PathBuf,
        /// What is unfinished.
        operation: Operation,
    },
    /// Files have unresolved conflicts.
    #[error("failed to commit what is left in `{path}`: unresolved conflicts in {}", named(files), path = path.display())]
    Unmerged {
        /// The tree.
        path: PathBuf,
        /// The files.
        files: Vec<PathBuf>,
    },
    /// A repository lies inside the tree, and git would record only a pointer to it.
    #[error("failed to commit what is left in `{path}`: nested repositories {}", named(nested), path = path.display())]
    Nested {
        /// The tree.
        path: PathBuf,
        /// The folders that hold a repository.
        nested: Vec<PathBuf>,
    },
    /// A folder cannot be read, so nobody knows what it holds.
    #[error("failed to commit what is left in `{path}`: git cannot read {}", unreadable.join(", "), path = path.display())]
    Unreadable {
        /// The tree.
        path: PathBuf,
        /// The folders, and why.
        unreadable: Vec<String>,
    },
    /// The branch moved while the leftovers were being committed, or the tree has no commit yet.
    #[error("failed to commit what is left in `{path}`: its HEAD has no commit", path = path.display())]
    NoCommit {
        /// The tree.
        path: PathBuf,
    },
}

fn named(paths: &[PathBuf]) -> String {
    let all: Vec<_> = paths.iter().take(5).map(|path| format!("`{}`", brief(path))).collect();
    let more = paths.len().saturating_sub(all.len());
    if more == 0 { all.join(", ") } else { format!("{} and {more} more", all.join(", ")) }
}

/// A path for a message: its beginning and its end when it is very long.
#[must_use]
pub fn brief(path: &Path) -> String {
    let text = path.display().to_string();
    let letters = text.chars().count();
    if letters <= BRIEF {
        return text;
    }
    let begin: String = text.chars().take(BRIEF / 2).collect();
    let end: String = text.chars().skip(letters - BRIEF / 2).collect();
    format!("{begin}...{end}")
}

/// The commit that a tree's HEAD stands for, whatever branch the worker is on; nothing if unborn.
pub fn head(repo: &Repo, tree: &Tree) -> Result<Option<Oid>, GitError> {
    match registry::head(tree)? {
        Head::Branch(name) => repo.commit(&name),
        Head::Detached(oid) => Ok(Some(oid)),
    }
}

/// Lists what a tree holds that is in no commit; neither the tree nor its index is touched.
pub fn leftovers(repo: &Repo, tree: &Tree) -> Result<Leftovers, GitError> {
    let view = View::of(repo, tree)?;
    let mut left = Leftovers { operation: operation_in_progress(tree), ..Leftovers::default() };
    let status = ["status", "--porcelain=v2", "-z", "-uall", "--no-renames"];
    let status = [&status[..], &["--ignore-submodules=all"]].concat();
    let (flags, status) =
        beside(|| view.ask(repo, &["ls-files", "-v", "-z"]), || view.ask_aloud(repo, &status));
    let (answer, said) = status?;
    left.unreadable = said.lines().filter_map(unreadable).collect();
    for line in answer.split(|byte| *byte == 0) {
        let field = |n: usize| line.splitn(n, |byte| *byte == b' ').nth(n - 1).map(path);
        match line.first() {
            Some(b'1') => left.paths.extend(field(9)),
            Some(b'u') => left.unmerged.extend(field(11)),
            Some(b'?') if line.ends_with(b"/") => left.nested.extend(field(2)),
            Some(b'?') => left.paths.extend(field(2)),
            _ => {}
        }
    }
    for line in flags?.split(|byte| *byte == 0) {
        if line.first().is_some_and(|tag| *tag == b'S' || tag.is_ascii_lowercase()) {
            let file = path(line.get(2..).unwrap_or_default());
            left.flagged
                .extend(Some(file).filter(|file| registry::is_there(&tree.path.join(file))));
        }
    }
    Ok(left)
}

/// `warning: could not open directory 'a/b/': File name too long`.
fn unreadable(line: &str) -> Option<String> {
    let rest = line.strip_prefix("warning: could not open directory '")?;
    // Git cuts its own words after 4096 bytes, which are then all path.
    let (folder, why) = rest.rsplit_once("': ").unwrap_or((rest, "its path is too long"));
    Some(format!("`{}` ({why})", brief(Path::new(folder))))
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

/// Commits everything that is not ignored on top of HEAD; the commit, or nothing when HEAD has it
/// all already.
///
/// Nobody may be working in the tree; a stale `index.lock` is taken away.
///
/// # Errors
/// Refuses by name what a commit would not hold; see [`SealError`].
pub fn commit_leftovers(
    repo: &Repo,
    tree: &Tree,
    message: &str,
    identity: &Identity,
    signer: Option<&Signer>,
) -> Result<Option<Oid>, SealError> {
    let left = leftovers(repo, tree)?;
    let at = || tree.path.clone();
    if !left.unmerged.is_empty() {
        return Err(SealError::Unmerged { path: at(), files: left.unmerged });
    }
    if let Some(operation) = left.operation {
        return Err(SealError::Unfinished { path: at(), operation });
    }
    if !left.nested.is_empty() {
        return Err(SealError::Nested { path: at(), nested: left.nested });
    }
    if !left.unreadable.is_empty() {
        return Err(SealError::Unreadable { path: at(), unreadable: left.unreadable });
    }
    let Some(parent) = head(repo, tree)? else { return Err(SealError::NoCommit { path: at() }) };
    let view = View::of(repo, tree)?;
    let durable: Vec<&str> = DURABLE.iter().copied().chain(["add", "-A", "--", "."]).collect();
    view.ask(repo, &durable)?;
    let staged = oid(&view.ask(repo, &[&DURABLE[..], &["write-tree"]].concat())?)?;
    let before = repo.git(["rev-parse", "--verify", &format!("{parent}^{{tree}}")]).success();
    if oid(&before.map_err(GitError::from)?)? == staged {
        return Ok(None);
    }
    crash::point("seal", "staged");
    put_index(&view, tree)?;
    crash::point("seal", "indexed");
    let args = [staged.as_str(), "-p", parent.as_str(), "-F", "-"];
    let commit = sign::commit_tree(repo, signer, args, |call| {
        identity.stamp(call).stdin(message.as_bytes())
    })?;
    crash::point("seal", "committed");
    let moved = move_head(repo, tree, &commit, &parent);
    crash::point("seal", "headed");
    match moved {
        // The git of a killed caller may have committed the same a moment ago.
        Err(GitError::RefMoved { found, .. }) if is_twin(repo, &found, &staged, &parent)? => {
            Ok(Some(Oid::parse(&found)?))
        }
        moved => Ok(moved.map(|()| Some(commit))?),
    }
}

/// Tells whether a commit has just this tree and this parent.
fn is_twin(repo: &Repo, commit: &str, tree: &Oid, parent: &Oid) -> Result<bool, GitError> {
    if Oid::parse(commit).is_err() {
        return Ok(false);
    }
    let shown = repo.git(["show", "-s", "--format=%T %P", commit]).success()?;
    Ok(String::from_utf8_lossy(&shown).trim() == format!("{tree} {parent}"))
}

/// Gives the tree the index that was staged in the view.
fn put_index(view: &View, tree: &Tree) -> Result<(), GitError> {
    let lock = tree.git_dir.join("index.lock");
    let staged = view.tree.git_dir.join("index");
    let write = || {
        let bytes = fs::read(&staged)?;
        // Nobody works in the tree any more: such a lock was left by somebody who was killed.
        registry::remove_if_there(&lock)?;
        let mut file = fs::File::create_new(&lock)?;
        file.write_all(&bytes)?;
        file.set_modified(fs::metadata(&staged)?.modified()?)?;
        file.sync_all()?;
        fs::rename(&lock, tree.git_dir.join("index"))
    };
    write().map_err(file_error("write", &lock))
}

/// Moves what HEAD stands for from one commit to another, by compare-and-swap.
fn move_head(repo: &Repo, tree: &Tree, new: &Oid, old: &Oid) -> Result<(), GitError> {
    match registry::head(tree)? {
        Head::Branch(name) => repo.move_ref(&name, Some(new), Some(old)),
        Head::Detached(at) if at == *old => registry::set_head(tree, &Head::Detached(new.clone())),
        Head::Detached(at) => Err(GitError::RefMoved {
            name: "HEAD".to_owned(),
            found: at.to_string(),
            expected: old.to_string(),
        }),
    }
}

/// Makes `name` (a full ref name) hold `oid`, by compare-and-swap; see [`Repo::move_ref`].
///
/// Called again after it has succeeded, it changes nothing and succeeds.
pub fn pin(repo: &Repo, name: &str, oid: &Oid, expected: Option<&Oid>) -> Result<(), GitError> {
    if repo.ref_value(name)?.as_ref() == Some(oid) {
        return Ok(());
    }
    match repo.move_ref(name, Some(oid), expected) {
        // The git of a killed caller may have been about to do the same.
        Err(GitError::RefMoved { found, .. }) if found == oid.as_str() => Ok(()),
        other => other,
    }
}

/// The paths that differ between two commits; a rename counts as both of its paths.
pub fn changed_paths(repo: &Repo, base: &Oid, head: &Oid) -> Result<Vec<PathBuf>, GitError> {
    let diff = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", "--end-of-options"];
    let answer = repo.git(diff).args([base.as_str(), head.as_str()]).success()?;
    let names = answer.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(path).collect())
}

fn oid(answer: &[u8]) -> Result<Oid, GitError> {
    Oid::parse(&String::from_utf8_lossy(answer))
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
