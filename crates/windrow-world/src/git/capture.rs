//! Capturing a tree before it is reset, used again or removed, so that no work is ever lost.
//!
//! A capture is one commit under a kept ref. Its first parent is HEAD, the others whatever a
//! stopped operation or the reflog still needs; its tree holds `meta.json`, the `index` file as it
//! is, `files/` with the raw bytes of every path that differs from the index, `staged/<stage>/`
//! with what the index holds beyond HEAD, `gitdir/` with the state of a stopped operation, and the
//! lists `deleted` and `empty`, each path ended by a zero byte.
//! Invariants: the tree, its index and its times are not touched, except that what git cannot hold
//! moves to the trash folder, after the ref is durable and only if everything could be captured.
//! A killed capture is called again with the same arguments.

use std::fs;
use std::path::{Path, PathBuf};

use super::capture_commit::{Found, is_reachable, staged, write};
use super::capture_scan::scan;
use super::capture_sequencer as sequencer;
use super::capture_trash::{Left, Plan};
use super::capture_view::View;
use super::repo::{GitError, Oid, Repo, Tree};
use super::worktree::holds_files;
use super::worktree_registry::{MAKING, file_error, is_half_made, is_there, rests};

/// How a tree is to be captured.
#[derive(Debug)]
pub struct CaptureSpec<'a> {
    /// The full name of the kept ref, such as `refs/windrow/kept/<session>/<generation>`.
    pub name: &'a str,
    /// Full names of refs whose commits are safe; a clean tree at one of those needs no capture.
    pub safe: &'a [String],
    /// Globs for ignored files that must not go with the tree, such as `.env`.
    pub precious: &'a [String],
    /// The folder for what git cannot hold, for this capture alone; made when it is needed.
    pub trash: &'a Path,
    /// How many bytes may go there.
    pub trash_limit: u64,
    /// The size in bytes above which a file goes there instead of into git.
    pub blob_limit: u64,
    /// The time of the capture, in seconds since 1970.
    pub when: i64,
}

/// What came of a capture.
#[derive(Debug)]
pub enum Captured {
    /// The tree holds nothing that is not safe already.
    Nothing(Saved),
    /// Everything is under the kept ref, or in the trash folder.
    Kept {
        /// The kept commit.
        commit: Oid,
        /// The permission to reset or remove the tree.
        saved: Saved,
    },
    /// Something could not be captured: the tree must stay.
    Incomplete {
        /// The commit with everything else, under the kept ref.
        commit: Oid,
        /// What is only in the tree.
        left: Vec<Left>,
    },
}

/// Shows that a tree's content is safe elsewhere, or that it never held any.
#[derive(Clone, Debug)]
pub struct Saved {
    git_dir: PathBuf,
    /// What the capture saw, if there was one and it looked.
    pub(super) seen: Seen,
}

/// What need not be looked for again before the tree is reset.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// The index can be read and hides nothing behind flags.
    pub(super) plain_index: bool,
    /// There is nothing but tracked files, and the folders they lie in.
    pub(super) tracked_only: bool,
}

impl Saved {
    /// For trees in which neither a worker nor a person ever worked, such as a gate's lane.
    #[must_use]
    pub fn scratch(tree: &Tree) -> Self {
        Self { git_dir: tree.git_dir.clone(), seen: Seen::default() }
    }

    pub(super) fn require(&self, tree: &Tree) -> Result<(), GitError> {
        if self.git_dir == tree.git_dir {
            return Ok(());
        }
        let text = tree.git_dir.display().to_string();
        Err(GitError::Answer { what: "captured worktree", text })
    }
}

