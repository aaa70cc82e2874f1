//! Starting the program: held at first, on record, then let go.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::SystemTime;

use windrow_world::cmd::Cmd;
use windrow_world::proc::{Cgroup, ProcessId, boot_id};

use super::exit::ms;
use super::folder::{AgentRecord, Folder, KeeperError};
use super::launch::Launch;
use super::shim::{RUN, SUBCOMMAND};

/// A process that waits to become the program. Dropped, it ends without having run anything.
#[derive(Debug)]
pub(super) struct Held {
    process: ProcessId,
    line: UnixStream,
}

/// The program, running as far as anyone knows.
#[derive(Debug)]
pub(super) struct Agent {
    pub(super) process: ProcessId,
    pub(super) started_ms: i64,
    line: UnixStream,
}

/// Starts the process that will become the program.
pub(super) fn hold(
    folder: &Folder,
    launch: &Launch,
    group: Option<&PathBuf>,
) -> Result<Held, KeeperError> {
    let argv = launch.program.argv();
    if argv.is_empty() {
        let empty = std::io::ErrorKind::InvalidInput.into();
        return Err(folder.failed("find a program in", "launch.json", empty));
    }
    let mut transcript = OpenOptions::new();
    transcript.append(true).create(true).mode(0o600);
    let transcript = transcript.open(&launch.transcript);
    let transcript = transcript.map_err(|source| KeeperError::File {
        act: "open",
        path: launch.transcript.clone(),
        source,
    })?;
    let (line, theirs) =
        UnixStream::pair().map_err(|source| folder.failed("make a line for", "", source))?;
    let mut cmd = Cmd::new(own_program()).bare().args([SUBCOMMAND, RUN]).arg(&launch.dir);
    cmd = cmd.arg(launch.stdin.clone().unwrap_or_default()).args(argv);
    for (key, value) in &launch.env {
        cmd = cmd.env(key, value);
    }
    let child = cmd.start_on(theirs.into(), Some(&transcript))?;
    // Invariant: the child is not reaped yet, so its id is its own.
    let process = ProcessId::of(i32::try_from(child.id()).unwrap_or(0)).ok_or_else(|| {
        folder.failed("find the agent of", "", std::io::ErrorKind::NotFound.into())
    })?;
    // Without a group of its own the agent's descendants are found by walking.
    let _walked_instead = group.map(|path| Cgroup::hold(path, process));
    Ok(Held { process, line })
}

impl Held {
    /// Puts the process on record.
    pub(super) fn record(&self, folder: &Folder) -> Result<(), KeeperError> {
        let record = AgentRecord {
            pid: self.process.pid,
            start_time: self.process.start_time,
            boot_id: boot_id()?,
            recorded_ms: ms(SystemTime::now()),
        };
        folder.note("agent.json", &record)
    }

    /// Lets it become the program.
    pub(super) fn go(mut self) -> Agent {
        // If it died meanwhile, it is reaped like any program that died.
        let _seen_when_reaped = self.line.write_all(&[0]);
        let started_ms = ms(SystemTime::now());
        Agent { process: self.process, started_ms, line: self.line }
    }
}

impl Agent {
    /// After it ended: why it never became the program, if so.
    pub(super) fn refusal(&mut self) -> Option<String> {
        let mut said = Vec::new();
        // What was said lies in the socket already; nobody is left to say more.
        let _quiet = self.line.set_nonblocking(true);
        let _up_to_the_end = self.line.read_to_end(&mut said);
        (!said.is_empty()).then(|| String::from_utf8_lossy(&said).into_owned())
    }
}

/// The program of this very process, even if its file was replaced since.
pub(super) fn own_program() -> PathBuf {
    let linux = PathBuf::from("/proc/self/exe");
    if linux.exists() { linux } else { std::env::current_exe().unwrap_or_default() }
}
