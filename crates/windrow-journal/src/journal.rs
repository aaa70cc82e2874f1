//! The contract between the engine and whatever keeps the journal.
//!
//! One [`Journal`] appends; any number of [`Reader`]s read beside it and are not blocked by it.
//! Everything a store must keep is said on the methods and shown by the conformance suite. Each
//! method leaves the work of one request; nothing here retries.
//!
//! Never: a type, a limit or an error that only one kind of store could have.

use crate::error::{AppendError, StoreError};
use crate::hash::Hash;
use crate::record::{Draft, Head, Record, Seq, Stream};
use crate::snapshot::NewestSnapshot;
use crate::tail::Tail;
use crate::text::Text;

/// The writing side of a journal.
///
/// There is no blanket default for any method that stores: how a store makes a batch atomic and
/// durable is its whole point. Dropping the handle is as good as closing it; nothing acknowledged
/// depends on it.
pub trait Journal: Send + 'static {
    /// The reading side of the same journal.
    type Reader: Reader;

    /// Appends `batch` behind the head, in order, and stores `texts` with it.
    ///
    /// `expected` is the last record the caller has folded. The store MUST
    /// - refuse with [`AppendError::Conflict`] and append nothing when `expected` is beyond the
    ///   head, or when the batch holds a [`Stream::Work`] record and a work record lies after
    ///   `expected`. A batch of talk alone is appended whatever came before; its records' places
    ///   then need not follow `expected`.
    /// - append the whole batch or nothing of it, its records contiguous, numbered without a gap
    ///   after the head and chained by [`Record::after`];
    /// - answer only when the batch and its texts would survive a crash of the machine, texts no
    ///   later than the records that may name them;
    /// - show the batch to readers no earlier than it is durable, and wake every [`Tail`];
    /// - keep a text that is already there, and keep it once;
    /// - work again after a failure whose cause is gone, on what is really stored: no number or
    ///   hash of a failed batch may leak into the next.
    ///
    /// An empty batch appends nothing and answers with no records; its texts are stored.
    ///
    /// # Errors
    /// On [`AppendError::Store`] the batch may have become durable all the same. The caller drops
    /// what it folded from it, asks [`Journal::head`] and folds again. The same holds when the
    /// future is dropped before it answered.
    fn append_with_texts(
        &mut self,
        expected: Seq,
        batch: Vec<Draft>,
        texts: Vec<Text>,
    ) -> impl Future<Output = Result<Vec<Record>, AppendError>> + Send;

    /// Appends a batch that refers to no new text. See [`Journal::append_with_texts`].
    fn append(
        &mut self,
        expected: Seq,
        batch: Vec<Draft>,
    ) -> impl Future<Output = Result<Vec<Record>, AppendError>> + Send {
        self.append_with_texts(expected, batch, Vec::new())
    }

    /// Stores one text durably, ahead of any record that names it.
    ///
    /// # Errors
    /// As [`Journal::append_with_texts`]; never a conflict.
    fn put_text(&mut self, text: Text) -> impl Future<Output = Result<Hash, AppendError>> + Send {
        async {
            let hash = text.hash();
            self.append_with_texts(Seq::EMPTY, Vec::new(), vec![text]).await?;
            Ok(hash)
        }
    }

    /// Reads the head from the store, after everything this handle has asked for before.
    ///
    /// The store MUST NOT answer from memory: this is how a writer learns what became of an append
    /// that failed.
    ///
    /// # Errors
    /// The store cannot be read.
    fn head(&mut self) -> impl Future<Output = Result<Head, StoreError>> + Send;

    /// Saves what the caller has folded from the records up to and including `seq`.
    ///
    /// `schema` is the version of the caller's encoding. The store MUST keep the newest snapshot of
    /// every schema until a newer one of that schema is durable; it may drop older ones.
    ///
    /// # Errors
    /// [`StoreError::Beyond`] when there is no such record yet; or the store cannot be written,
    /// which leaves the snapshots as they were.
    fn save_snapshot(
        &mut self,
        seq: Seq,
        schema: u32,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A handle for reading beside this one.
    fn reader(&self) -> Self::Reader;
}

/// The reading side of a journal; cheap to clone and to hand to another task.
///
/// A store MUST answer reads while an append is under way or failing, and MUST NOT let a slow
/// reader hold up the writer: a read covers one bounded request, not a conversation.
pub trait Reader: Clone + Send + Sync + 'static {
    /// The head, as the store has it now.
    ///
    /// # Errors
    /// The store cannot be read.
    fn head(&self) -> impl Future<Output = Result<Head, StoreError>> + Send;

    /// Up to `limit` records from `from` on, in order and without a gap unless records are
    /// missing from the store; none when `from` is beyond the head.
    ///
    /// The records are as stored. Whether the chain holds is [`verify`](crate::verify())'s question.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with the record's place when one cannot be read at all.
    fn read(
        &self,
        from: Seq,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Record>, StoreError>> + Send;

    /// The bytes kept under `hash`, or nothing when there are none.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the bytes no longer have that hash.
    fn text(&self, hash: &Hash)
    -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// The newest usable snapshot of `schema` at or before `until`, and which newer ones were passed
    /// over and why.
    ///
    /// The store MUST pass over a snapshot whose checksum fails, that lies beyond the head, or
    /// that was made of another history than the one stored (its record's hash differs).
    ///
    /// # Errors
    /// The store cannot be read; a bad snapshot is not an error.
    fn snapshot_until(
        &self,
        schema: u32,
        until: Seq,
    ) -> impl Future<Output = Result<NewestSnapshot, StoreError>> + Send;

    /// The newest usable snapshot of `schema`. See [`Reader::snapshot_until`].
    ///
    /// # Errors
    /// As [`Reader::snapshot_until`].
    fn newest_snapshot(
        &self,
        schema: u32,
    ) -> impl Future<Output = Result<NewestSnapshot, StoreError>> + Send {
        self.snapshot_until(schema, Seq(u64::MAX))
    }

    /// The first record whose time is not before `at_ms`; clocks may jump, so that later records
    /// may be of an earlier time.
    ///
    /// # Errors
    /// The store cannot be read.
    fn first_since(
        &self,
        at_ms: i64,
    ) -> impl Future<Output = Result<Option<Seq>, StoreError>> + Send;

    /// The last record whose time is not after `at_ms`; clocks may jump, so that earlier records
    /// may be of a later time.
    ///
    /// # Errors
    /// The store cannot be read.
    fn last_until(
        &self,
        at_ms: i64,
    ) -> impl Future<Output = Result<Option<Seq>, StoreError>> + Send;

    /// A subscription to the records from `from` on, those already there included.
    fn tail(&self, from: Seq) -> Tail<Self>;
}

/// The rule of [`Journal::append_with_texts`] on who must have seen what.
pub(crate) fn guard(
    expected: Seq,
    head: Head,
    last_work: Seq,
    batch: &[Draft],
) -> Result<(), AppendError> {
    let guarded = batch.iter().any(|draft| draft.stream == Stream::Work);
    if expected > head.seq || (guarded && last_work > expected) {
        return Err(AppendError::Conflict { head });
    }
    Ok(())
}
