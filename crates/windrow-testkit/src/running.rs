//! The processes of one environment, found by what they carry.

use std::fs;
use std::path::Path;

use windrow_world::proc::{ProcessId, Signal};

/// What a process is to windrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The daemon.
    Daemon,
    /// What brings the daemon back when nothing else is there to do it.
    Guard,
    /// A keeper.
    Keeper,
    /// A command that a person typed, such as `windrow run`.
    Command,
    /// A process that is about to become a worker, or starts a daemon.
    Shim,
    /// A worker or a gate, or something it started.
    Worker,
    /// Anything else: git at work for the daemon.
    Other,
}

/// A living process of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Which process.
    pub process: ProcessId,
    /// What it is.
    pub role: Role,
    /// Its command line, for people.
    pub line: String,
    /// The session it works for, when it is a worker.
    pub session: Option<String>,
}

impl Running {
    /// Kills it with -9; says whether it was still there.
    pub fn kill(&self) -> bool {
        self.process.signal(Signal::KILL).unwrap_or(false)
    }
}

/// Every living process that has `root` in its environment or works below it, but the caller.
pub(crate) fn below(root: &Path) -> Vec<Running> {
    let own = i32::try_from(std::process::id()).unwrap();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| *pid != own).filter_map(|pid| look(pid, root)).collect()
}

fn look(pid: i32, root: &Path) -> Option<Running> {
    let process = ProcessId::of(pid)?;
    let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let dir = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
    let root_text = root.as_os_str().as_encoded_bytes();
    let named = environ.windows(root_text.len()).any(|window| window == root_text);
    if !named && !dir.starts_with(root) {
        return None;
    }
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words: Vec<String> = line
        .split(|byte| *byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect();
    let session = environ
        .split(|byte| *byte == 0)
        .find_map(|entry| entry.strip_prefix(b"WINDROW_SESSION="))
        .map(|id| String::from_utf8_lossy(id).into_owned());
    let role = role(pid, &words, &environ);
    let line = words.join(" ").trim_end().to_owned();
    process.alive().then_some(Running { process, role, line, session })
}

fn role(pid: i32, words: &[String], environ: &[u8]) -> Role {
    match words.get(1).map(String::as_str) {
        // What a daemon starts looks like it for a moment, until it has become another program.
        Some("__daemon") if is_daemon(parent(pid)) => return Role::Other,
        Some("__daemon") => return Role::Daemon,
        Some("__guard") => return Role::Guard,
        Some("__keeper") => return Role::Keeper,
        Some("__exec") => return Role::Shim,
        _ => {}
    }
    let exe = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    let is_windrow = exe.file_name().is_some_and(|name| name == "windrow");
    if environ.split(|byte| *byte == 0).any(|entry| entry.starts_with(b"WINDROW_JOB=")) {
        Role::Worker
    } else if is_windrow {
        Role::Command
    } else {
        Role::Other
    }
}

/// The process that started it (proc_pid_stat(5), field 4).
fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

fn is_daemon(pid: Option<i32>) -> bool {
    let line = pid.and_then(|pid| fs::read(format!("/proc/{pid}/cmdline")).ok());
    line.unwrap_or_default().split(|byte| *byte == 0).nth(1) == Some(b"__daemon")
}
