//! What is asked of a landing and what can come of it.

use std::io;
use std::path::{Path, PathBuf};

use crate::cmd::CmdError;
use crate::git::{GitError, Oid, Operation};

/// One move of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The branch without `refs/heads/`.
    pub branch: String,
    /// Where it must be for the move to happen.
    pub old: Oid,
    /// Where it goes: a descendant of `old`, held by some ref.
    pub new: Oid,
    /// The caller's name for this landing: letters, digits, `-` and `_`.
    pub id: String,
}

/// What became of a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Landed {
    /// The branch moved, and its checkout with it.
    Moved {
        /// The checkout that followed, if the branch was checked out.
        followed: Option<PathBuf>,
        /// Registered worktrees of the branch whose folder is gone; they did not follow.
        missing: Vec<PathBuf>,
    },
    /// The branch already contains `new`, from an earlier try at the same move.
    Already {
        /// Where the branch is.
        head: Oid,
    },
    /// The branch is no longer at `old`. Nothing was touched.
    TargetMoved {
        /// Where the branch is, or nothing when it was deleted.
        head: Option<Oid>,
    },
    /// Something holds the move up. Nothing was touched, but for what an earlier or failed try left
    /// half done and the record knows of; trying later is safe, and finishes that first.
    Busy(Busy),
}

/// What holds a move up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Busy {
    /// Files of the person would be lost or changed.
    InTheWay {
        /// The checkout.
        worktree: PathBuf,
        /// The files, ordered by path.
        files: Vec<InTheWay>,
    },
    /// An operation on the branch is under way.
    Operation {
        /// The worktree in which it is.
        worktree: PathBuf,
        /// Which one.
        which: Operation,
    },
    /// The branch is checked out more than once.
    TwoCheckouts {
        /// All of the checkouts.
        worktrees: Vec<PathBuf>,
    },
    /// The branch is checked out in a folder that [`super::Lander::keep_out_of`] excludes.
    KeptOut {
        /// The checkout.
        worktree: PathBuf,
    },
    /// Another git process works in the checkout, or left its lock behind.
    IndexLocked {
        /// The checkout.
        worktree: PathBuf,
        /// The lock file.
        lock: PathBuf,
    },
    /// Another git process holds the branch, or left its lock behind.
    RefLocked {
        /// What git said.
        message: String,
    },
    /// The branch is checked out where files cannot be reached, or where git cannot write them for
    /// a reason that lies outside of the repository, such as a filter that fails.
    Unreadable {
        /// The checkout, or its git directory when the folder is not known.
        worktree: PathBuf,
        /// Why.
        reason: String,
    },
}

/// A file in the way of a move.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InTheWay {
    /// The path from the root of the checkout.
    pub path: PathBuf,
    /// What the person did with it.
    pub why: Why,
}

/// Why a file is in the way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Tracked and changed on disk.
    Edited,
    /// Tracked and deleted on disk.
    Deleted,
    /// The index holds something else than the branch.
    Staged,
    /// The index holds several sides of a conflict.
    Unmerged,
    /// Announced with `git add --intent-to-add`.
    IntentToAdd,
    /// Flagged skip-worktree or assume-unchanged, and changed on disk.
    Flagged,
    /// Not tracked.
    Untracked,
    /// Not tracked, and ignored.
    Ignored,
    /// Git refused for a reason of its own.
    Refused(String),
}

/// What [`super::Lander::recover`] found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The interrupted move, if there was one.
    pub finished: Option<Finished>,
    /// Lock files of killed processes that were removed.
    pub removed: Vec<PathBuf>,
}

/// How an interrupted move ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The move.
    pub request: Move,
    /// Which way it went.
    pub direction: Direction,
    /// Files a person changed meanwhile: left as they are, to be looked at.
    pub left: Vec<PathBuf>,
}

/// Which way an interrupted move ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The branch is at `new` and its checkout shows it.
    Forward,
    /// The move did not happen; the checkout is as it was before.
    Back,
    /// The person took the checkout over meanwhile; nothing was touched.
    Untouched,
}

/// A move that could be neither made nor refused.
#[derive(Debug, thiserror::Error)]
pub enum LandError {
    /// A git call failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A git call of the move itself ended badly.
    #[error("`{line}` ended badly: {stderr}")]
    Call {
        /// The command line.
        line: String,
        /// What git said.
        stderr: String,
    },
    /// A file or folder could not be used.
    #[error("failed to {act} `{path}`", path = path.display())]
    File {
        /// What was attempted.
        act: &'static str,
        /// The path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The request makes no sense.
    #[error("invalid move: {reason}")]
    Request {
        /// Why.
        reason: String,
    },
    /// The record of an interrupted move cannot be read.
    #[error("failed to read the record of a move in `{path}`: {reason}", path = path.display())]
    Record {
        /// The record.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// An interrupted move cannot be finished at the moment; trying later is safe.
    #[error("an interrupted move cannot be finished yet: {0:?}")]
    Held(Busy),
    /// The move failed half way and could not be undone at once; recovering will.
    #[error("failed to undo a failed move")]
    Undo {
        /// Why undoing failed.
        #[source]
        source: Box<Self>,
    },
}

impl From<CmdError> for LandError {
    fn from(error: CmdError) -> Self {
        Self::Git(error.into())
    }
}

impl LandError {
    /// What has failed for a reason outside of the repository may go through later: it is held up.
    pub(super) fn held(self, worktree: &Path) -> Self {
        match self {
            Self::Git(GitError::Outside(reason)) => {
                Self::Held(Busy::Unreadable { worktree: worktree.to_owned(), reason })
            }
            other => other,
        }
    }

    /// For `map_err`: a failed file operation.
    pub(super) fn file(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { act, path, source }
    }
}

impl Move {
    /// The full name of the branch.
    #[must_use]
    pub fn refname(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }
}
