//! What a job is to run, as the daemon writes it down before it starts the keeper.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The version of the job folder's files that this build writes and reads.
pub(super) const VERSION: u32 = 1;

/// The variable by which every process of a job can be found.
pub(super) const TOKEN: &str = "WINDROW_JOB";

/// The content of `launch.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// Format version; [`Launch::new`] sets it.
    pub version: u32,
    /// The job's name, the same as its folder's.
    pub job: String,
    /// What to run.
    pub program: Program,
    /// The directory it starts in.
    pub dir: PathBuf,
    /// Its complete environment; nothing is inherited. The launch adds `WINDROW_JOB`.
    pub env: Vec<(String, String)>,
    /// The file it reads as standard input; nothing otherwise.
    pub stdin: Option<PathBuf>,
    /// The file that both of its outputs are appended to.
    pub transcript: PathBuf,
    /// End it when it wrote nothing for this many milliseconds.
    pub silence_ms: Option<u64>,
    /// End it when it ran for this many milliseconds.
    pub time_ms: Option<u64>,
    /// How long everything may take to end when asked, before it is killed, in milliseconds.
    pub grace_ms: u64,
    /// The daemon to tell, and how to start one.
    pub daemon: Option<DaemonSpec>,
}

/// A program and how it is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Program {
    /// A program with its arguments, started without any shell.
    Argv {
        /// Program and arguments; never empty.
        argv: Vec<String>,
    },
    /// A line for exactly one `sh -c`.
    Shell {
        /// The line.
        line: String,
    },
}

/// How a keeper reaches the daemon, and how it starts one when nobody answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonSpec {
    /// The command that becomes, or leads to, a daemon; which one wins is the daemons' affair.
    pub argv: Vec<String>,
    /// The complete environment for it; nothing is inherited.
    pub env: Vec<(String, String)>,
    /// The daemon's socket.
    pub socket: PathBuf,
    /// While this file exists no daemon is started: somebody stopped it on purpose.
    pub unless: Option<PathBuf>,
}

impl Launch {
    /// A job without limits, input or daemon, in an empty environment.
    #[must_use]
    pub fn new(
        job: impl Into<String>,
        program: Program,
        dir: impl Into<PathBuf>,
        transcript: impl Into<PathBuf>,
    ) -> Self {
        Self {
            version: VERSION,
            job: job.into(),
            program,
            dir: dir.into(),
            env: Vec::new(),
            stdin: None,
            transcript: transcript.into(),
            silence_ms: None,
            time_ms: None,
            grace_ms: 5_000,
            daemon: None,
        }
    }

    /// The value of `WINDROW_JOB` that marks this job's processes.
    pub(super) fn token(&self) -> Option<&str> {
        self.env.iter().find(|(key, _)| key == TOKEN).map(|(_, value)| value.as_str())
    }
}

impl Program {
    /// Program and arguments as they are executed.
    pub(super) fn argv(&self) -> Vec<String> {
        match self {
            Self::Argv { argv } => argv.clone(),
            Self::Shell { line } => vec!["sh".into(), "-c".into(), line.clone()],
        }
    }
}
