//! A note beside the journal of how far it was acknowledged, so that a lost end shows.
//!
//! SQLite takes a damaged write-ahead log for one whose last commit was cut short, and silently
//! leaves out everything from there on; a file that was put back from a copy is whole as well. The
//! note is written after each commit and not synced, so it may lag behind the journal and never
//! runs ahead of it. A note that cannot be read says nothing.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::hash::Hash;
use crate::record::{Head, Seq};

/// How many digits of the note's own hash guard it.
const GUARD: usize = 16;

/// The note of a journal that is open for writing.
pub(super) struct Mark(Option<File>);

/// Where the note of a journal lies.
pub(super) fn place(journal: &Path) -> PathBuf {
    let mut name = journal.as_os_str().to_owned();
    name.push(".head");
    PathBuf::from(name)
}

/// A head that was acknowledged; nothing when none is on record.
pub(super) fn load(journal: &Path) -> Option<Head> {
    let text = std::fs::read_to_string(place(journal)).ok()?;
    let (said, guard) = text.trim_end().rsplit_once(' ')?;
    if guard != self::guard(said) {
        return None;
    }
    let mut words = said.strip_prefix("windrow head 1 ")?.split(' ');
    let (seq, hash) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(Head { seq: Seq(seq), hash })
}

fn guard(said: &str) -> String {
    Hash::of(said.as_bytes()).to_string().chars().take(GUARD).collect()
}

impl Mark {
    /// Opens the note; without one, a lost end does not show, and all else works.
    pub(super) fn open(journal: &Path) -> Self {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(place(journal));
        Self(file.ok())
    }

    /// Notes a head that is durable. Always the same number of bytes, so that it needs no room.
    pub(super) fn write(&self, head: Head) {
        let Some(file) = &self.0 else { return };
        let said = format!("windrow head 1 {:020} {}", head.seq.0, head.hash);
        let line = format!("{said} {}\n", guard(&said));
        let _older_note_stays_true = file.write_all_at(line.as_bytes(), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_reads_back_and_a_damaged_one_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal.db");
        assert_eq!(load(&journal), None);
        let head = |seq| Head { seq: Seq(seq), hash: Hash::of(&[7]) };
        let mark = Mark::open(&journal);
        mark.write(head(12));
        assert_eq!(load(&journal), Some(head(12)));
        mark.write(head(9_999));
        assert_eq!(load(&journal), Some(head(9_999)));
        let whole = std::fs::read(place(&journal)).unwrap();
        let file = File::options().write(true).open(place(&journal)).unwrap();
        for at in 0..whole.len() - 1 {
            file.write_all_at(&[whole[at] ^ 1], at as u64).unwrap();
            assert_eq!(load(&journal), None, "byte {at}");
            file.write_all_at(&whole[at..=at], at as u64).unwrap();
        }
        assert_eq!(load(&journal), Some(head(9_999)));
        file.set_len(40).unwrap();
        assert_eq!(load(&journal), None);
    }
}
