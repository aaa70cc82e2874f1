//! kill -9 while the journal is being written.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};

use windrow_journal::conformance::draft;
use windrow_journal::{Draft, Journal as _, Reader as _, Seq, SqliteJournal, Stream, Text, verify};

use crate::rerun;

const BATCH: u64 = 3;
const SCHEMA: u32 = 1;

/// Ends the writer whatever becomes of the test.
struct Writer(Child);

impl Drop for Writer {
    fn drop(&mut self) {
        let _gone_already = self.0.kill();
        let _status = self.0.wait();
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    if let Some(folder) = rerun::other_part() {
        append_for_ever(&folder.join("journal.db")).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut cuts = vec![0];
    for (answers, amid) in
        [(1, false), (2, true), (5, true), (17, false), (40, true), (3, true), (4, true)]
    {
        let last = killed_after(answers, amid, folder.path());
        let begun = cuts.last().copied().unwrap_or_default();
        assert!(last >= begun + answers * BATCH, "the writer went on where it was");
        cuts.push(check(&folder.path().join("journal.db"), last, &cuts).await);
    }
}

/// Batches whose content follows from their place, each with a text, now and then a snapshot.
async fn append_for_ever(file: &Path) {
    let mut journal = SqliteJournal::open(file).unwrap();
    let mut head = journal.head().await.unwrap().seq;
    loop {
        let batch = (head.0..head.0 + BATCH).map(|nth| draft(Stream::Work, nth)).collect();
        let appended = journal.append_with_texts(head, batch, vec![story(head)]).await.unwrap();
        head = appended.last().unwrap().seq;
        if head.0.is_multiple_of(5) {
            journal.save_snapshot(head, SCHEMA, head.to_string().into_bytes()).await.unwrap();
        }
        // Written past the test harness, which would keep it back.
        let mut out = std::io::stdout();
        writeln!(out, "\nacknowledged {head}").and_then(|()| out.flush()).unwrap();
    }
}

fn story(head: Seq) -> Text {
    Text::new(format!("story {head} ").repeat(500))
}

/// Starts a writer, kills it once it has answered so often (`amid`: and has begun to write the
/// next batch), and returns its last answer.
fn killed_after(answers: u64, amid: bool, folder: &Path) -> u64 {
    let test = "kill::what_was_acknowledged_survives_kill_9";
    let mut command = rerun::command(test, folder, &[]);
    let mut writer = Writer(command.stdout(Stdio::piped()).spawn().unwrap());
    let lines = BufReader::new(writer.0.stdout.take().unwrap()).lines();
    let mut acknowledged = lines
        .map_while(Result::ok)
        .filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<u64>().ok());
    let mut last = 0;
    for _ in 0..answers {
        last = acknowledged.next().expect("the writer goes on until it is killed");
    }
    if amid {
        // The log of a fresh process grows with every batch until its first checkpoint, which is
        // several hundred batches away.
        let size = || folder.join("journal.db-wal").metadata().unwrap().len();
        let before = size();
        while size() == before {
            assert_eq!(writer.0.try_wait().unwrap(), None, "the writer ended by itself");
        }
    }
    writer.0.kill().unwrap();
    // What it said before it died and nobody had read yet counts as well; a cut number is smaller.
    acknowledged.fold(last, u64::max)
}

/// The journal holds all that was acknowledged, whole batches, and their texts; returns its head.
///
/// Each writer before may have been killed at one of `cuts`, between its batch and the snapshot of it.
async fn check(file: &Path, acknowledged: u64, cuts: &[u64]) -> u64 {
    let journal = SqliteJournal::open(file).unwrap();
    let reader = journal.reader();
    let report = verify(&reader, Seq::FIRST, &[]).await.unwrap();
    assert_eq!(report.bad, None);
    let head = report.head.seq;
    assert!(head.0 >= acknowledged, "{head} of {acknowledged}");
    assert!(head.0.is_multiple_of(BATCH), "{head} ends inside a batch");
    let records = reader.read(Seq::FIRST, usize::MAX).await.unwrap();
    let drafts: Vec<Draft> = records.into_iter().map(|record| record.draft).collect();
    let wanted: Vec<Draft> = (0..head.0).map(|nth| draft(Stream::Work, nth)).collect();
    assert_eq!(drafts, wanted);
    for batch in 0..head.0 / BATCH {
        let story = story(Seq(batch * BATCH));
        let kept = reader.text(&story.hash()).await.unwrap();
        assert_eq!(kept.as_deref(), Some(story.bytes()));
    }
    let newest = reader.newest_snapshot(SCHEMA).await.unwrap();
    assert_eq!(newest.ignored, []);
    let ends = (1..=acknowledged / BATCH).map(|nth| nth * BATCH);
    let due = ends.filter(|seq| seq % 5 == 0).rfind(|seq| !cuts.contains(seq));
    let kept = newest.snapshot.map(|snapshot| snapshot.seq.0);
    assert!(kept >= due, "{kept:?} of {due:?}");
    head.0
}
