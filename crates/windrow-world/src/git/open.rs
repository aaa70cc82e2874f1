//! Finding a repository and saying what is there: version, identity, branch, operation, status.
//!
//! Discovery is the one place that lets git look around by itself; everything after it names the
//! directories (see [`Repo`]). Supported are repositories with a work tree and refs in files.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::repo::{GitError, Oid, Repo, Tree};
use super::worktree_registry::{self as registry, is_there};
use crate::cmd::{Cmd, CmdError};

pub use super::worktree_registry::Head;

/// The oldest git that works (it brought `merge-tree --write-tree`).
pub const OLDEST_GIT: (u32, u32) = (2, 38);

/// A repository that cannot be worked with, and why.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Git is not installed.
    #[error("failed to start `git`: it is not installed or not on PATH")]
    NoGit(#[source] CmdError),
    /// Git is too old.
    #[error("failed to use git {found}: 2.38 or newer is needed")]
    OldGit {
        /// The version that was found.
        found: String,
    },
    /// The folder does not exist (any more).
    #[error("failed to find `{path}`: it was moved or deleted", path = path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// There is no repository there.
    #[error("failed to find a git repository in `{path}` or above it", path = path.display())]
    NoRepository {
        /// Where the search began.
        path: PathBuf,
    },
    /// The repository has no work tree.
    #[error("failed to use `{path}`: it is a bare repository, and only repositories with a work tree are supported", path = path.display())]
    Bare {
        /// The git directory.
        path: PathBuf,
    },
    /// Nothing was committed yet.
    #[error("failed to use `{path}`: its branch `{branch}` has no commit yet", path = path.display())]
    Unborn {
        /// The work tree.
        path: PathBuf,
        /// The short branch name.
        branch: String,
    },
    /// Git refuses the repository because it belongs to somebody else.
    #[error("failed to use `{path}`: git does not trust it because it belongs to another user (`safe.directory`)", path = path.display())]
    Untrusted {
        /// The folder.
        path: PathBuf,
    },
    /// The repository uses a format that windrow cannot handle.
    #[error("failed to use `{path}`: {what} is not supported", path = path.display())]
    Unsupported {
        /// The git directory.
        path: PathBuf,
        /// The format.
        what: &'static str,
    },
    /// There is no name or email to commit with.
    #[error("failed to find who commits: git has no `{missing}` set")]
    NoIdentity {
        /// The setting that is missing.
        missing: &'static str,
    },
    /// Commits are to be signed in a way that git does not know.
    #[error("failed to find how commits are signed: git knows no `gpg.format = {format}`")]
    SigningFormat {
        /// The value of the setting.
        format: String,
    },
    /// Commits are to be signed with ssh, and no key is named.
    #[error(
        "failed to find how commits are signed: `commit.gpgSign` asks for it, and `user.signingKey` names no key"
    )]
    NoSigningKey,
    /// The signing program is named where workers can write.
    #[error(
        "failed to find how commits are signed: `{setting}` is set in the repository's own settings, which every worker can write"
    )]
    SigningProgram {
        /// The setting.
        setting: &'static str,
    },
    /// Git failed in some other way.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// A repository that was found.
#[derive(Clone, Debug)]
pub struct Discovered {
    /// The repository.
    pub repo: Repo,
    /// The main worktree.
    pub main: Tree,
    /// The worktree in which the search began, when that is not the main one.
    pub linked: Option<Tree>,
}

/// A name and an email to commit with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The email address.
    pub email: String,
}

impl Identity {
    /// Sets this identity as author and committer of a git call.
    #[must_use]
    pub fn stamp(&self, cmd: Cmd) -> Cmd {
        cmd.env("GIT_AUTHOR_NAME", &self.name)
            .env("GIT_AUTHOR_EMAIL", &self.email)
            .env("GIT_COMMITTER_NAME", &self.name)
            .env("GIT_COMMITTER_EMAIL", &self.email)
    }
}

