//! A checkout's `index.lock`, taken by us so that it can be told from anybody else's.
//!
//! The lock is a second name of a file of ours, the token, which lies beside it. While both names
//! lead to one file, the lock is ours, whatever was written into it; no other process can make it
//! look so. After the lock was renamed to `index`, the token leads to the index itself, and is
//! never written to again.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::entry::{remove, sync_dir};
use super::{Busy, LandError};
use crate::git::Tree;

/// What a token says until an index is written into it.
const WORDS: &str = "windrow lands here and removes this file; its state lies in ";

/// The held lock.
#[derive(Debug)]
pub(super) struct IndexLock {
    file: File,
    token: PathBuf,
    git_dir: PathBuf,
}

/// What the token of an earlier landing shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// There is none: the landing was over.
    Gone,
    /// It is the index: the landing was all but over.
    Installed,
    /// It is the lock: nobody else used the index since.
    Locked,
    /// The lock was taken away from it before the new index was written.
    Broken,
    /// The lock was taken away, or became the index and was replaced since.
    Overtaken,
}

/// The name of the token of a landing.
pub(super) fn token(git_dir: &Path, id: &str) -> PathBuf {
    git_dir.join(format!("windrow-{id}.lock"))
}

impl IndexLock {
    /// Takes the lock of a worktree for the landing `id`.
    pub(super) fn take(
        tree: &Tree,
        state: &Path,
        id: &str,
    ) -> Result<Result<Self, Busy>, LandError> {
        let fresh = tree.git_dir.join(format!("windrow-{id}-new.lock"));
        remove(&fresh)?;
        let failed = || LandError::file("write", &fresh);
        let open = File::options().read(true).write(true).create_new(true).open(&fresh);
        let mut file = open.map_err(failed())?;
        file.write_all(words(state).as_bytes()).map_err(failed())?;
        let lock = tree.git_dir.join("index.lock");
        match fs::hard_link(&fresh, &lock) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                remove(&fresh)?;
                return Ok(Err(Busy::IndexLocked { worktree: tree.path.clone(), lock }));
            }
            Err(error) => {
                remove(&fresh)?;
                return Err(LandError::file("link", &lock)(error));
            }
        }
        // Only now: the token of an interrupted landing says how far it came until the lock is
        // taken anew. It is replaced and never truncated, for it may be the index.
        let token = token(&tree.git_dir, id);
        fs::rename(&fresh, &token).map_err(LandError::file("name", &token))?;
        Ok(Ok(Self { file, token, git_dir: tree.git_dir.clone() }))
    }

    /// Takes over the lock of an earlier landing that [`Token::Locked`] was seen of.
    pub(super) fn adopt(token: &Path, git_dir: &Path) -> Result<Self, LandError> {
        let open = File::options().read(true).write(true).open(token);
        let file = open.map_err(LandError::file("open", token))?;
        Ok(Self { file, token: token.to_owned(), git_dir: git_dir.to_owned() })
    }

    fn path(&self) -> PathBuf {
        self.git_dir.join("index.lock")
    }

    /// The token's path.
    pub(super) fn token(&self) -> &Path {
        &self.token
    }

    /// Whether `index.lock` is still this lock.
    pub(super) fn is_ours(&self) -> bool {
        same_file(&self.token, &self.path())
    }

    /// Writes a finished index into the lock; it has reached the disk when this returns.
    pub(super) fn write(&mut self, index: &Path) -> Result<(), LandError> {
        let failed = || LandError::file("write", &self.token);
        let bytes = fs::read(index).map_err(LandError::file("read", index))?;
        let data = fs::metadata(index).map_err(LandError::file("read", index))?;
        self.file.set_len(0).map_err(failed())?;
        std::os::unix::fs::FileExt::write_all_at(&self.file, &bytes, 0).map_err(failed())?;
        if let Ok(old) = fs::metadata(self.git_dir.join("index")) {
            self.file.set_permissions(old.permissions()).map_err(failed())?;
        }
        // Git takes an entry as old as its index for possibly changed. A younger index would hide
        // an edit made in the same tick.
        let times = fs::FileTimes::new().set_modified(data.modified().map_err(failed())?);
        self.file.set_times(times).map_err(failed())?;
        self.file.sync_all().map_err(failed())
    }

    /// Makes the written lock the index and lets go of it.
    pub(super) fn install(self) -> Result<(), LandError> {
        let index = self.git_dir.join("index");
        fs::rename(self.path(), &index).map_err(LandError::file("replace", &index))?;
        sync_dir(&self.git_dir)?;
        remove(&self.token)
    }

    /// Lets go of the lock without changing the index.
    pub(super) fn release(self) -> Result<(), LandError> {
        if self.is_ours() {
            remove(&self.path())?;
        }
        remove(&self.token)
    }
}

/// Reads what became of the lock of an earlier landing.
pub(super) fn inspect(token: &Path, git_dir: &Path, state: &Path) -> Token {
    if !token.exists() {
        Token::Gone
    } else if same_file(token, &git_dir.join("index")) {
        Token::Installed
    } else if same_file(token, &git_dir.join("index.lock")) {
        Token::Locked
    } else if says(token, state) {
        Token::Broken
    } else {
        Token::Overtaken
    }
}

/// The tokens of `state` in a git directory.
pub(super) fn tokens(git_dir: &Path, state: &Path) -> Vec<PathBuf> {
    let Ok(listing) = fs::read_dir(git_dir) else { return Vec::new() };
    let named = |name: &str| name.starts_with("windrow-") && name.ends_with(".lock");
    listing
        .flatten()
        .filter(|item| item.file_name().to_str().is_some_and(named))
        .map(|item| item.path())
        .filter(|path| says(path, state))
        .collect()
}

fn words(state: &Path) -> String {
    format!("{WORDS}{}\n", state.display())
}

fn says(token: &Path, state: &Path) -> bool {
    fs::read(token).is_ok_and(|bytes| bytes == words(state).as_bytes())
}

fn same_file(one: &Path, two: &Path) -> bool {
    let id = |path| fs::symlink_metadata(path).map(|data| (data.dev(), data.ino())).ok();
    id(one).is_some_and(|one| id(two) == Some(one))
}
