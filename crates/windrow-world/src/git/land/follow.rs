//! The move of a branch together with its one checkout.
//!
//! The order of the steps is the protocol: lock the index; try on a copy; write the record; lock
//! the branch; move the files; move the branch; install the index. Until the record is written
//! nothing has changed; after that, [`super::Lander::recover`] can finish from any point.

use super::calls::{Calls, Checkout};
use super::changes::{self, Change};
use super::check::Check;
use super::entry::Moving;
use super::index_file::{Entries, IndexCopy};
use super::index_lock::IndexLock;
use super::lander::Lander;
use super::ref_move::{self, RefMove};
use super::{Busy, InTheWay, LandError, Landed, Move, filters};
use crate::git::{Oid, Tree};

/// What a move was tried on, and found to be possible.
struct Tried {
    copy: IndexCopy,
    changes: Vec<Change>,
    /// The entries of the copy before the move.
    entries: Entries,
}

impl Lander {
    /// Moves the branch and the files of `tree`, which holds it.
    pub(super) fn follow(
        &self,
        calls: &Calls,
        request: &Move,
        tree: &Tree,
    ) -> Result<Landed, LandError> {
        let lock = match IndexLock::take(tree, &self.state, &request.id)? {
            Ok(lock) => lock,
            Err(busy) => return Ok(Landed::Busy(busy)),
        };
        self.step("locked");
        match self.try_on_copy(calls, request, tree) {
            Ok(Ok(tried)) => self.go(calls, request, tree, lock, &tried),
            Ok(Err(answer)) => lock.release().map(|()| answer),
            Err(error) => {
                lock.release()?;
                busy_or(error.held(&tree.path))
            }
        }
    }

    /// Makes sure, with the index locked, that the move can be made; nothing is touched.
    fn try_on_copy(
        &self,
        calls: &Calls,
        request: &Move,
        tree: &Tree,
    ) -> Result<Result<Tried, Landed>, LandError> {
        let at = Checkout { calls, repo: &self.repo, tree };
        // Asked again, because only now nobody can switch branches any more.
        let holders = self.holders(calls, &request.branch)?;
        if let Some(busy) = holders.busy(&self.kept_out) {
            return Ok(Err(Landed::Busy(busy)));
        }
        let head = self.repo.ref_value(&request.refname())?;
        if head.as_ref() != Some(&request.old) || !holders.trees.contains(tree) {
            return Ok(Err(Landed::TargetMoved { head }));
        }
        let (tried, files) = self.compare(at, request)?;
        if files.is_empty() {
            let ends = (&request.old, &request.new);
            filters::try_out(at, &tried.copy, &self.state, &tried.changes, ends)?;
            self.step("checked");
            return Ok(Ok(tried));
        }
        let worktree = tree.path.clone();
        Ok(Err(Landed::Busy(Busy::InTheWay { worktree, files })))
    }

    /// Compares a move with what the person did in the checkout: what is in its way.
    fn compare(
        &self,
        at: Checkout<'_>,
        request: &Move,
    ) -> Result<(Tried, Vec<InTheWay>), LandError> {
        let copy = IndexCopy::make(at.tree, self.state.join("index"))?;
        let changes = changes::between(at.calls, &self.repo, &request.old, &request.new)?;
        let entries = copy.entries(at)?;
        let files = Check::new(at, &copy, &changes)?.in_the_way(&entries)?;
        Ok((Tried { copy, changes, entries }, files))
    }

    /// The same with git's own verdict, where nothing else is found.
    ///
    /// A move that is made does without: git says the same before it touches a file, and then it is
    /// looked again.
    fn compare_and_try(
        &self,
        at: Checkout<'_>,
        request: &Move,
    ) -> Result<Vec<InTheWay>, LandError> {
        let (tried, mut files) = self.compare(at, request)?;
        if files.is_empty() {
            let check = Check::new(at, &tried.copy, &tried.changes)?;
            files.extend(check.refused(&request.old, &request.new)?);
        }
        Ok(files)
    }

    /// What would be in the way of a move if it were made now; nothing is locked or touched, so it
    /// may look otherwise a moment later.
    ///
    /// # Errors
    /// It cannot be seen.
    pub fn look(&self, request: &Move) -> Result<Option<Busy>, LandError> {
        let calls = self.lock()?;
        if self.record.load()?.is_some() {
            // What an interrupted move left is nobody's edit; the move itself recovers it first.
            return Ok(None);
        }
        let holders = self.holders(&calls, &request.branch)?;
        if let Some(busy) = holders.busy(&self.kept_out) {
            return Ok(Some(busy));
        }
        let [tree] = holders.trees.as_slice() else { return Ok(None) };
        let at = Checkout { calls: &calls, repo: &self.repo, tree };
        let files = self.compare_and_try(at, request)?;
        let worktree = tree.path.clone();
        Ok((!files.is_empty()).then_some(Busy::InTheWay { worktree, files }))
    }