/// Something git has begun in a worktree and not finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `git rebase`.
    Rebase,
    /// `git am`.
    ApplyMail,
    /// `git merge`.
    Merge,
    /// `git cherry-pick`.
    CherryPick,
    /// `git revert`.
    Revert,
    /// `git bisect`.
    Bisect,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rebase => "rebase",
            Self::ApplyMail => "series of applied patches",
            Self::Merge => "merge",
            Self::CherryPick => "cherry-pick",
            Self::Revert => "revert",
            Self::Bisect => "bisection",
        })
    }
}

/// The branch a worktree is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Branch {
    /// A branch with commits.
    On {
        /// The short name.
        name: String,
        /// The commit it is at.
        at: Oid,
    },
    /// No branch.
    Detached(Oid),
    /// A branch without commits, by its short name.
    Unborn(String),
}

impl Repo {
    /// Finds the repository that `path` lies in.
    ///
    /// The version is asked for only when git's answer does not help: [`require_version`] is for
    /// what is to be done there.
    pub fn discover(path: &Path) -> Result<Discovered, OpenError> {
        Self::found(path).map_err(|error| match require_version() {
            Err(old @ OpenError::OldGit { .. }) => old,
            Ok(()) | Err(_) => error,
        })
    }

    fn found(path: &Path) -> Result<Discovered, OpenError> {
        if !path.is_dir() {
            return Err(OpenError::Missing { path: path.to_owned() });
        }
        let args = ["rev-parse", "--path-format=absolute", "--git-common-dir", "--git-dir"];
        let call = look(path).args(args).args(["--is-bare-repository", "--show-toplevel"]);
        let done = call.output().map_err(not_started)?;
        let lines = lines(&done.stdout);
        let [common, git_dir, bare, rest @ ..] = &lines[..] else {
            return Err(refused(path, &String::from_utf8_lossy(&done.stderr)));
        };
        let (common, git_dir) = (PathBuf::from(common), PathBuf::from(git_dir));
        check_format(&common)?;
        if bare == "true" {
            return Err(OpenError::Bare { path: common });
        }
        let repo = Self::at(&common);
        let here = match rest.first().map(PathBuf::from) {
            Some(top) => Tree { path: top, git_dir },
            // The path lies inside of the git directory.
            None => main_of(&repo)?,
        };
        if let Branch::Unborn(branch) = current_branch(&repo, &here)? {
            return Err(OpenError::Unborn { path: here.path, branch });
        }
        let (main, linked) =
            if here.git_dir == common { (here, None) } else { (main_of(&repo)?, Some(here)) };
        Ok(Discovered { repo, main, linked })
    }
}

/// The person's name and email, as git finds them; nothing is guessed from user or host names.
pub fn identity(repo: &Repo) -> Result<Identity, OpenError> {
    let ask = |key: &str| -> Result<Option<String>, GitError> {
        let done = repo.git(["config", "--get", key]).output()?;
        let text = String::from_utf8_lossy(&done.stdout).trim().to_owned();
        Ok(Some(text).filter(|text| done.status.success() && !text.is_empty()))
    };
    let find = |key: &str, other: &'static str| -> Result<String, OpenError> {
        if let Some(text) = ask(key)? {
            return Ok(text);
        }
        ask(other)?.ok_or(OpenError::NoIdentity { missing: other })
    };
    let name = find("committer.name", "user.name")?;
    Ok(Identity { name, email: find("committer.email", "user.email")? })
}

/// The branch that a worktree is on.
pub fn current_branch(repo: &Repo, tree: &Tree) -> Result<Branch, GitError> {
    match registry::head(tree)? {
        Head::Detached(oid) => Ok(Branch::Detached(oid)),
        Head::Branch(full) => {
            let name = full.strip_prefix("refs/heads/").unwrap_or(&full).to_owned();
            Ok(match repo.commit(&full)? {
                Some(at) => Branch::On { name, at },
                None => Branch::Unborn(name),
            })
        }
    }
}

