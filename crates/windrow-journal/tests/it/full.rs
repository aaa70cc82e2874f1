//! A full disk: nothing half-written, reads go on, and so do writes once there is space.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use windrow_journal::conformance::draft;
use windrow_journal::{
    AppendError, Draft, Head, Journal as _, Reader as _, Record, Seq, SqliteJournal, StoreError,
    Stream, Text, verify,
};

#[cfg(target_os = "linux")]
use crate::rerun;

/// A megabyte, so that a few of them fill any disk of this test.
const BULK: usize = 1 << 20;

fn batch(head: Head, body: usize) -> Vec<Draft> {
    let body = format!("\"{}\"", "x".repeat(body));
    (1..=3)
        .map(|nth| Draft { body: body.clone(), ..draft(Stream::Work, head.seq.0 + nth) })
        .collect()
}

async fn append(
    journal: &mut SqliteJournal,
    head: Head,
    body: usize,
) -> Result<Vec<Record>, AppendError> {
    let text = Text::new(format!("text at {}", head.seq).repeat(100));
    journal.append_with_texts(head.seq, batch(head, body), vec![text]).await
}

/// Appends until there is no space; returns the last head that was acknowledged.
async fn fill(journal: &mut SqliteJournal) -> Head {
    let mut head = journal.head().await.unwrap();
    for _ in 0..100 {
        match append(journal, head, BULK / 3).await {
            Ok(records) => head = records.last().unwrap().head(),
            Err(AppendError::Store(StoreError::Full { .. })) => return head,
            Err(error) => panic!("a full disk was called {error:?}"),
        }
    }
    panic!("the disk never filled");
}

/// What holds while there is no space.
async fn still_answers(journal: &mut SqliteJournal, head: Head) {
    assert_eq!(journal.head().await.unwrap(), head);
    let reader = journal.reader();
    let report = verify(&reader, Seq::FIRST, &[head]).await.unwrap();
    assert_eq!((report.head, report.bad), (head, None));
    let unsaid = Text::new(format!("text at {}", head.seq).repeat(100));
    assert_eq!(reader.text(&unsaid.hash()).await.unwrap(), None);
    let snapshot = journal.save_snapshot(head.seq, 1, vec![0; 4 * BULK]).await;
    assert!(matches!(snapshot, Err(StoreError::Full { .. })), "{snapshot:?}");
    assert_eq!(reader.newest_snapshot(1).await.unwrap().snapshot, None);
}

/// What holds once there is space again, now and after a restart.
async fn goes_on(mut journal: SqliteJournal, file: &Path, head: Head) {
    let mut tail = journal.reader().tail(head.seq.next());
    let records = append(&mut journal, head, 10).await.unwrap();
    assert_eq!((records[0].seq, records[0].prev), (head.seq.next(), head.hash));
    assert_eq!(tail.next(9).await.unwrap().unwrap(), records);
    let last = records.last().unwrap().head();
    drop((journal, tail));
    let journal = SqliteJournal::open(file).unwrap();
    let report = verify(&journal.reader(), Seq::FIRST, &[head, last]).await.unwrap();
    assert_eq!((report.head, report.bad), (last, None));
}

#[tokio::test]
async fn a_file_that_may_not_grow_fails_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.db");
    let mut journal = SqliteJournal::open(&file).unwrap();
    append(&mut journal, Head::EMPTY, 10).await.unwrap();
    journal.limit_pages(1_000).await.unwrap();
    let head = fill(&mut journal).await;
    assert!(head.seq > Seq(3));
    for _ in 0..3 {
        append(&mut journal, head, BULK).await.unwrap_err();
        still_answers(&mut journal, head).await;
    }
    journal.limit_pages(u32::MAX).await.unwrap();
    goes_on(journal, &file, head).await;
}

/// On a small file system of its own, in a user and mount namespace that ends with the process.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_fails_cleanly() {
    const NAMESPACE: [&str; 2] = ["unshare", "-rm"];
    if let Some(folder) = rerun::other_part() {
        on_a_small_disk(&folder).await;
        println!("\nfilled and freed");
        return;
    }
    let tried = rerun::program(&["unshare", "-rm", "true"]).status();
    if !tried.is_ok_and(|done| done.success()) {
        skip("this system gives no user namespace (`unshare -rm true` fails)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let done = rerun::command("full::a_full_disk_fails_cleanly", folder.path(), &NAMESPACE)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success() && said.contains("filled and freed"),
        "{said}{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

#[cfg(target_os = "linux")]
async fn on_a_small_disk(folder: &Path) {
    let disk = folder.to_str().unwrap();
    let mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "none", disk];
    assert!(rerun::program(&mount).status().unwrap().success());
    let (file, ballast) = (folder.join("journal.db"), folder.join("ballast"));
    File::create(&ballast).unwrap().write_all(&vec![0; 8 * BULK]).unwrap();
    let mut journal = SqliteJournal::open(&file).unwrap();
    let mut head = append(&mut journal, Head::EMPTY, 10).await.unwrap().last().unwrap().head();
    assert!(head.seq > Seq::EMPTY);
    for _ in 0..3 {
        head = fill(&mut journal).await;
        still_answers(&mut journal, head).await;
    }
    fs::remove_file(ballast).unwrap();
    goes_on(journal, &file, head).await;
}

#[cfg(target_os = "linux")]
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
#[expect(clippy::disallowed_methods, reason = "CI says that a skipped test is a failure")]
fn skip(why: &str) {
    println!("skipped: {why}");
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "skipped: {why}");
}
