//! A small world for tests: it applies commands as the engine does and performs what is wanted.
//!
//! After every command it checks what must always hold: indexes equal a recomputation, wishes kept
//! up to date by dirty keys equal the full set, and no start breaks a rule of the schedule.

#![expect(
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test may fail on what it did not expect"
)]

mod actor;
mod dice;
mod git;
mod indexes;
mod oracle;
mod people;
mod properties;
mod story;
mod world;

pub(crate) use story::{check, given, refused, render, spec};
pub(crate) use world::{Weather, World};
