//! Watching a run from a terminal, a log or a program.
//!
//! The run belongs to the daemon. The watcher compares one view with the next ([`change`]), shows
//! what changed as lines, as JSON or in a table that is redrawn in place ([`frame`], [`screen`]),
//! and outlives the daemon: when that goes away it is found or started again ([`mod@follow`]).

mod change;
mod follow;
mod frame;
mod screen;
mod show;
mod source;
mod told;

pub(crate) use change::{Change, End};
pub(crate) use follow::{Teller, follow, follow_told};
pub(crate) use show::end_text;
pub(crate) use told::other_troubles;

/// Whether a run of this phase is over.
pub(crate) fn is_over(phase: &str) -> bool {
    matches!(phase, "finished" | "interrupted")
}
