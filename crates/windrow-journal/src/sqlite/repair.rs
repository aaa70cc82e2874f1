//! Looking into a damaged journal, and cutting it to what is whole.
//!
//! Invariant: the damaged files are copied aside and synced before anything of them changes, and the
//! journal is at every instant the damaged one, or the repaired one under its own or its next name.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::watch;

use super::lock::{Lock, LockError};
use super::open::{OpenError, resolve};
use super::reader::SqliteReader;
use super::{file, mark, rows};
use crate::error::{BoxError, StoreError};
use crate::record::{Head, Seq};
use crate::text::Text;
use crate::verify::{BadRecord, Flaw, VerifyReport};
use crate::walk::{Walk, WalkError};

/// Records copied in one go.
const STRIDE: usize = 1_000;

/// What a journal file holds, whatever state it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// How far it is good, and what is wrong behind that.
    pub report: VerifyReport,
    /// The last record that is known to have been there; there may have been later ones.
    pub known: Seq,
}

/// A repair that is under way. Dropped before [`Repair::finish`], it leaves the journal as it was.
#[derive(Debug)]
pub struct Repair {
    path: PathBuf,
    /// The last record that is kept.
    pub head: Head,
    /// The last record that is known to have been there.
    pub known: Seq,
    /// The folder with a copy of the files as they are.
    pub aside: PathBuf,
    _lock: Lock,
}

/// A repair that was not done; the journal is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// There is nothing to repair.
    #[error("journal `{path}` is whole up to its last record, {head}", path = path.display())]
    Whole {
        /// The journal.
        path: PathBuf,
        /// Its last record.
        head: Seq,
    },
    /// The journal is good only up to an earlier record.
    #[error("journal `{path}` is good only up to record {good}, not to {to}", path = path.display())]
    Beyond {
        /// The journal.
        path: PathBuf,
        /// The record that was named.
        to: Seq,
        /// The last good one.
        good: Seq,
    },
    /// It cannot be opened even for a repair.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The copy could not be written.
    #[error("failed to {act} `{path}`", path = path.display())]
    Files {
        /// What was attempted.
        act: &'static str,
        /// On which file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: BoxError,
    },
    /// The journal could not be read for a reason that may pass.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Walks a journal that nobody has open, without changing it.
///
/// # Errors
/// It is another windrow's, or cannot be read for a reason that may pass.
pub async fn examine(path: impl AsRef<Path>) -> Result<Examined, RepairError> {
    let path = resolve(path.as_ref())?;
    let _lock = lock(&path)?;
    look(&path).await
}

async fn look(path: &Path) -> Result<Examined, RepairError> {
    let marked = mark::load(path);
    let known = marked.map_or(Seq::EMPTY, |head| head.seq);
    let nothing = VerifyReport { checked: 0, head: Head::EMPTY, bad: None };
    let reader = match file::open_reader(path) {
        Ok(db) => reader(path, db),
        // Nothing of it can be read.
        Err(OpenError::NotAJournal { .. } | OpenError::Damaged { .. }) => {
            return Ok(Examined { report: nothing, known });
        }
        Err(other) => return Err(other.into()),
    };
    let report = walk(reader, marked).await;
    let known = known.max(report.head.seq);
    Ok(Examined { report, known })
}

/// Walks as far as anything can be read; whatever stops it counts as damage.
async fn walk(reader: SqliteReader, marked: Option<Head>) -> VerifyReport {
    let mut report = VerifyReport { checked: 0, head: Head::EMPTY, bad: None };
    let mut walk = Walk::new(reader);
    let mut limit = STRIDE;
    loop {
        let flaw = match walk.next(limit).await {
            Ok(records) => {
                let last = records.last().map(|record| record.seq);
                for record in records {
                    let wrong = marked.filter(|m| m.seq == record.seq && m.hash != record.hash);
                    if let Some(Head { hash: published, .. }) = wrong {
                        let flaw = Flaw::Rewritten { published, actual: record.hash };
                        report.bad = Some(BadRecord { seq: record.seq, flaw });
                        return report;
                    }
                    report.checked += 1;
                    report.head = record.head();
                }
                match marked.filter(|marked| marked.seq > report.head.seq) {
                    _ if last.is_some() => continue,
                    Some(_) => Flaw::Cut,
                    None => return report,
                }
            }
            Err(WalkError::Bad(bad)) => bad.flaw,
            // It does not show at which record: one after the other from here on.
            Err(WalkError::Store(_)) if limit > 1 => {
                limit = 1;
                continue;
            }
            Err(WalkError::Store(error)) => Flaw::Unreadable { what: error.to_string() },
        };
        report.bad = Some(BadRecord { seq: report.head.seq.next(), flaw });
        return report;
    }
}

fn reader(path: &Path, db: Connection) -> SqliteReader {
    let place: Arc<str> = path.display().to_string().into();
    let (_no_writer, heads) = watch::channel(Seq::EMPTY);
    SqliteReader::new(place, db, heads)
}

impl Repair {
    /// Copies a damaged journal aside, and what is good of it up to record `to`, or to its last
    /// good one, into a new file.
    ///
    /// # Errors
    /// See [`RepairError`]. Nothing was changed, but a copy may lie aside.
    pub async fn begin(path: impl AsRef<Path>, to: Option<Seq>) -> Result<Self, RepairError> {
        let path = resolve(path.as_ref())?;
        let lock = lock(&path)?;
        file::finish_repair(&path)?;
        let Examined { report, known } = look(&path).await?;
        let good = report.head.seq;
        match file::open_writer(&path) {
            Ok(_) if report.bad.is_none() => return Err(RepairError::Whole { path, head: good }),
            Err(error @ OpenError::Newer { .. }) => return Err(error.into()),
            Ok(_) | Err(_) => {}
        }
        let to = to.unwrap_or(good);
        if to > good {
            return Err(RepairError::Beyond { path, to, good });
        }
        let aside = keep_aside(&path)?;
        let head = build(&path, to).await?;
        Ok(Self { path, head, known, aside, _lock: lock })
    }

