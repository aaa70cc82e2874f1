//! A state and its journal, changed together or not at all.
//!
//! Commands are decided on the state as the batch leaves it; the batch is appended at its end. Only
//! after that may anything be answered or performed. When the append fails, the state is folded anew
//! from what the journal really holds: a failed commit may have become durable all the same.

use serde::Serialize;
use serde::de::DeserializeOwned;
use windrow_core::event::Envelope;
use windrow_core::machine::{
    Machine, MachineCommand, MachineEvent, MachineRejection, decide_machine, evolve_machine,
};
use windrow_core::{Command, Event, Rejection, Stamp, State, Timestamp};
use windrow_journal::{
    AppendError, Draft, Journal, Record, Seq, StoreError, Stream, Text, WalkError,
};
use windrow_world::crash;

use crate::fold::fold;

/// Records between two snapshots, at least. Few in a debug build, so that what tests restart begins with one.
const SNAPSHOT_EVERY: u64 = if cfg!(debug_assertions) { 50 } else { 5_000 };

/// A snapshot grows with its journal. Made after each fiftieth of it, all of them together cost no
/// more than a few readings of the whole, and a start folds at most that part.
const SNAPSHOT_SHARE: u64 = 50;

/// Something that is decided and folded.
pub(crate) trait Aggregate:
    Default + Clone + Serialize + DeserializeOwned + Send + 'static
{
    /// What is asked of it.
    type Command;
    /// What happened to it.
    type Event: Serialize + DeserializeOwned + Clone + Send;
    /// Why something was refused.
    type Rejection: std::error::Error + Send;

    /// Turns a command into events.
    ///
    /// # Errors
    /// The rule that the command broke.
    fn decide(
        &self,
        command: &Self::Command,
        stamp: Stamp,
    ) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// Folds one event.
    fn evolve(&mut self, seq: u64, at: Timestamp, event: Self::Event);
}

impl Aggregate for State {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command, stamp: Stamp) -> Result<Vec<Event>, Rejection> {
        windrow_core::decide(self, command, stamp)
    }

    fn evolve(&mut self, seq: u64, at: Timestamp, event: Event) {
        windrow_core::evolve(self, &Envelope { seq, at, event });
    }
}

impl Aggregate for Machine {
    type Command = MachineCommand;
    type Event = MachineEvent;
    type Rejection = MachineRejection;

    fn decide(
        &self,
        command: &MachineCommand,
        _: Stamp,
    ) -> Result<Vec<MachineEvent>, MachineRejection> {
        decide_machine(self, command)
    }

    fn evolve(&mut self, seq: u64, at: Timestamp, event: MachineEvent) {
        evolve_machine(self, seq, &event, Stamp { now: at });
    }
}

/// A state and its journal.
pub(crate) struct Ledger<A: Aggregate, J: Journal> {
    state: A,
    journal: J,
    head: Seq,
    drafts: Vec<Draft>,
    texts: Vec<Text>,
    snapshot_at: u64,
    snapshot_every: u64,
    /// The journal could not be read back after a failed append; the state cannot be trusted.
    broken: bool,
}

