//! The file's format: how it is recognised, made, and refused.
//!
//! Invariant: nothing is written to a file before it is known to be an empty one or a journal of
//! a version this binary writes.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::mark;
use super::open::OpenError;
use crate::record::{Head, Seq};

/// The version of the file's tables that this binary reads and writes (`PRAGMA user_version`).
pub const FORMAT_VERSION: u32 = 1;

/// Marks the file as a windrow journal (`PRAGMA application_id`): `WNDW` in ASCII.
const APPLICATION_ID: i64 = 0x574e_4457;

/// How long to wait for a foreign program, such as a backup, that has the file locked.
const BUSY: Duration = Duration::from_secs(5);

/// The tables of version 1. `work` finds the last guarded record without walking over talk.
const TABLES: &str = "
    CREATE TABLE record (
        seq    INTEGER PRIMARY KEY CHECK (seq > 0),
        at_ms  INTEGER NOT NULL,
        actor  TEXT NOT NULL,
        stream TEXT NOT NULL CHECK (stream IN ('work', 'talk')),
        cause  INTEGER,
        kind   TEXT NOT NULL,
        body   TEXT NOT NULL,
        prev   BLOB NOT NULL CHECK (length(prev) = 32),
        hash   BLOB NOT NULL CHECK (length(hash) = 32)
    ) STRICT;
    CREATE INDEX work ON record (seq) WHERE stream = 'work';
    CREATE TABLE text (
        hash  BLOB PRIMARY KEY NOT NULL CHECK (length(hash) = 32),
        bytes BLOB NOT NULL
    ) STRICT;
    CREATE TABLE snapshot (
        schema   INTEGER NOT NULL,
        seq      INTEGER NOT NULL,
        record   BLOB NOT NULL CHECK (length(record) = 32),
        checksum BLOB NOT NULL CHECK (length(checksum) = 32),
        bytes    BLOB NOT NULL,
        PRIMARY KEY (schema, seq)
    ) STRICT;
";

/// Opens the file for writing, making it when there is none.
pub(super) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    refuse_lost_log(path)?;
    let failed = |source| OpenError::from_sqlite(path, source);
    let mut db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
        .map_err(failed)?;
    // Until the file is known to be whole, closing it must leave its log as it is.
    let stay =
        |db: &Connection, on| db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on);
    stay(&db, true).map_err(failed)?;
    let version = recognise(path, &db)?;
    check_head(path, &db, version.is_some())?;
    settle(&db).map_err(failed)?;
    if version.is_none() {
        make(&mut db).map_err(failed)?;
    }
    stay(&db, false).map_err(failed)?;
    Ok(db)
}

/// Opens a file that the writer has open already, for reading alone.
pub(super) fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|source| OpenError::from_sqlite(path, source))
}

/// Connects without touching the file's content. The path is never taken for a URI.
fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(BUSY)?;
    db.pragma_update(None, "trusted_schema", false)?;
    db.pragma_update(None, "cell_size_check", true)?;
    Ok(db)
}

/// The journal's version, or nothing for a file with nothing in it; anything else is refused.
fn recognise(path: &Path, db: &Connection) -> Result<Option<u32>, OpenError> {
    let failed = |source| OpenError::from_sqlite(path, source);
    let number = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables: i64 =
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    let application = number("application_id").map_err(failed)?;
    let version = number("user_version").map_err(failed)?;
    if (tables, application, version) == (0, 0, 0) {
        return Ok(None);
    }
    if application != APPLICATION_ID {
        return Err(OpenError::NotAJournal { path: path.to_owned() });
    }
    match u32::try_from(version) {
        Ok(version) if version == FORMAT_VERSION => Ok(Some(version)),
        _ if version > i64::from(FORMAT_VERSION) => {
            Err(OpenError::Newer { path: path.to_owned(), found: version, known: FORMAT_VERSION })
        }
        _ => Err(OpenError::damaged(path, format!("its format version is {version}"))),
    }
}

/// Sets what makes an acknowledged append durable.
fn settle(db: &Connection) -> rusqlite::Result<()> {
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        // Some network file systems cannot; without it readers would block the writer.
        return Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR),
            Some(format!("the file system cannot keep a write-ahead log (mode `{mode}`)")),
        ));
    }
    db.pragma_update(None, "synchronous", "FULL")?;
    // macOS alone: a plain fsync there does not reach the disk.
    db.pragma_update(None, "fullfsync", true)?;
    db.pragma_update(None, "checkpoint_fullfsync", true)?;
    // A log that once grew large gives its space back at the next checkpoint.
    db.pragma_update(None, "journal_size_limit", 16 << 20)
}

fn make(db: &mut Connection) -> rusqlite::Result<()> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(TABLES)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", FORMAT_VERSION)?;
    tx.commit()
}

/// Refuses to start afresh beside the log of a journal whose file is gone: SQLite would delete it.
fn refuse_lost_log(path: &Path) -> Result<(), OpenError> {
    let size = |path: &Path| path.metadata().map_or(0, |found| found.len());
    if size(path) == 0 && size(&beside(path, "-wal")) > 0 {
        let what = "the file is missing or empty, but its write-ahead log is not".to_owned();
        return Err(OpenError::damaged(path, what));
    }
    Ok(())
}

/// Looks at the last record, and at the last one that is on record beside the file; the rest is for
/// whoever reads, whose cost grows with the journal.
fn check_head(path: &Path, db: &Connection, made: bool) -> Result<(), OpenError> {
    let place = path.display().to_string();
    let damaged = |error| OpenError::Damaged { path: path.to_owned(), source: Box::new(error) };
    let head = if made { super::rows::head(db, &place).map_err(damaged)? } else { Head::EMPTY };
    if let Some(known) = mark::load(path) {
        if known.seq > head.seq {
            let what =
                format!("it ends at record {}, but record {} was there", head.seq, known.seq);
            return Err(OpenError::damaged(path, what));
        }
        let there = super::rows::hash_at(db, &place, known.seq).map_err(damaged)?;
        if there != Some(known.hash) {
            let what = format!("record {} is not the one that was written", known.seq);
            return Err(OpenError::damaged(path, what));
        }
    }
    if head.seq == Seq::EMPTY {
        return Ok(());
    }
    let last = super::rows::read(db, &place, head.seq, 1).map_err(damaged)?;
    if last.iter().all(|record| record.recomputed_hash() == head.hash) {
        return Ok(());
    }
    Err(OpenError::damaged(path, format!("record {} is not what was written", head.seq)))
}

/// What is behind the name of a repaired journal that lies ready.
pub(super) const READY: &str = ".repaired";

/// The name of a file beside another.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Puts a repaired journal that lies ready into the place of the damaged one.
///
/// The old log goes first: it must never be taken for that of the new file.
pub(super) fn finish_repair(path: &Path) -> Result<(), OpenError> {
    let ready = beside(path, READY);
    if !ready.exists() {
        return Ok(());
    }
    let failed =
        |source: io::Error| OpenError::Failed { path: ready.clone(), source: Box::new(source) };
    for old in [beside(path, "-wal"), beside(path, "-shm"), mark::place(path)] {
        remove(&old).map_err(failed)?;
    }
    fs::rename(&ready, path).map_err(failed)?;
    sync_folder(path.parent().unwrap_or(Path::new("."))).map_err(failed)
}

/// Removes a file that may be gone already.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
