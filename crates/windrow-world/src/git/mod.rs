//! Git by plumbing: worktrees, merging, landing, capture and restore.
//!
//! Every call goes through [`Repo`], which trusts nothing a worker could have written.

mod ahead;
mod capture;
mod capture_commit;
mod capture_index;
mod capture_meta;
mod capture_scan;
mod capture_sequencer;
#[cfg(test)]
mod capture_setup;
mod capture_store;
mod capture_trash;
mod capture_view;
mod case;
mod edit_tree;
#[cfg(test)]
mod escape_tests;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod kill_tests;
mod land;
mod made;
mod merge;
mod merge_answer;
mod open;
mod reason;
mod ref_files;
mod repo;
mod restore;
mod restore_files;
#[cfg(test)]
mod restore_kill_tests;
mod restore_pinned;
mod seal;
mod served;
mod settings;
mod sign;
mod stale;
mod worktree;
mod worktree_lock;
mod worktree_mend;
mod worktree_print;
mod worktree_refill;
mod worktree_registry;
mod worktree_reset;
mod worktree_slug;

pub use ahead::{
    AHEAD, Tip, advance, ahead_ref, all_ahead, hold, known, let_go, lines_between, tip, tip_with,
};
pub use capture::{CaptureSpec, Captured, Saved, capture};
pub use capture_trash::Left;
pub use case::{case_twins, ignores_case};
pub use edit_tree::{file_in, with_file};
pub use land::{
    Busy, Direction, Finished, InTheWay, LandError, Landed, Lander, Move, Recovered, Why,
};
pub use merge::{
    ConflictFile, FLIGHT, MergeCommit, Merged, branches, is_ancestor, land_commit, merge, merge_of,
    trailers, tree_of, unpin,
};
pub use open::{
    Branch, Discovered, Head, Identity, OLDEST_GIT, OpenError, Operation, current_branch,
    has_submodules, identity, operation_in_progress, require_version,
};
pub use repo::{GitError, Oid, Repo, Tree};
pub use restore::{KEPT, Kept, KeptSummary, RestoreError, Restored, drop_kept, kept, restore};
pub use seal::{
    Leftovers, SealError, brief, changed_paths, commit_leftovers, head, leftovers, pin,
};
pub use sign::{Signer, Signing, signing};
pub use worktree::{Listed, WorktreeError, Worktrees};
pub use worktree_mend::{Broken, mend};
pub use worktree_slug::{branch_slug, path_slug};
