//! Git by plumbing: worktrees, merging, landing, capture and restore.
//!
//! Every call goes through [`Repo`], which trusts nothing a worker could have written.

mod repo;

pub use repo::{GitError, Oid, Repo, Tree};
