//! Git by plumbing: worktrees, merging, landing, capture and restore.
//!
//! Every call goes through [`Repo`], which trusts nothing a worker could have written.

mod capture;
mod capture_view;
#[cfg(test)]
mod fixture;
mod open;
mod repo;
mod seal;
mod worktree;
mod worktree_lock;
mod worktree_registry;
mod worktree_reset;
mod worktree_slug;

pub use capture::Saved;
pub use open::{
    Branch, Discovered, Head, Identity, OLDEST_GIT, OpenError, Operation, current_branch,
    has_submodules, identity, operation_in_progress,
};
pub use repo::{GitError, Oid, Repo, Tree};
pub use seal::{Leftovers, SealError, changed_paths, commit_leftovers, head, leftovers, pin};
pub use worktree::{Listed, WorktreeError, Worktrees};
pub use worktree_slug::{branch_slug, path_slug};
