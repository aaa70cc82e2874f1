//! Order, guard and atomicity of appends.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::subject::{Subject, draft};
use crate::{AppendError, Draft, Head, Journal, Reader as _, Record, Seq, Stream, Text};

fn work(numbers: impl IntoIterator<Item = u64>) -> Vec<Draft> {
    numbers.into_iter().map(|nth| draft(Stream::Work, nth)).collect()
}

fn talk(nth: u64) -> Vec<Draft> {
    vec![draft(Stream::Talk, nth)]
}

async fn all<J: Journal>(journal: &J) -> Vec<Record> {
    journal.reader().read(Seq::FIRST, usize::MAX).await.expect("a healthy store reads")
}

/// Records are numbered from 1 without a gap, and read in the order they were appended.
pub async fn records_come_back_in_order(subject: &impl Subject) {
    let mut journal = subject.open().await;
    let first = journal.append(Seq::EMPTY, work([1, 2])).await.expect("the journal is empty");
    let second = journal.append(Seq(2), work([3])).await.expect("the head is 2");
    let read = all(&journal).await;
    assert_eq!(read, [first, second].concat());
    assert!(read.iter().map(|record| record.seq.0).eq(1..=3));
    let drafts: Vec<Draft> = read.into_iter().map(|record| record.draft).collect();
    assert_eq!(drafts, work([1, 2, 3]));
}

/// Every record names the hash of the one before, and its own hash covers it.
pub async fn records_chain_from_the_first(subject: &impl Subject) {
    let mut journal = subject.open().await;
    assert_eq!(journal.head().await.expect("a healthy store reads"), Head::EMPTY);
    journal.append(Seq::EMPTY, work([1, 2])).await.expect("the journal is empty");
    journal.append(Seq(2), talk(3)).await.expect("the head is 2");
    let mut head = Head::EMPTY;
    for record in all(&journal).await {
        assert_eq!(record, Record::after(head, record.draft.clone()));
        head = record.head();
    }
    assert_eq!(journal.head().await.expect("a healthy store reads"), head);
}

/// An empty batch answers with no records and moves nothing.
pub async fn an_empty_batch_appends_nothing(subject: &impl Subject) {
    let mut journal = subject.open().await;
    let none = journal.append(Seq::EMPTY, Vec::new()).await.expect("nothing can conflict");
    assert!(none.is_empty());
    journal.append(Seq::EMPTY, work([1])).await.expect("the journal is still empty");
    let none = journal.append(Seq(1), Vec::new()).await.expect("nothing can conflict");
    assert!(none.is_empty());
    assert_eq!(all(&journal).await.len(), 1);
}

/// A batch with work is refused when work was appended that its writer has not seen.
pub async fn a_stale_writer_conflicts_on_work(subject: &impl Subject) {
    let mut journal = subject.open().await;
    let first = journal.append(Seq::EMPTY, work([1])).await.expect("the journal is empty");
    let mixed = [talk(2), work([3])].concat();
    for batch in [work([2]), mixed] {
        match journal.append(Seq::EMPTY, batch).await {
            Err(AppendError::Conflict { head }) => assert_eq!(head, first[0].head()),
            other => panic!("a stale writer was answered with {other:?}"),
        }
    }
    assert_eq!(all(&journal).await, first);
    journal.append(Seq(1), work([2])).await.expect("the writer has seen record 1");
}

/// Talk needs no guard, and work is not stale for talk alone.
pub async fn talk_is_appended_whatever_came_before(subject: &impl Subject) {
    let mut journal = subject.open().await;
    journal.append(Seq::EMPTY, work([1])).await.expect("the journal is empty");
    let said = journal.append(Seq::EMPTY, talk(2)).await.expect("talk is not guarded");
    assert_eq!(said[0].seq, Seq(2));
    let done = journal.append(Seq(1), work([3])).await.expect("only talk came after record 1");
    assert_eq!(done[0].seq, Seq(3));
    assert_eq!(done[0].prev, said[0].hash);
}

