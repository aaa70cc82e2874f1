//! A repository and the one way to call git on it.
//!
//! Invariant: every call names the git directory, the common directory and the work tree itself
//! and switches hooks and fsmonitor off, so that a worker which rewrites its `.git` file, its
//! `commondir` or its configuration cannot make windrow run a command.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use super::made::Made;
use super::ref_files::{self, Found};
use super::served::{Kind, Served};
use super::settings::Settings;
use super::{reason, stale};
use crate::cmd::{Cmd, CmdError, Output};

/// The full hexadecimal name of a git object.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Oid(String);

impl Oid {
    /// Parses a full SHA-1 or SHA-256 object name.
    ///
    /// # Errors
    /// Anything but 40 or 64 lowercase hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, GitError> {
        let text = text.trim();
        let hex = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if hex && (text.len() == 40 || text.len() == 64) {
            Ok(Self(text.to_owned()))
        } else {
            Err(GitError::Answer { what: "object name", text: text.to_owned() })
        }
    }

    /// The all-zero name of the same hash, which stands for "no object" in ref updates.
    #[must_use]
    pub fn null(&self) -> Self {
        Self("0".repeat(self.0.len()))
    }

    /// The object name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A git call that failed, or answered something unexpected.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// Git could not be started or ended with an error.
    #[error(transparent)]
    Cmd(CmdError),
    /// What git needs outside of the repository failed: its words, and what helps.
    #[error("{0}")]
    Outside(String),
    /// Git answered something windrow cannot read.
    #[error("failed to read git's {what} from `{text}`")]
    Answer {
        /// What was expected.
        what: &'static str,
        /// What came.
        text: String,
    },
    /// A ref did not hold what the caller expected; nothing was changed.
    #[error("failed to move `{name}`: it is at {found}, not at {expected}")]
    RefMoved {
        /// The full ref name.
        name: String,
        /// What it holds, or `nothing`.
        found: String,
        /// What the caller expected, or `nothing`.
        expected: String,
    },
    /// A commit that was to be signed could not be; none was made.
    #[error("failed to sign a commit with `{program}`: {why}")]
    Unsigned {
        /// The program.
        program: String,
        /// What came of it.
        why: String,
    },
    /// A file under the git directory or the work tree could not be used.
    #[error("failed to {act} `{path}`", path = path.display())]
    File {
        /// What was attempted.
        act: &'static str,
        /// The path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

impl From<CmdError> for GitError {
    fn from(error: CmdError) -> Self {
        let why = match &error {
            CmdError::Failed { stderr, .. } => reason::outside(stderr),
            CmdError::Start { .. } | CmdError::TooSlow { .. } | CmdError::Talk { .. } => None,
        };
        why.map_or(Self::Cmd(error), Self::Outside)
    }
}

/// A repository: its common git directory, shared by all of its worktrees.
#[derive(Clone, Debug)]
pub struct Repo {
    common: PathBuf,
    pub(super) made: Made,
    pub(super) served: Served,
    pub(super) settings: Settings,
}

/// One worktree of a repository: where its files are and where its own git directory is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// The folder with the files.
    pub path: PathBuf,
    /// The worktree's own git directory (`<common>` itself for the main worktree).
    pub git_dir: PathBuf,
}

impl Repo {
    /// Takes the common git directory as it is, without asking git.
    #[must_use]
    pub fn at(common: impl Into<PathBuf>) -> Self {
        Self {
            common: common.into(),
            made: Made::default(),
            served: Served::default(),
            settings: Settings::default(),
        }
    }

    /// The common git directory.
    #[must_use]
    pub fn common_dir(&self) -> &Path {
        &self.common
    }

    /// A git command on the repository alone: refs and objects, no work tree.
    #[must_use]
    pub fn git<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Cmd {
        self.base(&self.common).dir(&self.common).args(args)
    }

    /// A git command in one worktree.
    #[must_use]
    pub fn git_in<A: AsRef<OsStr>>(&self, tree: &Tree, args: impl IntoIterator<Item = A>) -> Cmd {
        self.base(&tree.git_dir)
            .env("GIT_WORK_TREE", &tree.path)
            .arg("--literal-pathspecs")
            .dir(&tree.path)
            .args(args)
    }

    fn base(&self, git_dir: &Path) -> Cmd {
        Cmd::new("git")
            .env("GIT_DIR", git_dir)
            .env("GIT_COMMON_DIR", &self.common)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
            .args([
                "-c",
                "gc.auto=0",
                "-c",
                "maintenance.auto=false",
                "-c",
                "advice.detachedHead=false",
            ])
    }

