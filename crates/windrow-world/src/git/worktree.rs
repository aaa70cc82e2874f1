//! The worktrees of one repository: made, reset, used again and removed one at a time.
//!
//! [`Worktrees`] serialises everything that changes the repository's list of worktrees (git's own
//! commands fail when they meet each other there) and bounds how many checkouts run beside it.
//! Invariants: nothing outside the worktrees root is touched; a tree is reset or removed only with
//! a [`Saved`](super::Saved) that says its content is elsewhere; every operation can be killed at any point and
//! called again with the same arguments. Trees are made without submodules: their folders stay
//! empty and what a commit says of them is left alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::repo::{GitError, Oid, Repo, Tree};
use super::worktree_lock::{Held, Slots};
use super::worktree_refill;
use super::worktree_registry::{self as registry, Head, MAKING, PRINT, WARM, file_error, is_there};
use crate::crash;

/// A worktree that could not be made, reset, used again or removed; nothing of worth was touched.
#[derive(Debug, thiserror::Error)]
pub enum WorktreeError {
    /// Git or the file system failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The branch is there already and holds other commits than the tree should start from.
    #[error("failed to make branch `{branch}`: it exists already, at {at}")]
    BranchExists {
        /// The short branch name.
        branch: String,
        /// What it holds.
        at: Oid,
    },
    /// The branch is checked out in another worktree.
    #[error("failed to use branch `{branch}`: it is checked out in `{path}`", path = path.display())]
    BranchInUse {
        /// The short branch name.
        branch: String,
        /// The worktree that holds it.
        path: PathBuf,
    },
    /// Something else is where the tree should go.
    #[error("failed to make a worktree at `{path}`: it exists already", path = path.display())]
    PathTaken {
        /// What is in the way.
        path: PathBuf,
    },
    /// The path does not lie below the folder that holds the worktrees.
    #[error("failed to use `{path}` as a worktree: it is not below `{root}`", path = path.display(), root = root.display())]
    Outside {
        /// The path that was given.
        path: PathBuf,
        /// The folder that holds the worktrees.
        root: PathBuf,
    },
    /// The tree may hold work that is nowhere else; capture it first.
    #[error("failed to use the worktree `{path}`: {why}", path = path.display())]
    Unsaved {
        /// The tree.
        path: PathBuf,
        /// What was found in it.
        why: String,
    },
}

/// One line of the repository's own list of worktrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The folder.
    pub path: PathBuf,
    /// The commit that is checked out, if any.
    pub head: Option<Oid>,
    /// The full name of the branch that is checked out, if any.
    pub branch: Option<String>,
    /// Whether the main worktree of a bare repository is meant.
    pub bare: bool,
    /// Why it is locked, if it is.
    pub locked: Option<String>,
    /// Why git would prune it, if it would.
    pub prunable: Option<String>,
}

/// The one actor that changes a repository's worktrees.
#[derive(Debug)]
pub struct Worktrees {
    pub(super) repo: Repo,
    pub(super) root: PathBuf,
    state: PathBuf,
    pub(super) caches: Vec<String>,
    pub(super) ignored_stay: bool,
    pub(super) slots: Slots,
}

impl Worktrees {
    /// Takes charge of the worktrees below `root`, with lock files in the folder `state`.
    ///
    /// Both folders are made. Any number of processes may do this at the same time.
    pub fn open(repo: Repo, root: &Path, state: &Path) -> Result<Self, WorktreeError> {
        for dir in [root, state] {
            fs::create_dir_all(dir).map_err(file_error("make", dir))?;
        }
        let root = root.canonicalize().map_err(file_error("find", root))?;
        super::worktree_reset::sweep_gone(&root);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let slots = Slots::new(cores);
        Ok(Self {
            repo,
            root,
            state: state.to_owned(),
            caches: Vec::new(),
            ignored_stay: false,
            slots,
        })
    }

