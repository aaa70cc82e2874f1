//! The print of a tree that was reset: what every file and folder in it looked like.
//!
//! A warm tree must be looked at before it is used again, because anybody may have worked in it. Git
//! would look three times, with a process each; comparing the print is one walk. Equal prints mean
//! that nothing was written, made, removed or renamed since; anything else proves nothing, and then
//! git is asked.
//!
//! Invariant: the print is taken so long after the last change of any file that no later change can
//! bear the same time. The index is part of it: what was only staged is work, too.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::repo::Tree;

/// More than a tick of any clock that stamps files.
const TICK: Duration = Duration::from_millis(30);

/// Entries of a tree above which git is asked instead: it does not walk what it ignores.
const ENTRIES: u32 = 20_000;

/// How often taking a print is begun anew because something was just written.
const TRIES: u32 = 3;

/// Takes the print of a tree; nothing when it cannot be read or does not come to rest.
pub(super) fn take(tree: &Tree) -> Option<String> {
    for _ in 0..TRIES {
        let walk = walk(tree).ok()?;
        if walk.is_old() {
            return Some(walk.hash.finalize().to_hex().to_string());
        }
        pause();
    }
    None
}

/// The print as it is now, however fresh.
pub(super) fn now(tree: &Tree) -> Option<String> {
    Some(walk(tree).ok()?.hash.finalize().to_hex().to_string())
}

struct Walk {
    hash: blake3::Hasher,
    entries: u32,
    began: SystemTime,
    /// The latest change of anything that was seen, in seconds and nanoseconds.
    newest: (i64, i64),
}

fn walk(tree: &Tree) -> io::Result<Walk> {
    let hash = blake3::Hasher::new();
    let mut walk = Walk { hash, entries: 0, began: SystemTime::now(), newest: (0, 0) };
    walk.entry(b"index", &fs::symlink_metadata(tree.git_dir.join("index"))?);
    walk.folder(&tree.path, true)?;
    Ok(walk)
}

impl Walk {
    fn folder(&mut self, folder: &Path, top: bool) -> io::Result<()> {
        let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            // The link to the registration is written anew whenever the tree is used.
            if top && entry.file_name() == ".git" {
                continue;
            }
            self.entries += 1;
            if self.entries > ENTRIES {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            let meta = entry.metadata()?;
            self.entry(entry.file_name().as_bytes(), &meta);
            if meta.is_dir() {
                self.folder(&entry.path(), false)?;
            }
        }
        // Where a folder ends must show, or files could change folders unseen.
        self.hash.update(&[0]);
        Ok(())
    }

    fn entry(&mut self, name: &[u8], meta: &Metadata) {
        self.hash.update(&(name.len() as u64).to_le_bytes());
        self.hash.update(name);
        let numbers = [meta.ino(), meta.dev(), u64::from(meta.mode()), meta.size()];
        for number in numbers {
            self.hash.update(&number.to_le_bytes());
        }
        let times = [meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()];
        for time in times {
            self.hash.update(&time.to_le_bytes());
        }
        self.newest = self.newest.max((meta.ctime(), meta.ctime_nsec()));
    }

    /// Whether nothing was changed shortly before the walk began, or in its future.
    fn is_old(&self) -> bool {
        let (seconds, nanos) = self.newest;
        let newest = u64::try_from(seconds).ok().zip(u32::try_from(nanos).ok());
        let newest =
            newest.and_then(|(s, n)| SystemTime::UNIX_EPOCH.checked_add(Duration::new(s, n)));
        let age = newest.and_then(|newest| self.began.duration_since(newest).ok());
        age.is_some_and(|age| age > TICK)
    }
}

#[expect(clippy::disallowed_methods, reason = "files grow older by time alone")]
fn pause() {
    std::thread::sleep(TICK + Duration::from_millis(5));
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::fixture::put;
    use super::*;

    /// A step that must change the print.
    type Step = fn(&Tree);

    fn ground() -> (tempfile::TempDir, Tree) {
        let dir = tempfile::tempdir().unwrap();
        let tree = Tree { path: dir.path().join("tree"), git_dir: dir.path().join("git") };
        put(&tree.git_dir.join("index"), "entries");
        for name in ["a/one.txt", "a/two.txt", "b/three.txt", ".git"] {
            put(&tree.path.join(name), "one\n");
        }
        (dir, tree)
    }

    #[test]
    fn whatever_is_done_to_a_tree_shows_in_its_print() {
        let steps: [(&str, Step); 10] = [
            ("the same bytes written again", |at| put(&at.path.join("a/one.txt"), "one\n")),
            ("other bytes of the same length", |at| put(&at.path.join("a/one.txt"), "two\n")),
            ("a new file", |at| put(&at.path.join("a/new.txt"), "")),
            ("a new empty folder", |at| fs::create_dir(at.path.join("b/empty")).unwrap()),
            ("a file removed", |at| fs::remove_file(at.path.join("a/two.txt")).unwrap()),
            ("a file moved to another folder", |at| {
                fs::rename(at.path.join("b/three.txt"), at.path.join("a/three.txt")).unwrap();
            }),
            ("another mode", |at| {
                let mode = fs::Permissions::from_mode(0o755);
                fs::set_permissions(at.path.join("a/one.txt"), mode).unwrap();
            }),
            ("a link", |at| std::os::unix::fs::symlink("x", at.path.join("link")).unwrap()),
            ("an ignored file", |at| put(&at.path.join("a/x.log"), "noise")),
            ("something only staged", |at| put(&at.git_dir.join("index"), "Entries")),
        ];
        for (what, step) in steps {
            let (_dir, tree) = ground();
            let taken = take(&tree).unwrap();
            assert_eq!(now(&tree).as_ref(), Some(&taken), "at rest");
            put(&tree.path.join(".git"), "gitdir: elsewhere\n");
            assert_eq!(now(&tree).as_ref(), Some(&taken), "the link is no file of the tree");
            step(&tree);
            assert_ne!(now(&tree).as_ref(), Some(&taken), "{what}");
        }
    }

    #[test]
    fn there_is_no_print_of_a_tree_that_was_just_written() {
        let (_dir, mut tree) = ground();
        put(&tree.path.join("a/one.txt"), "two\n");
        let mut seen = walk(&tree).unwrap();
        let (seconds, nanos) = seen.newest;
        let age = Duration::new(seconds.unsigned_abs(), nanos.unsigned_abs() as u32);
        let written = SystemTime::UNIX_EPOCH + age;
        for (later, old) in [(Duration::ZERO, false), (TICK, false), (2 * TICK, true)] {
            seen.began = written + later;
            assert_eq!(seen.is_old(), old, "{later:?}");
        }
        seen.began = written - TICK;
        assert!(!seen.is_old(), "the clock was set back");
        assert!(take(&tree).is_some(), "it is waited for");
        tree.path.push("gone");
        assert!(take(&tree).is_none());
    }
}
