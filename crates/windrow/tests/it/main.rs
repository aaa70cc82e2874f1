//! The binary's promises, on real repositories and real processes.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod bad_input;
mod endings;
mod place;
mod words;