    fn go(
        &self,
        calls: &Calls,
        request: &Move,
        tree: &Tree,
        lock: IndexLock,
        tried: &Tried,
    ) -> Result<Landed, LandError> {
        self.record.begin(&Moving::new(request, Some((tree, lock.token()))))?;
        self.step("recorded");
        let moved = match self.prepare(calls, request, Some(tree)) {
            Ok(Ok(moved)) => moved,
            Ok(Err(answer)) => {
                self.record.end()?;
                lock.release()?;
                return Ok(answer);
            }
            Err(error) => {
                drop(lock);
                return self.undo(calls, request, tree, error);
            }
        };
        let at = Checkout { calls, repo: &self.repo, tree };
        if let Err(error) = files(at, request, &lock, tried) {
            drop(moved);
            drop(lock);
            return self.undo(calls, request, tree, error);
        }
        self.step("files");
        if let Err(error) = moved.commit(calls) {
            drop(lock);
            return self.undo(calls, request, tree, error);
        }
        self.step("moved");
        self.install(calls, tree, lock, &tried.copy)?;
        Ok(Landed::Moved { followed: Some(tree.path.clone()), missing: Vec::new() })
    }

    /// Locks the branch at `old`, and notes which lock files that made.
    pub(super) fn prepare(
        &self,
        calls: &Calls,
        request: &Move,
        tree: Option<&Tree>,
    ) -> Result<Result<RefMove, Landed>, LandError> {
        let git_dir = tree.map_or_else(|| self.repo.common_dir(), |tree| tree.git_dir.as_path());
        let update = self.durable(tree).arg("update-ref");
        match RefMove::prepare(calls, update, request)? {
            Ok(moved) => {
                self.step("prepared");
                let files = ref_move::lock_files(&self.repo, git_dir, &request.refname());
                self.record.note(&RefMove::prints(&files))?;
                self.step("noted");
                Ok(Ok(moved))
            }
            Err(message) => {
                let head = self.repo.ref_value(&request.refname())?;
                if head.as_ref() == Some(&request.old) {
                    Ok(Err(Landed::Busy(Busy::RefLocked { message })))
                } else {
                    Ok(Err(Landed::TargetMoved { head }))
                }
            }
        }
    }

    /// Puts the moved index in place and ends the record.
    pub(super) fn install(
        &self,
        calls: &Calls,
        tree: &Tree,
        mut lock: IndexLock,
        copy: &IndexCopy,
    ) -> Result<(), LandError> {
        if !lock.is_ours() || !copy.is_current(tree) {
            // Somebody removed our lock and used the index: take only what is ours into it.
            drop(lock);
            return self.recover_under(calls).map(drop);
        }
        lock.write(copy.path())?;
        self.step("written");
        lock.install()?;
        self.step("installed");
        self.record.end()
    }

    /// Takes a failed move back: the branch has not moved, or has and then it goes on.
    fn undo(
        &self,
        calls: &Calls,
        request: &Move,
        tree: &Tree,
        error: LandError,
    ) -> Result<Landed, LandError> {
        self.step("failed");
        match self.back_or_on(calls) {
            Ok(_) => {}
            Err(LandError::Held(busy)) => return Ok(Landed::Busy(busy)),
            Err(source) => return Err(LandError::Undo { source: Box::new(source) }),
        }
        let head = self.repo.ref_value(&request.refname())?;
        if head.as_ref() == Some(&request.new) {
            return Ok(Landed::Moved { followed: Some(tree.path.clone()), missing: Vec::new() });
        }
        if head.as_ref() != Some(&request.old) {
            return Ok(Landed::TargetMoved { head });
        }
        // Whatever came in between is named by looking again; if nothing did, git has failed.
        let files = self.compare_and_try(Checkout { calls, repo: &self.repo, tree }, request)?;
        if files.is_empty() {
            return Err(error);
        }
        Ok(Landed::Busy(Busy::InTheWay { worktree: tree.path.clone(), files }))
    }
}

/// What holds a move up is an answer.
fn busy_or(error: LandError) -> Result<Landed, LandError> {
    match error {
        LandError::Held(busy) => Ok(Landed::Busy(busy)),
        other => Err(other),
    }
}

/// Moves the files, with the copied index.
fn files(
    at: Checkout<'_>,
    request: &Move,
    lock: &IndexLock,
    tried: &Tried,
) -> Result<(), LandError> {
    let Tried { copy, changes, entries } = tried;
    // The last look before git writes: it would not spare an ignored file that came since.
    let came = Check::new(at, copy, changes)?.untracked(entries);
    if let Some(path) = came.first() {
        return Err(LandError::Call {
            line: "a last look".to_owned(),
            stderr: format!("`{}` is in the way", path.display()),
        });
    }
    read_tree(at, copy, &request.old, &request.new)?;
    if lock.is_ours() && copy.is_current(at.tree) {
        return Ok(());
    }
    Err(LandError::Call {
        line: "a last look".to_owned(),
        stderr: "the index lock was taken away".to_owned(),
    })
}

/// Moves the files and the copied index from one tree to another.
pub(super) fn read_tree(
    at: Checkout<'_>,
    copy: &IndexCopy,
    from: &Oid,
    to: &Oid,
) -> Result<(), LandError> {
    let args = ["read-tree", "-m", "-u", "--no-recurse-submodules", from.as_str(), to.as_str()];
    at.calls.succeed(copy.git(at, args)).map(drop)
}
