//! The thread that owns the writing connection.
//!
//! Invariant: it remembers nothing about the journal between requests. Head and chain are read
//! inside the transaction that extends them.

use std::path::PathBuf;
use std::sync::{Arc, mpsc};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{oneshot, watch};

use super::mark::Mark;
use super::{file, rows};
use crate::error::{AppendError, StoreError};
use crate::journal::guard;
use crate::record::{Draft, Head, Record, Seq, chain};
use crate::snapshot::StoredSnapshot;
use crate::text::Text;

/// What the thread is asked to do. An answer nobody waits for any more is dropped.
#[derive(Debug)]
pub(super) enum Request {
    Append {
        expected: Seq,
        batch: Vec<Draft>,
        texts: Vec<Text>,
        reply: oneshot::Sender<Result<Vec<Record>, AppendError>>,
    },
    Head {
        reply: oneshot::Sender<Result<Head, StoreError>>,
    },
    SaveSnapshot {
        seq: Seq,
        schema: u32,
        bytes: Vec<u8>,
        reply: oneshot::Sender<Result<(), StoreError>>,
    },
    #[cfg(any(test, feature = "testing"))]
    LimitPages {
        pages: u32,
        reply: oneshot::Sender<Result<(), StoreError>>,
    },
}

/// The connection and whom to wake.
pub(super) struct Writer {
    place: Arc<str>,
    path: PathBuf,
    db: Connection,
    mark: Mark,
    heads: watch::Sender<Seq>,
}

impl Writer {
    pub(super) fn new(
        place: Arc<str>,
        path: PathBuf,
        db: Connection,
        heads: watch::Sender<Seq>,
    ) -> Self {
        let mark = Mark::open(&path);
        // A journal of before there were notes has one from now on.
        if let Ok(head) = rows::head(&db, &place)
            && head != Head::EMPTY
        {
            mark.write(head);
        }
        Self { place, path, db, mark, heads }
    }

    /// Serves requests in order until the journal's handle is dropped.
    pub(super) fn serve(mut self, queue: &mpsc::Receiver<Request>) {
        while let Ok(request) = queue.recv() {
            match request {
                Request::Append { expected, batch, texts, reply } => {
                    let done = self.append(expected, batch, &texts);
                    if let Err(AppendError::Store(error)) = &done {
                        self.settle(error);
                    }
                    let _nobody_waits = reply.send(done);
                }
                Request::Head { reply } => {
                    let _nobody_waits = reply.send(self.head());
                }
                Request::SaveSnapshot { seq, schema, bytes, reply } => {
                    let done = self.save_snapshot(seq, schema, bytes);
                    if let Err(error) = &done {
                        self.settle(error);
                    }
                    let _nobody_waits = reply.send(done);
                }
                #[cfg(any(test, feature = "testing"))]
                Request::LimitPages { pages, reply } => {
                    let limit = |db: &Connection| {
                        // Answers with the limit it set, which is never below the present size.
                        db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
                    };
                    let failed = |error| rows::store_error(&self.place, "limit", error);
                    let _nobody_waits = reply.send(limit(&self.db).map_err(failed));
                }
            }
        }
    }

    fn append(
        &mut self,
        expected: Seq,
        batch: Vec<Draft>,
        texts: &[Text],
    ) -> Result<Vec<Record>, AppendError> {
        let place = &self.place;
        let failed = |error| rows::store_error(place, "write to", error);
        let tx =
            self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let head = rows::head(&tx, place)?;
        guard(expected, head, rows::last_work(&tx, place)?, &batch)?;
        let records = chain(head, batch);
        for text in texts {
            rows::insert_text(&tx, text).map_err(failed)?;
        }
        for record in &records {
            rows::insert(&tx, record).map_err(failed)?;
        }
        tx.commit().map_err(failed)?;
        if let Some(last) = records.last() {
            self.mark.write(last.head());
            self.heads.send_replace(last.seq);
        }
        Ok(records)
    }

    fn head(&self) -> Result<Head, StoreError> {
        let head = rows::head(&self.db, &self.place)?;
        // After an append that failed and became durable all the same, tails learn of it here.
        self.heads.send_if_modified(|seq| std::mem::replace(seq, head.seq) != head.seq);
        Ok(head)
    }

    fn save_snapshot(&mut self, seq: Seq, schema: u32, bytes: Vec<u8>) -> Result<(), StoreError> {
        let place = &self.place;
        let failed = |error| rows::store_error(place, "write to", error);
        let tx =
            self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let Some(hash) = rows::hash_at(&tx, place, seq)? else {
            let head = rows::head(&tx, place)?.seq;
            return Err(StoreError::Beyond { place: place.to_string(), seq, head });
        };
        let sealed = StoredSnapshot::seal(Head { seq, hash }, schema, bytes);
        rows::insert_snapshot(&tx, &sealed).map_err(failed)?;
        tx.commit().map_err(failed)
    }

    /// Brings the connection back to a known state after a failure, as far as that is possible.
    ///
    /// A transaction whose last fsync failed lies in the write-ahead log whole: this process does
    /// not count it, but one that recovers the log after a crash would. Emptying the log settles
    /// that. Where the disk does not allow it, the next successful append overwrites it.
    fn settle(&mut self, error: &StoreError) {
        if matches!(error, StoreError::Beyond { .. }) {
            return;
        }
        if !self.db.is_autocommit() && self.db.execute_batch("ROLLBACK").is_err() {
            // The old connection's transaction ends with it. If there is no new one to be had, the
            // requests that follow fail on the old one and try again.
            if let Ok(db) = file::open_writer(&self.path) {
                self.db = db;
            }
        }
        let _best_effort = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }
}
