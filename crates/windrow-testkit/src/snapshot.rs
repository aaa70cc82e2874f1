//! What a folder holds, byte for byte, and what git says of it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::repo::TestRepo;

/// One thing in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A folder.
    Folder,
    /// A file: whether it is executable, and its bytes.
    File(bool, Vec<u8>),
    /// A symbolic link and where it points.
    Link(PathBuf),
}

/// A work tree as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Everything in it, empty folders included, but its own `.git`.
    pub entries: BTreeMap<PathBuf, Entry>,
    /// What git says of it, one answer for each question.
    pub git: Vec<(String, String)>,
}

/// What is asked of git; the first word of an answer that may be missing is its exit status.
const QUESTIONS: &[&[&str]] = &[
    &["status", "--porcelain=v2", "--ignored", "-uall"],
    &["ls-files", "-v", "--stage"],
    &["diff", "--binary"],
    &["diff", "--cached", "--binary"],
    &["rev-parse", "HEAD"],
    &["rev-parse", "MERGE_HEAD"],
];

impl Snapshot {
    /// Takes one of the worktree at `path`.
    #[must_use]
    pub fn of(path: &Path, home: &Path) -> Self {
        let mut entries = BTreeMap::new();
        walk(path, path, &mut entries);
        let repo = TestRepo::at(path, home);
        let ask = |question: &&[&str]| {
            let done = repo.try_git(*question);
            let said = String::from_utf8_lossy(&done.stdout).into_owned();
            (question.join(" "), format!("{:?} {said}", done.status.code()))
        };
        Self { entries, git: QUESTIONS.iter().map(ask).collect() }
    }

    /// Requires that `other` is the same, and names the first difference.
    #[track_caller]
    pub fn assert_same(&self, other: &Self) {
        let names: Vec<&PathBuf> = self.entries.keys().chain(other.entries.keys()).collect();
        for name in names {
            let (was, is) = (self.entries.get(name), other.entries.get(name));
            assert!(was == is, "`{}` was {was:?}, is {is:?}", name.display());
        }
        for (was, is) in self.git.iter().zip(&other.git) {
            assert_eq!(was, is);
        }
    }
}

fn walk(root: &Path, folder: &Path, entries: &mut BTreeMap<PathBuf, Entry>) {
    for item in fs::read_dir(folder).unwrap().flatten() {
        let path = item.path();
        let name = path.strip_prefix(root).unwrap().to_owned();
        if name == Path::new(".git") {
            continue;
        }
        let meta = path.symlink_metadata().unwrap();
        let entry = if meta.is_symlink() {
            Entry::Link(fs::read_link(&path).unwrap())
        } else if meta.is_dir() {
            walk(root, &path, entries);
            Entry::Folder
        } else {
            Entry::File(meta.permissions().mode() & 0o111 != 0, fs::read(&path).unwrap())
        };
        entries.insert(name, entry);
    }
}
