//! The append-only record of everything that happened in a project.
//!
//! A journal stores numbered records in the order they were appended, each chained to the one
//! before by its hash; long texts by their content hash; and snapshots of whatever its owner folds
//! from the records. It stores records and does not understand them: kinds and bodies are text.
//!
//! - [`Journal`] is the one writer's handle, [`Reader`] the handle everybody else clones.
//! - [`SqliteJournal`] keeps it in a file, [`MemoryStore`] in memory for tests.
//! - [`verify()`] walks the chain and names the first bad record.
//! - `conformance` (feature `testing`) is the suite every store passes.
//!
//! Never: decisions, views, or anything that reads a body.

#![warn(missing_docs)]

#[cfg(any(test, feature = "testing"))]
pub mod conformance;
mod error;
mod hash;
mod journal;
mod memory;
mod record;
mod snapshot;
mod sqlite;
mod tail;
mod text;
mod verify;
mod walk;

pub use error::{AppendError, BoxError, StoreError};
pub use hash::{Hash, HashParseError};
pub use journal::{Journal, Reader};
pub use memory::{Fault, MemoryJournal, MemoryReader, MemoryStore};
pub use record::{Draft, Head, RECORD_SCHEMA, Record, Seq, Stream};
pub use snapshot::{IgnoredSnapshot, NewestSnapshot, Snapshot, SnapshotFlaw};
pub use sqlite::{
    Examined, FORMAT_VERSION, OpenError, Repair, RepairError, SqliteJournal, SqliteReader, examine,
};
pub use tail::Tail;
pub use text::Text;
pub use verify::{BadRecord, Flaw, VerifyReport, verify};
pub use walk::{Walk, WalkError};