/// Captures everything in a tree that would be lost with it.
///
/// Nobody may be working in the tree. Called again after it was killed, or after it succeeded, it
/// comes to the same end, even when the tree was reset or removed in between; when somebody changed
/// the tree since, the new capture has the old one as a parent.
///
/// # Errors
/// Any failure means that the tree must stay as it is.
pub fn capture(repo: &Repo, tree: &Tree, spec: &CaptureSpec<'_>) -> Result<Captured, GitError> {
    let mut saved = Saved::scratch(tree);
    let folder = is_there(&tree.path);
    let before = |saved| -> Result<Captured, GitError> {
        Ok(match repo.ref_value(spec.name)? {
            Some(commit) => Captured::Kept { commit, saved },
            None => Captured::Nothing(saved),
        })
    };
    // A tree that windrow is taking apart, or has taken apart, was captured before. While one that
    // is being removed still has its folder, somebody may have come to it since.
    let apart = if folder {
        is_half_made(tree)
    } else {
        is_there(&tree.git_dir.join(MAKING)) || !is_there(&tree.git_dir)
    };
    if apart {
        return before(saved);
    }
    if never_filled(tree)? && head_is_safe(repo, tree, spec)? {
        return before(saved);
    }
    // Git needs a folder to stand in. Once it stays, it would say that every file was deleted.
    let _stand_in = if folder { None } else { Some(StandIn::make(&tree.path)?) };
    let found = look(repo, tree, spec, folder)?;
    saved.seen = found.scan.seen();
    if found.is_clean() && rests(tree) {
        return before(saved);
    }
    let plan = Plan::make(tree, spec.trash, &found.scan.unholdable, spec.trash_limit)?;
    let moved_before = plan.as_ref().is_ok_and(|plan| !plan.items.is_empty());
    let safe = || found.head.as_ref().map_or(Ok(true), |at| is_reachable(repo, at, spec.safe));
    if !moved_before && found.is_clean() && safe()? {
        return Ok(Captured::Nothing(saved));
    }
    let (plan, mut left) = match plan {
        Ok(plan) => (Some(plan), Vec::new()),
        Err(left) => (None, left),
    };
    let commit = write(repo, tree, spec, &found, plan.as_ref(), &left)?;
    if let Some(plan) = plan {
        left.extend(plan.carry_out(tree)?);
    }
    Ok(if left.is_empty() {
        Captured::Kept { commit, saved }
    } else {
        Captured::Incomplete { commit, left }
    })
}

/// A folder in place of one that is gone; it goes, too, if it is still empty.
#[derive(Debug)]
struct StandIn<'a>(&'a Path);

impl<'a> StandIn<'a> {
    fn make(path: &'a Path) -> Result<Self, GitError> {
        fs::create_dir_all(path).map_err(file_error("make", path))?;
        Ok(Self(path))
    }
}

impl Drop for StandIn<'_> {
    fn drop(&mut self) {
        // What somebody put there meanwhile stays.
        let _stays_unless_empty = fs::remove_dir(self.0);
    }
}

/// Whether a tree was registered and nothing was put into it, as a kill between the two leaves it.
pub(super) fn never_filled(tree: &Tree) -> Result<bool, GitError> {
    let registered = is_there(&tree.git_dir);
    Ok(registered && !is_there(&tree.git_dir.join("index")) && !holds_files(&tree.path)?)
}

fn head_is_safe(repo: &Repo, tree: &Tree, spec: &CaptureSpec<'_>) -> Result<bool, GitError> {
    let head = super::seal::head(repo, tree)?;
    head.map_or(Ok(true), |at| is_reachable(repo, &at, spec.safe))
}

fn look(repo: &Repo, tree: &Tree, spec: &CaptureSpec<'_>, folder: bool) -> Result<Found, GitError> {
    let view = View::of(repo, tree)?;
    let mut scan = scan(repo, &view, spec.precious, spec.blob_limit)?;
    if !folder {
        // A folder that somebody took away whole says nothing about its files.
        scan.deleted.clear();
    }
    let head = super::seal::head(repo, tree)?;
    let staged = staged(repo, &scan.entries, head.as_ref())?;
    let modules = is_there(&tree.git_dir.join("modules"));
    Ok(Found { operation: sequencer::is_work(tree), view, scan, head, staged, modules })
}

#[cfg(test)]
#[path = "capture_tests.rs"]
mod tests;
