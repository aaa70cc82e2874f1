//! A folder of windrow's own making: a repository, a home, and the end of everything in it.
//!
//! For what is tried out and thrown away. Nothing of the person's is touched: their settings are not
//! read, and the folder goes with this value unless it is kept.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;
use windrow_api::ExitKind;
use windrow_api::ProjectCall;
use windrow_core::ids::{IdError, RunId};
use windrow_world::cmd::Cmd;
use windrow_world::git;

use super::daemon;
use crate::config::PersonConfig;
use crate::context::Context;
use crate::desk::Desk;
use crate::engine::Home;
use crate::error::{CliError, chain};
use crate::watch;

/// The repository's own settings: an identity, and nothing of the person's that would change what
/// the workers' git does.
pub(super) const SETTINGS: &[(&str, &str)] = &[
    ("user.name", "Demo"),
    ("user.email", "demo@windrow.invalid"),
    ("commit.gpgSign", "false"),
    ("core.autocrlf", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.attributesFile", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("gc.auto", "0"),
];

/// How long workers and helpers may take to be gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// The folder.
#[derive(Debug)]
pub(super) struct Scratch {
    /// Gone once the folder is kept.
    folder: Option<TempDir>,
    root: PathBuf,
    repository: PathBuf,
}

impl Scratch {
    /// Makes the folder, named after `purpose`, for a repository of that name; git must be usable.
    pub(super) fn make(purpose: &str, repository: &str) -> Result<Self, CliError> {
        git::require_version()?;
        let folder = folder(purpose)?;
        let root = folder.path().canonicalize().map_err(world)?;
        let repository = root.join(repository);
        fs::create_dir_all(&repository).map_err(world)?;
        Ok(Self { folder: Some(folder), root, repository })
    }

    /// The folder.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The repository's folder.
    pub(super) fn repository(&self) -> &Path {
        &self.repository
    }

    /// Windrow's home.
    pub(super) fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// Makes the repository of the files that lie there; returns its first commit.
    pub(super) fn commit_all(&self, message: &str) -> Result<String, CliError> {
        self.git(["init", "-q", "--template=", "-b", "main"])?;
        for (name, value) in SETTINGS {
            self.git(["config", name, value])?;
        }
        self.git(["add", "-A"])?;
        self.git(["commit", "-q", "-m", message])?;
        self.git(["rev-parse", "HEAD"])
    }

    /// Lets the folder stay.
    pub(super) fn keep(&mut self) {
        if let Some(folder) = self.folder.take() {
            let _root = folder.keep();
        }
    }

    /// What commands here start from: this home and repository, none of the person's settings.
    pub(super) fn context(&self, outer: &Context) -> Context {
        Context {
            env: outer.env.clone().with_home(&self.home()),
            out: outer.out.clone(),
            person: PersonConfig::default(),
            dir: self.repository.clone(),
            then: None,
        }
    }

    /// Runs git in the repository as a person would; what it said, without white space at the end.
    pub(super) fn git<const N: usize>(&self, args: [&str; N]) -> Result<String, CliError> {
        let said = Cmd::new("git").args(args).dir(&self.repository).success()?;
        Ok(String::from_utf8_lossy(&said).trim_end().to_owned())
    }

    /// Stops what still runs and the daemon, and waits until all of it is gone.
    pub(super) fn stop(&self, inside: &Context) -> Result<(), CliError> {
        if let Some(daemon) = inside.find_daemon()? {
            let mut desk = Desk::new(daemon, inside.project()?.reference);
            stop_runs(&mut desk)?;
            wait_until("workers do not end", || {
                Ok(desk.sessions(false)?.iter().all(|session| session.over))
            })?;
        }
        daemon::end(inside)?;
        // The daemon's guard holds this lock for as long as it lives.
        let Ok(lock) = File::open(self.home().join("guard.lock")) else { return Ok(()) };
        wait_until("the daemon's guard does not end", || {
            Ok(flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok())
        })
    }

    /// Removes the folder.
    pub(super) fn remove(&self) -> Result<(), CliError> {
        fs::remove_dir_all(&self.root).map_err(world)
    }
}

/// The id of a run from its text.
pub(super) fn run_id(text: &str) -> Result<RunId, CliError> {
    text.parse().map_err(|error: IdError| CliError::internal(error.to_string()))
}

/// A path as one word of a shell line.
pub(super) fn quoted(path: &Path) -> Result<String, CliError> {
    let text = path.to_str().ok_or_else(|| {
        CliError::user(format!("failed to use `{}`: its name is not UTF-8", path.display()))
    })?;
    Ok(format!("'{}'", text.replace('\'', "'\\''")))
}

#[expect(clippy::needless_pass_by_value, reason = "maps errors as they come")]
pub(super) fn world(error: std::io::Error) -> CliError {
    CliError::world(&error)
}

/// Stops whatever of the runs goes on.
fn stop_runs(desk: &mut Desk) -> Result<(), CliError> {
    for run in desk.runs()?.iter().filter(|run| !watch::is_over(&run.phase)) {
        desk.do_once(ProjectCall::StopRun { run: run_id(&run.id)? })?;
    }
    Ok(())
}

/// A new folder whose name is short enough for a socket below it.
fn folder(purpose: &str) -> Result<TempDir, CliError> {
    let prefix = format!("windrow-{purpose}-");
    let new = |below: &Path| tempfile::Builder::new().prefix(&prefix).tempdir_in(below);
    let usual = std::env::temp_dir();
    let hint = format!("TMPDIR names the folder that the {purpose} is made in");
    let folder = new(&usual).map_err(|error| {
        let usual = usual.display();
        CliError::user(format!("failed to make a folder in `{usual}`: {}", error.kind()))
            .hint(hint.clone())
    })?;
    if Home::at(folder.path().join("home")).is_ok() {
        return Ok(folder);
    }
    let short = new(Path::new("/tmp")).map_err(world)?;
    Home::at(short.path().join("home"))
        .map_err(|error| CliError::user(chain(&error)).hint(hint))?;
    Ok(short)
}

fn wait_until(
    what: &str,
    mut holds: impl FnMut() -> Result<bool, CliError>,
) -> Result<(), CliError> {
    let since = Instant::now();
    while !holds()? {
        if since.elapsed() > PATIENCE {
            return Err(CliError::new(ExitKind::World, what));
        }
        std::thread::park_timeout(LOOK);
    }
    Ok(())
}
