//! The acts of the engine, said again over the world of the stage.
//!
//! One file for sessions, trees, landings and what is ahead each. An act here does what the real one does in the
//! same order, with the same right to be cut off anywhere and the same duty to be repeated from its
//! beginning; it has no more power. What a job's folder says is judged by the engine's own code.

mod ahead;
mod begin;
mod landings;
mod sessions;
mod trees;

pub(super) use begin::{NAMES, begin};
pub(super) use landings::recover;

use begin::{Act, Told};
