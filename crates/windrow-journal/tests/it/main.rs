//! The journal's promises, on every store.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

mod memory;
mod sqlite;
