//! The record of a move under way, on disk before the first byte of a checkout changes.
//!
//! Invariant: while the record is there, the checkout and the branch may be anywhere between the
//! two ends; when it is not, they are at one of them. It lies outside the repository.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{LandError, Move};
use crate::git::{Oid, Tree};

const VERSION: u32 = 1;

/// A move under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Moving {
    version: u32,
    pub(super) id: String,
    pub(super) branch: String,
    pub(super) old: Oid,
    pub(super) new: Oid,
    /// The checkout that moves along, if the branch has one.
    pub(super) checkout: Option<Following>,
}

/// The checkout of a move under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Following {
    worktree: PathBuf,
    git_dir: PathBuf,
    /// The second name of our index lock.
    pub(super) token: PathBuf,
}

/// Proof that a lock file is the one a certain process made: no later file has the same values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Print {
    pub(super) path: PathBuf,
    device: u64,
    inode: u64,
    changed: (i64, i64),
}

impl Moving {
    pub(super) fn new(request: &Move, checkout: Option<(&Tree, &Path)>) -> Self {
        Self {
            version: VERSION,
            id: request.id.clone(),
            branch: request.branch.clone(),
            old: request.old.clone(),
            new: request.new.clone(),
            checkout: checkout.map(|(tree, token)| Following {
                worktree: tree.path.clone(),
                git_dir: tree.git_dir.clone(),
                token: token.to_owned(),
            }),
        }
    }

    pub(super) fn request(&self) -> Move {
        Move {
            branch: self.branch.clone(),
            old: self.old.clone(),
            new: self.new.clone(),
            id: self.id.clone(),
        }
    }
}

impl Following {
    pub(super) fn tree(&self) -> Tree {
        Tree { path: self.worktree.clone(), git_dir: self.git_dir.clone() }
    }
}

impl Print {
    /// When the file last changed, in seconds and nanoseconds since the epoch.
    pub(super) fn changed(&self) -> (i64, i64) {
        self.changed
    }

    /// Takes the print of a file, or nothing when there is none.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let data = fs::symlink_metadata(path).ok()?;
        Some(Self {
            path: path.to_owned(),
            device: data.dev(),
            inode: data.ino(),
            changed: (data.ctime(), data.ctime_nsec()),
        })
    }
}

/// The folder that holds the record.
#[derive(Debug)]
pub(super) struct Record {
    dir: PathBuf,
}

impl Record {
    pub(super) fn in_dir(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    fn entry(&self) -> PathBuf {
        self.dir.join("moving.json")
    }

    fn prints(&self) -> PathBuf {
        self.dir.join("moving-locks.json")
    }

    /// The move under way, if there is one.
    pub(super) fn load(&self) -> Result<Option<Moving>, LandError> {
        let path = self.entry();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LandError::file("read", &path)(error)),
        };
        if bytes.iter().all(|byte| *byte == 0) {
            // A name that reached the disk before its content: the record of a move without a
            // checkout, which is all that is not flushed.
            return Ok(None);
        }
        let broken = |reason| LandError::Record { path: path.clone(), reason };
        let moving: Moving = serde_json::from_slice(&bytes).map_err(|e| broken(e.to_string()))?;
        if moving.version == VERSION {
            Ok(Some(moving))
        } else {
            Err(broken(format!("version {} is not known", moving.version)))
        }
    }

    /// When the record was written, by the clock that stamps files.
    pub(super) fn since(&self) -> Option<(i64, i64)> {
        let data = fs::metadata(self.entry()).ok()?;
        Some((data.mtime(), data.mtime_nsec()))
    }

    /// Writes the record. One of a checkout has reached the disk when this returns; without a
    /// checkout nothing is ever half moved, and after a power loss no process holds a lock.
    pub(super) fn begin(&self, moving: &Moving) -> Result<(), LandError> {
        self.remove("moving-locks.json")?;
        self.write(&self.entry(), moving, moving.checkout.is_some())
    }

    /// Notes the lock files our own `update-ref` made.
    ///
    /// Not flushed: after a power loss no process of before lives, and the time of the files is
    /// proof enough.
    pub(super) fn note(&self, prints: &[Print]) -> Result<(), LandError> {
        self.write(&self.prints(), &prints, false)
    }

    /// The noted lock files; none when nothing readable was noted.
    pub(super) fn noted(&self) -> Vec<Print> {
        fs::read(self.prints())
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Ends the record.
    pub(super) fn end(&self) -> Result<(), LandError> {
        self.end_unflushed()?;
        sync_dir(&self.dir)
    }

    /// Ends the record of a move without a checkout: one that comes back changes nothing.
    pub(super) fn end_unflushed(&self) -> Result<(), LandError> {
        self.remove("moving.json")?;
        self.remove("moving-locks.json")
    }

    fn remove(&self, name: &str) -> Result<(), LandError> {
        remove(&self.dir.join(name))
    }

    fn write(&self, path: &Path, what: &impl Serialize, flush: bool) -> Result<(), LandError> {
        let bytes = serde_json::to_vec_pretty(what).map_err(|error| LandError::Record {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        let failed = || LandError::file("write", path);
        let mut fresh = tempfile::NamedTempFile::new_in(&self.dir).map_err(failed())?;
        fresh.write_all(&bytes).map_err(failed())?;
        if flush {
            fresh.as_file().sync_all().map_err(failed())?;
        }
        fresh.persist(path).map_err(|error| failed()(error.error))?;
        if flush { sync_dir(&self.dir) } else { Ok(()) }
    }
}

/// Removes a file; one that is not there is no error.
pub(super) fn remove(path: &Path) -> Result<(), LandError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(LandError::file("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Makes the names in a folder durable.
pub(super) fn sync_dir(dir: &Path) -> Result<(), LandError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(LandError::file("flush", dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_never_got_its_content_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let record = Record::in_dir(dir.path());
        for bytes in [&b""[..], &[0; 40]] {
            crate::files::replace_unflushed(&record.entry(), bytes).unwrap();
            assert!(record.load().unwrap().is_none());
        }
        crate::files::replace_unflushed(&record.entry(), b"{").unwrap();
        record.load().unwrap_err();
    }
}
