//! Reading on from one record, with every step of the chain checked.

use crate::error::StoreError;
use crate::journal::Reader;
use crate::record::{Head, Record, Seq};
use crate::verify::{BadRecord, Flaw};

/// Hands out records in order, each compared with the one before it and with its own hash.
///
/// Invariant: what it hands out is what was written. Good records before a bad one come first; the
/// bad one is what the next call answers.
#[derive(Debug)]
pub struct Walk<R> {
    reader: R,
    head: Head,
}

/// Why a walk does not go on.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// The next record is not what was written.
    #[error("record {} is not what was written: {}", .0.seq, .0.flaw)]
    Bad(BadRecord),
    /// The store could not be read; it may be for the moment.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<R: Reader> Walk<R> {
    /// Begins with the first record.
    #[must_use]
    pub const fn new(reader: R) -> Self {
        Self { reader, head: Head::EMPTY }
    }

    /// Begins behind `seq`; the record there is taken on trust. Where there is none, the walk
    /// begins with the first record and finds the gap.
    ///
    /// # Errors
    /// The record at `seq` cannot be read.
    pub async fn behind(reader: R, seq: Seq) -> Result<Self, WalkError> {
        if seq == Seq::EMPTY {
            return Ok(Self::new(reader));
        }
        let found = match reader.read(seq, 1).await {
            Err(StoreError::Damaged { what, .. }) => return Err(unreadable(seq, what)),
            other => other?,
        };
        let anchor = found.first().filter(|record| record.seq == seq);
        Ok(Self { reader, head: anchor.map_or(Head::EMPTY, Record::head) })
    }

    /// The last record that was handed out, or what the walk began behind.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    /// The next records, at least one and at most `limit` (taken as 1 when it is 0); none at the
    /// end of the journal.
    ///
    /// # Errors
    /// The next record is bad, or the store cannot be read; the walk stands where it stood.
    pub async fn next(&mut self, limit: usize) -> Result<Vec<Record>, WalkError> {
        let mut records = self.readable(limit.max(1)).await?;
        let mut good = 0;
        for record in &records {
            if let Some(flaw) = flaw(self.head, record) {
                if good > 0 {
                    break;
                }
                return Err(WalkError::Bad(BadRecord { seq: self.head.seq.next(), flaw }));
            }
            self.head = record.head();
            good += 1;
        }
        if records.is_empty() {
            // A damaged index may hide the end of a journal from a search and not from another.
            let found = self.reader.head().await?.seq;
            let seq = self.head.seq.next();
            if found > self.head.seq && self.reader.read(seq, 1).await?.is_empty() {
                return Err(WalkError::Bad(BadRecord { seq, flaw: Flaw::Missing { found } }));
            }
        }
        records.truncate(good);
        Ok(records)
    }

    /// As many of the next records as can be read at all.
    async fn readable(&self, limit: usize) -> Result<Vec<Record>, WalkError> {
        let next = self.head.seq.next();
        let (seq, what) = match self.reader.read(next, limit).await {
            Err(StoreError::Damaged { seq, what, .. }) => (seq, what),
            other => return Ok(other?),
        };
        let before = match seq {
            // The records before the unreadable one.
            Some(seq) if seq > next => usize::try_from(seq.0 - next.0).unwrap_or(1).min(limit),
            Some(_) => return Err(unreadable(next, what)),
            // It does not show at which record: one after the other.
            None if limit > 1 => 1,
            None => return Err(unreadable(next, what)),
        };
        match self.reader.read(next, before).await {
            Err(StoreError::Damaged { what, .. }) => Err(unreadable(next, what)),
            other => Ok(other?),
        }
    }
}

const fn unreadable(seq: Seq, what: String) -> WalkError {
    WalkError::Bad(BadRecord { seq, flaw: Flaw::Unreadable { what } })
}

/// What is wrong with the record that follows `head`, if something is.
pub(crate) fn flaw(head: Head, record: &Record) -> Option<Flaw> {
    if record.seq != head.seq.next() {
        return Some(Flaw::Missing { found: record.seq });
    }
    if record.prev != head.hash {
        return Some(Flaw::Broken { stored: record.prev, actual: head.hash });
    }
    let actual = record.recomputed_hash();
    (record.hash != actual).then_some(Flaw::Changed { stored: record.hash, actual })
}
