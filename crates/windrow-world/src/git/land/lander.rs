//! The door of this room: one [`Lander`] per repository.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::calls::Calls;
use super::entry::{Moving, Record};
use super::holders::{self, Holders};
use super::{LandError, Landed, Move, Recovered};
use crate::cmd::Cmd;
use crate::crash;
use crate::git::repo::DURABLE;
use crate::git::{Repo, Tree, is_ancestor};

/// How often a move begins anew because the branch was checked out or left meanwhile.
const TRIES: usize = 3;

/// Moves branches of one repository, one at a time.
///
/// Moves of one `state` folder wait for each other, also across processes.
#[derive(Clone, Debug)]
pub struct Lander {
    pub(super) repo: Repo,
    pub(super) state: PathBuf,
    pub(super) record: Arc<Record>,
    pub(super) main: Option<PathBuf>,
    pub(super) kept_out: Vec<PathBuf>,
    probe: Probe,
}

#[derive(Clone)]
struct Probe(Option<Arc<dyn Fn(&'static str) + Send + Sync>>);

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Probe" } else { "-" })
    }
}

impl Lander {
    /// A lander that keeps its records in `state`, a folder of its own outside the repository.
    #[must_use]
    pub fn new(repo: Repo, state: impl Into<PathBuf>) -> Self {
        let state = state.into();
        let record = Arc::new(Record::in_dir(&state));
        Self { repo, state, record, main: None, kept_out: Vec::new(), probe: Probe(None) }
    }

    /// Says where the main worktree lies, for a git directory that is not its `.git` folder.
    #[must_use]
    pub fn main_worktree(mut self, path: impl Into<PathBuf>) -> Self {
        self.main = Some(path.into());
        self
    }

    /// Never follows into a checkout below `folder`, because untrusted workers write there.
    #[must_use]
    pub fn keep_out_of(mut self, folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        self.kept_out.push(folder.canonicalize().unwrap_or(folder));
        self
    }

    /// Calls `probe` with the name of each step when it is done; tests stop the world there.
    #[must_use]
    pub fn probe(mut self, probe: impl Fn(&'static str) + Send + Sync + 'static) -> Self {
        self.probe = Probe(Some(Arc::new(probe)));
        self
    }

    /// Moves a branch, and its checkout if it has one. Blocks while another landing is under way.
    ///
    /// # Errors
    /// Nothing was moved, or [`LandError::Undo`]: then [`Lander::recover`] must be called.
    pub fn land(&self, request: &Move) -> Result<Landed, LandError> {
        self.require_sense(request)?;
        let calls = self.lock()?;
        if self.record.load()?.is_some() {
            match self.recover_under(&calls) {
                Err(LandError::Held(busy)) => return Ok(Landed::Busy(busy)),
                recovered => drop(recovered?),
            }
        }
        let head = self.repo.ref_value(&request.refname())?;
        // What contains `old` and is not `old` cannot be part of it: no need to ask git.
        let ahead = head.as_ref() == Some(&request.old) && request.new != request.old;
        if let Some(head) = head.as_ref().filter(|_| !ahead)
            && is_ancestor(&self.repo, &request.new, head)?
        {
            return Ok(Landed::Already { head: head.clone() });
        }
        if head.as_ref() != Some(&request.old) {
            return Ok(Landed::TargetMoved { head });
        }
        for _ in 0..TRIES {
            if let Some(landed) = self.try_once(&calls, request)? {
                return Ok(landed);
            }
        }
        Ok(Landed::TargetMoved { head: self.repo.ref_value(&request.refname())? })
    }

    /// Finishes or undoes an interrupted move. Waits for orphaned git children of a killed
    /// process first. To be called before the first [`Lander::land`]; calling it again is safe.
    ///
    /// # Errors
    /// [`LandError::Held`] when somebody else's git is in the way: call it again later.
    pub fn recover(&self) -> Result<Recovered, LandError> {
        let calls = self.lock()?;
        self.recover_under(&calls)
    }

    /// One try; nothing when the checkouts of the branch changed under it.
    fn try_once(&self, calls: &Calls, request: &Move) -> Result<Option<Landed>, LandError> {
        let holders = self.holders(calls, &request.branch)?;
        if let Some(busy) = holders.busy(&self.kept_out) {
            return Ok(Some(Landed::Busy(busy)));
        }
        let mut landed = match holders.trees.as_slice() {
            [tree] => self.follow(calls, request, tree)?,
            _ => match self.free(calls, request)? {
                Some(landed) => landed,
                None => return Ok(None),
            },
        };
        match &mut landed {
            Landed::Moved { missing, .. } => *missing = holders.missing,
            Landed::TargetMoved { head } if head.as_ref() == Some(&request.old) => return Ok(None),
            _ => {}
        }
        Ok(Some(landed))
    }

    /// Moves a branch that is checked out nowhere; nothing when that is no longer so.
    fn free(&self, calls: &Calls, request: &Move) -> Result<Option<Landed>, LandError> {
        self.record.begin(&Moving::new(request, None))?;
        self.step("recorded");
        let moved = match self.prepare(calls, request, None)? {
            Ok(moved) => moved,
            Err(landed) => return self.record.end_unflushed().map(|()| Some(landed)),
        };
        let holders = self.holders(calls, &request.branch)?;
        if !holders.trees.is_empty() || holders.busy(&self.kept_out).is_some() {
            drop(moved);
            return self.record.end_unflushed().map(|()| None);
        }
        moved.commit(calls)?;
        self.step("moved");
        self.record.end_unflushed()?;
        Ok(Some(Landed::Moved { followed: None, missing: Vec::new() }))
    }

    pub(super) fn holders(&self, calls: &Calls, branch: &str) -> Result<Holders, LandError> {
        holders::of(calls, &self.repo, branch, self.main.as_deref())
    }

    pub(super) fn step(&self, name: &'static str) {
        crash::point("land", name);
        if let Some(probe) = &self.probe.0 {
            probe(name);
        }
    }

    /// A git call whose refs reach the disk before it answers.
    pub(super) fn durable(&self, tree: Option<&Tree>) -> Cmd {
        match tree {
            Some(tree) => self.repo.git_in(tree, DURABLE),
            None => self.repo.git(DURABLE),
        }
    }

    pub(super) fn lock(&self) -> Result<Calls, LandError> {
        fs::create_dir_all(&self.state).map_err(LandError::file("make", &self.state))?;
        Calls::lock(&self.lock_file())
    }

    fn lock_file(&self) -> PathBuf {
        Path::new(&self.state).join("landing.lock")
    }

    fn require_sense(&self, request: &Move) -> Result<(), LandError> {
        let wrong = |reason: &str| LandError::Request { reason: reason.to_owned() };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if request.id.is_empty() || request.id.len() > 100 || !request.id.chars().all(plain) {
            return Err(wrong("the id is empty, too long, or has other than letters and digits"));
        }
        if request.branch.is_empty() || request.branch.starts_with('-') {
            return Err(wrong("the branch has no usable name"));
        }
        if !is_ancestor(&self.repo, &request.old, &request.new)? {
            return Err(wrong("the new commit does not contain the old one"));
        }
        Ok(())
    }
}
