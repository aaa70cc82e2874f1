//! What earlier versions wrote still reads and verifies. Golden files are added, never changed.

use std::fs;
use std::path::{Path, PathBuf};

use windrow_journal::{
    Hash, Head, Journal as _, Reader as _, Record, Seq, SqliteJournal, Text, verify,
};

/// Every golden file and the hash of its content. A line is never edited: a change that breaks
/// one breaks the journals people have.
const FILES: &[(&str, &str)] = &[
    ("v1/journal.db", "905840d9bf3bab30b44d2babc17758475425c2d6286707610325196faf137851"),
    ("v1/records.json", "50ad8f15e898085b2f378198c72ab25a6f57c401f0b15792de73ae67d50b00f1"),
];

fn golden(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file)
}

fn records(file: &str) -> Vec<Record> {
    serde_json::from_slice(&fs::read(golden(file)).unwrap()).unwrap()
}

#[test]
fn no_golden_file_was_changed() {
    let mut found = Vec::new();
    for version in fs::read_dir(golden("")).unwrap() {
        let version = version.unwrap();
        for file in fs::read_dir(version.path()).unwrap() {
            let file = file.unwrap();
            let hash = Hash::of(&fs::read(file.path()).unwrap()).to_string();
            let name = |part: std::ffi::OsString| part.into_string().unwrap();
            found.push((format!("{}/{}", name(version.file_name()), name(file.file_name())), hash));
        }
    }
    found.sort();
    let known: Vec<_> = FILES.iter().map(|(file, hash)| ((*file).into(), (*hash).into())).collect();
    assert_eq!(found, known);
}

#[test]
fn golden_records_have_the_hashes_they_had() {
    for (file, _) in FILES.iter().filter(|(file, _)| file.ends_with(".json")) {
        let mut head = Head::EMPTY;
        for record in records(file) {
            assert_eq!(record, Record::after(head, record.draft.clone()), "{file}");
            head = record.head();
        }
        assert!(head.seq > Seq::EMPTY, "{file}");
    }
}

#[tokio::test]
async fn a_golden_journal_opens_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.db");
    fs::copy(golden("v1/journal.db"), &file).unwrap();
    let mut journal = SqliteJournal::open(&file).unwrap();
    let reader = journal.reader();
    let known = records("v1/records.json");
    assert_eq!(reader.read(Seq::FIRST, 100).await.unwrap(), known);
    let text = Text::new("A text kept by reference.\n");
    assert_eq!(reader.text(&text.hash()).await.unwrap().as_deref(), Some(text.bytes()));
    let newest = reader.newest_snapshot(7).await.unwrap();
    assert_eq!(newest.snapshot.unwrap().bytes, b"folded up to 2");
    let last = known.last().unwrap().head();
    journal.append(last.seq, vec![known[0].draft.clone()]).await.unwrap();
    let report = verify(&reader, Seq::FIRST, &[last]).await.unwrap();
    assert_eq!((report.checked, report.bad), (known.len() as u64 + 1, None));
}
