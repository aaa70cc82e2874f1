//! The journal's promises, on every store.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

mod full;
mod golden;
mod kill;
mod memory;
mod refusals;
mod rerun;
mod sqlite;
