//! Ctrl-C, a closed terminal and a polite kill, seen at any moment of a longer command.
//!
//! Each of them becomes one Ctrl-C for the watcher of the run, so that all end the same way.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Signal, getpid, kill_process};
use windrow_world::proc::Signals;

use crate::error::CliError;

/// Whether the person wants the command to end.
#[derive(Clone, Debug)]
pub(super) struct Interrupts(Arc<AtomicBool>);

impl Interrupts {
    /// Watches from now on.
    pub(super) fn watch() -> Result<Self, CliError> {
        let signals = Signals::watch(&[Signal::INT, Signal::TERM, Signal::HUP]);
        let signals = signals.map_err(|error| CliError::world(&error))?;
        let came = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&came);
        thread::spawn(move || listen(&signals, &told));
        Ok(Self(came))
    }

    /// Whether one came.
    pub(super) fn came(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

fn listen(signals: &Signals, came: &AtomicBool) {
    loop {
        match poll(&mut [PollFd::new(signals, PollFlags::IN)], None) {
            Err(error) if io::Error::from(error).kind() != io::ErrorKind::Interrupted => return,
            Ok(_) | Err(_) => {}
        }
        signals.drain();
        if signals.take(Signal::INT) {
            came.store(true, Ordering::SeqCst);
        }
        let terminated = signals.take(Signal::TERM);
        if signals.take(Signal::HUP) || terminated {
            came.store(true, Ordering::SeqCst);
            // The watcher of the run knows only Ctrl-C.
            let _own_process_is_there = kill_process(getpid(), Signal::INT);
        }
    }
}