    /// Names caches that survive a reset, as patterns in the form of `.gitignore`.
    #[must_use]
    pub fn with_caches(mut self, patterns: impl IntoIterator<Item = String>) -> Self {
        self.caches.extend(patterns);
        self
    }

    /// Lets every ignored file survive a reset, as gates need it whose builds are to stay warm.
    #[must_use]
    pub fn with_ignored_files(mut self) -> Self {
        self.ignored_stay = true;
        self
    }

    /// The repository.
    #[must_use]
    pub fn repo(&self) -> &Repo {
        &self.repo
    }

    /// The folder below which all trees lie, without symlinks.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes a tree at `path` on the new branch `branch` (such as `windrow/toast`) at `base`.
    ///
    /// Called again with the same arguments, it finishes what a killed call began, or returns the
    /// finished tree untouched.
    pub fn create(&self, path: &Path, branch: &str, base: &Oid) -> Result<Tree, WorktreeError> {
        self.make(path, &Head::Branch(format!("refs/heads/{branch}")), base)
    }

    /// Makes a tree at `path` at a commit and on no branch, as [`Worktrees::create`] does.
    pub fn create_detached(&self, path: &Path, base: &Oid) -> Result<Tree, WorktreeError> {
        self.make(path, &Head::Detached(base.clone()), base)
    }

    fn make(&self, path: &Path, head: &Head, base: &Oid) -> Result<Tree, WorktreeError> {
        let path = self.inside(path)?;
        let alone = self.lock_tree(&path)?;
        let tree = {
            let list = self.lock_list()?;
            match registry::find(&self.repo, &path)? {
                Some(tree) if self.is_finished(&tree, head)? => return Ok(tree),
                Some(tree) => tree,
                None => self.add(&list, &path, head, base)?,
            }
        };
        self.check_out(&alone, &tree, head, base, None)?;
        Ok(tree)
    }

    /// Tells whether a registered tree is done; an error when it may hold somebody's work.
    fn is_finished(&self, tree: &Tree, wanted: &Head) -> Result<bool, WorktreeError> {
        let unsaved = |why: String| WorktreeError::Unsaved { path: tree.path.clone(), why };
        if worktree_refill::is_half_restored(tree) {
            return Err(unsaved("kept work is being restored into it".to_owned()));
        }
        if is_there(&tree.git_dir.join(MAKING)) {
            return Ok(false);
        }
        let head = registry::head(tree)?;
        let index = is_there(&tree.git_dir.join("index"));
        match (index, holds_files(&tree.path)?) {
            (true, true) if head == *wanted => Ok(true),
            (true, true) => Err(unsaved(format!("it is at {}", spoken(&head)))),
            (false, true) => Err(unsaved("it has files but no index".to_owned())),
            (false, false) => Ok(false),
            (true, false) => {
                let staged = ["diff-index", "--cached", "--quiet", "HEAD"];
                fs::create_dir_all(&tree.path).map_err(file_error("make", &tree.path))?;
                registry::relink(&self.repo, tree)?;
                let same = self.repo.git_in(tree, staged).output().map_err(GitError::from)?;
                if head == *wanted && same.status.success() {
                    Ok(false)
                } else {
                    Err(unsaved("its folder is gone and its index holds changes".to_owned()))
                }
            }
        }
    }

    pub(super) fn add(
        &self,
        list: &Held,
        path: &Path,
        head: &Head,
        base: &Oid,
    ) -> Result<Tree, WorktreeError> {
        if holds_files(path)? || path.symlink_metadata().is_ok_and(|meta| !meta.is_dir()) {
            return Err(WorktreeError::PathTaken { path: path.to_owned() });
        }
        registry::sweep_cut_short(&self.repo, path)?;
        // Only a link file that a killed `git worktree add` wrote can be in it.
        if is_there(path) {
            fs::remove_dir_all(path).map_err(file_error("remove", path))?;
        }
        self.make_branch(head, base, path)?;
        crash::point("tree", "branched");
        let add = ["-c", "worktree.useRelativePaths=false", "worktree", "add", "--no-checkout"];
        let add = self.repo.git(add);
        let add = match head {
            Head::Branch(name) => add.arg("--").arg(path).arg(short(name)),
            Head::Detached(oid) => add.arg("--detach").arg("--").arg(path).arg(oid.as_str()),
        };
        list.run(add)?;
        crash::point("tree", "registered");
        registry::find(&self.repo, path)?.ok_or_else(|| {
            let text = path.display().to_string();
            GitError::Answer { what: "new worktree", text }.into()
        })
    }

