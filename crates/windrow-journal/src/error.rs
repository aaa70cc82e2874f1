//! What can go wrong between a journal and its store, without naming any store.

use crate::record::{Head, Seq};

/// A cause of whatever type the store has.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The store did not do what it was asked.
///
/// `place` is where the journal is kept, as a person would look for it: a path, a server.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no room left for what was to be written. Reads go on; so do writes once there is.
    #[error("failed to write to journal `{place}`: no space is left")]
    Full {
        /// Where the journal is kept.
        place: String,
        /// What the store said.
        #[source]
        source: BoxError,
    },
    /// The store could not be read or written.
    #[error("failed to {act} journal `{place}`")]
    Failed {
        /// What was attempted.
        act: &'static str,
        /// Where the journal is kept.
        place: String,
        /// What the store said.
        #[source]
        source: BoxError,
    },
    /// The store was read, and what it holds cannot be what was written.
    #[error("journal `{place}` is damaged: {what}")]
    Damaged {
        /// Where the journal is kept.
        place: String,
        /// The record it shows at, when it is one record.
        seq: Option<Seq>,
        /// What is wrong.
        what: String,
    },
    /// A snapshot was to be saved for a record that is not there.
    #[error("failed to save a snapshot at record {seq}: journal `{place}` ends at {head}")]
    Beyond {
        /// Where the journal is kept.
        place: String,
        /// The record the snapshot was for.
        seq: Seq,
        /// The last record there is.
        head: Seq,
    },
    /// The journal's handle is gone and nobody serves the store any more.
    #[error("journal `{place}` is closed")]
    Closed {
        /// Where the journal was kept.
        place: String,
    },
}

/// A batch that was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The journal is not where the writer thought. Nothing was appended: fold what is new, decide
    /// again.
    #[error("the journal has moved on to record {seq}", seq = head.seq)]
    Conflict {
        /// Where the journal is.
        head: Head,
    },
    /// The store failed. The batch is there whole or not at all, and which of the two is not
    /// known before [`Journal::head`](crate::Journal::head) has answered.
    #[error(transparent)]
    Store(#[from] StoreError),
}
