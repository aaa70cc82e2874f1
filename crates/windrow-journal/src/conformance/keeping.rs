//! What survives: crashes, texts, snapshots.

use super::subject::{Damage, Subject, draft};
use crate::{
    Draft, Hash, IgnoredSnapshot, Journal, Reader as _, Seq, SnapshotFlaw, StoreError, Stream,
    Text, verify,
};

fn work(nth: u64) -> Vec<Draft> {
    vec![draft(Stream::Work, nth)]
}

async fn fill<J: Journal>(journal: &mut J, count: u64) {
    let batch = (0..count).flat_map(work).collect();
    journal.append(Seq::EMPTY, batch).await.expect("the journal is empty");
}

/// A journal dropped at any point between two appends comes back with all it acknowledged.
pub async fn what_was_acknowledged_survives_a_crash(subject: &impl Subject) {
    let mut acknowledged = Vec::new();
    for nth in 0..5 {
        let mut journal = subject.open().await;
        let head = journal.head().await.expect("a healthy store reads");
        assert_eq!(head.seq, Seq(nth));
        let records = journal.append(head.seq, work(nth)).await;
        acknowledged.extend(records.expect("the head is expected"));
        drop(journal);
        let reader = subject.open().await.reader();
        let read = reader.read(Seq::FIRST, 100).await.expect("a healthy store reads");
        assert_eq!(read, acknowledged);
    }
}

/// The next process chains behind the last one's records, and its guard knows their work.
pub async fn the_chain_goes_on_after_a_crash(subject: &impl Subject) {
    let mut journal = subject.open().await;
    fill(&mut journal, 3).await;
    drop(journal);
    let mut journal = subject.open().await;
    assert!(journal.append(Seq(2), work(9)).await.is_err(), "record 3 is work");
    journal.append(Seq(3), work(9)).await.expect("the head is 3");
    let report = verify(&journal.reader(), Seq::FIRST, &[]).await.expect("a healthy store reads");
    assert_eq!((report.checked, report.bad), (4, None));
}

/// The same text may be stored any number of times, under one hash.
pub async fn texts_are_kept_once(subject: &impl Subject) {
    let mut journal = subject.open().await;
    let bytes = b"line\r\n\0\xff".repeat(10_000);
    let hash = journal.put_text(Text::new(bytes.clone())).await.expect("there is space");
    assert_eq!(hash, Hash::of(&bytes));
    let twice = vec![Text::new(bytes.clone()), Text::new(bytes.clone()), Text::new("")];
    journal.append_with_texts(Seq::EMPTY, work(1), twice).await.expect("texts may repeat");
    let reader = journal.reader();
    assert_eq!(reader.text(&hash).await.expect("a healthy store reads"), Some(bytes));
    let empty = reader.text(&Hash::of(b"")).await.expect("a healthy store reads");
    assert_eq!(empty, Some(Vec::new()));
    assert_eq!(reader.text(&Hash::of(b"x")).await.expect("a healthy store reads"), None);
}

/// Once a batch is acknowledged, the texts that came with it are there after a crash.
pub async fn texts_survive_with_their_batch(subject: &impl Subject) {
    let mut journal = subject.open().await;
    let text = Text::new("a long story");
    let hash = text.hash();
    let told = vec![Draft { body: format!("\"{hash}\""), ..draft(Stream::Talk, 1) }];
    journal.append_with_texts(Seq::EMPTY, told, vec![text]).await.expect("there is space");
    journal.put_text(Text::new("another")).await.expect("there is space");
    drop(journal);
    let reader = subject.open().await.reader();
    for story in ["a long story", "another"] {
        let text = reader.text(&Hash::of(story.as_bytes())).await.expect("a healthy store reads");
        assert_eq!(text.as_deref(), Some(story.as_bytes()));
    }
}

/// The newest snapshot of the asked schema comes back, also after a crash; others do not count.
pub async fn the_newest_snapshot_of_a_schema_counts(subject: &impl Subject) {
    let mut journal = subject.open().await;
    let none = journal.reader().newest_snapshot(1).await.expect("a healthy store reads");
    assert_eq!((none.snapshot, none.ignored.len()), (None, 0));
    fill(&mut journal, 5).await;
    for (seq, schema) in [(1, 1), (2, 1), (3, 1), (4, 1), (5, 2)] {
        let bytes = format!("state {seq}").into_bytes();
        journal.save_snapshot(Seq(seq), schema, bytes).await.expect("there is space");
    }
    journal.save_snapshot(Seq(4), 1, b"again".to_vec()).await.expect("a snapshot can be redone");
    drop(journal);
    let reader = subject.open().await.reader();
    for (schema, seq, bytes) in [(1, 4, "again"), (2, 5, "state 5")] {
        let newest = reader.newest_snapshot(schema).await.expect("a healthy store reads");
        let snapshot = newest.snapshot.expect("one was saved");
        assert_eq!((snapshot.seq, snapshot.schema), (Seq(seq), schema));
        assert_eq!(snapshot.bytes, bytes.as_bytes());
        assert_eq!(newest.ignored, []);
    }
    let none = reader.newest_snapshot(3).await.expect("a healthy store reads");
    assert_eq!(none.snapshot, None);
}

