//! Reading, tails and verification.

use super::subject::{Damage, Subject, draft};
use crate::{Draft, Flaw, Head, Journal as _, Reader as _, Record, Seq, Stream, verify};

fn batch(count: u64) -> Vec<Draft> {
    (1..=count).map(|nth| draft(Stream::Work, nth)).collect()
}

/// Appends `count` records to an empty journal and lets go of it.
async fn filled(subject: &impl Subject, count: u64) -> Vec<Record> {
    let mut journal = subject.open().await;
    journal.append(Seq::EMPTY, batch(count)).await.expect("the journal is empty")
}

/// A read starts where it is told, ends where it is told, and finds nothing beyond the head.
pub async fn reading_is_bounded(subject: &impl Subject) {
    let records = filled(subject, 5).await;
    let journal = subject.open().await;
    let reader = journal.reader();
    let cases: [(u64, usize, std::ops::Range<usize>); 7] = [
        (0, 2, 0..2),
        (1, 2, 0..2),
        (4, 9, 3..5),
        (5, 1, 4..5),
        (6, 1, 0..0),
        (u64::MAX, 1, 0..0),
        (1, 0, 0..0),
    ];
    for (from, limit, wanted) in cases {
        let read = reader.read(Seq(from), limit).await.expect("a healthy store reads");
        assert_eq!(read, records[wanted], "{limit} from {from}");
    }
}

/// Records are found by their time from either end, also where a clock was set back.
pub async fn records_are_found_by_time(subject: &impl Subject) {
    let at = |at_ms| Draft { at_ms, ..draft(Stream::Work, 0) };
    let mut journal = subject.open().await;
    let reader = journal.reader();
    assert_eq!(reader.last_until(i64::MAX).await.expect("an empty store reads"), None);
    let batch = [100, 200, 300, 150, 400].map(at).to_vec();
    journal.append(Seq::EMPTY, batch).await.expect("the journal is empty");
    for (at_ms, first, last) in [
        (99, Some(1), None),
        (100, Some(1), Some(1)),
        (160, Some(2), Some(4)),
        (300, Some(3), Some(4)),
        (400, Some(5), Some(5)),
        (401, None, Some(5)),
    ] {
        let found = reader.first_since(at_ms).await.expect("a healthy store reads");
        assert_eq!(found, first.map(Seq), "since {at_ms}");
        let found = reader.last_until(at_ms).await.expect("a healthy store reads");
        assert_eq!(found, last.map(Seq), "until {at_ms}");
    }
}

/// A tail that waits is woken by every append, and sees each record once and in order.
pub async fn a_tail_wakes_and_misses_nothing(subject: &impl Subject) {
    let mut journal = subject.open().await;
    let mut tail = journal.reader().tail(Seq::FIRST);
    let follower = tokio::spawn(async move {
        let mut seen = Vec::new();
        while seen.len() < 100 {
            let records = tail.next(7).await.expect("a healthy store reads");
            let records = records.expect("the journal is open");
            assert!((1..=7).contains(&records.len()));
            seen.extend(records);
        }
        seen
    });
    let mut appended = Vec::new();
    while appended.len() < 100 {
        let nth = appended.len() as u64;
        let stream = if nth.is_multiple_of(2) { Stream::Work } else { Stream::Talk };
        let records = journal.append(Seq(nth), vec![draft(stream, nth)]).await;
        appended.extend(records.expect("the head is expected"));
        tokio::task::yield_now().await;
    }
    assert_eq!(follower.await.expect("the follower does not panic"), appended);
}

/// A tail begins with what is there from its start on, and one ahead of the head waits for it.
pub async fn a_tail_starts_anywhere(subject: &impl Subject) {
    let mut records = filled(subject, 3).await;
    let mut journal = subject.open().await;
    let reader = journal.reader();
    let (mut behind, mut ahead) = (reader.tail(Seq(2)), reader.tail(Seq(5)));
    let next = behind.next(10).await.expect("a healthy store reads");
    assert_eq!(next.as_deref(), Some(&records[1..]));
    let waiting = tokio::spawn(async move { ahead.next(10).await });
    let more: Vec<Draft> = batch(5).split_off(3);
    for (seq, draft) in [3, 4].into_iter().zip(more) {
        records.extend(journal.append(Seq(seq), vec![draft]).await.expect("the head is expected"));
    }
    let next = waiting.await.expect("the tail does not panic").expect("a healthy store reads");
    assert_eq!(next.as_deref(), Some(&records[4..]));
}

