//! Finishing or undoing a move that was stopped half way.
//!
//! The branch decides the direction: at `new` or `old` the move goes on, elsewhere it is undone.
//! A branch still at `old` also goes back when a person edited a changed file meanwhile, because
//! then the move would not have been made in the first place. When somebody took our index lock
//! away and went on, the checkout is theirs and is not touched.
//!
//! Invariant: every step leaves a state this file can begin with again.

use std::path::PathBuf;

use super::absorb::Judged;
use super::calls::{Calls, Checkout};
use super::changes;
use super::entry::{Following, Moving, remove};
use super::holders;
use super::index_file::IndexCopy;
use super::index_lock::{self, IndexLock, Token};
use super::judge::{Aim, Models, Verdict};
use super::lander::Lander;
use super::ref_move::RefMove;
use super::{Busy, Direction, Finished, LandError, Landed, Recovered, stale};
use crate::git::{Oid, Tree, is_ancestor};

/// How often a path is judged again because it changed while it was brought along.
const TRIES: usize = 3;

/// A move being recovered.
struct Resume<'a> {
    lander: &'a Lander,
    moving: &'a Moving,
    at: Checkout<'a>,
    changes: &'a [changes::Change],
    models: &'a Models,
}

impl Lander {
    /// Recovers, going on where possible.
    pub(super) fn recover_under(&self, calls: &Calls) -> Result<Recovered, LandError> {
        self.recover_to(calls, Aim::New)
    }

    /// Recovers, going back where possible: the way on has just failed.
    pub(super) fn back_or_on(&self, calls: &Calls) -> Result<Recovered, LandError> {
        self.recover_to(calls, Aim::Old)
    }

    fn recover_to(&self, calls: &Calls, aim: Aim) -> Result<Recovered, LandError> {
        let moving = self.record.load()?;
        let mut removed = stale::ref_locks(&self.repo, &self.record, moving.as_ref())?;
        let token = moving.as_ref().and_then(|moving| moving.checkout.as_ref());
        let git_dirs = holders::git_dirs(&self.repo);
        let token = token.map(|following| following.token.as_path());
        removed.extend(stale::index_locks(&git_dirs, &self.state, token)?);
        let Some(moving) = moving else {
            self.record.end()?;
            return Ok(Recovered { finished: None, removed });
        };
        self.step("judging");
        let (direction, left) = match &moving.checkout {
            Some(following) => {
                let resumed = self.resume(calls, &moving, following, aim);
                resumed.map_err(|error| error.held(&following.tree().path))?
            }
            None => (self.direction(&moving)?, Vec::new()),
        };
        self.record.end()?;
        let finished = Finished { request: moving.request(), direction, left };
        Ok(Recovered { finished: Some(finished), removed })
    }

    /// What became of a move that needs nothing more.
    fn direction(&self, moving: &Moving) -> Result<Direction, LandError> {
        let Some(head) = self.repo.ref_value(&moving.request().refname())? else {
            return Ok(Direction::Untouched);
        };
        Ok(if is_ancestor(&self.repo, &moving.new, &head)? {
            Direction::Forward
        } else if head == moving.old {
            Direction::Back
        } else {
            Direction::Untouched
        })
    }

    fn resume(
        &self,
        calls: &Calls,
        moving: &Moving,
        following: &Following,
        aim: Aim,
    ) -> Result<(Direction, Vec<PathBuf>), LandError> {
        let tree = following.tree();
        let token = index_lock::inspect(&following.token, &tree.git_dir, &self.state);
        let head = self.repo.ref_value(&moving.request().refname())?;
        let at_new = head.as_ref() == Some(&moving.new);
        let at_end = at_new || head.as_ref() == Some(&moving.old);
        let held = || -> Result<bool, LandError> {
            Ok(self.holders(calls, &moving.branch)?.trees.contains(&tree))
        };
        let take = match token {
            Token::Gone | Token::Installed => false,
            Token::Locked => true,
            Token::Broken => at_end && held()?,
            Token::Overtaken => at_new && held()?,
        };
        if !take || !tree.path.is_dir() {
            if token == Token::Locked {
                IndexLock::adopt(&following.token, &tree.git_dir)?.release()?;
            }
            remove(&following.token)?;
            return Ok((self.direction(moving)?, Vec::new()));
        }
        let lock = if token == Token::Locked {
            IndexLock::adopt(&following.token, &tree.git_dir)?
        } else {
            IndexLock::take(&tree, &self.state, &moving.id)?.map_err(LandError::Held)?
        };
        let changes = changes::between(calls, &self.repo, &moving.old, &moving.new)?;
        let at = Checkout { calls, repo: &self.repo, tree: &tree };
        let models = Models::make(at, &self.state, &changes, &moving.old, &moving.new)?;
        let resume = Resume { lander: self, moving, at, changes: &changes, models: &models };
        let ended = resume.run(lock, head.as_ref(), aim)?;
        models.clear()?;
        Ok(ended)
    }
}

