//! One process, named so that a reused id cannot be taken for it.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use super::os;

/// A process: its id and its start time, which together are unique within one boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProcessId {
    /// The process id.
    pub pid: i32,
    /// When it started, in clock ticks since boot.
    pub start_time: u64,
}

/// A process that could not be looked at or signalled.
#[derive(Debug, thiserror::Error)]
pub enum ProcError {
    /// A call about one process failed.
    #[error("failed to {act} process {pid}")]
    Process {
        /// What was attempted.
        act: &'static str,
        /// Which process.
        pid: i32,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A call about this process or the system failed.
    #[error("failed to {act}")]
    System {
        /// What was attempted.
        act: &'static str,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

impl ProcError {
    pub(super) fn system(act: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { act, source }
    }
}

impl ProcessId {
    /// The process that has the id `pid` now, ended but unreaped ones included.
    #[must_use]
    pub fn of(pid: i32) -> Option<Self> {
        os::stat(pid).map(|stat| Self { pid, start_time: stat.start_time })
    }

    /// The calling process.
    ///
    /// # Errors
    /// Where the system does not tell start times.
    pub fn current() -> Result<Self, ProcError> {
        let pid = rustix::process::getpid().as_raw_nonzero().get();
        Self::of(pid).ok_or_else(|| ProcError::Process {
            act: "read the start time of",
            pid,
            source: io::ErrorKind::Unsupported.into(),
        })
    }

    /// Whether it still runs; a process that ended but was not reaped does not.
    #[must_use]
    pub fn alive(self) -> bool {
        os::stat(self.pid).is_some_and(|now| now.start_time == self.start_time && !now.ended)
    }

    /// A descriptor that polls readable once the process has ended; nothing when it is gone.
    ///
    /// # Errors
    /// When the system refuses: no descriptors left, or no pidfds (Linux before 5.3).
    pub fn pidfd(self) -> Result<Option<OwnedFd>, ProcError> {
        let act = "open";
        match os::open(self.pid) {
            // Invariant: the check comes after the opening, so the descriptor is of this process.
            Ok(fd) => Ok(self.alive().then_some(fd)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(source) => Err(ProcError::Process { act, pid: self.pid, source }),
        }
    }

    /// Sends a signal; says whether the process was there to get it.
    ///
    /// # Errors
    /// When the system refuses, for instance another user's process.
    pub fn signal(self, signal: Signal) -> Result<bool, ProcError> {
        let Some(fd) = self.pidfd()? else { return Ok(false) };
        match os::send(fd.as_fd(), signal) {
            Ok(()) => Ok(true),
            Err(error) if is_gone(&error) => Ok(false),
            Err(source) => Err(ProcError::Process { act: "signal", pid: self.pid, source }),
        }
    }

    /// Takes the exit status of an ended child of this process, so that no zombie stays; does
    /// nothing for a process that still runs or is nobody's child here.
    pub fn reap(self) {
        let Some(pid) = rustix::process::Pid::from_raw(self.pid) else { return };
        let _not_ours_or_running =
            rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::NOHANG);
    }
}

/// Names this boot of the machine; recorded process ids of another boot mean nothing.
///
/// # Errors
/// Where the system has no such name.
pub fn boot_id() -> Result<String, ProcError> {
    os::boot_id().map_err(ProcError::system("read the boot id"))
}

fn is_gone(error: &io::Error) -> bool {
    // ESRCH: gone. EINVAL: the id is that of a thread, so the process of that id is gone.
    let code = error.raw_os_error();
    code == Some(rustix::io::Errno::SRCH.raw_os_error())
        || code == Some(rustix::io::Errno::INVAL.raw_os_error())
}