    /// The new file. It may be opened as a journal, and be appended to, until the repair is
    /// finished.
    #[must_use]
    pub fn draft(&self) -> PathBuf {
        draft(&self.path)
    }

    /// Puts the new file into the place of the damaged one.
    ///
    /// # Errors
    /// The files cannot be renamed. Whoever opens the journal next finishes it.
    pub fn finish(self) -> Result<(), RepairError> {
        let new = self.draft();
        let failed = |source: rusqlite::Error| files("write", &new, source);
        let db = file::open_writer(&new)?;
        let head = rows::head(&db, &new.display().to_string())?;
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(failed)?;
        db.close().map_err(|(_, error)| failed(error))?;
        for left in ["-wal", "-shm", ".lock", ".head"].map(|end| file::beside(&new, end)) {
            file::remove(&left).map_err(|error| files("remove", &left, error))?;
        }
        let ready = file::beside(&self.path, file::READY);
        fs::rename(&new, &ready).map_err(|error| files("rename", &new, error))?;
        file::finish_repair(&self.path)?;
        if head != Head::EMPTY {
            mark::Mark::open(&self.path).write(head);
        }
        Ok(())
    }
}

fn draft(path: &Path) -> PathBuf {
    file::beside(path, ".repairing")
}

fn lock(path: &Path) -> Result<Lock, RepairError> {
    Lock::take(path).map_err(|error| match error {
        LockError::Held(holder) => OpenError::Held { path: path.to_owned(), holder }.into(),
        LockError::Io(path, source) => files("lock", &path, source),
    })
}

/// Copies the files as they are into a folder of their own.
fn keep_aside(path: &Path) -> Result<PathBuf, RepairError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let free = (1_u32..).map(|nth| folder.join(format!("broken-journal-{nth}")));
    let mut free = free.filter(|folder| !folder.exists());
    let aside = free.next().unwrap_or_else(|| folder.join("broken-journal"));
    fs::create_dir(&aside).map_err(|error| files("make", &aside, error))?;
    for from in [path.to_owned(), file::beside(path, "-wal"), mark::place(path)] {
        let Some(name) = from.file_name() else { continue };
        let to = aside.join(name);
        match fs::copy(&from, &to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(files("copy", &from, error)),
            Ok(_) => {
                let synced = File::open(&to).and_then(|file| file.sync_all());
                synced.map_err(|error| files("write", &to, error))?;
            }
        }
    }
    file::sync_folder(&aside).map_err(|error| files("write", &aside, error))?;
    Ok(aside)
}

/// Makes a new file of the good records and the texts, ready to take the journal's place.
async fn build(path: &Path, to: Seq) -> Result<Head, RepairError> {
    let new = draft(path);
    for left in ["", "-wal", "-shm", ".head"].map(|end| file::beside(&new, end)) {
        file::remove(&left).map_err(|error| files("remove", &left, error))?;
    }
    let failed = |source: rusqlite::Error| files("write", &new, source);
    let mut made = file::open_writer(&new)?;
    let mut head = Head::EMPTY;
    if to > Seq::EMPTY {
        let mut walk = Walk::new(reader(path, file::open_reader(path)?));
        while walk.head().seq < to {
            let left = usize::try_from(to.0 - walk.head().seq.0).unwrap_or(STRIDE);
            let records = match walk.next(left.min(STRIDE)).await {
                Ok(records) if !records.is_empty() => records,
                Ok(_) => break,
                Err(WalkError::Store(error)) => return Err(error.into()),
                Err(error @ WalkError::Bad(_)) => return Err(files("read", path, error)),
            };
            let tx = made.transaction().map_err(failed)?;
            records.iter().try_for_each(|record| rows::insert(&tx, record)).map_err(failed)?;
            tx.commit().map_err(failed)?;
        }
        head = walk.head();
        if let Ok(old) = file::open_reader(path) {
            let tx = made.transaction().map_err(failed)?;
            copy_texts(&old, &tx).map_err(failed)?;
            tx.commit().map_err(failed)?;
        }
    }
    made.close().map_err(|(_, error)| failed(error))?;
    Ok(head)
}

/// Copies every text that can be read and is what its name says, from both ends towards the damage.
fn copy_texts(old: &Connection, new: &Connection) -> rusqlite::Result<()> {
    for order in ["ASC", "DESC"] {
        let Ok(mut query) =
            old.prepare(&format!("SELECT hash, bytes FROM text ORDER BY rowid {order}"))
        else {
            return Ok(());
        };
        let Ok(mut rows) = query.query([]) else { return Ok(()) };
        let whole = loop {
            match rows.next() {
                Ok(None) => break true,
                Ok(Some(row)) => {
                    let (Ok(hash), Ok(bytes)) =
                        (row.get::<_, Vec<u8>>(0), row.get::<_, Vec<u8>>(1))
                    else {
                        continue;
                    };
                    let text = Text::new(bytes);
                    if text.hash().as_bytes()[..] == hash[..] {
                        rows::insert_text(new, &text)?;
                    }
                }
                // The damage begins here; the other end may be whole.
                Err(_) => break false,
            }
        };
        if whole {
            return Ok(());
        }
    }
    Ok(())
}

fn files(act: &'static str, path: &Path, source: impl Into<BoxError>) -> RepairError {
    RepairError::Files { act, path: path.to_owned(), source: source.into() }
}
