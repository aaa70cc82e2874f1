//! Locks that hold between processes, and that a killed process's git children keep for it.
//!
//! A lock is an `flock` on a file in windrow's state folder. Git children started through
//! [`Held::run`] inherit the open file as their standard error: when the holder is killed, the next
//! one waits until the orphaned child has ended, so no two git commands ever change one worktree
//! (or the list of worktrees) at the same time.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

use rustix::fs::{FlockOperation, flock};

use super::repo::{GitError, Tree};
use crate::cmd::{Cmd, CmdError};

/// A lock that is held until this value is dropped and the git children it started have ended.
#[derive(Debug)]
pub(super) struct Held {
    file: File,
    path: PathBuf,
}

impl Held {
    /// Waits for the lock on `path` and takes it.
    pub(super) fn wait(path: &Path) -> Result<Self, GitError> {
        let at = |source| GitError::File { act: "lock", path: path.to_owned(), source };
        let file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .append(true)
            .open(path)
            .map_err(at)?;
        loop {
            match flock(&file, FlockOperation::LockExclusive) {
                Err(rustix::io::Errno::INTR) => {}
                done => break done.map_err(|errno| at(errno.into()))?,
            }
        }
        Ok(Self { file, path: path.to_owned() })
    }

    /// Runs a git command that keeps this lock until it has ended; returns standard output.
    pub(super) fn run(&self, cmd: Cmd) -> Result<Vec<u8>, GitError> {
        let at = |source| GitError::File { act: "use the lock", path: self.path.clone(), source };
        self.file.set_len(0).map_err(at)?;
        let line = cmd.line();
        let done = cmd.stderr_to(self.file.try_clone().map_err(at)?).output()?;
        if done.status.success() {
            return Ok(done.stdout);
        }
        let mut said = Vec::new();
        let mut reader = &self.file;
        reader.seek(SeekFrom::Start(0)).map_err(at)?;
        reader.read_to_end(&mut said).map_err(at)?;
        let stderr = String::from_utf8_lossy(&said).trim().to_owned();
        Err(CmdError::Failed { line, status: done.status, stderr }.into())
    }
}

impl Held {
    /// Whether the last command that was run said nothing on standard error.
    pub(super) fn was_silent(&self) -> bool {
        self.file.metadata().is_ok_and(|meta| meta.len() == 0)
    }

    /// The same for a command that writes the files of a tree; when the disk is full it says so,
    /// since git says only which file it could not write.
    pub(super) fn run_in(&self, cmd: Cmd, tree: &Tree) -> Result<(), GitError> {
        match self.run(cmd) {
            Err(_) if crate::disk::is_full(&tree.path) => {
                let path = tree.path.display();
                Err(GitError::Outside(format!("the disk is full: no room is left for `{path}`")))
            }
            done => done.map(drop),
        }
    }
}

/// Bounds how many checkouts run at once in this process.
#[derive(Debug)]
pub(super) struct Slots {
    free: Mutex<usize>,
    freed: Condvar,
}

/// One taken slot; given back on drop.
#[derive(Debug)]
pub(super) struct Slot<'a>(&'a Slots);

impl Slots {
    pub(super) fn new(count: usize) -> Self {
        Self { free: Mutex::new(count.max(1)), freed: Condvar::new() }
    }

    /// Waits for a free slot.
    pub(super) fn take(&self) -> Slot<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free =
            self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Slot(self)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}