    /// Makes sure that the branch is at `base` and held by no worktree but the one at `own`.
    pub(super) fn make_branch(
        &self,
        head: &Head,
        base: &Oid,
        own: &Path,
    ) -> Result<(), WorktreeError> {
        let Head::Branch(name) = head else { return Ok(()) };
        let branch = short(name).to_owned();
        match self.repo.ref_value(name)? {
            None => super::seal::pin(&self.repo, name, base, None)?,
            Some(at) if at != *base => return Err(WorktreeError::BranchExists { branch, at }),
            Some(_) => {}
        }
        if !self.may_be_out(name) {
            return Ok(());
        }
        match self
            .list()?
            .into_iter()
            .find(|row| row.branch.as_ref() == Some(name) && row.path != own)
        {
            Some(row) => Err(WorktreeError::BranchInUse { branch, path: row.path }),
            None => Ok(()),
        }
    }

    /// Brings files and index of an unfinished tree to `base`, then its HEAD.
    ///
    /// Where all of them are known to be at `from`, git looks at nothing but what differs.
    pub(super) fn check_out(
        &self,
        alone: &Held,
        tree: &Tree,
        head: &Head,
        base: &Oid,
        from: Option<&Oid>,
    ) -> Result<(), WorktreeError> {
        let marker = tree.git_dir.join(MAKING);
        registry::mark(&marker, b"")?;
        crash::point("tree", "marked");
        fs::create_dir_all(&tree.path).map_err(file_error("make", &tree.path))?;
        registry::relink(&self.repo, tree)?;
        registry::unlock(tree)?;
        for left in ["index.lock", WARM, PRINT] {
            let left = tree.git_dir.join(left);
            registry::remove_if_there(&left).map_err(file_error("remove", &left))?;
        }
        let slot = self.slots.take();
        let read = ["-c", "core.sparseCheckout=false", "read-tree", "-u"];
        let read = || self.repo.git_in(tree, read);
        let moved = match from {
            Some(from) if from == base => true,
            Some(from) => alone.run(read().arg("-m").args([from.as_str(), base.as_str()])).is_ok(),
            None => false,
        };
        if !moved {
            alone.run_in(read().args(["--reset", base.as_str()]), tree)?;
        }
        drop(slot);
        crash::point("tree", "filled");
        registry::set_first_head(tree, head)?;
        crash::point("tree", "headed");
        fs::remove_file(&marker).map_err(file_error("remove", &marker))?;
        Ok(())
    }

    /// The tree whose folder is `path`, by the repository's own list.
    pub fn find(&self, path: &Path) -> Result<Option<Tree>, WorktreeError> {
        Ok(registry::find(&self.repo, &self.inside(path)?)?)
    }