/// A journal that cannot be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store failed.
    #[error("failed to read the journal")]
    Store(#[from] StoreError),
    /// It is damaged, or could not be read for the moment.
    #[error("failed to read the journal")]
    Walk(#[from] WalkError),
    /// The append failed; nothing of the batch counts.
    #[error("failed to write the journal")]
    Append(#[from] AppendError),
    /// The journal could be read back only now; the batch must be decided again.
    #[error("the journal could not be read for a while; ask again")]
    ReadBack,
    /// A record is not of a form this version knows.
    #[error("failed to read record {seq} of the journal (`{kind}`): a newer windrow wrote it")]
    Unknown {
        /// Its position.
        seq: u64,
        /// Its kind.
        kind: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

impl<A: Aggregate, J: Journal> Ledger<A, J> {
    /// Folds what the journal holds.
    ///
    /// # Errors
    /// When it cannot be read, or a newer windrow wrote it.
    pub(crate) async fn open(journal: J) -> Result<Self, LedgerError> {
        let mut ledger = Self {
            state: A::default(),
            journal,
            head: Seq::EMPTY,
            drafts: Vec::new(),
            texts: Vec::new(),
            snapshot_at: 0,
            snapshot_every: SNAPSHOT_EVERY,
            broken: false,
        };
        ledger.refold().await?;
        Ok(ledger)
    }

    /// The state as the batch leaves it.
    #[must_use]
    pub(crate) const fn state(&self) -> &A {
        &self.state
    }

    /// The state, for taking out what is not stored.
    pub(crate) const fn state_mut(&mut self) -> &mut A {
        &mut self.state
    }

    /// Makes snapshots at that distance, in records.
    pub(crate) const fn snapshot_every(&mut self, records: u64) {
        self.snapshot_every = records;
    }

    /// Reads the journal beside the writer.
    #[must_use]
    pub(crate) fn reader(&self) -> J::Reader {
        self.journal.reader()
    }

    /// Whether something waits to be appended.
    #[must_use]
    pub(crate) fn has_pending(&self) -> bool {
        !self.drafts.is_empty() || !self.texts.is_empty()
    }

    /// Decides a command and folds its events; they count once [`Ledger::commit`] succeeded.
    ///
    /// # Errors
    /// The rule that the command broke; nothing changed.
    pub(crate) fn apply(
        &mut self,
        command: &A::Command,
        actor: &str,
        now: Timestamp,
    ) -> Result<Vec<A::Event>, A::Rejection> {
        let events = self.state.decide(command, Stamp { now })?;
        let cause = (!events.is_empty()).then(|| self.next_seq());
        for (at, event) in events.iter().enumerate() {
            let seq = self.next_seq();
            let (kind, body) = split(event);
            self.drafts.push(Draft {
                at_ms: now.0,
                actor: actor.to_owned(),
                stream: Stream::Work,
                cause: cause.filter(|_| at > 0),
                kind,
                body,
            });
            self.state.evolve(seq.0, now, event.clone());
        }
        Ok(events)
    }

    /// Adds long texts to the batch.
    pub(crate) fn keep_texts(&mut self, texts: impl IntoIterator<Item = Text>) {
        self.texts.extend(texts);
    }

    /// Appends the batch durably.
    ///
    /// # Errors
    /// Nothing of the batch counts then; the state is what the journal holds.
    pub(crate) async fn commit(&mut self) -> Result<(), LedgerError> {
        if self.broken {
            self.drop_batch();
            self.refold().await?;
            self.broken = false;
            // The batch was decided on a state that could not be trusted: it counts for nothing.
            return Err(LedgerError::ReadBack);
        }
        if !self.has_pending() {
            return Ok(());
        }
        let (drafts, texts) = (std::mem::take(&mut self.drafts), std::mem::take(&mut self.texts));
        let count = drafts.len() as u64;
        crash::point("append", "decided");
        match self.journal.append_with_texts(self.head, drafts, texts).await {
            Ok(_) => {
                crash::point("append", "durable");
                self.head = Seq(self.head.0 + count);
                self.maybe_snapshot().await;
                Ok(())
            }
            Err(error) => {
                if let Err(again) = self.refold().await {
                    tracing::error!("failed to read the journal back: {again}");
                    self.broken = true;
                }
                Err(error.into())
            }
        }
    }

    fn drop_batch(&mut self) {
        self.drafts.clear();
        self.texts.clear();
    }

    fn next_seq(&self) -> Seq {
        Seq(self.head.0 + self.drafts.len() as u64 + 1)
    }

    /// Drops the state and folds the newest snapshot and everything after it.
    async fn refold(&mut self) -> Result<(), LedgerError> {
        self.drop_batch();
        let head = self.journal.head().await?;
        let folded = fold(&self.journal.reader(), head.seq).await?;
        self.state = folded.state;
        self.snapshot_at = folded.snapshot_at.0;
        self.head = folded.head;
        Ok(())
    }

    async fn maybe_snapshot(&mut self) {
        if self.head.0 - self.snapshot_at < self.snapshot_every.max(self.head.0 / SNAPSHOT_SHARE) {
            return;
        }
        self.snapshot_at = self.head.0;
        crash::point("snapshot", "due");
        // A snapshot only saves time: failing to make one loses nothing.
        let saved = match serde_json::to_vec(&self.state) {
            Ok(bytes) => {
                let schema = windrow_core::SCHEMA;
                self.journal
                    .save_snapshot(self.head, schema, bytes)
                    .await
                    .map_err(|e| e.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        crash::point("snapshot", "saved");
        if let Err(error) = saved {
            tracing::warn!("no snapshot was saved: {error}");
        }
    }
}

/// An event as its kind and its body, the way a record has it.
fn split<E: Serialize>(event: &E) -> (String, String) {
    let mut value = serde_json::to_value(event).unwrap_or_default();
    let mut part = |name| value.get_mut(name).map(serde_json::Value::take).unwrap_or_default();
    let kind = part("kind");
    (kind.as_str().unwrap_or_default().to_owned(), part("body").to_string())
}

/// The event that a record holds.
///
/// # Errors
/// It is not of a form this version knows.
pub(crate) fn event_of<A: Aggregate>(record: &Record) -> Result<A::Event, LedgerError> {
    let unknown = |source| LedgerError::Unknown {
        seq: record.seq.0,
        kind: record.draft.kind.clone(),
        source,
    };
    // Read in one pass: a start may have a million of these before it.
    let kind = serde_json::Value::from(record.draft.kind.as_str());
    let text = format!(r#"{{"kind":{kind},"body":{}}}"#, record.draft.body);
    serde_json::from_str(&text).map_err(unknown)
}

#[cfg(test)]
mod tests;