/// What git has begun in a worktree and not finished.
#[must_use]
pub fn operation_in_progress(tree: &Tree) -> Option<Operation> {
    let has = |name: &str| is_there(&tree.git_dir.join(name));
    if has("rebase-merge") {
        Some(Operation::Rebase)
    } else if has("rebase-apply") {
        let mail = has("rebase-apply/applying");
        Some(if mail { Operation::ApplyMail } else { Operation::Rebase })
    } else if has("MERGE_HEAD") {
        Some(Operation::Merge)
    } else if has("CHERRY_PICK_HEAD") {
        Some(Operation::CherryPick)
    } else if has("REVERT_HEAD") {
        Some(Operation::Revert)
    } else if has("BISECT_LOG") {
        Some(Operation::Bisect)
    } else {
        None
    }
}

/// Tells whether a commit has submodules; windrow's trees leave their folders empty.
pub fn has_submodules(repo: &Repo, commit: &Oid) -> Result<bool, GitError> {
    let answer = repo.git(["ls-tree", "-r", "-z", "--format=%(objectmode)", commit.as_str()]);
    Ok(answer.success()?.split(|byte| *byte == 0).any(|mode| mode == b"160000"))
}

fn main_of(repo: &Repo) -> Result<Tree, OpenError> {
    let git_dir = repo.common_dir().to_owned();
    let answer = repo.git(["worktree", "list", "--porcelain", "-z"]).success();
    let answer = answer.map_err(GitError::from)?;
    let mut fields = answer.split(|byte| *byte == 0);
    let path = fields.next().and_then(|line| line.strip_prefix(b"worktree ")).unwrap_or_default();
    if fields.next() == Some(b"bare") {
        return Err(OpenError::Bare { path: git_dir });
    }
    Ok(Tree { path: PathBuf::from(std::ffi::OsStr::from_bytes(path)), git_dir })
}

/// A git call that looks around from `path`, as the person's own would.
fn look(path: &Path) -> Cmd {
    Cmd::new("git").env("LC_ALL", "C").dir(path).args([
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.hooksPath=/dev/null",
    ])
}

fn lines(bytes: &[u8]) -> Vec<OsString> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| OsString::from_vec(line.to_vec())).collect()
}

fn refused(path: &Path, said: &str) -> OpenError {
    let path = path.to_owned();
    if said.contains("dubious ownership") {
        OpenError::Untrusted { path }
    } else if said.contains("not a git repository") {
        OpenError::NoRepository { path }
    } else {
        let text = said.trim().to_owned();
        GitError::Answer { what: "description of the repository", text }.into()
    }
}

fn check_format(common: &Path) -> Result<(), OpenError> {
    if common.join("reftable").is_dir() {
        let what = "storing refs as a reftable";
        return Err(OpenError::Unsupported { path: common.to_owned(), what });
    }
    Ok(())
}

/// Makes sure that git is there and new enough to merge and land with.
///
/// # Errors
/// [`OpenError::NoGit`] and [`OpenError::OldGit`].
pub fn require_version() -> Result<(), OpenError> {
    let answer = Cmd::new("git").arg("version").success().map_err(not_started)?;
    let text = String::from_utf8_lossy(&answer);
    match parse_version(&text) {
        Some(found) if found >= OLDEST_GIT => Ok(()),
        Some(_) => {
            let found = text.trim().trim_start_matches("git version ").to_owned();
            Err(OpenError::OldGit { found })
        }
        None => Err(GitError::Answer { what: "version", text: text.trim().to_owned() }.into()),
    }
}

fn not_started(error: CmdError) -> OpenError {
    match error {
        CmdError::Start { .. } => OpenError::NoGit(error),
        other => GitError::from(other).into(),
    }
}

/// Reads major and minor version out of what `git version` says.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().strip_prefix("git version ")?.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
