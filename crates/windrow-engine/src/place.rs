//! A project's place in the world: its repository, its folders, and who may touch them.
//!
//! Shared by everything that acts for the project; it holds no state of the core.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use windrow_api::ProjectRef;
use windrow_core::ids::{Generation, LandingId, SessionId, TaskId};
use windrow_core::spec::Signing;
use windrow_world::git::{Lander, Repo, Signer, WorktreeError, Worktrees};

use crate::heart::Moment;
use crate::home::Home;
use crate::hooks::{HookServer, Reports};
use crate::keeper::DaemonSpec;
use crate::secrets::Secrets;

/// The actors for worktrees, by the folder they lie in and the caches that stay in them.
type ByRoot = BTreeMap<(PathBuf, Vec<String>), Arc<Worktrees>>;

/// A project's place in the world.
pub(crate) struct Place {
    /// The project's id: a short hash of its git directory.
    pub(crate) id: String,
    /// A word for people.
    pub(crate) name: String,
    /// The folder with the journal, the jobs and the rest.
    pub(crate) folder: PathBuf,
    /// Windrow's home.
    pub(crate) home: PathBuf,
    /// The main worktree.
    pub(crate) root: PathBuf,
    /// The repository.
    pub(crate) repo: Repo,
    /// Moves branches; one move at a time.
    pub(crate) lander: Mutex<Lander>,
    /// Held while kept work is brought back; one restore at a time.
    pub(crate) restoring: Mutex<()>,
    /// How a keeper reaches the daemon.
    pub(crate) daemon: DaemonSpec,
    /// The command that becomes a keeper when a job's folder is added.
    pub(crate) keeper: Vec<std::ffi::OsString>,
    /// The program itself, absolute.
    pub(crate) exe: String,
    /// What is added to a worker's `PATH`, so that it finds windrow.
    pub(crate) path_end: String,
    /// Where clients report; nowhere when nothing could be listened on.
    pub(crate) hooks: Option<HookServer>,
    /// What they reported last.
    pub(crate) reports: Reports,
    /// Values that agents need and that stand in no journal.
    pub(crate) secrets: Secrets,
    /// Variables that workers and gates may see, with the daemon's own values.
    pub(crate) env: Vec<(String, String)>,
    worktrees: Mutex<ByRoot>,
}

impl Place {
    /// Describes the place of `project` under `home`.
    #[must_use]
    pub(crate) fn new(home: &Home, project: &ProjectRef, windrow: &Windrow) -> Self {
        let id = project_id(&project.git_dir);
        let folder = home.project(&id);
        let repo = Repo::at(&project.git_dir);
        let lander = Lander::new(repo.clone(), folder.join("landing"))
            .main_worktree(&project.root)
            .keep_out_of(&folder);
        Self {
            name: name_of(&project.root),
            home: home.path().to_owned(),
            hooks: windrow.hooks.clone(),
            reports: Reports::default(),
            exe: windrow.exe.clone(),
            path_end: path_end(&windrow.exe),
            root: project.root.clone(),
            lander: Mutex::new(lander),
            restoring: Mutex::new(()),
            repo,
            daemon: DaemonSpec {
                argv: vec![windrow.exe.clone(), "__daemon".to_owned()],
                env: windrow.env.clone(),
                socket: home.socket(),
                unless: Some(home.stopped_marker()),
            },
            secrets: Secrets::of(home),
            keeper: vec![windrow.exe.clone().into(), "__keeper".into()],
            env: windrow
                .env
                .iter()
                .filter(|(key, _)| VISIBLE.contains(&key.as_str()))
                .cloned()
                .collect(),
            worktrees: Mutex::new(BTreeMap::new()),
            id,
            folder,
        }
    }

