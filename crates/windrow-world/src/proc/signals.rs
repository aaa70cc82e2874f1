//! Signals as something to wait for beside other descriptors.
//!
//! A watched signal no longer has its usual effect on this process; unlike an ignored one it is
//! back to normal in every program started from here.

use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;

use super::id::ProcError;

/// The signals this process watches.
#[derive(Debug)]
pub struct Signals {
    wake: UnixStream,
    flags: Vec<(Signal, Arc<AtomicBool>)>,
}

impl Signals {
    /// Starts watching; lasts until the process ends.
    ///
    /// # Errors
    /// When the system refuses a handler or a descriptor.
    pub fn watch(signals: &[Signal]) -> Result<Self, ProcError> {
        Self::register(signals).map_err(ProcError::system("watch signals"))
    }

    fn register(signals: &[Signal]) -> io::Result<Self> {
        let (wake, ring) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let mut flags = Vec::new();
        for signal in signals {
            let flag = Arc::new(AtomicBool::new(false));
            // Handlers run in this order: the flag is set before the descriptor wakes anyone.
            signal_hook::flag::register(signal.as_raw(), Arc::clone(&flag))?;
            signal_hook::low_level::pipe::register(signal.as_raw(), ring.try_clone()?)?;
            flags.push((*signal, flag));
        }
        Ok(Self { wake, flags })
    }

    /// Whether `signal` came since it was last asked for.
    #[must_use]
    pub fn take(&self, signal: Signal) -> bool {
        let flag = self.flags.iter().find(|(watched, _)| *watched == signal);
        flag.is_some_and(|(_, flag)| flag.swap(false, Ordering::SeqCst))
    }

    /// Makes the descriptor quiet again. Call it before [`Signals::take`], so that a signal
    /// between the two wakes once more.
    pub fn drain(&self) {
        let mut bytes = [0; 64];
        while (&self.wake).read(&mut bytes).is_ok_and(|count| count > 0) {}
    }
}

impl AsFd for Signals {
    /// Polls readable when a watched signal came.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}
