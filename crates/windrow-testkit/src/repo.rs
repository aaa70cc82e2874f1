//! Repositories: made, changed as a person would, and read.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use windrow_world::cmd::{Cmd, Output};

/// A repository with a work tree, and the person who works in it.
#[derive(Clone, Debug)]
pub struct TestRepo {
    path: PathBuf,
    home: PathBuf,
}

/// A first-parent commit as its message tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing {
    /// The commit.
    pub commit: String,
    /// Its first line.
    pub subject: String,
    /// The whole message.
    pub message: String,
    /// How many parents it has.
    pub parents: usize,
    /// `Task:`, when it has that trailer.
    pub task: Option<String>,
    /// `Session:`, when it has that trailer.
    pub session: Option<String>,
    /// `Refs:`, when it has that trailer.
    pub refs: Option<String>,
}

impl TestRepo {
    /// A repository without a commit at `path`, for the person whose home is `home`.
    #[must_use]
    pub fn init(path: &Path, home: &Path) -> Self {
        fs::create_dir_all(path).unwrap();
        let repo = Self { path: path.to_owned(), home: home.to_owned() };
        repo.git(["init", "-q", "-b", "main"]);
        repo
    }

    /// A repository that is there already.
    #[must_use]
    pub fn at(path: &Path, home: &Path) -> Self {
        Self { path: path.to_owned(), home: home.to_owned() }
    }

    /// The work tree.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file of the work tree.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file and the folders above it, in place, as most editors do.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        put(&self.file(name), bytes);
    }

    /// Writes an executable file.
    pub fn script(&self, name: &str, text: &str) {
        self.write(name, text);
        fs::set_permissions(self.file(name), Permissions::from_mode(0o755)).unwrap();
    }

    /// What a file holds.
    #[track_caller]
    #[must_use]
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).unwrap()
    }

    /// What a text file holds.
    #[track_caller]
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// Commits everything there is; returns the commit.
    pub fn commit(&self, message: &str) -> String {
        self.git(["add", "-A"]);
        self.git(["commit", "-q", "--allow-empty", "-m", message]);
        self.head()
    }

    /// The commit that is checked out.
    #[must_use]
    pub fn head(&self) -> String {
        self.git(["rev-parse", "HEAD"])
    }

    /// The name of a revision's tree.
    #[must_use]
    pub fn tree_of(&self, revision: &str) -> String {
        self.git(["rev-parse", &format!("{revision}^{{tree}}")])
    }

    /// What a file holds in a revision; nothing when it is not there.
    #[must_use]
    pub fn at_revision(&self, revision: &str, name: &str) -> Option<String> {
        let shown = self.try_git(["show", &format!("{revision}:{name}")]);
        shown.status.success().then(|| String::from_utf8_lossy(&shown.stdout).into_owned())
    }

    /// Runs git as the person; it must succeed. Returns what it said, without white space around.
    #[track_caller]
    pub fn git<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> String {
        let bytes = self.call(args).success().unwrap();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }

    /// Runs git as the person, whatever comes of it.
    pub fn try_git<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Output {
        self.call(args).output().unwrap()
    }

    /// `git status`, ignored files included, one line each.
    #[must_use]
    pub fn status(&self) -> Vec<String> {
        let done = self.try_git(["status", "--porcelain", "--ignored", "-uall"]);
        String::from_utf8_lossy(&done.stdout).lines().map(str::to_owned).collect()
    }

    /// Names under a prefix such as `refs/windrow/`.
    #[must_use]
    pub fn refs(&self, prefix: &str) -> Vec<String> {
        let listed = self.git(["for-each-ref", "--format=%(refname)", prefix]);
        listed.lines().map(str::to_owned).collect()
    }

    /// The linked worktrees' folders.
    #[must_use]
    pub fn worktrees(&self) -> Vec<PathBuf> {
        let listed = self.git(["worktree", "list", "--porcelain"]);
        let paths = listed.lines().filter_map(|line| line.strip_prefix("worktree "));
        paths.skip(1).map(PathBuf::from).collect()
    }

    /// First-parent commits after `base` on `branch`, oldest first.
    #[must_use]
    pub fn landings(&self, base: &str, branch: &str) -> Vec<Landing> {
        let range = format!("{base}..{branch}");
        let log = ["log", "--first-parent", "--reverse", "-z", "--format=%H%n%P%n%B", &range];
        let text = self.git(log);
        text.split('\0').filter(|record| !record.trim().is_empty()).map(landing).collect()
    }

    /// Runs a shell line in a clean copy of every first-parent commit after `base`.
    ///
    /// # Panics
    /// At the first commit where it fails, with what it said.
    #[track_caller]
    pub fn every_commit_passes(&self, base: &str, branch: &str, line: &str) {
        let scratch = tempfile::tempdir().unwrap();
        let copy = Self::at(&scratch.path().join("copy"), &self.home);
        let source = self.path.to_str().unwrap();
        self.git(["clone", "-q", "--shared", "--no-checkout", source, copy.path.to_str().unwrap()]);
        for landing in self.landings(base, branch) {
            copy.git(["checkout", "-q", "--detach", &landing.commit]);
            let ran = Cmd::new("sh").args(["-c", line]).dir(&copy.path).output().unwrap();
            let said = String::from_utf8_lossy(&ran.stderr).into_owned();
            assert!(ran.status.success(), "red at {}: {}: {said}", landing.commit, landing.subject);
        }
    }

    fn call<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Cmd {
        Cmd::new("git")
            .env("HOME", &self.home)
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_EDITOR", "true")
            .dir(&self.path)
            .args(args)
    }
}

/// Writes a file and the folders above it, in place.
pub(crate) fn put(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    File::create(path).unwrap().write_all(bytes.as_ref()).unwrap();
}

fn landing(record: &str) -> Landing {
    let mut lines = record.trim_start().splitn(3, '\n');
    let commit = lines.next().unwrap_or_default().to_owned();
    let parents = lines.next().unwrap_or_default().split_whitespace().count();
    let message = lines.next().unwrap_or_default().trim_end().to_owned();
    let trailer = |key: &str| {
        let last = message.rsplit("\n\n").next().unwrap_or_default();
        last.lines().find_map(|line| line.strip_prefix(key)).map(|value| value.trim().to_owned())
    };
    Landing {
        subject: message.lines().next().unwrap_or_default().to_owned(),
        task: trailer("Task:"),
        session: trailer("Session:"),
        refs: trailer("Refs:"),
        commit,
        message,
        parents,
    }
}