/// A writer that has folded more than the journal holds is told so, whatever it appends.
pub async fn an_expectation_beyond_the_head_conflicts(subject: &impl Subject) {
    let mut journal = subject.open().await;
    for batch in [work([1]), talk(1)] {
        let refused = journal.append(Seq(1), batch).await;
        assert!(matches!(refused, Err(AppendError::Conflict { head: Head::EMPTY })), "{refused:?}");
    }
    assert!(all(&journal).await.is_empty());
}

/// Neither records nor texts of a refused batch are kept.
pub async fn a_refused_batch_leaves_nothing(subject: &impl Subject) {
    let mut journal = subject.open().await;
    journal.append(Seq::EMPTY, work([1])).await.expect("the journal is empty");
    let text = Text::new("never said");
    let hash = text.hash();
    let refused = journal.append_with_texts(Seq::EMPTY, work([2, 3]), vec![text]).await;
    assert!(matches!(refused, Err(AppendError::Conflict { .. })), "{refused:?}");
    assert_eq!(all(&journal).await.len(), 1);
    let text = journal.reader().text(&hash).await.expect("a healthy store reads");
    assert_eq!(text, None);
}

/// Many batches of different sizes arrive whole.
pub async fn a_thousand_batches_are_a_thousand_batches(subject: &impl Subject) {
    let mut journal = subject.open().await;
    let mut appended = Vec::new();
    for nth in 0..1_000_u64 {
        let expected = Seq(appended.len() as u64);
        let batch = work((0..=nth % 3).map(|part| nth * 10 + part));
        appended.extend(journal.append(expected, batch).await.expect("the head is expected"));
    }
    assert_eq!(all(&journal).await, appended);
}

/// Writers that race with what they last saw each get their record in exactly once.
pub async fn stale_writers_in_a_race_lose_nothing<S: Subject>(subject: &S) {
    const WRITERS: u64 = 8;
    const EACH: u64 = 10;
    let journal = Arc::new(Mutex::new(subject.open().await));
    let race = (0..WRITERS).map(|writer| {
        let journal = journal.clone();
        tokio::spawn(async move {
            let mut seen = Seq::EMPTY;
            for nth in 0..EACH {
                let batch = work([writer * EACH + nth]);
                loop {
                    // The lock is let go between two tries: that is where others come first.
                    let tried = journal.lock().await.append(seen, batch.clone()).await;
                    match tried {
                        Ok(records) => seen = records[0].seq,
                        Err(AppendError::Conflict { head }) => {
                            seen = head.seq;
                            continue;
                        }
                        Err(error) => panic!("a healthy store failed: {error}"),
                    }
                    break;
                }
            }
        })
    });
    for writer in race.collect::<Vec<_>>() {
        writer.await.expect("no writer panics");
    }
    let records = all(&*journal.lock().await).await;
    assert!(records.iter().map(|record| record.seq.0).eq(1..=WRITERS * EACH));
    let mut bodies: Vec<String> = records.into_iter().map(|record| record.draft.body).collect();
    let mut wanted: Vec<String> =
        work(0..WRITERS * EACH).into_iter().map(|draft| draft.body).collect();
    bodies.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(bodies, wanted);
}

/// Text is kept byte for byte, numbers over their whole range.
pub async fn awkward_text_comes_back_byte_for_byte(subject: &impl Subject) {
    let awkward =
        ["", "a\0b", "\r\n", "'; DROP TABLE record; --", "\u{1F33E} \u{202E}", "{not json"];
    let mut journal = subject.open().await;
    let batch: Vec<Draft> = awkward
        .iter()
        .zip([i64::MIN, -1, 0, 1, i64::MAX, 7])
        .map(|(text, at_ms)| Draft {
            at_ms,
            actor: (*text).to_owned(),
            stream: Stream::Talk,
            cause: Some(Seq(1)),
            kind: (*text).to_owned(),
            body: text.repeat(1_000),
        })
        .collect();
    journal.append(Seq::EMPTY, batch.clone()).await.expect("the journal is empty");
    let read: Vec<Draft> = all(&journal).await.into_iter().map(|record| record.draft).collect();
    assert_eq!(read, batch);
}
