//! The folder of a demo: a repository, a home for windrow, and a way to call it there.

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;
use windrow_world::cmd::Cmd;
use windrow_world::files;
use windrow_world::git::{OpenError, Repo};

use super::super::daemon;
use super::stop_runs;
use crate::config::PersonConfig;
use crate::context::Context;
use crate::desk::Desk;
use crate::engine::Home;
use crate::error::{CliError, chain};

/// The task list.
pub(super) const TASKS: &str = "TASKS.md";

/// The gate, as windrow.toml has it.
pub(super) const GATE: &str = "sh check.sh";

/// The repository's files.
const FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("bakery/README.md")),
    (TASKS, include_str!("bakery/TASKS.md")),
    ("windrow.toml", include_str!("bakery/windrow.toml")),
    ("check.sh", include_str!("bakery/check.sh")),
    ("menu.txt", include_str!("bakery/menu.txt")),
    ("sign.txt", include_str!("bakery/sign.txt")),
    ("workers/hours.sh", include_str!("bakery/workers/hours.sh")),
    ("workers/address.sh", include_str!("bakery/workers/address.sh")),
    ("workers/drinks.sh", include_str!("bakery/workers/drinks.sh")),
    ("workers/oven.sh", include_str!("bakery/workers/oven.sh")),
    ("workers/way.sh", include_str!("bakery/workers/way.sh")),
];

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
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// The folder of one demo; it stays when this goes.
#[derive(Debug)]
pub(super) struct Place {
    root: PathBuf,
    /// The commit everything starts from.
    pub(super) base: String,
}

impl Place {
    /// Makes the folder and everything in it.
    pub(super) fn make() -> Result<Self, CliError> {
        let folder = folder()?;
        if let Err(error @ (OpenError::NoGit(_) | OpenError::OldGit { .. })) =
            Repo::discover(folder.path())
        {
            return Err(error.into());
        }
        let mut place =
            Self { root: folder.path().canonicalize().map_err(world)?, base: String::new() };
        fs::create_dir_all(place.repository().join("workers")).map_err(world)?;
        for (name, text) in FILES {
            files::replace(&place.repository().join(name), text.as_bytes())?;
        }
        place.git(["init", "-q", "--template=", "-b", "main"])?;
        for (name, value) in SETTINGS {
            place.git(["config", name, value])?;
        }
        place.git(["add", "-A"])?;
        place.git(["commit", "-q", "-m", "Open the bakery"])?;
        place.base = place.git(["rev-parse", "HEAD"])?;
        place.caller()?;
        // Nothing failed, so from here on it is the person's.
        let _root = folder.keep();
        Ok(place)
    }

    /// The folder.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The repository.
    pub(super) fn repository(&self) -> PathBuf {
        self.root.join("bakery")
    }

    /// The program that calls windrow with this place's home.
    pub(super) fn program(&self) -> PathBuf {
        self.root.join("windrow")
    }

    /// What commands here start from: the demo's home and repository, none of the person's settings.
    pub(super) fn context(&self, outer: &Context) -> Context {
        Context {
            env: outer.env.clone().with_home(&self.home()),
            out: outer.out.clone(),
            person: PersonConfig::default(),
            dir: self.repository(),
            then: None,
        }
    }

    /// Runs git in the repository as a person would; what it said, without white space at the end.
    pub(super) fn git<const N: usize>(&self, args: [&str; N]) -> Result<String, CliError> {
        let said = Cmd::new("git").args(args).dir(self.repository()).success()?;
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

    fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// Writes the program that calls windrow with this place's home.
    fn caller(&self) -> Result<(), CliError> {
        let windrow = std::env::current_exe().map_err(world)?;
        let (home, windrow) = (quoted(&self.home())?, quoted(&windrow)?);
        let text = format!(
            "#!/bin/sh\n# windrow as the demo ran it.\nWINDROW_HOME={home} exec {windrow} \"$@\"\n"
        );
        let path = self.program();
        let mut file = File::create_new(&path).map_err(world)?;
        file.write_all(text.as_bytes()).map_err(world)?;
        fs::set_permissions(&path, Permissions::from_mode(0o755)).map_err(world)
    }
}

/// A new folder whose name is short enough for a socket below it.
fn folder() -> Result<TempDir, CliError> {
    let new = |below: &Path| tempfile::Builder::new().prefix("windrow-demo-").tempdir_in(below);
    let usual = std::env::temp_dir();
    let hint = "TMPDIR names the folder that the demo is made in";
    let folder = new(&usual).map_err(|error| {
        let usual = usual.display();
        CliError::user(format!("failed to make a folder in `{usual}`: {}", error.kind())).hint(hint)
    })?;
    if Home::at(folder.path().join("home")).is_ok() {
        return Ok(folder);
    }
    let short = new(Path::new("/tmp")).map_err(world)?;
    Home::at(short.path().join("home"))
        .map_err(|error| CliError::user(chain(&error)).hint(hint))?;
    Ok(short)
}

/// A path as one word of a shell line.
fn quoted(path: &Path) -> Result<String, CliError> {
    let text = path.to_str().ok_or_else(|| {
        CliError::user(format!("failed to use `{}`: its name is not UTF-8", path.display()))
    })?;
    Ok(format!("'{}'", text.replace('\'', "'\\''")))
}

fn wait_until(
    what: &str,
    mut holds: impl FnMut() -> Result<bool, CliError>,
) -> Result<(), CliError> {
    let since = Instant::now();
    while !holds()? {
        if since.elapsed() > PATIENCE {
            return Err(CliError::new(windrow_api::ExitKind::World, what));
        }
        std::thread::park_timeout(LOOK);
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "maps errors as they come")]
fn world(error: std::io::Error) -> CliError {
    CliError::world(&error)
}
