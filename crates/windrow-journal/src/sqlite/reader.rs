//! Reading beside the writer, on a connection of its own.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::watch;

use super::rows;
use crate::error::StoreError;
use crate::hash::Hash;
use crate::journal::Reader;
use crate::record::{Head, Record, Seq};
use crate::snapshot::NewestSnapshot;
use crate::tail::Tail;

/// The reading side of a [`SqliteJournal`](crate::SqliteJournal); its clones share one connection.
///
/// Needs a tokio runtime: reads run on its blocking threads. It goes on reading after the
/// journal's handle is gone.
#[derive(Clone)]
pub struct SqliteReader {
    place: Arc<str>,
    db: Arc<Mutex<Connection>>,
    heads: watch::Receiver<Seq>,
}

impl SqliteReader {
    pub(super) fn new(place: Arc<str>, db: Connection, heads: watch::Receiver<Seq>) -> Self {
        Self { place, db: Arc::new(Mutex::new(db)), heads }
    }

    /// Runs one bounded query; each is a read transaction that ends with it.
    async fn query<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection, &str) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Self { place, db, .. } = self.clone();
        let asked = tokio::task::spawn_blocking(move || {
            // A query that panicked has changed nothing: the connection cannot write.
            let db = db.lock().unwrap_or_else(PoisonError::into_inner);
            query(&db, &place)
        });
        asked.await.unwrap_or_else(|source| {
            let place = self.place.to_string();
            Err(StoreError::Failed { act: "read", place, source: Box::new(source) })
        })
    }
}

impl Reader for SqliteReader {
    async fn head(&self) -> Result<Head, StoreError> {
        self.query(rows::head).await
    }

    async fn read(&self, from: Seq, limit: usize) -> Result<Vec<Record>, StoreError> {
        self.query(move |db, place| rows::read(db, place, from, limit)).await
    }

    async fn text(&self, hash: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        let hash = *hash;
        self.query(move |db, place| rows::text(db, place, &hash)).await
    }

    async fn snapshot_until(&self, schema: u32, until: Seq) -> Result<NewestSnapshot, StoreError> {
        self.query(move |db, place| rows::snapshot_until(db, place, schema, until)).await
    }

    async fn first_since(&self, at_ms: i64) -> Result<Option<Seq>, StoreError> {
        self.query(move |db, place| rows::by_time(db, place, rows::FIRST_SINCE, at_ms)).await
    }

    async fn last_until(&self, at_ms: i64) -> Result<Option<Seq>, StoreError> {
        self.query(move |db, place| rows::by_time(db, place, rows::LAST_UNTIL, at_ms)).await
    }

    fn tail(&self, from: Seq) -> Tail<Self> {
        Tail::new(self.clone(), from, self.heads.clone())
    }
}

impl fmt::Debug for SqliteReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteReader").field("place", &self.place).finish_non_exhaustive()
    }
}
