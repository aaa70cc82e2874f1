//! What windrow decides, and nothing else.
//!
//! Pure and synchronous: [`decide`] turns a command into events on a given state, [`evolve()`] folds
//! an event into the state, [`wanted_of`] says which acts the state asks of the world. Time comes in
//! as an argument; ids are given out in order.
//!
//! Never: input or output, clocks, randomness, threads, iteration in an order that is not fixed.

#![warn(missing_docs, clippy::wildcard_enum_match_arm, clippy::indexing_slicing)]

pub mod command;
pub mod effect;
pub mod event;
mod evolve;
pub mod explain;
pub mod graph;
pub mod ids;
pub mod machine;
pub mod message;
mod reject;
mod schedule;
pub mod scope;
pub mod spec;
pub mod state;
pub mod subjects;
#[cfg(test)]
mod testing;
pub mod time;

pub use command::{Command, decide};
pub use effect::{Effect, Key, wanted, wanted_of};
pub use event::{Envelope, Event};
pub use evolve::evolve;
pub use reject::Rejection;
pub use schedule::next_deadline;
pub use state::State;
pub use time::{Stamp, Timestamp};

/// The version of the persisted events; a journal with a higher one is refused.
pub const SCHEMA: u32 = 1;
