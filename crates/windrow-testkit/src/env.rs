//! A hermetic place: homes, a repository, windrow's binary, and the end of everything in it.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use windrow_world::cmd::Cmd;
use windrow_world::proc::ProcessId;

use crate::patience::{patiently, wait_until};
use crate::repo::{TestRepo, put};
use crate::running::{self, Role, Running};
use crate::signs::Signs;

/// How long processes may take to be gone at the end, when nothing is wrong.
const END: Duration = Duration::from_secs(30);

/// How many lines of a log a failed test shows.
const LOG_LINES: usize = 60;

/// A place to run windrow in, with a repository `repo`.
///
/// Dropping it stops the daemon and fails the test when a process of it is still there after that,
/// unless [`TestEnv::end_all`] was called before; in every case everything is ended.
#[derive(Debug)]
pub struct TestEnv {
    exe: PathBuf,
    root: PathBuf,
    repo: TestRepo,
    folder: Option<TempDir>,
}

/// What a finished windrow said.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The arguments, for messages.
    pub line: String,
    /// The exit code; 128 and the signal when it was killed.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, code, out, err } = self;
        write!(f, "`windrow {line}` ended with {code}\n--- stdout\n{out}--- stderr\n{err}")
    }
}

impl Ran {
    /// Requires an exit code.
    #[track_caller]
    pub fn code(self, wanted: i32) -> Self {
        assert!(self.code == wanted, "wanted {wanted}: {self}");
        self
    }

    /// Requires success.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.code(0)
    }

    /// Requires a text in what it said.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.out.contains(text) || self.err.contains(text), "no `{text}`: {self}");
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        match serde_json::from_str(&self.out) {
            Ok(value) => value,
            Err(error) => panic!("{error}: {self}"),
        }
    }
}

/// Bytes that the path of the folder for temporary files may have: a socket's path is short.
const SHORT: usize = 40;

impl TestEnv {
    /// A place for the binary `exe`, with a repository of one commit.
    #[must_use]
    pub fn new(exe: &str) -> Self {
        let env = Self::bare(exe);
        env.repo.write("README", "base\n");
        env.repo.commit("base");
        env
    }

    /// The same, with a repository without commits.
    #[must_use]
    pub fn bare(exe: &str) -> Self {
        let mut below = std::env::temp_dir();
        if below.as_os_str().len() > SHORT {
            below = "/tmp".into();
        }
        let folder = tempfile::Builder::new().prefix("wr").tempdir_in(below).unwrap();
        let root = folder.path().canonicalize().unwrap();
        let mut env = Self::in_folder(exe, &root);
        env.folder = Some(folder);
        env
    }

