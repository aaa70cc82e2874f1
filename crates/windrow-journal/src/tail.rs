//! A subscription that sleeps until there are records to read.

use tokio::sync::watch;

use crate::error::StoreError;
use crate::journal::Reader;
use crate::record::{Record, Seq};

/// Reads a journal from one place on, waiting at its end.
///
/// Invariant: every record comes once and in order; records come from the store, the wake-up only
/// says that it is worth looking, so a missed or doubled wake-up changes nothing.
#[derive(Debug)]
pub struct Tail<R> {
    reader: R,
    next: Seq,
    head: watch::Receiver<Seq>,
}

impl<R: Reader> Tail<R> {
    pub(crate) fn new(reader: R, from: Seq, head: watch::Receiver<Seq>) -> Self {
        Self { reader, next: from.max(Seq::FIRST), head }
    }

    /// The next records, at least one and at most `limit` (taken as 1 when it is 0); waits for one
    /// to be appended. Nothing once the journal's handle is gone and all it had was read.
    ///
    /// Dropping the future loses nothing: the same records come again.
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub async fn next(&mut self, limit: usize) -> Result<Option<Vec<Record>>, StoreError> {
        loop {
            let closed = self.head.has_changed().is_err();
            self.head.borrow_and_update();
            let records = self.reader.read(self.next, limit.max(1)).await?;
            if let Some(last) = records.last() {
                self.next = last.seq.next();
                return Ok(Some(records));
            }
            if closed {
                return Ok(None);
            }
            // An error means that the sender is gone; the store is looked at once more.
            let _closed = self.head.changed().await;
        }
    }
}