    /// The journal.
    #[must_use]
    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.join("journal.db")
    }

    /// The folder of a session's agent process.
    #[must_use]
    pub(crate) fn agent_job(&self, session: SessionId, generation: Generation) -> PathBuf {
        self.folder.join("jobs").join(format!("{session}.{generation}"))
    }

    /// The folder of one command of a gate.
    #[must_use]
    pub(crate) fn gate_job(&self, landing: LandingId, round: u32, command: usize) -> PathBuf {
        self.folder.join("jobs").join(format!("gate-{landing}.{round}.{command}"))
    }

    /// The file a task writes for those that read it.
    #[must_use]
    pub(crate) fn output(&self, out: Option<&str>, task: TaskId, key: Option<&str>) -> PathBuf {
        let folder = out.map_or_else(|| self.folder.join("outputs"), PathBuf::from);
        let name = match key {
            Some(key) if out.is_some() => windrow_world::git::path_slug(key),
            Some(_) | None => task.to_string(),
        };
        folder.join(name).join("output.md")
    }

    /// Signs the person's commits, with what the daemon was given to find keys and their agents.
    #[must_use]
    pub(crate) fn signer(&self, how: &Signing) -> Signer {
        let how = windrow_world::git::Signing {
            format: how.format.clone(),
            key: how.key.clone(),
            program: how.program.clone(),
        };
        let for_it = |(name, _): &&(String, String)| FOR_SIGNING.contains(&name.as_str());
        let env = self.daemon.env.iter().filter(for_it);
        Signer::new(how, env.map(|(name, value)| (name.clone(), value.into())).collect())
    }

    /// The actor for worktrees below `root`; created on first use.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(crate) fn worktrees(
        &self,
        root: &Path,
        caches: &[String],
    ) -> Result<Arc<Worktrees>, WorktreeError> {
        let mut known = self.worktrees.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (root.to_owned(), caches.to_vec());
        if let Some(worktrees) = known.get(&key) {
            return Ok(Arc::clone(worktrees));
        }
        let state = self.folder.join("worktrees");
        let made = Worktrees::open(self.repo.clone(), root, &state)?.with_caches(caches.to_vec());
        let made = Arc::new(made);
        known.insert(key, Arc::clone(&made));
        Ok(made)
    }

    /// The actor for the worktrees in which gates run; ignored files stay in them.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(crate) fn lanes(&self) -> Result<Worktrees, WorktreeError> {
        let (root, state) = (self.folder.join("lanes"), self.folder.join("worktrees"));
        Ok(Worktrees::open(self.repo.clone(), &root, &state)?.with_ignored_files())
    }
}

/// The program itself, as keepers and the next daemon are to start it.
#[derive(Clone, Debug)]
pub(crate) struct Windrow {
    /// The absolute path of the executable.
    pub(crate) exe: String,
    /// The environment for a daemon started by a keeper, and the source of what workers may see.
    pub(crate) env: Vec<(String, String)>,
    /// Where clients report.
    pub(crate) hooks: Option<HookServer>,
}

/// The variables by which a signing program finds its keys and the agent that holds them.
const FOR_SIGNING: &[&str] = &["GNUPGHOME", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR"];

/// The variables that workers and gates may see.
const VISIBLE: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TERM",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "NVM_DIR",
    "PYENV_ROOT",
    "GOPATH",
    "JAVA_HOME",
];

/// The id of the project with this git directory.
#[must_use]
pub(crate) fn project_id(git_dir: &Path) -> String {
    let hash = windrow_journal::Hash::of(git_dir.as_os_str().as_encoded_bytes()).to_string();
    hash.chars().take(12).collect()
}

/// The folder of the program as the last one of a `PATH`; nothing when it cannot stand in one.
fn path_end(exe: &str) -> String {
    let folder = Path::new(exe).parent().map(|folder| folder.to_string_lossy().into_owned());
    let folder = folder.filter(|folder| folder.starts_with('/') && !folder.contains(':'));
    folder.map(|folder| format!(":{folder}")).unwrap_or_default()
}

fn name_of(root: &Path) -> String {
    root.file_name()
        .map_or_else(|| "project".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Now, in milliseconds since 1970-01-01 UTC.
#[must_use]
pub(crate) fn now() -> windrow_core::Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    windrow_core::Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Now, as the heart of a project wants to know it.
#[must_use]
pub(crate) fn moment() -> Moment {
    Moment { wall: now(), steady: Instant::now() }
}
