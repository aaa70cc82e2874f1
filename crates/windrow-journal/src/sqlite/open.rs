//! Opening a journal file, and the handle that writes to it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use tokio::sync::{oneshot, watch};

use super::file;
use super::lock::{Lock, LockError};
use super::reader::SqliteReader;
use super::writer::{Request, Writer};
use crate::error::{AppendError, BoxError, StoreError};
use crate::journal::Journal;
use crate::record::{Draft, Head, Record, Seq};
use crate::text::Text;

/// A journal file that was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Somebody has it open for writing.
    #[error("journal `{path}` is in use by process {holder}", path = path.display())]
    Held {
        /// The journal.
        path: PathBuf,
        /// The holder's process id as it wrote it down, or `unknown`.
        holder: String,
    },
    /// A newer windrow wrote it; this one would not understand it all.
    #[error(
        "journal `{path}` has format version {found}, this windrow knows up to {known}",
        path = path.display()
    )]
    Newer {
        /// The journal.
        path: PathBuf,
        /// Its format version.
        found: i64,
        /// The newest version this binary knows.
        known: u32,
    },
    /// It is some other file.
    #[error("`{path}` is not a windrow journal", path = path.display())]
    NotAJournal {
        /// The file.
        path: PathBuf,
    },
    /// It was a journal once.
    #[error("journal `{path}` is damaged", path = path.display())]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: BoxError,
    },
    /// The system or SQLite refused.
    #[error("failed to open journal `{path}`", path = path.display())]
    Failed {
        /// The journal, or its lock file.
        path: PathBuf,
        /// What it said.
        #[source]
        source: BoxError,
    },
}

impl OpenError {
    pub(super) fn damaged(path: &Path, what: String) -> Self {
        Self::Damaged { path: path.to_owned(), source: what.into() }
    }

    pub(super) fn from_sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => Self::NotAJournal { path },
            Some(rusqlite::ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { path, source: Box::new(source) }
            }
            _ => Self::Failed { path, source: Box::new(source) },
        }
    }

    fn failed(path: &Path, source: io::Error) -> Self {
        Self::Failed { path: path.to_owned(), source: Box::new(source) }
    }
}

/// A journal in a file, open for writing.
///
/// Its writer is a thread of its own. Dropping the handle waits for the request under way, if any,
/// then closes the file and lets go of it.
#[derive(Debug)]
pub struct SqliteJournal {
    place: Arc<str>,
    reader: SqliteReader,
    requests: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
    // Dropped after the thread has ended: nobody opens the file while it is still being closed.
    _lock: Lock,
}

impl SqliteJournal {
    /// Opens the journal at `path`, making it when there is none; its folder must exist.
    ///
    /// Takes no longer for a large journal than for a small one, and blocks meanwhile: a few
    /// milliseconds, or five seconds when a foreign program has the file locked.
    ///
    /// # Errors
    /// See [`OpenError`]. Nothing was changed, but a lock file may have been made.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = resolve(path.as_ref())?;
        let lock = Lock::take(&path).map_err(|error| match error {
            LockError::Held(holder) => OpenError::Held {
                path: path.clone(),
                holder: if holder.is_empty() { "unknown".to_owned() } else { holder },
            },
            LockError::Io(path, source) => OpenError::failed(&path, source),
        })?;
        let place: Arc<str> = path.display().to_string().into();
        file::finish_repair(&path)?;
        let db = file::open_writer(&path)?;
        let (heads, woken) = watch::channel(Seq::EMPTY);
        let reader = SqliteReader::new(place.clone(), file::open_reader(&path)?, woken);
        let (requests, queue) = mpsc::channel();
        let writer = Writer::new(place.clone(), path.clone(), db, heads);
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.serve(&queue))
            .map_err(|source| OpenError::failed(&path, source))?;
        Ok(Self { place, reader, requests: Some(requests), thread: Some(thread), _lock: lock })
    }

    /// Lets the file grow to `pages` pages of 4 KiB and no further, as if the disk were full then;
    /// `u32::MAX` frees it again. A limit below the present size is the present size.
    ///
    /// # Errors
    /// The store refused.
    #[cfg(any(test, feature = "testing"))]
    pub async fn limit_pages(&mut self, pages: u32) -> Result<(), StoreError> {
        self.ask(|reply| Request::LimitPages { pages, reply }).await?
    }

    /// Sends a request and waits for its answer.
    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, StoreError> {
        let closed = || StoreError::Closed { place: self.place.to_string() };
        let (reply, answer) = oneshot::channel();
        let requests = self.requests.as_ref().ok_or_else(closed)?;
        requests.send(request(reply)).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())
    }
}

impl Journal for SqliteJournal {
    type Reader = SqliteReader;

    async fn append_with_texts(
        &mut self,
        expected: Seq,
        batch: Vec<Draft>,
        texts: Vec<Text>,
    ) -> Result<Vec<Record>, AppendError> {
        self.ask(|reply| Request::Append { expected, batch, texts, reply }).await?
    }

    async fn head(&mut self) -> Result<Head, StoreError> {
        self.ask(|reply| Request::Head { reply }).await?
    }

    async fn save_snapshot(
        &mut self,
        seq: Seq,
        schema: u32,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.ask(|reply| Request::SaveSnapshot { seq, schema, bytes, reply }).await?
    }

    fn reader(&self) -> SqliteReader {
        self.reader.clone()
    }
}

impl Drop for SqliteJournal {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by the panic hook; the lock is let go all the same.
            let _ended = thread.join();
        }
    }
}

/// The one name of the file, so that two ways to write it lead to the same lock.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, OpenError> {
    let failed = |source| OpenError::failed(path, source);
    match path.canonicalize() {
        Ok(found) => Ok(found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let name = path.file_name().ok_or_else(|| failed(error))?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            Ok(folder.unwrap_or(Path::new(".")).canonicalize().map_err(failed)?.join(name))
        }
        Err(error) => Err(failed(error)),
    }
}
