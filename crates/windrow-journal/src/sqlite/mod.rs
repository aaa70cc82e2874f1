//! The journal in one SQLite file.
//!
//! - Durable before it answers: write-ahead log with `synchronous=FULL` (and `fullfsync`, which
//!   only macOS needs), one append = one transaction. The engine's batches are the group commit.
//! - One writer: a thread owns the writing connection, and a lock file keeps other processes out.
//!   Agents and tools never open the file; they ask the daemon.
//! - Readers share one read-only connection, in transactions no longer than one request, so that
//!   they never hold up a checkpoint for long.
//! - Nothing is kept in memory between appends: head and chain are read inside each transaction,
//!   so a failed one leaves nothing to roll back.
//! - Opening costs the same at any size.
//! - A note beside the file says how far it was acknowledged, so that a lost end shows; a damaged
//!   journal is refused as it is, and `repair` cuts it to what is whole.

mod file;
mod lock;
mod mark;
mod open;
mod reader;
mod repair;
mod rows;
mod writer;

pub use file::FORMAT_VERSION;
pub use open::{OpenError, SqliteJournal};
pub use reader::SqliteReader;
pub use repair::{Examined, Repair, RepairError, examine};
