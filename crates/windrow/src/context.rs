//! What every command starts from: the environment, the output, where it was started.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use windrow_api::ProjectRef;
use windrow_api::view::Moment;
use windrow_world::git::{Discovered, Repo};

use crate::config::{PersonConfig, ProjectConfig};
use crate::daemon::{Daemon, Launcher};
use crate::desk::Desk;
use crate::engine::Home;
use crate::env::Env;
use crate::error::{CliError, chain};
use crate::output::Output;

/// What every command starts from.
#[derive(Debug)]
pub(crate) struct Context {
    /// The environment.
    pub(crate) env: Env,
    /// Where to write.
    pub(crate) out: Output,
    /// The person's settings.
    pub(crate) person: PersonConfig,
    /// The folder it was started in.
    pub(crate) dir: PathBuf,
    /// The moment that is looked at, when it is not now.
    pub(crate) then: Option<Moment>,
}

/// The repository the command is about.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    /// As the daemon wants it named.
    pub(crate) reference: ProjectRef,
    /// As git was found.
    pub(crate) found: Discovered,
    /// What it is called.
    pub(crate) name: String,
}

impl Context {
    /// Reads the person's settings and looks where it is.
    pub(crate) fn new(env: Env, directory: Option<&Path>) -> Result<Self, CliError> {
        let person = PersonConfig::load(env.config_file().as_deref())?;
        let out = Output::new(&env, person.colour);
        let dir = match directory {
            Some(directory) if directory.is_absolute() => directory.to_owned(),
            directory => current_dir()?.join(directory.unwrap_or(Path::new(""))),
        };
        Ok(Self { env, out, person, dir, then: None })
    }

    /// The same for looking at a moment of the past.
    pub(crate) fn at(&self, then: Moment) -> Self {
        let (env, out, person) = (self.env.clone(), self.out.clone(), self.person.clone());
        Self { env, out, person, dir: self.dir.clone(), then: Some(then) }
    }

    /// The same in another folder.
    pub(crate) fn elsewhere(&self, dir: &Path) -> Self {
        let (env, out, person) = (self.env.clone(), self.out.clone(), self.person.clone());
        Self { env, out, person, dir: dir.to_owned(), then: self.then }
    }

    /// Whether the past is looked at, of which only the journal is known.
    pub(crate) const fn is_past(&self) -> bool {
        self.then.is_some()
    }

    /// Now, or the moment that is looked at, in milliseconds since 1970-01-01 UTC.
    pub(crate) fn now_ms(&self) -> i64 {
        self.then.map_or_else(|| Timestamp::now().as_millisecond(), |then| then.at_ms)
    }

    /// The repository around the folder.
    pub(crate) fn project(&self) -> Result<Project, CliError> {
        let mut found = Repo::discover(&self.dir)?;
        let canonical = |path: &Path| {
            path.canonicalize().map_err(|error| {
                let path = path.display();
                CliError::user(format!("failed to find `{path}`: {}", chain(&error)))
            })
        };
        let root = canonical(&found.main.path)?;
        let git_dir = canonical(found.repo.common_dir())?;
        if let Some(path) = [&root, &git_dir].into_iter().find(|path| path.to_str().is_none()) {
            let path = path.display();
            return Err(CliError::user(format!("failed to use `{path}`: its path is not UTF-8"))
                .hint("rename the folder, or clone the repository to another place"));
        }
        found.main.path.clone_from(&root);
        let name = root.file_name().unwrap_or(root.as_os_str()).to_string_lossy().into_owned();
        Ok(Project { reference: ProjectRef { git_dir, root }, found, name })
    }

    /// Windrow's home folder, made if it is not there.
    pub(crate) fn home(&self) -> Result<Home, CliError> {
        Home::at(self.env.home()?).map_err(|error| {
            CliError::user(chain(&error))
                .hint("set WINDROW_HOME to a folder on a local disk that can be written")
        })
    }

    /// The way to a daemon.
    pub(crate) fn launcher(&self) -> Result<Launcher, CliError> {
        Ok(Launcher::new(self.home()?, self.env.for_daemon(), self.env.is_set("WINDROW_JOB")))
    }

    /// A daemon, started if there is none.
    pub(crate) fn daemon(&self) -> Result<Daemon, CliError> {
        Daemon::connect(self.launcher()?)
    }

    /// The daemon that is there, if there is one.
    pub(crate) fn find_daemon(&self) -> Result<Option<Daemon>, CliError> {
        Ok(Daemon::find(self.launcher()?))
    }

    /// The desk at which things are asked about the project around the folder.
    pub(crate) fn desk(&self) -> Result<Desk, CliError> {
        let project = self.project()?;
        self.desk_of(&project)
    }

    /// The desk at which things are asked about a project.
    pub(crate) fn desk_of(&self, project: &Project) -> Result<Desk, CliError> {
        Ok(Desk::new(self.daemon()?, project.reference.clone()).at(self.then))
    }

    /// A path as the person typed it, seen from the folder.
    pub(crate) fn path(&self, typed: &Path) -> PathBuf {
        self.dir.join(typed)
    }
}

fn current_dir() -> Result<PathBuf, CliError> {
    std::env::current_dir().map_err(|error| {
        CliError::user(format!("failed to find the current folder: {}", chain(&error)))
            .hint("it may have been deleted; change to one that exists")
    })
}

impl Project {
    /// The main worktree.
    pub(crate) fn root(&self) -> &Path {
        &self.reference.root
    }

    /// The project's settings.
    pub(crate) fn config(&self) -> Result<ProjectConfig, CliError> {
        ProjectConfig::load(self.root())
    }

    /// A file's name in sources and commits: relative to the repository when it lies inside.
    pub(crate) fn file_name(&self, path: &Path) -> Result<String, CliError> {
        let inside = path.strip_prefix(self.root()).unwrap_or(path);
        inside.to_str().map(str::to_owned).ok_or_else(|| {
            let path = path.display();
            CliError::user(format!("failed to use `{path}`: its name is not UTF-8"))
                .hint("rename it")
        })
    }
}
