//! The daemon as commands see it: found, started on demand, asked.
//!
//! A daemon that is started here belongs to nobody: it leads a session of its own, works in `/` and
//! writes to its log. Which of two that start at once stays is their own affair.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode};
use std::time::{Duration, Instant};

use crate::engine::Home;
use windrow_api::client::{Client, ClientError};
use windrow_api::{Call, Reply};
use windrow_world::cmd::Cmd;

use crate::error::{CliError, chain};

/// The hidden subcommand that becomes the daemon.
pub(crate) const SUBCOMMAND: &str = "__daemon";

/// How long a new daemon may take until it answers; it reads its journals before.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long somebody else may take to answer after the one started here ended.
const AFTER_END: Duration = Duration::from_millis(400);

/// How often a daemon is started before it is given up.
const STARTS: u32 = 3;

/// How often a daemon that comes is looked for.
const LOOK: Duration = Duration::from_millis(15);

/// How many lines of the log explain a daemon that did not come.
const LOG_LINES: usize = 5;

/// How often a question is asked again when the daemon went away before the answer.
const ASK_AGAIN: u32 = 5;

/// Who asks, for the log.
const ACTOR: &str = "person";

/// Who asks from a worker's shell.
const WORKER: &str = "worker";

/// The way to a daemon: where it listens and how it is started.
#[derive(Clone, Debug)]
pub(crate) struct Launcher {
    home: Home,
    env: Vec<(&'static str, OsString)>,
    /// A daemon started by a worker would end with it.
    in_worker: bool,
}

/// A connection to a daemon.
#[derive(Debug)]
pub(crate) struct Daemon {
    client: Client,
    launcher: Launcher,
}

/// Runs the daemon in this process until it ends.
pub(crate) fn run(home: &Home) -> ExitCode {
    crate::engine::daemon_main(home, windrow_http::start)
}

impl Launcher {
    pub(crate) fn new(home: Home, env: Vec<(&'static str, OsString)>, in_worker: bool) -> Self {
        Self { home, env, in_worker }
    }

    /// Connects to the daemon that is there, if there is one.
    pub(crate) fn find(&self) -> Option<Client> {
        let actor = if self.in_worker { WORKER } else { ACTOR };
        Client::connect(&self.home.socket(), actor).ok()
    }

    /// Connects to the daemon and starts one if there is none.
    pub(crate) fn connect(&self) -> Result<Client, CliError> {
        if let Some(client) = self.find() {
            return Ok(client);
        }
        if self.in_worker {
            return self.wait_in_worker();
        }
        self.allow()?;
        for _ in 0..STARTS {
            if let Some(client) = self.wait_for(self.start()?)? {
                return Ok(client);
            }
        }
        Err(self.did_not_come("it ended at once"))
    }

    /// Waits for the daemon that the worker's keeper brings back.
    fn wait_in_worker(&self) -> Result<Client, CliError> {
        let since = Instant::now();
        while since.elapsed() <= PATIENCE {
            if let Some(client) = self.find() {
                return Ok(client);
            }
            std::thread::park_timeout(LOOK);
        }
        Err(self.did_not_come("nobody started it again"))
    }

    /// Waits until somebody answers; nothing when the child ended and still nobody does.
    ///
    /// A child that ended has met another daemon, which may be about to answer, or to end.
    fn wait_for(&self, mut child: Child) -> Result<Option<Client>, CliError> {
        let since = Instant::now();
        let mut ended: Option<Instant> = None;
        loop {
            if let Some(client) = self.find() {
                return Ok(Some(client));
            }
            if since.elapsed() > PATIENCE {
                return Err(self.did_not_come("it does not answer"));
            }
            if ended.is_some_and(|ended| ended.elapsed() > AFTER_END) {
                return Ok(None);
            }
            if ended.is_none() && has_ended(&mut child) {
                ended = Some(Instant::now());
            }
            std::thread::park_timeout(LOOK);
        }
    }

    /// Lets keepers start daemons again after a person stopped one.
    pub(crate) fn allow(&self) -> Result<(), CliError> {
        let marker = self.home.stopped_marker();
        match fs::remove_file(&marker) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(file_error("remove", &marker, &error))
            }
            _ => Ok(()),
        }
    }

