//! A journal in memory, for tests: the same contract, and failures on demand.
//!
//! A [`MemoryStore`] stands for the disk and outlives the handles opened on it, so that a test can
//! drop a handle where a process would die and open the next. Several may be open at once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::error::{AppendError, StoreError};
use crate::hash::Hash;
use crate::journal::{Journal, Reader, guard};
use crate::record::{Draft, Head, Record, Seq, Stream, chain};
use crate::snapshot::{NewestSnapshot, StoredSnapshot};
use crate::tail::Tail;
use crate::text::Text;

/// Where the errors say the journal is.
const PLACE: &str = "memory";

/// How an append is to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no space; nothing was stored.
    Full,
    /// The store failed before the batch became durable.
    Before,
    /// The store reported a failure after the batch had become durable.
    After,
}

/// What stands for the disk; clones share it.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    disk: Arc<Mutex<Disk>>,
    heads: watch::Sender<Seq>,
}

#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub(crate) records: Vec<Record>,
    pub(crate) texts: BTreeMap<Hash, Vec<u8>>,
    /// By schema and seq.
    pub(crate) snapshots: BTreeMap<(u32, Seq), StoredSnapshot>,
    faults: VecDeque<Fault>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self { disk: Arc::default(), heads: watch::Sender::new(Seq::EMPTY) }
    }

    /// Opens the journal kept here.
    #[must_use]
    pub fn open(&self) -> MemoryJournal {
        MemoryJournal { store: self.clone() }
    }

    /// Makes the next append that has not been spoken for fail; several queue up.
    pub fn fail_next(&self, fault: Fault) {
        self.disk().faults.push_back(fault);
    }

    pub(crate) fn disk(&self) -> MutexGuard<'_, Disk> {
        // A test that panicked while it held the lock has failed already.
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Disk {
    fn head(&self) -> Head {
        self.records.last().map_or(Head::EMPTY, Record::head)
    }

    fn last_work(&self) -> Seq {
        let work = |record: &&Record| record.draft.stream == Stream::Work;
        self.records.iter().rev().find(work).map_or(Seq::EMPTY, |record| record.seq)
    }

    fn record(&self, seq: Seq) -> Option<&Record> {
        let place = self.records.binary_search_by_key(&seq, |record| record.seq).ok()?;
        self.records.get(place)
    }

    fn read(&self, from: Seq, limit: usize) -> Vec<Record> {
        let start = self.records.partition_point(|record| record.seq < from);
        self.records.iter().skip(start).take(limit).cloned().collect()
    }

    fn save_snapshot(&mut self, seq: Seq, schema: u32, bytes: Vec<u8>) -> Result<(), StoreError> {
        let Some(head) = self.record(seq).map(Record::head) else {
            let head = self.head().seq;
            return Err(StoreError::Beyond { place: PLACE.to_owned(), seq, head });
        };
        self.snapshots.insert((schema, seq), StoredSnapshot::seal(head, schema, bytes));
        Ok(())
    }

    fn snapshot_until(&self, schema: u32, until: Seq) -> NewestSnapshot {
        let mut newest = NewestSnapshot::default();
        let all = self.snapshots.range((schema, Seq::EMPTY)..=(schema, until));
        for ((_, seq), stored) in all.rev() {
            match stored.clone().open(self.record(*seq).map(|record| record.hash)) {
                Ok(snapshot) => {
                    newest.snapshot = Some(snapshot);
                    break;
                }
                Err(ignored) => newest.ignored.push(ignored),
            }
        }
        newest
    }
}

/// A journal in memory, open for writing.
#[derive(Debug)]
pub struct MemoryJournal {
    store: MemoryStore,
}

impl MemoryJournal {
    fn store_batch(
        &self,
        expected: Seq,
        batch: Vec<Draft>,
        texts: Vec<Text>,
    ) -> Result<Vec<Record>, AppendError> {
        let mut disk = self.store.disk();
        let fault = disk.faults.pop_front();
        if let Some(fault @ (Fault::Full | Fault::Before)) = fault {
            return Err(failure(fault).into());
        }
        let head = disk.head();
        guard(expected, head, disk.last_work(), &batch)?;
        let records = chain(head, batch);
        for text in texts {
            disk.texts.entry(text.hash()).or_insert_with(|| text.bytes().to_vec());
        }
        disk.records.extend_from_slice(&records);
        if let Some(fault) = fault {
            return Err(failure(fault).into());
        }
        if let Some(last) = records.last() {
            self.store.heads.send_replace(last.seq);
        }
        Ok(records)
    }
}

fn failure(fault: Fault) -> StoreError {
    let place = PLACE.to_owned();
    match fault {
        Fault::Full => StoreError::Full { place, source: "no space, by request".into() },
        Fault::Before | Fault::After => {
            StoreError::Failed { act: "write to", place, source: "a failure, by request".into() }
        }
    }
}

impl Journal for MemoryJournal {
    type Reader = MemoryReader;

    async fn append_with_texts(
        &mut self,
        expected: Seq,
        batch: Vec<Draft>,
        texts: Vec<Text>,
    ) -> Result<Vec<Record>, AppendError> {
        self.store_batch(expected, batch, texts)
    }

    async fn head(&mut self) -> Result<Head, StoreError> {
        let head = self.store.disk().head();
        self.store.heads.send_replace(head.seq);
        Ok(head)
    }

    async fn save_snapshot(
        &mut self,
        seq: Seq,
        schema: u32,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.store.disk().save_snapshot(seq, schema, bytes)
    }

    fn reader(&self) -> MemoryReader {
        MemoryReader { store: self.store.clone() }
    }
}

/// The reading side of a [`MemoryJournal`].
#[derive(Clone, Debug)]
pub struct MemoryReader {
    store: MemoryStore,
}

impl Reader for MemoryReader {
    async fn head(&self) -> Result<Head, StoreError> {
        Ok(self.store.disk().head())
    }

    async fn read(&self, from: Seq, limit: usize) -> Result<Vec<Record>, StoreError> {
        Ok(self.store.disk().read(from, limit))
    }

    async fn text(&self, hash: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.store.disk().texts.get(hash).cloned())
    }

    async fn snapshot_until(&self, schema: u32, until: Seq) -> Result<NewestSnapshot, StoreError> {
        Ok(self.store.disk().snapshot_until(schema, until))
    }

    async fn first_since(&self, at_ms: i64) -> Result<Option<Seq>, StoreError> {
        let disk = self.store.disk();
        let first = disk.records.iter().find(|record| record.draft.at_ms >= at_ms);
        Ok(first.map(|record| record.seq))
    }

    async fn last_until(&self, at_ms: i64) -> Result<Option<Seq>, StoreError> {
        let disk = self.store.disk();
        let last = disk.records.iter().rev().find(|record| record.draft.at_ms <= at_ms);
        Ok(last.map(|record| record.seq))
    }

    fn tail(&self, from: Seq) -> Tail<Self> {
        Tail::new(self.clone(), from, self.store.heads.subscribe())
    }
}