impl Resume<'_> {
    fn run(
        &self,
        lock: IndexLock,
        head: Option<&Oid>,
        aim: Aim,
    ) -> Result<(Direction, Vec<PathBuf>), LandError> {
        if head == Some(&self.moving.new) {
            let (copy, left) = self.settle(Aim::New, &self.moving.new)?;
            return self.install(lock, &copy).map(|()| (Direction::Forward, left));
        }
        if head == Some(&self.moving.old)
            && aim == Aim::New
            && self.nobody_edited()?
            && let Some(moved) = self.prepare()?
        {
            match self.settle(Aim::New, &self.moving.new) {
                Ok((copy, left)) if left.is_empty() => {
                    moved.commit(self.at.calls)?;
                    self.lander.step("moved");
                    return self.install(lock, &copy).map(|()| (Direction::Forward, left));
                }
                // Somebody was faster, or git failed: the branch stays, the files go back.
                _ => drop(moved),
            }
        }
        let (_, left) = self.settle(Aim::Old, &self.moving.old)?;
        self.lander.step("undone");
        let copy = IndexCopy::make(self.at.tree, self.lander.state.join("index"))?;
        copy.refresh(self.at)?;
        self.install(lock, &copy).map(|()| (Direction::Back, left))
    }

    /// Locks the branch; nothing when it left `old`.
    fn prepare(&self) -> Result<Option<RefMove>, LandError> {
        let tree: &Tree = self.at.tree;
        let request = self.moving.request();
        match self.lander.prepare(self.at.calls, &request, Some(tree))? {
            Ok(moved) => Ok(Some(moved)),
            Err(Landed::Busy(busy)) => Err(LandError::Held(busy)),
            Err(_) => Ok(None),
        }
    }

    fn nobody_edited(&self) -> Result<bool, LandError> {
        let copy = IndexCopy::make(self.at.tree, self.lander.state.join("index"))?;
        let entries = copy.entries(self.at)?;
        let root = &self.at.tree.path;
        let verdicts = self.models.judge(root, self.changes, &entries, Aim::New)?;
        Ok(!verdicts.contains(&Verdict::Person))
    }

    /// Brings the files to one end; returns the index for it and what was left to the person.
    fn settle(&self, aim: Aim, end: &Oid) -> Result<(IndexCopy, Vec<PathBuf>), LandError> {
        let state = &self.lander.state;
        let mut tried = 0;
        loop {
            let copy = IndexCopy::make(self.at.tree, state.join("index"))?;
            let entries = copy.entries(self.at)?;
            let root = &self.at.tree.path;
            let verdicts = self.models.judge(root, self.changes, &entries, aim)?;
            let judged = Judged { changes: self.changes, verdicts: &verdicts, aim };
            tried += 1;
            self.lander.step("judged");
            match judged.bring(self.at, state, &copy, end) {
                Ok(()) => {
                    self.lander.step("settled");
                    return Ok((copy, judged.left()));
                }
                Err(error) if tried == TRIES => return Err(error),
                Err(_) => {}
            }
        }
    }

    fn install(&self, mut lock: IndexLock, copy: &IndexCopy) -> Result<(), LandError> {
        if !lock.is_ours() || !copy.is_current(self.at.tree) {
            let worktree = self.at.tree.path.clone();
            let lock = self.at.tree.git_dir.join("index.lock");
            return Err(LandError::Held(Busy::IndexLocked { worktree, lock }));
        }
        lock.write(copy.path())?;
        self.lander.step("rewritten");
        lock.install()?;
        self.lander.step("reinstalled");
        Ok(())
    }
}
