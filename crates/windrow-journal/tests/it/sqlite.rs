//! The suite on a file, and what only a file can do wrong.

use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;
use windrow_journal::conformance::{Damage, Subject};
use windrow_journal::{Journal as _, Reader as _, Seq, SqliteJournal};

windrow_journal::conformance_suite!(Place::new());

/// A folder for one journal.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }
}

impl Place {
    async fn forge(&self, seq: Seq) {
        let reader = SqliteJournal::open(self.file()).unwrap().reader();
        let mut record = reader.read(seq, 1).await.unwrap().remove(0);
        record.draft.body.push(' ');
        let hash = record.recomputed_hash();
        let change = "UPDATE record SET body = ?1, hash = ?2 WHERE seq = ?3";
        let db = Connection::open(self.file()).unwrap();
        let to = rusqlite::params![record.draft.body, hash.as_bytes(), seq.0.cast_signed()];
        assert_eq!(db.execute(change, to).unwrap(), 1);
    }
}

impl Subject for Place {
    type Journal = SqliteJournal;

    async fn open(&self) -> SqliteJournal {
        SqliteJournal::open(self.file()).unwrap()
    }

    async fn damage(&self, damage: Damage) {
        // As somebody would who knows that the end is on record beside the file.
        std::fs::remove_file(self.folder.path().join("journal.db.head")).unwrap();
        let (sql, Seq(seq)) = match damage {
            Damage::Forge(seq) => return self.forge(seq).await,
            Damage::Change(seq) => ("UPDATE record SET body = body || ' ' WHERE seq = ?1", seq),
            Damage::Remove(seq) => ("DELETE FROM record WHERE seq = ?1", seq),
            Damage::Cut(seq) => ("DELETE FROM record WHERE seq >= ?1", seq),
            Damage::Snapshot(seq) => ("UPDATE snapshot SET bytes = x'00' WHERE seq = ?1", seq),
        };
        let db = Connection::open(self.file()).unwrap();
        assert!(db.execute(sql, [seq.cast_signed()]).unwrap() > 0);
    }
}