/// Who folds up to a record of the past gets the nearest snapshot that is not of later ones.
pub async fn a_snapshot_of_the_past_is_found(subject: &impl Subject) {
    let mut journal = subject.open().await;
    fill(&mut journal, 9).await;
    for seq in [3, 6] {
        let bytes = format!("state {seq}").into_bytes();
        journal.save_snapshot(Seq(seq), 1, bytes).await.expect("there is space");
    }
    let reader = journal.reader();
    for (until, wanted) in [(2, None), (3, Some(3)), (5, Some(3)), (6, Some(6)), (9, Some(6))] {
        let found = reader.snapshot_until(1, Seq(until)).await.expect("a healthy store reads");
        assert_eq!(found.snapshot.map(|found| found.seq), wanted.map(Seq), "until {until}");
    }
}

/// There is no snapshot of records that are not there.
pub async fn a_snapshot_of_the_future_is_refused(subject: &impl Subject) {
    let mut journal = subject.open().await;
    fill(&mut journal, 2).await;
    let refused = journal.save_snapshot(Seq(3), 1, Vec::new()).await;
    let head = match refused {
        Err(StoreError::Beyond { seq: Seq(3), head, .. }) => head,
        other => panic!("a snapshot of record 3 was answered with {other:?}"),
    };
    assert_eq!(head, Seq(2));
    let newest = journal.reader().newest_snapshot(1).await.expect("a healthy store reads");
    assert_eq!(newest.snapshot, None);
}

/// After the newest snapshot is damaged, the one before serves, and the reason is given.
pub async fn a_damaged_snapshot_is_passed_over(subject: &impl Subject) {
    saved_at(subject, [2, 4]).await;
    subject.damage(Damage::Snapshot(Seq(4))).await;
    falls_back(subject, 2, SnapshotFlaw::Checksum).await;
}

/// A snapshot of records that were cut off is not state of this journal.
pub async fn a_snapshot_beyond_the_head_is_passed_over(subject: &impl Subject) {
    saved_at(subject, [2, 4]).await;
    subject.damage(Damage::Cut(Seq(4))).await;
    falls_back(subject, 2, SnapshotFlaw::BeyondHead).await;
}

/// A snapshot of records that were replaced is not state of this journal.
pub async fn a_snapshot_of_another_history_is_passed_over(subject: &impl Subject) {
    saved_at(subject, [1, 4]).await;
    drop(replace_from_3(subject).await);
    falls_back(subject, 1, SnapshotFlaw::OtherHistory).await;
}

/// However many snapshots of another history there are, one of this history is kept.
pub async fn another_history_does_not_crowd_out_snapshots(subject: &impl Subject) {
    saved_at(subject, [3, 4]).await;
    let mut journal = replace_from_3(subject).await;
    journal.save_snapshot(Seq(2), 1, Vec::new()).await.expect("there is space");
    let newest = journal.reader().newest_snapshot(1).await.expect("a healthy store reads");
    assert_eq!(newest.snapshot.map(|snapshot| snapshot.seq), Some(Seq(2)));
}

/// Cuts a journal of four records after the second and appends two others.
async fn replace_from_3<S: Subject>(subject: &S) -> S::Journal {
    subject.damage(Damage::Cut(Seq(3))).await;
    let mut journal = subject.open().await;
    let other = [work(90), work(91)].concat();
    journal.append(Seq(2), other).await.expect("the head is 2");
    journal
}

/// Four records with snapshots at two of them; then the process dies.
async fn saved_at(subject: &impl Subject, places: [u64; 2]) {
    let mut journal = subject.open().await;
    fill(&mut journal, 4).await;
    for seq in places {
        let bytes = seq.to_string().into_bytes();
        journal.save_snapshot(Seq(seq), 1, bytes).await.expect("there is space");
    }
}

/// The snapshot at 4 is passed over for `flaw`, and the one at `seq` is used.
async fn falls_back(subject: &impl Subject, seq: u64, flaw: SnapshotFlaw) {
    let reader = subject.open().await.reader();
    let newest = reader.newest_snapshot(1).await.expect("a bad snapshot is no error");
    assert_eq!(newest.ignored, [IgnoredSnapshot { seq: Seq(4), flaw }]);
    let snapshot = newest.snapshot.expect("the older one is good");
    assert_eq!((snapshot.seq, snapshot.bytes), (Seq(seq), seq.to_string().into_bytes()));
}