    /// Whether some worktree may be on the branch of that full name, by their HEAD files alone.
    ///
    /// A HEAD that cannot be read may say anything; [`Worktrees::list`] then tells.
    #[must_use]
    pub fn may_be_out(&self, name: &str) -> bool {
        let common = self.repo.common_dir();
        let linked = match fs::read_dir(common.join("worktrees")) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(_) => return true,
        };
        linked.into_iter().chain([common.to_owned()]).any(|git_dir| {
            let head = registry::head(&Tree { path: git_dir.clone(), git_dir });
            head.map_or(true, |head| matches!(head, Head::Branch(held) if held == name))
        })
    }

    /// Every worktree of the repository, the person's own ones included; the main one first.
    pub fn list(&self) -> Result<Vec<Listed>, WorktreeError> {
        let call = self.repo.git(["worktree", "list", "--porcelain", "-z"]);
        Ok(parse_list(&call.success().map_err(GitError::from)?)?)
    }

    /// Deletes a branch that still is at `expected`.
    pub fn delete_branch(&self, branch: &str, expected: &Oid) -> Result<(), WorktreeError> {
        Ok(self.repo.move_ref(&format!("refs/heads/{branch}"), None, Some(expected))?)
    }

    /// Resolves a path to one below the root, without a symlink on the way.
    pub(super) fn inside(&self, path: &Path) -> Result<PathBuf, WorktreeError> {
        let outside = || WorktreeError::Outside { path: path.to_owned(), root: self.root.clone() };
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(outside());
        };
        // Only below the root may a missing folder be made, so `..` is refused before anything is.
        let plain = |dir: &Path| !dir.components().any(|part| part.as_os_str() == "..");
        if plain(parent) && (parent.starts_with(&self.root)) {
            fs::create_dir_all(parent).map_err(file_error("make", parent))?;
        }
        let parent = parent.canonicalize().map_err(|_| outside())?;
        if parent.starts_with(&self.root) { Ok(parent.join(name)) } else { Err(outside()) }
    }

    pub(super) fn lock_list(&self) -> Result<Held, GitError> {
        Held::wait(&self.state.join("worktrees.lock"))
    }

    pub(super) fn lock_tree(&self, path: &Path) -> Result<Held, GitError> {
        use std::os::unix::ffi::OsStrExt as _;
        let key = blake3::hash(path.as_os_str().as_bytes()).to_hex();
        Held::wait(&self.state.join(format!("worktree-{}.lock", &key[..16])))
    }
}

/// Tells whether a folder has anything in it but a worktree's link file.
pub(super) fn holds_files(path: &Path) -> Result<bool, GitError> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(true),
        other => other.map_err(file_error("list", path))?,
    };
    for entry in entries {
        let entry = entry.map_err(file_error("list", path))?;
        let link = entry.file_name() == ".git" && entry.file_type().is_ok_and(|t| t.is_file());
        if !link {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The short form of a branch's full name.
pub(super) fn short(name: &str) -> &str {
    name.strip_prefix("refs/heads/").unwrap_or(name)
}

fn spoken(head: &Head) -> String {
    match head {
        Head::Branch(name) => format!("branch `{}`", short(name)),
        Head::Detached(oid) => format!("commit {oid}"),
    }
}

fn parse_list(answer: &[u8]) -> Result<Vec<Listed>, GitError> {
    use std::os::unix::ffi::OsStrExt as _;
    let mut rows: Vec<Listed> = Vec::new();
    for line in answer.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let split = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        let (word, rest) = (&line[..split], line.get(split + 1..).unwrap_or_default());
        let text = String::from_utf8_lossy(rest).into_owned();
        if word == b"worktree" {
            let path = PathBuf::from(std::ffi::OsStr::from_bytes(rest));
            rows.push(Listed {
                path,
                head: None,
                branch: None,
                bare: false,
                locked: None,
                prunable: None,
            });
            continue;
        }
        let Some(row) = rows.last_mut() else {
            return Err(GitError::Answer { what: "worktree list", text });
        };
        match word {
            b"HEAD" => row.head = Oid::parse(&text).ok().filter(|oid| *oid != oid.null()),
            b"branch" => row.branch = Some(text),
            b"bare" => row.bare = true,
            b"locked" => row.locked = Some(text),
            b"prunable" => row.prunable = Some(text),
            _ => {}
        }
    }
    Ok(rows)
}

#[cfg(test)]
#[path = "worktree_tests.rs"]
mod tests;
