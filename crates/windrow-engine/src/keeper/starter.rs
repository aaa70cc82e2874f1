//! Starting a daemon from a keeper without becoming its parent.
//!
//! A keeper is the parent of every orphan below it and ends them all. A daemon, and with it the
//! keepers that the daemon starts, must not be among them.

use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, waitpid};
use windrow_world::cmd::Cmd;
use windrow_world::proc::{ProcessId, Reaper};

use super::folder::{Folder, KeeperError};
use super::launch::DaemonSpec;
use super::shim::{START, SUBCOMMAND};
use super::start::own_program;

/// How long the starting process may take to start the daemon.
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts a daemon that is nobody's child here; whether it stays is its own affair.
pub(super) fn start_daemon(
    folder: &Folder,
    spec: &DaemonSpec,
    reaper: &Reaper,
) -> Result<(), KeeperError> {
    let failed = |source: io::Error| folder.failed("start a daemon for", "", source);
    let (mut line, theirs) = UnixStream::pair().map_err(failed)?;
    let mut cmd = Cmd::new(own_program()).bare().args([SUBCOMMAND, START]).args(&spec.argv);
    for (key, value) in &spec.env {
        cmd = cmd.env(key, value);
    }
    let child = cmd.dir("/").start_on(theirs.into(), None)?;
    let pid = i32::try_from(child.id()).unwrap_or(0);
    let _else_it_waits_forever = line.set_read_timeout(Some(PATIENCE));
    let refusal = match first_byte(&mut line) {
        Ok(Some(0)) => None,
        Ok(first) => Some(rest_of(&mut line, first)),
        Err(error) => {
            let _gone_is_fine = ProcessId::of(pid).map(|starter| starter.signal(Signal::KILL));
            Some(error.to_string())
        }
    };
    // The starter lives only to be the daemon's parent up to here: closing the line ends it, and
    // that takes far less time than starting a program.
    reaper.let_go(|| {
        drop(line);
        while matches!(waitpid(Pid::from_raw(pid), WaitOptions::empty()), Err(Errno::INTR)) {}
    });
    refusal.map_or(Ok(()), |why| Err(failed(io::Error::other(why))))
}

fn first_byte(line: &mut UnixStream) -> io::Result<Option<u8>> {
    let mut first = [0];
    loop {
        match line.read(&mut first) {
            // Children end all the time, and each one interrupts.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            said => return said.map(|count| (count > 0).then_some(first[0])),
        }
    }
}

fn rest_of(line: &mut UnixStream, first: Option<u8>) -> String {
    let mut said: Vec<u8> = first.into_iter().collect();
    let _up_to_the_end = line.read_to_end(&mut said);
    if said.is_empty() { "it died".to_owned() } else { String::from_utf8_lossy(&said).into_owned() }
}
