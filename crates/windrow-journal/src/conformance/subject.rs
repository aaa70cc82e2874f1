//! What a store brings to the suite.

use crate::memory::{Disk, MemoryStore};
use crate::{Draft, Journal, MemoryJournal, Seq, Stream};

/// A place where one journal is kept, empty at first.
pub trait Subject: Sync {
    /// The store's journal.
    type Journal: Journal;

    /// Opens the journal; the one before was dropped as if its process had died.
    fn open(&self) -> impl Future<Output = Self::Journal> + Send;

    /// Damages what is stored, behind the store's back, while no journal is open.
    fn damage(&self, damage: Damage) -> impl Future<Output = ()> + Send;
}

/// Damage to what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// A record's body changes.
    Change(Seq),
    /// A record's body changes, and its hash with it, as somebody would who knows the encoding.
    Forge(Seq),
    /// A record disappears.
    Remove(Seq),
    /// A record and all after it disappear.
    Cut(Seq),
    /// The bytes of the snapshot at a record change.
    Snapshot(Seq),
}

/// A record to append; `nth` tells it from others.
#[must_use]
pub fn draft(stream: Stream, nth: u64) -> Draft {
    Draft {
        at_ms: 1_700_000_000_000,
        actor: "toast".to_owned(),
        stream,
        cause: None,
        kind: "noted".to_owned(),
        body: format!(r#"{{"nth":{nth}}}"#),
    }
}

impl Subject for MemoryStore {
    type Journal = MemoryJournal;

    async fn open(&self) -> MemoryJournal {
        Self::open(self)
    }

    async fn damage(&self, damage: Damage) {
        self.disk().damage(damage);
    }
}

impl Disk {
    fn damage(&mut self, damage: Damage) {
        match damage {
            Damage::Change(seq) => {
                let changed = self.records.iter_mut().filter(|record| record.seq == seq);
                changed.for_each(|record| record.draft.body.push(' '));
            }
            Damage::Forge(seq) => {
                for record in self.records.iter_mut().filter(|record| record.seq == seq) {
                    record.draft.body.push(' ');
                    record.hash = record.recomputed_hash();
                }
            }
            Damage::Remove(seq) => self.records.retain(|record| record.seq != seq),
            Damage::Cut(seq) => self.records.retain(|record| record.seq < seq),
            Damage::Snapshot(seq) => {
                let at = self.snapshots.values_mut().filter(|stored| stored.snapshot.seq == seq);
                at.for_each(|stored| stored.snapshot.bytes.push(0));
            }
        }
    }
}