    /// Resolves a revision to a commit, or nothing when there is none of that name.
    pub fn commit(&self, revision: &str) -> Result<Option<Oid>, GitError> {
        // A branch holds commits and nothing else.
        if revision.starts_with("refs/heads/")
            && let Found::Value(commit) = ref_files::read(&self.common, revision)
        {
            return Ok(Some(commit));
        }
        let spec = format!("{revision}^{{commit}}");
        let call = self.git(["rev-parse", "--verify", "--quiet", "--end-of-options", &spec]);
        let said = call.line();
        let done = call.output()?;
        match done.status.code() {
            Some(0) => line(&done).map(Some),
            Some(1) => Ok(None),
            _ => Err(failed(said, &done)),
        }
    }

    /// Reads what a full ref name holds, without peeling; nothing when there is no such ref.
    pub fn ref_value(&self, name: &str) -> Result<Option<Oid>, GitError> {
        match ref_files::read(&self.common, name) {
            Found::Value(oid) => return Ok(Some(oid)),
            Found::Nothing => return Ok(None),
            Found::AskGit => {}
        }
        let call = self.git(["show-ref", "--verify", "--hash", "--", name]);
        let said = call.line();
        let done = call.output()?;
        if done.status.success() {
            return line(&done).map(Some);
        }
        // There is no exit code of its own for a ref that is not there.
        let missing = String::from_utf8_lossy(&done.stderr).contains("not a valid ref");
        if missing { Ok(None) } else { Err(failed(said, &done)) }
    }

    /// Moves a ref by compare-and-swap; `None` stands for "no such ref" on either side.
    ///
    /// The ref and its objects are flushed to disk before this returns.
    ///
    /// # Errors
    /// [`GitError::RefMoved`] when the ref does not hold `expected`.
    pub fn move_ref(
        &self,
        name: &str,
        new: Option<&Oid>,
        expected: Option<&Oid>,
    ) -> Result<(), GitError> {
        let found = self.ref_value(name)?;
        let moved = |found: Option<Oid>| GitError::RefMoved {
            name: name.to_owned(),
            found: found.map_or_else(|| "nothing".to_owned(), |oid| oid.to_string()),
            expected: expected.map_or_else(|| "nothing".to_owned(), ToString::to_string),
        };
        if found.as_ref() != expected {
            return Err(moved(found));
        }
        if self.move_by_served(name, new, expected) || self.ref_value(name)?.as_ref() == new {
            return Ok(());
        }
        let base = self.git(DURABLE).args(["update-ref", "--no-deref"]);
        let call = match (new, expected) {
            (Some(new), Some(old)) => base.args([name, new.as_str(), old.as_str()]),
            (Some(new), None) => base.args([name, new.as_str(), new.null().as_str()]),
            (None, Some(old)) => base.args(["-d", name, old.as_str()]),
            (None, None) => return Ok(()),
        };
        let first = call.success();
        if first.is_err() && stale::remove_locks(self, name) {
            return self.move_ref(name, new, expected);
        }
        first.map(drop).or_else(|error| {
            let found = self.ref_value(name)?;
            if found.as_ref() == expected { Err(error.into()) } else { Err(moved(found)) }
        })
    }

    /// The same move by a process that stays; true when it was made.
    fn move_by_served(&self, name: &str, new: Option<&Oid>, expected: Option<&Oid>) -> bool {
        let order = match (new, expected) {
            (Some(new), Some(old)) => format!("update {name} {new} {old}"),
            (Some(new), None) => format!("create {name} {new}"),
            (None, Some(old)) => format!("delete {name} {old}"),
            (None, None) => return false,
        };
        // A name with anything else would have to be quoted; the usual call takes any.
        if !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"') {
            return false;
        }
        let order = format!("start\noption no-deref\n{order}\nprepare\ncommit\n");
        let moved = self.ask(Kind::Refs, |refs| {
            refs.say(order.as_bytes())?;
            for step in ["start: ok", "prepare: ok", "commit: ok"] {
                if refs.line()? != step {
                    return Err(std::io::ErrorKind::InvalidData.into());
                }
            }
            Ok(())
        });
        moved.is_some()
    }
}

fn failed(line: String, done: &Output) -> GitError {
    let stderr = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    CmdError::Failed { line, status: done.status, stderr }.into()
}

/// Settings for calls whose objects and refs must survive a power loss.
pub(super) const DURABLE: [&str; 4] =
    ["-c", "core.fsync=objects,derived-metadata,reference", "-c", "core.fsyncMethod=batch"];

fn line(done: &Output) -> Result<Oid, GitError> {
    Oid::parse(&String::from_utf8_lossy(&done.stdout))
}
