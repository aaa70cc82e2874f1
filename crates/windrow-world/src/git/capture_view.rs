//! A private git directory through which a tree is read, so that nothing in the tree's own one
//! can steer git, and nothing there is changed by looking.
//!
//! It holds copies of HEAD and of the index (with its modification time, from which git tells
//! which entries may hide a change made in the same instant) and nothing else: no
//! `config.worktree`, no lock files. Objects go to the shared repository.

use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Once;

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use super::repo::{GitError, Repo, Tree};
use super::worktree_registry::{file_error, is_there, replace};
use crate::cmd::{Cmd, CmdError};

/// A tree as seen through a private git directory; the directory goes when this is dropped.
#[derive(Debug)]
pub(super) struct View {
    /// The same work tree with the private git directory.
    pub(super) tree: Tree,
    _dir: TempDir,
    /// Held on the directory itself, so that others see it is in use.
    _lock: File,
}

const PREFIX: &str = "windrow-view-";

impl View {
    /// Copies what is needed to look at `tree`.
    pub(super) fn of(repo: &Repo, tree: &Tree) -> Result<Self, GitError> {
        static SWEPT: Once = Once::new();
        let at = std::env::temp_dir();
        SWEPT.call_once(|| sweep(&at));
        let (dir, lock) = private_dir(&at)?;
        fs::create_dir(dir.path().join("refs")).map_err(file_error("make", dir.path()))?;
        // Git finds objects by GIT_COMMON_DIR, but refs by this file alone.
        let common = [repo.common_dir().as_os_str().as_bytes(), b"\n"].concat();
        replace(&dir.path().join("commondir"), &common)?;
        copy(&tree.git_dir, dir.path(), "HEAD")?;
        copy(&tree.git_dir, dir.path(), "index")?;
        for name in shared_indexes(&tree.git_dir)? {
            copy(&tree.git_dir, dir.path(), &name)?;
        }
        let git_dir = dir.path().to_owned();
        Ok(Self { tree: Tree { path: tree.path.clone(), git_dir }, _dir: dir, _lock: lock })
    }

    /// Runs a git command in the view and returns its standard output.
    pub(super) fn ask(&self, repo: &Repo, args: &[&str]) -> Result<Vec<u8>, GitError> {
        Ok(self.call(repo, args).success()?)
    }

    /// The same, with what git said on standard error though it succeeded.
    pub(super) fn ask_aloud(
        &self,
        repo: &Repo,
        args: &[&str],
    ) -> Result<(Vec<u8>, String), GitError> {
        let call = self.call(repo, args);
        let line = call.line();
        let done = call.output()?;
        let stderr = String::from_utf8_lossy(&done.stderr).into_owned();
        if done.status.success() {
            return Ok((done.stdout, stderr));
        }
        Err(CmdError::Failed { line, status: done.status, stderr }.into())
    }

    fn call(&self, repo: &Repo, args: &[&str]) -> Cmd {
        repo.git_in(&self.tree, ["-c", "core.trustctime=true"]).args(args)
    }
}

/// Makes a folder of our own in `at` and locks it.
fn private_dir(at: &Path) -> Result<(TempDir, File), GitError> {
    let make = || loop {
        let dir = tempfile::Builder::new().prefix(PREFIX).tempdir_in(at)?;
        // Between making and locking another process may have swept it away.
        match File::open(dir.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => {
                let lock = other?;
                let locked = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
                if locked && is_there(dir.path()) {
                    return Ok((dir, lock));
                }
            }
        }
    };
    make().map_err(file_error("make a folder in", at))
}

/// Removes the folders that killed processes left; those in use are locked.
fn sweep(at: &Path) {
    for entry in fs::read_dir(at).into_iter().flatten().flatten() {
        let ours = entry.file_name().as_bytes().starts_with(PREFIX.as_bytes());
        let real = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let Some(lock) = (ours && real).then(|| File::open(entry.path()).ok()).flatten() else {
            continue;
        };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            // What belongs to somebody else stays, and is theirs to sweep.
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

/// The base files of a split index that lie in a git directory.
pub(super) fn shared_indexes(git_dir: &Path) -> Result<Vec<String>, GitError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(git_dir).map_err(file_error("list", git_dir))? {
        let name = entry.map_err(file_error("list", git_dir))?.file_name();
        names.extend(name.into_string().ok().filter(|name| name.starts_with("sharedindex.")));
    }
    names.sort();
    Ok(names)
}

fn copy(from: &Path, to: &Path, name: &str) -> Result<(), GitError> {
    let (from, to) = (from.join(name), to.join(name));
    let copy = || {
        let mut source = match open_plain(&from) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        let mut target = File::create_new(&to)?;
        io::copy(&mut source, &mut target)?;
        target.set_modified(source.metadata()?.modified()?)
    };
    copy().map_err(file_error("copy", &from))
}

/// Opens a file for reading unless it is a symlink; never waits on a fifo.
pub(super) fn open_plain(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(open(path, flags, Mode::empty())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_that_nobody_uses_are_swept() {
        let at = tempfile::tempdir().unwrap();
        let (used, _lock) = private_dir(at.path()).unwrap();
        let (left, lock) = private_dir(at.path()).unwrap();
        drop(lock);
        fs::create_dir(at.path().join("windrow-else")).unwrap();
        sweep(at.path());
        assert!(used.path().exists() && at.path().join("windrow-else").exists());
        assert!(!left.path().exists());
    }
}
