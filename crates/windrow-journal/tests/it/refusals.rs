//! Files that are not opened, and damage that is named.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;
use windrow_journal::conformance::draft;
use windrow_journal::{
    Flaw, Journal as _, OpenError, Reader as _, Seq, SqliteJournal, StoreError, Stream, Text,
    verify,
};

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().canonicalize().unwrap().join("journal.db");
    (folder, file)
}

async fn written(file: &Path, count: u64) {
    let mut journal = SqliteJournal::open(file).unwrap();
    let batch = (0..count).map(|nth| draft(Stream::Work, nth)).collect();
    journal.append_with_texts(Seq::EMPTY, batch, vec![Text::new("kept")]).await.unwrap();
}

fn edit(file: &Path, sql: &str) {
    Connection::open(file).unwrap().execute_batch(sql).unwrap();
}

fn refused(file: &Path) -> OpenError {
    let error = SqliteJournal::open(file).unwrap_err();
    assert!(error.to_string().contains(file.to_str().unwrap()), "no path in `{error}`");
    error
}

#[tokio::test]
async fn a_second_writer_is_told_who_has_it() {
    let (folder, file) = place();
    let journal = SqliteJournal::open(&file).unwrap();
    let other_way = folder.path().join("link.db");
    std::os::unix::fs::symlink(&file, &other_way).unwrap();
    for path in [&file, &other_way] {
        match SqliteJournal::open(path).unwrap_err() {
            OpenError::Held { path, holder } => {
                assert_eq!((path, holder), (file.clone(), std::process::id().to_string()));
            }
            error => panic!("a journal in use was called {error:?}"),
        }
    }
    // A reader that is still about does not keep the file from its next owner.
    let reader = journal.reader();
    drop(journal);
    let mut journal = SqliteJournal::open(&other_way).unwrap();
    journal.append(Seq::EMPTY, vec![draft(Stream::Work, 1)]).await.unwrap();
    assert_eq!(reader.head().await.unwrap().seq, Seq(1));
}

#[tokio::test]
async fn a_newer_journal_is_refused_and_left_alone() {
    let (_folder, file) = place();
    written(&file, 1).await;
    edit(&file, "PRAGMA user_version = 99");
    let before = fs::read(&file).unwrap();
    let error = refused(&file);
    assert!(matches!(error, OpenError::Newer { found: 99, known: 1, .. }), "{error:?}");
    assert!(error.to_string().contains("99") && error.to_string().contains("up to 1"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn another_kind_of_file_is_refused_and_left_alone() {
    let (_folder, file) = place();
    let text = "this is a shopping list, not a journal\n".repeat(100);
    File::create(&file).unwrap().write_all(text.as_bytes()).unwrap();
    assert!(matches!(refused(&file), OpenError::NotAJournal { .. }));
    assert_eq!(fs::read(&file).unwrap(), text.as_bytes());
    fs::remove_file(&file).unwrap();
    edit(&file, "CREATE TABLE record (seq INTEGER); PRAGMA user_version = 1");
    let before = fs::read(&file).unwrap();
    assert!(matches!(refused(&file), OpenError::NotAJournal { .. }));
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_place_that_cannot_be_is_refused() {
    let (folder, file) = place();
    assert!(matches!(refused(&file.join("deeper")), OpenError::Failed { .. }));
    let folder = folder.path().canonicalize().unwrap();
    assert!(matches!(refused(&folder), OpenError::Failed { .. }));
}

#[tokio::test]
async fn a_damaged_file_is_named() {
    let (_folder, file) = place();
    written(&file, 2_000).await;
    let whole = fs::read(&file).unwrap();
    let restore = || File::create(&file).unwrap().write_all(&whole).unwrap();

    // Cut in the middle of its pages.
    OpenOptions::new().write(true).open(&file).unwrap().set_len(whole.len() as u64 / 2).unwrap();
    let error = refused(&file);
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    restore();

    // Its last record changed.
    edit(&file, "UPDATE record SET body = '{}' WHERE seq = 2000");
    let error = refused(&file);
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    restore();

    // A page in the middle overwritten: opening does not look there, reading does.
    let mut pages = OpenOptions::new().write(true).open(&file).unwrap();
    pages.seek(SeekFrom::Start(4096 * 40)).unwrap();
    pages.write_all(&[0xff; 4096]).unwrap();
    let journal = SqliteJournal::open(&file).unwrap();
    let report = verify(&journal.reader(), Seq::FIRST, &[]).await.unwrap();
    assert!((1..2_000).contains(&report.checked), "{report:?}");
    let bad = report.bad.unwrap();
    assert_eq!(bad.seq, report.head.seq.next());
    assert!(matches!(bad.flaw, Flaw::Unreadable { .. }), "{bad:?}");
    let last = journal.reader().read(Seq(2_000), 1).await.unwrap();
    assert_eq!(last.len(), 1, "what is whole is still read");
}

#[tokio::test]
async fn the_log_of_a_lost_file_is_not_thrown_away() {
    let (_folder, file) = place();
    let log = file.with_file_name("journal.db-wal");
    let journal = SqliteJournal::open(&file).unwrap();
    let bytes = fs::read(&log).unwrap();
    assert!(!bytes.is_empty());
    drop(journal);
    fs::remove_file(&file).unwrap();
    File::create(&log).unwrap().write_all(&bytes).unwrap();
    assert!(matches!(refused(&file), OpenError::Damaged { .. }));
    File::create(&file).unwrap();
    assert!(matches!(refused(&file), OpenError::Damaged { .. }));
    assert_eq!(fs::read(&log).unwrap(), bytes);
}

#[tokio::test]
async fn damage_behind_the_head_is_named() {
    let (_folder, file) = place();
    written(&file, 5).await;
    edit(
        &file,
        "PRAGMA ignore_check_constraints = ON;
         UPDATE record SET stream = 'song' WHERE seq = 4;
         UPDATE text SET bytes = x'00';",
    );
    let reader = SqliteJournal::open(&file).unwrap().reader();
    let report = verify(&reader, Seq::FIRST, &[]).await.unwrap();
    assert_eq!(report.checked, 3);
    let bad = report.bad.unwrap();
    assert_eq!(bad.seq, Seq(4));
    assert!(matches!(bad.flaw, Flaw::Unreadable { .. }), "{bad:?}");
    let text = reader.text(&Text::new("kept").hash()).await;
    assert!(matches!(text, Err(StoreError::Damaged { .. })), "{text:?}");
}

#[tokio::test]
async fn a_tail_ends_with_its_journal() {
    let (_folder, file) = place();
    written(&file, 5).await;
    let journal = SqliteJournal::open(&file).unwrap();
    let (mut unread, mut waiting) = (journal.reader().tail(Seq(3)), journal.reader().tail(Seq(6)));
    let waiting = tokio::spawn(async move { waiting.next(9).await });
    tokio::task::yield_now().await;
    drop(journal);
    assert_eq!(waiting.await.unwrap().unwrap(), None);
    assert_eq!(unread.next(9).await.unwrap().unwrap().len(), 3);
    assert_eq!(unread.next(9).await.unwrap(), None);
}