    /// The same in a folder that stays, for programs whose person looks at what is left.
    #[must_use]
    pub fn in_folder(exe: &str, root: &Path) -> Self {
        for name in ["home", "state", "config", "tmp"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        let home = root.join("home");
        let identity = "[user]\n\tname = A Person\n\temail = person@example.org\n";
        put(&home.join(".gitconfig"), identity);
        let repo = TestRepo::init(&root.join("repo"), &home);
        Self { exe: exe.into(), root: root.to_owned(), repo, folder: None }
    }

    /// The repository.
    #[must_use]
    pub fn repo(&self) -> &TestRepo {
        &self.repo
    }

    /// The folder with everything of this place.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The person's home.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// Windrow's home.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    /// Where the sessions' trees lie.
    #[must_use]
    pub fn trees(&self) -> PathBuf {
        self.root.join("repo-worktrees")
    }

    /// Signs between the test and its workers.
    #[must_use]
    pub fn signs(&self) -> Signs {
        Signs::in_folder(self.root.join("signs"))
    }

    /// Settings of the repository, for all runs from now on; not committed.
    pub fn settings(&self, toml: &str) {
        self.repo.write("windrow.toml", toml);
        let exclude = self.repo.file(".git/info/exclude");
        put(&exclude, "windrow.toml\n");
    }

    /// Runs windrow in the repository to its end.
    #[track_caller]
    pub fn windrow<A: AsRef<str>>(&self, args: impl AsRef<[A]>) -> Ran {
        self.windrow_in(self.repo.path(), args)
    }

    /// Runs windrow in any folder to its end.
    #[track_caller]
    pub fn windrow_in<A: AsRef<str>>(&self, dir: &Path, args: impl AsRef<[A]>) -> Ran {
        self.finish(self.command(dir, args.as_ref()))
    }

    /// Runs a prepared call to its end.
    #[track_caller]
    pub fn finish(&self, command: Cmd) -> Ran {
        let line = command.line();
        let done = command.output().unwrap();
        let signal = std::os::unix::process::ExitStatusExt::signal(&done.status);
        Ran {
            line: line.split_once(' ').map_or_else(String::new, |(_, args)| args.to_owned()),
            code: done.status.code().unwrap_or_else(|| 128 + signal.unwrap_or(0)),
            out: String::from_utf8_lossy(&done.stdout).into_owned(),
            err: String::from_utf8_lossy(&done.stderr).into_owned(),
        }
    }

    /// Starts windrow in the repository and does not wait; both outputs go to `root/<log>`.
    #[must_use]
    #[expect(clippy::zombie_processes, reason = "`await_end` reaps it, by its id")]
    pub fn start<A: AsRef<str>>(&self, log: &str, args: impl AsRef<[A]>) -> ProcessId {
        let file = File::options().append(true).create(true).open(self.root.join(log)).unwrap();
        let child = self.command(self.repo.path(), args.as_ref()).detach(Some(&file)).unwrap();
        // Invariant: an unreaped child keeps its id.
        ProcessId::of(i32::try_from(child.id()).unwrap()).unwrap()
    }

    /// Waits for the end of what [`TestEnv::start`] started.
    #[track_caller]
    pub fn await_end(&self, process: ProcessId) {
        wait_until("a started windrow ends", || !process.alive());
        process.reap();
    }

    /// A call of windrow with this place's whole environment.
    #[must_use]
    pub fn command<A: AsRef<str>>(&self, dir: &Path, args: &[A]) -> Cmd {
        self.command_of(&self.exe, dir, args)
    }

    /// A call of any program with this place's whole environment.
    #[must_use]
    pub fn command_of<A: AsRef<str>>(
        &self,
        program: impl AsRef<Path>,
        dir: &Path,
        args: &[A],
    ) -> Cmd {
        let args = args.iter().map(AsRef::as_ref);
        Cmd::new(program.as_ref())
            .env("HOME", self.home())
            .env("WINDROW_HOME", self.state())
            .env("XDG_CONFIG_HOME", self.root.join("config"))
            .env("XDG_STATE_HOME", self.root.join("xdg/state"))
            .env("XDG_CACHE_HOME", self.root.join("xdg/cache"))
            .env("XDG_DATA_HOME", self.root.join("xdg/data"))
            .env("TMPDIR", self.root.join("tmp"))
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("NO_COLOR", "1")
            .env("TERM", "dumb")
            .dir(dir)
            .args(args)
    }

    /// Every living process of this place.
    #[must_use]
    pub fn running(&self) -> Vec<Running> {
        running::below(&self.root)
    }

    /// The living processes that play one part.
    #[must_use]
    pub fn playing(&self, role: Role) -> Vec<Running> {
        self.running().into_iter().filter(|one| one.role == role).collect()
    }

    /// Kills the daemon with -9 and waits until it is gone; says whether there was one.
    pub fn kill_daemon(&self) -> bool {
        let daemons = self.playing(Role::Daemon);
        for daemon in &daemons {
            daemon.kill();
        }
        wait_until("the daemon is gone", || daemons.iter().all(|one| !one.process.alive()));
        !daemons.is_empty()
    }

    /// Stops the daemon as `windrow daemon stop` does: no keeper starts another one.
    pub fn stop_daemon(&self) {
        let home = self.state();
        let _read_only_homes_are_tests_too = File::create(home.join("stopped"));
        for daemon in self.playing(Role::Daemon) {
            let _gone_is_fine = daemon.process.signal(windrow_world::proc::Signal::TERM);
        }
        wait_until("the daemon ended", || self.playing(Role::Daemon).is_empty());
    }

    /// Ends everything that runs here, workers included.
    pub fn end_all(&self) {
        let _read_only_homes_are_tests_too = File::create(self.state().join("stopped"));
        patiently(END, || {
            let left = self.running();
            left.iter().for_each(|one| {
                one.kill();
                one.process.reap();
            });
            left.is_empty().then_some(())
        });
    }

    /// The end of the daemon's log.
    #[must_use]
    pub fn daemon_log(&self) -> String {
        let text = fs::read(self.state().join("daemon.log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }

    /// What is still there after the daemon was stopped and everything had its time to end.
    fn survivors(&self) -> Vec<Running> {
        self.stop_daemon();
        let quiet = patiently(END, || self.running().is_empty().then_some(()));
        if quiet.is_some() { Vec::new() } else { self.running() }
    }
}

impl Drop for TestEnv {
    #[expect(clippy::print_stderr, reason = "a failed test shows what the daemon saw")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the end of daemon.log\n{}\n---", self.daemon_log());
            self.end_all();
            return;
        }
        let survivors = self.survivors();
        self.end_all();
        let folder = self.folder.take();
        assert!(survivors.is_empty(), "left running at the end: {survivors:#?}");
        drop(folder);
    }
}
