//! Snapshots: folded state that saves reading the journal from its beginning.
//!
//! Invariant: a snapshot is only ever a shortcut. One that cannot be trusted is passed over, and
//! the journal alone gives the same state.

use crate::hash::{Encoder, Hash};
use crate::record::{Head, Seq};

/// State as its owner folded it from the records up to `seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last record folded into it.
    pub seq: Seq,
    /// The version of the owner's encoding.
    pub schema: u32,
    /// The state, in that encoding.
    pub bytes: Vec<u8>,
}

/// The answer to a search for a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewestSnapshot {
    /// The newest usable one.
    pub snapshot: Option<Snapshot>,
    /// Newer ones that were passed over, newest first.
    pub ignored: Vec<IgnoredSnapshot>,
}

/// A snapshot that was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredSnapshot {
    /// The record it claims to be of.
    pub seq: Seq,
    /// Why it cannot be used.
    pub flaw: SnapshotFlaw,
}

/// Why a snapshot cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotFlaw {
    /// Its content is not what was saved.
    #[error("its checksum does not match its content")]
    Checksum,
    /// The journal ends before it.
    #[error("the journal ends before it")]
    BeyondHead,
    /// The record it was made at is not the one the journal holds there.
    #[error("it was made of another history than the journal's")]
    OtherHistory,
}

/// A snapshot with what is needed to judge it, as a store keeps it.
#[derive(Clone, Debug)]
pub(crate) struct StoredSnapshot {
    pub(crate) snapshot: Snapshot,
    /// The hash of the record at the snapshot's seq when it was saved.
    pub(crate) record: Hash,
    pub(crate) checksum: Hash,
}

impl StoredSnapshot {
    /// Seals a snapshot made at `head`.
    pub(crate) fn seal(head: Head, schema: u32, bytes: Vec<u8>) -> Self {
        let snapshot = Snapshot { seq: head.seq, schema, bytes };
        let checksum = checksum(&snapshot, head.hash);
        Self { snapshot, record: head.hash, checksum }
    }

    /// Opens it, given the hash of the journal's record at its seq.
    pub(crate) fn open(self, record: Option<Hash>) -> Result<Snapshot, IgnoredSnapshot> {
        let flaw = if checksum(&self.snapshot, self.record) != self.checksum {
            SnapshotFlaw::Checksum
        } else {
            match record {
                None => SnapshotFlaw::BeyondHead,
                Some(hash) if hash != self.record => SnapshotFlaw::OtherHistory,
                Some(_) => return Ok(self.snapshot),
            }
        };
        Err(IgnoredSnapshot { seq: self.snapshot.seq, flaw })
    }
}

fn checksum(snapshot: &Snapshot, record: Hash) -> Hash {
    Encoder::new("windrow snapshot", 1)
        .fixed(&snapshot.seq.0.to_le_bytes())
        .fixed(&snapshot.schema.to_le_bytes())
        .fixed(record.as_bytes())
        .bytes(&snapshot.bytes)
        .finish()
}
