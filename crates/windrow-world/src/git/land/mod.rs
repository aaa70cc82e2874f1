//! Moves the target branch to a verified commit, and the checkout of it along.
//!
//! [`Lander`] is the only part of windrow that writes into a folder a person works in. What holds
//! at every instruction, kill -9 included:
//!
//! - the branch moves by compare-and-swap, so no commit of anybody is dropped;
//! - a file the person edited, staged, flagged or left untracked (also an ignored one) is never
//!   overwritten or removed: when one is in the way nothing is touched and it is named;
//! - index, files and branch move together, or [`Lander::recover`] brings them together.
//!
//! It does not merge, decide when to land, or try again: those belong to its callers.

mod absorb;
mod calls;
mod changes;
mod check;
mod disk;
mod entry;
mod filters;
mod follow;
mod holders;
mod index_file;
mod index_lock;
mod judge;
mod lander;
mod outcome;
mod recover;
mod ref_move;
mod stale;

#[cfg(test)]
mod tests;

pub use lander::Lander;
pub use outcome::{Busy, Direction, Finished, InTheWay, LandError, Landed, Move, Recovered, Why};