    fn start(&self) -> Result<Child, CliError> {
        let log = self.home.log();
        let file = OpenOptions::new().append(true).create(true).open(&log);
        let file: File = file.map_err(|error| file_error("open", &log, &error))?;
        let mut cmd = Cmd::new(own_program()?).arg(SUBCOMMAND).dir("/");
        for (name, value) in &self.env {
            cmd = cmd.env(name, value);
        }
        Ok(cmd.env("WINDROW_HOME", self.home.path()).detach(Some(&file))?)
    }

    fn did_not_come(&self, what: &str) -> CliError {
        let last = last_lines(&self.home.log(), LOG_LINES);
        let said = if last.is_empty() {
            String::new()
        } else {
            format!("; its log ends with:\n{}", last.join("\n"))
        };
        CliError::new(
            windrow_api::ExitKind::World,
            format!("failed to start the daemon: {what}{said}"),
        )
        .hint("`windrow daemon run` starts it in the foreground and shows what is wrong")
        .hint("`windrow doctor` looks for the usual reasons")
    }
}

impl Daemon {
    /// Connects, starting a daemon if there is none.
    pub(crate) fn connect(launcher: Launcher) -> Result<Self, CliError> {
        Ok(Self { client: launcher.connect()?, launcher })
    }

    /// Connects to the daemon that is there.
    pub(crate) fn find(launcher: Launcher) -> Option<Self> {
        Some(Self { client: launcher.find()?, launcher })
    }

    pub(crate) fn launcher(&self) -> &Launcher {
        &self.launcher
    }

    /// Asks; a daemon that goes away is found again and asked once more.
    ///
    /// Only for what may be done twice.
    pub(crate) fn ask_again(&mut self, call: &Call) -> Result<Reply, CliError> {
        let mut asked = 0;
        loop {
            match self.client.ask(call.clone()) {
                Err(ClientError::Gone(_)) if asked < ASK_AGAIN => {
                    asked += 1;
                    self.client = self.launcher.connect()?;
                }
                other => return Ok(other?),
            }
        }
    }

    /// The next of several answers to one question.
    pub(crate) fn next_answer(&mut self) -> Result<Reply, CliError> {
        Ok(self.client.answer()?)
    }

    /// Asks once.
    pub(crate) fn ask_once(&mut self, call: Call) -> Result<Reply, ClientError> {
        self.client.ask(call)
    }

    /// Asks once, and takes no answer for a daemon that is gone.
    pub(crate) fn ask_within(
        &mut self,
        call: Call,
        patience: Option<Duration>,
    ) -> Result<Reply, ClientError> {
        self.client.be_patient(patience)?;
        let answer = self.client.ask(call);
        self.client.be_patient(None)?;
        answer
    }

    /// Waits until the daemon that was asked to end is gone.
    pub(crate) fn wait_for_end(self) -> Result<(), CliError> {
        let since = Instant::now();
        while self.launcher.find().is_some() {
            if since.elapsed() > PATIENCE {
                return Err(CliError::new(windrow_api::ExitKind::World, "the daemon does not end")
                    .hint("`windrow daemon status` names its pid"));
            }
            std::thread::park_timeout(LOOK);
        }
        Ok(())
    }

    /// Finds the daemon again after it went away.
    pub(crate) fn reconnect(&mut self) -> Result<(), CliError> {
        self.client = self.launcher.connect()?;
        Ok(())
    }
}

/// The last lines of a file; none when it cannot be read.
pub(crate) fn last_lines(path: &Path, count: usize) -> Vec<String> {
    let bytes = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut lines: Vec<String> = text.lines().rev().take(count).map(str::to_owned).collect();
    lines.reverse();
    lines
}

fn has_ended(child: &mut Child) -> bool {
    !matches!(child.try_wait(), Ok(None))
}

/// The program of this process by its name, which is what a person sees in a list of processes; by
/// the kernel's link when its file was replaced or removed since.
fn own_program() -> Result<PathBuf, CliError> {
    let link = Path::new("/proc/self/exe");
    match std::env::current_exe() {
        Ok(exe) if exe.exists() => Ok(exe),
        Ok(_) | Err(_) if link.exists() => Ok(link.to_owned()),
        Ok(exe) => {
            Err(CliError::internal(format!("failed to find windrow: `{}` is gone", exe.display())))
        }
        Err(error) => Err(CliError::internal(format!("failed to find windrow: {}", chain(&error)))),
    }
}

fn file_error(act: &str, path: &Path, error: &io::Error) -> CliError {
    let path = path.display();
    CliError::new(windrow_api::ExitKind::World, format!("failed to {act} `{path}`: {error}"))
}
