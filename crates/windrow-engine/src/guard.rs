//! The guard: a tiny process that starts the daemon again when it is gone.
//!
//! Keepers do that too, but they end with their agents, and a daemon may be killed in the middle of
//! a landing when no agent runs. Daemon and guard watch each other: the daemon waits for the guard's
//! lock, the guard for the end of an idle connection. Neither polls. A daemon that was stopped on
//! purpose leaves a marker, and then the guard ends as well.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Child, ExitCode};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use windrow_world::cmd::Cmd;

use crate::home::Home;
use crate::keeper::pause;

/// The first wait between two tries to reach a daemon; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The main of `windrow __guard`: `exe` and its `__daemon` are started whenever nobody answers.
///
/// The guard's lock comes as standard input, held already, and goes with the process.
#[must_use]
pub fn guard_main(home: &Home, exe: &std::path::Path) -> ExitCode {
    let _leader_already = rustix::process::setsid();
    let mut started: Vec<Child> = Vec::new();
    let mut wait = FIRST_WAIT;
    while home.path().exists() && !home.stopped_marker().exists() {
        if stay(home) {
            wait = FIRST_WAIT;
            continue;
        }
        // A child that ended is reaped here; one that became the daemon is left alone.
        started.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        let log = OpenOptions::new().create(true).append(true).open(home.log()).ok();
        let daemon = Cmd::new(exe).arg("__daemon").whole_env().dir("/").detach(log.as_ref());
        if let Ok(child) = daemon {
            started.push(child);
        }
        pause(wait);
        wait = (wait * 2).min(LONGEST_WAIT);
    }
    ExitCode::SUCCESS
}

/// Stays connected until the daemon is gone; false when there was none.
fn stay(home: &Home) -> bool {
    let Ok(mut line) = UnixStream::connect(home.socket()) else { return false };
    if line.write_all(b"{\"keeper\":\"guard\"}\n").is_err() {
        return false;
    }
    let mut byte = [0];
    loop {
        match line.read(&mut byte) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return true,
        }
    }
}

/// The daemon's side: sees to it, on a thread of its own, that there is always a guard.
pub(crate) fn keep_one(home: Home, exe: String) {
    std::thread::spawn(move || {
        let mut wait = FIRST_WAIT;
        loop {
            match start_when_gone(&home, &exe) {
                Ok(()) => wait = FIRST_WAIT,
                Err(error) => {
                    tracing::warn!("no guard could be started: {error}");
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
            pause(wait);
        }
    });
}

/// Waits until there is no guard, and starts one that inherits the lock without a gap.
fn start_when_gone(home: &Home, exe: &str) -> Result<(), String> {
    let path = home.path().join("guard.lock");
    let lock: File = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| format!("`{}`: {error}", path.display()))?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|error| error.to_string())?;
    let guard = Cmd::new(exe).arg("__guard").whole_env().dir("/").start_on(lock.into(), None);
    let mut guard = guard.map_err(|error| crate::chain(&error))?;
    // Nothing is left of it when it ends before the next round, which begins with its lock.
    std::thread::spawn(move || guard.wait());
    Ok(())
}