/// Once an append has answered, every reader sees it.
pub async fn readers_see_what_was_acknowledged(subject: &impl Subject) {
    let mut journal = subject.open().await;
    let reader = journal.reader();
    for nth in 0..20 {
        let records = journal.append(Seq(nth), vec![draft(Stream::Work, nth)]).await;
        let records = records.expect("the head is expected");
        assert_eq!(reader.read(Seq(nth + 1), 9).await.expect("a healthy store reads"), records);
        assert_eq!(reader.head().await.expect("a healthy store reads"), records[0].head());
    }
}

/// An untouched journal verifies, from its beginning and from anywhere, published heads included.
pub async fn verify_accepts_what_was_written(subject: &impl Subject) {
    let records = filled(subject, 1_050).await;
    let reader = subject.open().await.reader();
    let published: Vec<Head> = records.iter().step_by(10).map(Record::head).collect();
    for from in [0, 1, 2, 1_000, 1_050, 1_051] {
        let report = verify(&reader, Seq(from), &published).await.expect("a healthy store reads");
        assert_eq!(report.bad, None, "from {from}");
        assert_eq!(report.checked, 1_051 - from.max(1), "from {from}");
        assert_eq!(report.head, records[1_049].head());
    }
}

/// A record whose content was edited is named.
pub async fn verify_finds_a_changed_record(subject: &impl Subject) {
    filled(subject, 5).await;
    subject.damage(Damage::Change(Seq(3))).await;
    let reader = subject.open().await.reader();
    let report = verify(&reader, Seq::FIRST, &[]).await.expect("bad records are findings");
    assert_eq!(report.checked, 2);
    let bad = report.bad.expect("record 3 was changed");
    assert_eq!(bad.seq, Seq(3));
    assert!(matches!(bad.flaw, Flaw::Changed { .. }), "{bad:?}");
}

/// A record that was replaced by one whose own hash is right shows at the next one.
pub async fn verify_finds_a_forged_record(subject: &impl Subject) {
    filled(subject, 5).await;
    subject.damage(Damage::Forge(Seq(3))).await;
    let reader = subject.open().await.reader();
    let report = verify(&reader, Seq::FIRST, &[]).await.expect("bad records are findings");
    let bad = report.bad.expect("record 4 names the hash of the real record 3");
    assert_eq!(bad.seq, Seq(4));
    assert!(matches!(bad.flaw, Flaw::Broken { .. }), "{bad:?}");
}

/// A record that was taken out is named.
pub async fn verify_finds_a_missing_record(subject: &impl Subject) {
    filled(subject, 5).await;
    subject.damage(Damage::Remove(Seq(3))).await;
    let reader = subject.open().await.reader();
    let report = verify(&reader, Seq::FIRST, &[]).await.expect("bad records are findings");
    let bad = report.bad.expect("record 3 is missing");
    assert_eq!((bad.seq, bad.flaw), (Seq(3), Flaw::Missing { found: Seq(4) }));
}

/// A journal whose end was cut off still chains; a published head shows the cut.
pub async fn verify_finds_a_cut_end(subject: &impl Subject) {
    let records = filled(subject, 5).await;
    subject.damage(Damage::Cut(Seq(4))).await;
    let reader = subject.open().await.reader();
    let blind = verify(&reader, Seq::FIRST, &[]).await.expect("bad records are findings");
    assert_eq!(blind.bad, None);
    let published = [records[1].head(), records[4].head()];
    let report = verify(&reader, Seq::FIRST, &published).await.expect("bad records are findings");
    let bad = report.bad.expect("record 5 was published");
    assert_eq!((bad.seq, bad.flaw), (Seq(4), Flaw::Cut));
}

/// A journal written anew chains as well; a published head shows that it is another.
pub async fn verify_finds_a_rewritten_journal(subject: &impl Subject) {
    let records = filled(subject, 3).await;
    subject.damage(Damage::Cut(Seq(2))).await;
    let mut journal = subject.open().await;
    journal.append(Seq(1), vec![draft(Stream::Work, 99)]).await.expect("the head is 1");
    let published = [records[0].head(), records[1].head()];
    let report = verify(&journal.reader(), Seq::FIRST, &published).await;
    let bad = report.expect("bad records are findings").bad.expect("record 2 was published");
    assert_eq!(bad.seq, Seq(2));
    assert!(matches!(bad.flaw, Flaw::Rewritten { .. }), "{bad:?}");
}
