//! A job's folder and the records in it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use windrow_world::cmd::CmdError;
use windrow_world::files::{self, ReplaceError};
use windrow_world::proc::{self, ProcError, ProcessId};

use super::exit::Exit;
use super::job::Refusal;
use super::launch::{Launch, VERSION};

/// What can go wrong around a job.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// The folder was used before: its job was launched already.
    #[error("failed to launch job `{job}`: it was launched before")]
    AlreadyLaunched {
        /// The job.
        job: String,
    },
    /// Somebody still keeps the job.
    #[error("failed to end job `{job}`: its keeper is still there")]
    StillKept {
        /// The job.
        job: String,
    },
    /// Processes of the job cannot be ended at the moment; try again later.
    #[error("failed to end {count} processes of job `{job}`")]
    Unkillable {
        /// The job.
        job: String,
        /// How many are left.
        count: usize,
    },
    /// A record is not what this build can read.
    #[error("failed to read `{path}`", path = path.display())]
    Record {
        /// The record.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A record was written by a newer windrow.
    #[error("failed to read `{path}`: it has version {version}", path = path.display())]
    Version {
        /// The record.
        path: PathBuf,
        /// The version found.
        version: u32,
    },
    /// A file of the job could not be used.
    #[error("failed to {act} `{path}`", path = path.display())]
    File {
        /// What was attempted.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A record could not be written.
    #[error(transparent)]
    Replace(#[from] ReplaceError),
    /// A process could not be looked at or signalled.
    #[error(transparent)]
    Proc(#[from] ProcError),
    /// A process could not be started.
    #[error(transparent)]
    Cmd(#[from] CmdError),
}

/// `keeper.json`: who keeps the job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeeperRecord {
    pub(super) pid: i32,
    pub(super) start_time: u64,
    pub(super) boot_id: String,
    /// Where the agent's control group will be, whether or not it can be made.
    pub(super) cgroup: Option<PathBuf>,
}

/// `agent.json`: the process that runs, or is about to run, the job's program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AgentRecord {
    pub(super) pid: i32,
    pub(super) start_time: u64,
    pub(super) boot_id: String,
    /// When it was recorded, in milliseconds since 1970.
    pub(super) recorded_ms: i64,
}

/// `stop.json`: somebody wants the job to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StopRecord {
    pub(super) reason: String,
}

impl KeeperRecord {
    /// The keeper, if its record is of this boot.
    pub(super) fn process(&self) -> Option<ProcessId> {
        of_this_boot(&self.boot_id, self.pid, self.start_time)
    }
}

impl AgentRecord {
    /// The agent, if its record is of this boot.
    pub(super) fn process(&self) -> Option<ProcessId> {
        of_this_boot(&self.boot_id, self.pid, self.start_time)
    }
}

fn of_this_boot(boot_id: &str, pid: i32, start_time: u64) -> Option<ProcessId> {
    let now = proc::boot_id().ok()?;
    (now == boot_id).then_some(ProcessId { pid, start_time })
}

/// A job's folder.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Makes the folder, readable by its owner alone: the environment in it may hold secrets.
    pub(super) fn make(&self) -> Result<(), KeeperError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.path);
        // The folder may be there already, with a brief in it.
        let closed =
            made.and_then(|()| fs::set_permissions(&self.path, Permissions::from_mode(0o700)));
        closed.map_err(|source| self.failed("make", "", source))
    }

    /// The job's name.
    pub(super) fn job(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(super) fn launch(&self) -> Result<Option<Launch>, KeeperError> {
        let launch: Option<Launch> = self.read("launch.json")?;
        match launch {
            Some(launch) if launch.version > VERSION => Err(KeeperError::Version {
                path: self.file("launch.json"),
                version: launch.version,
            }),
            launch => Ok(launch),
        }
    }

    pub(super) fn keeper(&self) -> Result<Option<KeeperRecord>, KeeperError> {
        self.read("keeper.json")
    }

    pub(super) fn agent(&self) -> Result<Option<AgentRecord>, KeeperError> {
        self.read("agent.json")
    }

    pub(super) fn stop(&self) -> Result<Option<StopRecord>, KeeperError> {
        self.read("stop.json")
    }

    pub(super) fn exit(&self) -> Result<Option<Exit>, KeeperError> {
        self.read("exit.json")
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, KeeperError> {
        let path = self.file(name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(self.failed("read", name, source)),
        };
        if bytes.iter().all(|byte| *byte == 0) {
            // A power loss left no more of it than its name; the process it named is gone.
            return Ok(None);
        }
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| KeeperError::Record { path, source })
    }

    /// Writes a record whole and durably.
    pub(super) fn write<T: Serialize>(&self, name: &str, record: &T) -> Result<(), KeeperError> {
        let path = self.file(name);
        Ok(files::replace(&path, &text_of(&path, record)?)?)
    }

    /// Writes a record whole, and not durably: one that names a process is of no use once the
    /// machine has lost power.
    pub(super) fn note<T: Serialize>(&self, name: &str, record: &T) -> Result<(), KeeperError> {
        let path = self.file(name);
        Ok(files::replace_unflushed(&path, &text_of(&path, record)?)?)
    }

    /// Takes the job's lock, which its keeper holds all its life; nothing when another has it.
    /// The lock goes with the returned file.
    pub(super) fn try_lock(&self) -> Result<Option<File>, KeeperError> {
        let name = "keeper.lock";
        let opened = OpenOptions::new().append(true).create(true).open(self.file(name));
        let lock = opened.map_err(|source| self.failed("open", name, source))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(lock)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(source)) => Err(self.failed("lock", name, source)),
        }
    }

    /// Writes a line for people into `keeper.log`; a keeper has no other way to complain.
    pub(super) fn complain(&self, what: &dyn std::error::Error) {
        let line = chain(what);
        let log = OpenOptions::new().append(true).create(true).open(self.file("keeper.log"));
        let _nowhere_left_to_say_it = log.and_then(|mut log| writeln!(log, "{line}"));
    }

    pub(super) fn refusal(&self, why: Refusal) -> KeeperError {
        let job = self.job();
        match why {
            Refusal::AlreadyLaunched => KeeperError::AlreadyLaunched { job },
            Refusal::StillKept => KeeperError::StillKept { job },
        }
    }

    pub(super) fn failed(&self, act: &'static str, name: &str, source: io::Error) -> KeeperError {
        KeeperError::File { act, path: self.file(name), source }
    }
}

fn text_of<T: Serialize>(path: &Path, record: &T) -> Result<Vec<u8>, KeeperError> {
    serde_json::to_vec_pretty(record)
        .map_err(|source| KeeperError::Record { path: path.to_owned(), source })
}

/// An error with all its causes on one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        line = format!("{line}: {source}");
        cause = source.source();
    }
    line
}
