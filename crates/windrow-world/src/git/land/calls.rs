//! The lock of one landing and the git calls made under it.
//!
//! Invariant: every git child of a landing has the lock file as its standard error. The lock lies
//! on the open file, which the child shares, so it is free only when the lander *and* every child
//! of it are gone: who takes it knows that no orphan still writes.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::ExitStatus;

use rustix::fs::{FlockOperation, flock};

use super::LandError;
use crate::cmd::Cmd;
use crate::git::{GitError, Repo, Tree, reason};

/// The held lock.
#[derive(Debug)]
pub(super) struct Calls {
    file: File,
}

/// One checkout, and the lock under which git works in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checkout<'a> {
    pub(super) calls: &'a Calls,
    pub(super) repo: &'a Repo,
    pub(super) tree: &'a Tree,
}

/// A finished git call.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: String,
    line: String,
}

impl Calls {
    /// Waits until nobody holds the lock, then takes it.
    pub(super) fn lock(path: &Path) -> Result<Self, LandError> {
        let open = || File::options().create(true).append(true).read(true).open(path);
        let file = open().map_err(LandError::file("open", path))?;
        loop {
            match flock(&file, FlockOperation::LockExclusive) {
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(LandError::file("lock", path)(error.into())),
                Ok(()) => break,
            }
        }
        file.set_len(0).map_err(LandError::file("empty", path))?;
        Ok(Self { file })
    }

    /// Another handle on the locked file, for a child's standard error.
    pub(super) fn handle(&self) -> Result<File, LandError> {
        self.file.try_clone().map_err(LandError::file("share", Path::new("the landing lock")))
    }

    /// How much children have written so far: where the next one's words begin.
    pub(super) fn mark(&self) -> u64 {
        self.file.metadata().map_or(0, |data| data.len())
    }

    /// What children wrote since `mark`.
    pub(super) fn words(&self, mark: u64) -> String {
        let len = usize::try_from(self.mark().saturating_sub(mark)).unwrap_or_default();
        let mut bytes = vec![0; len];
        match self.file.read_exact_at(&mut bytes, mark) {
            Ok(()) => String::from_utf8_lossy(&bytes).trim().to_owned(),
            Err(_) => String::new(),
        }
    }

    /// Runs a call to its end, whatever its status.
    pub(super) fn run(&self, call: Cmd) -> Result<Answer, LandError> {
        let mark = self.mark();
        let line = call.line();
        let done = call.stderr_to(self.handle()?).output()?;
        Ok(Answer { status: done.status, stdout: done.stdout, stderr: self.words(mark), line })
    }

    /// Runs a call that must succeed; returns what it printed.
    pub(super) fn succeed(&self, call: Cmd) -> Result<Vec<u8>, LandError> {
        self.run(call)?.success()
    }
}

impl Answer {
    /// What it printed, or an error when it did not succeed.
    pub(super) fn success(self) -> Result<Vec<u8>, LandError> {
        if self.status.success() { Ok(self.stdout) } else { Err(self.error()) }
    }

    /// The failure as an error.
    pub(super) fn error(self) -> LandError {
        if let Some(why) = reason::outside(&self.stderr) {
            return GitError::Outside(why).into();
        }
        LandError::Call { line: self.line, stderr: format!("{} ({})", self.stderr, self.status) }
    }
}
