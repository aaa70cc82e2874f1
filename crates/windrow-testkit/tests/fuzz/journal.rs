//! Journal files with bytes flipped, overwritten and cut off: exactly the same records, or a report
//! of the last good one; and after a repair exactly those that were good.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use windrow_journal::{
    Draft, Head, Journal as _, OpenError, Record, Repair, Seq, SqliteJournal, Stream, Text, Walk,
    WalkError, examine, verify,
};
use windrow_testkit::{Dice, Fuzz};

/// Records of the journals that are damaged.
const RECORDS: u64 = 120;

/// A journal as its files lie on the disk, and what is in it.
struct Healthy {
    files: Vec<(PathBuf, Vec<u8>)>,
    records: Vec<Record>,
}

/// What became of a damaged journal.
#[derive(Debug, Default)]
struct Counts {
    same: u32,
    refused: u32,
    found_later: u32,
    repaired: u32,
}

#[test]
fn journal() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    // As a daemon that was killed leaves it, its log full; and as one that ended well does.
    let all = [runtime.block_on(healthy(false)), runtime.block_on(healthy(true))];
    let mut counts = Counts::default();
    let fuzz = Fuzz::of("journal", 120);
    fuzz.each(|dice| {
        let healthy = dice.pick(&all).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in &healthy.files {
            put(&folder.path().join(name), bytes);
        }
        damage(dice, folder.path(), healthy);
        let path = folder.path().join("journal.db");
        runtime.block_on(check(&path, &healthy.records, &mut counts));
    });
    let all_happened = counts.same > 0 && counts.refused > 0 && counts.found_later > 0;
    assert!((all_happened && counts.repaired > 0) || fuzz.is_one(), "{counts:?}");
}

async fn healthy(closed: bool) -> Healthy {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut journal = SqliteJournal::open(&path).unwrap();
    let mut records = Vec::new();
    while (records.len() as u64) < RECORDS {
        let nth = records.len() as u64;
        let body = format!(r#"{{"nth":{nth},"text":"{}"}}"#, "hay ".repeat(1 + nth as usize % 40));
        let draft = Draft {
            at_ms: 1_700_000_000_000 + nth as i64,
            actor: "toast".to_owned(),
            stream: Stream::Work,
            cause: (nth.is_multiple_of(3) && nth > 0).then_some(Seq(nth)),
            kind: "noted".to_owned(),
            body,
        };
        let text = Text::new(format!("text {nth} ").repeat(30));
        let more = journal.append_with_texts(Seq(nth), vec![draft], vec![text]).await.unwrap();
        records.extend(more);
        if nth == RECORDS / 2 {
            journal.save_snapshot(Seq(nth), 1, vec![7; 3_000]).await.unwrap();
        }
    }
    let load = |names: &[&str]| {
        let files = names.iter().map(|name| (PathBuf::from(name), folder.path().join(name)));
        files.filter_map(|(name, path)| Some((name, fs::read(path).ok()?))).collect::<Vec<_>>()
    };
    let names = ["journal.db", "journal.db-wal", "journal.db.head"];
    let before = load(&names);
    drop(journal);
    let files = if closed { load(&names) } else { before };
    Healthy { files, records }
}

fn put(path: &Path, bytes: &[u8]) {
    fs::File::create(path).unwrap().write_all(bytes).unwrap();
}

/// Breaks one of the files at one place.
fn damage(dice: &mut Dice, folder: &Path, healthy: &Healthy) {
    let (name, bytes) = dice.pick(&healthy.files).unwrap();
    let mut bytes = bytes.clone();
    let len = bytes.len() as u64;
    if len == 0 {
        return;
    }
    // The start of a file holds what all the rest hangs on.
    let near = if dice.within(0..3) == 0 { len.min(200) } else { len };
    let at = usize::try_from(dice.within(0..near)).unwrap();
    match dice.within(0..5) {
        0 => bytes.truncate(at),
        1 => {
            let end = (at + usize::try_from(dice.within(1..5_000)).unwrap()).min(bytes.len());
            bytes[at..end].fill(0);
        }
        2 => bytes[at] = 0xff,
        _ => bytes[at] ^= 1 << dice.within(0..8),
    }
    put(&folder.join(name), &bytes);
}

async fn check(path: &Path, records: &[Record], counts: &mut Counts) {
    let good = match SqliteJournal::open(path) {
        Ok(journal) => {
            let (same, bad) = walk(&journal, records).await;
            if !bad {
                assert_eq!(same, records.len(), "records are gone without a word");
                counts.same += 1;
                return;
            }
            counts.found_later += 1;
            drop(journal);
            let good = last_good(path, records).await;
            assert!(good >= same, "{good} of {same}");
            good
        }
        // Another version's file is not touched, whoever wrote that number.
        Err(OpenError::Newer { .. }) => return counts.refused += 1,
        Err(_) => {
            counts.refused += 1;
            last_good(path, records).await
        }
    };
    let repair = Repair::begin(path, None).await.unwrap();
    assert_eq!(repair.head, head(records, good));
    assert!(repair.aside.join("journal.db").exists(), "no copy was kept");
    repair.finish().unwrap();
    let journal = SqliteJournal::open(path).unwrap();
    assert_eq!(walk(&journal, records).await, (good, false));
    let report = verify(&journal.reader(), Seq::FIRST, &[]).await.unwrap();
    assert_eq!((report.bad, report.head), (None, head(records, good)));
    counts.repaired += 1;
}

async fn last_good(path: &Path, records: &[Record]) -> usize {
    let found = examine(path).await.unwrap().report;
    let good = usize::try_from(found.head.seq.0).unwrap();
    assert_eq!(found.head, head(records, good), "a wrong last good record");
    good
}

fn head(records: &[Record], count: usize) -> Head {
    count.checked_sub(1).map_or(Head::EMPTY, |last| records[last].head())
}

/// How many records come back as they were, and whether something is reported behind them.
async fn walk(journal: &SqliteJournal, records: &[Record]) -> (usize, bool) {
    let mut walk = Walk::new(journal.reader());
    let mut same = 0;
    loop {
        match walk.next(50).await {
            Ok(found) if found.is_empty() => return (same, false),
            Ok(found) => {
                assert_eq!(found, records[same..same + found.len()], "a wrong record");
                same += found.len();
            }
            Err(WalkError::Bad(bad)) => {
                assert_eq!(bad.seq.0, same as u64 + 1);
                return (same, true);
            }
            Err(WalkError::Store(_)) => return (same, true),
        }
    }
}
