//! A private copy of a checkout's index, on which a move is tried and made.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::calls::Checkout;
use super::changes::{self, Change, Held};
use super::{LandError, entry};
use crate::cmd::Cmd;
use crate::git::{GitError, Oid, Tree};

/// The copy, and what the original looked like when it was made.
#[derive(Debug)]
pub(super) struct IndexCopy {
    path: PathBuf,
    original: Option<Stamp>,
}

type Stamp = (u64, u64, u64, i64, i64);

/// What the index holds at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) held: Held,
    pub(super) unmerged: bool,
    pub(super) skip_worktree: bool,
    pub(super) assume_unchanged: bool,
}

/// All entries, ordered by path.
pub(super) type Entries = BTreeMap<PathBuf, Entry>;

impl IndexCopy {
    /// An empty index at `path`, for making trees.
    pub(super) fn empty(path: PathBuf) -> Result<Self, LandError> {
        entry::remove(&path)?;
        entry::remove(&path.with_extension("lock"))?;
        Ok(Self { path, original: None })
    }

    /// Copies the index of a worktree to `path`; one that is not there counts as empty.
    pub(super) fn make(tree: &Tree, path: PathBuf) -> Result<Self, LandError> {
        let index = tree.git_dir.join("index");
        entry::remove(&path)?;
        entry::remove(&path.with_extension("lock"))?;
        let copy = Self { original: stamp(&index), path };
        match fs::read(&index) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(copy),
            Err(error) => return Err(LandError::file("read", &index)(error)),
            Ok(bytes) => copy.fill(&index, &bytes)?,
        }
        Ok(copy)
    }

    /// Writes the copy with the original's time.
    ///
    /// Git looks into every file that is as young as its index. A copy that seems younger than it
    /// is would make git trust the times of a file edited right after the index was written, and
    /// overwrite the edit.
    fn fill(&self, index: &Path, bytes: &[u8]) -> Result<(), LandError> {
        let failed = || LandError::file("write", &self.path);
        let time = fs::metadata(index).and_then(|data| data.modified()).map_err(failed())?;
        let mut file = File::create_new(&self.path).map_err(failed())?;
        io::Write::write_all(&mut file, bytes).map_err(failed())?;
        file.set_times(fs::FileTimes::new().set_modified(time)).map_err(failed())
    }

    /// The copy's path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the original is still what was copied.
    pub(super) fn is_current(&self, tree: &Tree) -> bool {
        stamp(&tree.git_dir.join("index")) == self.original
    }

    /// A git call that works on the copy.
    pub(super) fn git<A: AsRef<OsStr>>(
        &self,
        at: Checkout<'_>,
        args: impl IntoIterator<Item = A>,
    ) -> Cmd {
        // A split index would leave its shared half beside the original and refer to it.
        at.repo
            .git_in(at.tree, ["-c", "core.splitIndex=false"])
            .args(args)
            .env("GIT_INDEX_FILE", &self.path)
    }

    /// Takes in files that were touched but not changed.
    pub(super) fn refresh(&self, at: Checkout<'_>) -> Result<(), LandError> {
        let call = self.git(at, ["update-index", "-q", "--refresh"]);
        let done = at.calls.run(call)?;
        // Status 1 says that some files differ, which is no failure.
        if matches!(done.status.code(), Some(0 | 1)) { Ok(()) } else { Err(done.error()) }
    }

    /// Lists the entries.
    pub(super) fn entries(&self, at: Checkout<'_>) -> Result<Entries, LandError> {
        let call = self.git(at, ["ls-files", "-s", "-v", "-z"]);
        let listing = at.calls.succeed(call)?;
        let mut entries = Entries::new();
        for line in listing.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
            let (path, entry) = parse(line)?;
            entries.insert(path, entry);
        }
        Ok(entries)
    }

    /// Replaces everything in the copy by a tree.
    pub(super) fn read(&self, at: Checkout<'_>, tree: &Oid) -> Result<(), LandError> {
        at.calls.succeed(self.git(at, ["read-tree", "--reset", tree.as_str()])).map(drop)
    }

    /// Sets entries to what a side of some changes holds; removals come first.
    pub(super) fn set<'a>(
        &self,
        at: Checkout<'_>,
        what: impl IntoIterator<Item = (&'a Change, Option<&'a Held>)>,
    ) -> Result<(), LandError> {
        let (mut gone, mut there) = (Vec::new(), Vec::new());
        for (change, held) in what {
            let Some(any) = change.new.as_ref().or(change.old.as_ref()) else { continue };
            let (lines, mode, oid) = match held {
                None => (&mut gone, 0, any.oid.null()),
                Some(held) => (&mut there, held.mode, held.oid.clone()),
            };
            lines.extend_from_slice(format!("{mode:o} {oid}\t").as_bytes());
            lines.extend_from_slice(change.path.as_os_str().as_bytes());
            lines.push(0);
        }
        gone.append(&mut there);
        if gone.is_empty() {
            return Ok(());
        }
        let call = self.git(at, ["update-index", "-z", "--index-info"]).stdin(gone);
        at.calls.succeed(call).map(drop)
    }

    /// The entries as a tree.
    pub(super) fn write_tree(&self, at: Checkout<'_>) -> Result<Oid, LandError> {
        let answer = at.calls.succeed(self.git(at, ["write-tree"]))?;
        Ok(Oid::parse(&String::from_utf8_lossy(&answer))?)
    }
}

/// Reads `<tag> <mode> <oid> <stage>\t<path>`; a small tag means assume-unchanged.
fn parse(line: &[u8]) -> Result<(PathBuf, Entry), LandError> {
    let text = || String::from_utf8_lossy(line).into_owned();
    let unreadable = || GitError::Answer { what: "index entry", text: text() };
    let tab = line.iter().position(|byte| *byte == b'\t').ok_or_else(unreadable)?;
    let (head, path) = line.split_at(tab);
    let head = String::from_utf8_lossy(head);
    let words: Vec<&str> = head.split(' ').collect();
    let [tag, mode, oid, stage] = words.as_slice() else { return Err(unreadable().into()) };
    let held = changes::held(mode, oid)?.ok_or_else(unreadable)?;
    let entry = Entry {
        held,
        unmerged: *stage != "0",
        skip_worktree: tag.eq_ignore_ascii_case("s"),
        assume_unchanged: tag.chars().all(|c| c.is_ascii_lowercase()),
    };
    Ok((PathBuf::from(OsStr::from_bytes(path.get(1..).unwrap_or_default())), entry))
}

fn stamp(path: &Path) -> Option<Stamp> {
    let data = fs::metadata(path).ok()?;
    Some((data.dev(), data.ino(), data.size(), data.mtime(), data.mtime_nsec()))
}
