//! Target branches and what is ahead of them: every move, by windrow and by people, with the rules
//! that hold at that instant.
//!
//! Windrow moves either only to a commit whose tree passed, and so that nothing gets lost. What a
//! person took from a branch comes back only by their own hand, or with work that began on it.

use std::collections::{BTreeMap, BTreeSet};

use windrow_core::ids::LandingId;
use windrow_core::state::{EntryState, Landing};

use super::git::{Oid, ahead_ref, heads};
use super::plan::BRANCHES;
use super::world::{Moving, World};

/// Whose a commit is that a person made.
const PERSONS: &str = "a person's commit";

/// What the checker knows of branches beside the journal.
#[derive(Default)]
pub(super) struct Books {
    /// Landing commits whose trees passed what their entries ask for.
    passed: BTreeSet<Oid>,
    /// What people took from a branch and did not give back.
    gone: BTreeMap<String, BTreeSet<Oid>>,
    /// Everything that people took from any branch.
    thrown: BTreeSet<Oid>,
    /// A person's commits on a branch while it lacked something that was ahead of it.
    meanwhile: BTreeMap<String, BTreeSet<Oid>>,
    /// Entries that are being moved.
    moving: BTreeSet<LandingId>,
}

impl Books {
    /// The branch has what was ahead of it, as the journal says.
    pub(super) fn followed(&mut self, branch: &str) {
        self.meanwhile.remove(branch);
    }

    /// Whether a person took that commit from a branch, maybe before windrow could tell of it.
    pub(super) fn was_thrown(&self, commit: &str) -> bool {
        self.thrown.contains(commit)
    }

    /// A move of an entry begins; false when another one of it is under way.
    pub(super) fn begin(&mut self, id: LandingId) -> bool {
        self.moving.insert(id)
    }

    pub(super) fn end(&mut self, id: LandingId) {
        self.moving.remove(&id);
    }
}

impl World {
    /// Moves a target branch, for a landing.
    pub(super) fn land(&mut self, id: LandingId, moving: &Moving) -> bool {
        if !self.git.swap(&heads(&moving.branch), Some(&moving.new), Some(&moving.old)) {
            return false;
        }
        self.counts.landed += 1;
        self.passes(id, &moving.new);
        self.branch_moved(moving);
        true
    }

    /// Moves a target branch to what landed ahead of it.
    pub(super) fn follow(&mut self, moving: &Moving) -> bool {
        if !self.git.swap(&heads(&moving.branch), Some(&moving.new), Some(&moving.old)) {
            return false;
        }
        self.counts.followed += 1;
        self.branch_moved(moving);
        let entered = |commit: &Oid| {
            let entries = self.check.state.landings.values();
            let mut persons = entries.filter(|entry| entry.is_persons());
            persons.any(|entry| {
                matches!(entry.state, EntryState::Landed(_))
                    && self.git.is_ancestor(commit, &entry.commit)
            })
        };
        let meanwhile = self.check.books.meanwhile.get(&moving.branch);
        let old = self.git.before([moving.old.clone()]);
        let mine = meanwhile.into_iter().flatten().find(|one| old.contains(*one) && !entered(one));
        if let Some(mine) = mine.cloned() {
            let what = format!("`{}` follows, and {mine} was never an entry", moving.branch);
            self.check.broken(what);
        }
        true
    }

    /// Moves what is ahead of a branch, for a landing.
    pub(super) fn land_ahead(
        &mut self,
        id: LandingId,
        branch: &str,
        new: &Oid,
        before: Option<&Oid>,
    ) -> bool {
        if !self.git.swap(&ahead_ref(branch), Some(new), before.map(String::as_str)) {
            return false;
        }
        self.counts.ahead += 1;
        self.forget_undone();
        self.passes(id, new);
        self.ahead_moved(branch, new);
        true
    }

    /// Puts a ref that is ahead of a branch to what was on record when somebody looked.
    pub(super) fn hold_ahead(&mut self, branch: &str, landed: &Oid, before: Option<&Oid>) {
        if self.git.swap(&ahead_ref(branch), Some(landed), before.map(String::as_str)) {
            self.must_have_passed(branch, landed);
            self.forget_undone();
        }
    }

    /// Lets go of a ref that was ahead of a branch when somebody looked.
    pub(super) fn let_go(&mut self, branch: &str, at: &Oid) {
        if self.git.swap(&ahead_ref(branch), None, Some(at)) {
            self.forget_undone();
        }
    }

    fn passes(&mut self, id: LandingId, commit: &Oid) {
        let tree = self.git.tree_of(commit);
        self.check.target_moved(id, commit, &tree);
        self.check.books.passed.insert(commit.clone());
    }

    fn branch_moved(&mut self, Moving { branch, old, new }: &Moving) {
        if !self.git.is_ancestor(old, new) {
            self.check.broken(format!("`{branch}` loses {old} to {new}"));
        }
        self.must_have_passed(branch, new);
        let Some(gone) = self.check.books.gone.get(branch) else { return };
        let all = self.git.before([new.clone()]);
        let back = gone.iter().find(|one| all.contains(*one) && !self.began_on(branch, one));
        if let Some(back) = back.cloned() {
            let what = format!("{back}, which a person took from `{branch}`, comes back by {new}");
            self.check.broken(what);
        }
    }

    fn ahead_moved(&mut self, branch: &str, new: &Oid) {
        self.must_have_passed(branch, new);
        let landed = self.check.state.ahead.get(branch).map(|ahead| ahead.head.clone());
        if let Some(landed) = landed.filter(|landed| !self.git.is_ancestor(landed, new)) {
            self.check.broken(format!("{landed} landed ahead of `{branch}`, and is lost to {new}"));
        }
    }

    fn must_have_passed(&mut self, branch: &str, new: &Oid) {
        if !self.check.books.passed.contains(new) {
            self.check.broken(format!("`{branch}` or its ref moves to {new}, which never passed"));
        }
    }

    /// Whether some work on that branch contains a commit because it began there.
    fn began_on(&self, branch: &str, commit: &Oid) -> bool {
        let mut work = self.check.state.landings.values();
        work.any(|entry| {
            entry.branch == branch
                && !entry.is_persons()
                && self.git.is_ancestor(commit, &entry.commit)
        })
    }

    /// A person moves a branch, or deletes it.
    pub(super) fn person_moves(&mut self, branch: &str, new: Option<&Oid>) {
        let old = self.git.at(&heads(branch));
        self.git.set(&heads(branch), new.map(String::as_str));
        self.counts.person += 1;
        let had = self.git.before(old);
        let has = self.git.before(new.cloned());
        let expected = self.expected(branch, &had, &has);
        self.check.books.thrown.extend(had.difference(&has).cloned());
        // Their own commits are owed to nobody once they took them, whatever ref they put there.
        let theirs = |commit: &Oid, whose: &str| {
            whose.starts_with(PERSONS) && had.contains(commit) && !has.contains(commit)
        };
        self.check.owed.retain(|commit, whose| !theirs(commit, whose));
        let taken = had.into_iter().filter(|one| !has.contains(one) && !expected.contains(one));
        let gone = self.check.books.gone.entry(branch.to_owned()).or_default();
        gone.extend(taken);
        gone.retain(|one| !has.contains(one));
        let has_all = |head: &String| has.contains(head);
        if self.check.state.ahead.get(branch).is_some_and(|ahead| has_all(&ahead.head)) {
            // Brought to everything on record by a person: it has followed, told or not.
            self.check.books.followed(branch);
        } else if let Some(meanwhile) = self.check.books.meanwhile.get_mut(branch) {
            meanwhile.retain(|one| has.contains(one));
        }
        let kept = self.kept_commits();
        self.check.owed.retain(|commit, _| kept.contains(commit));
        self.forget_undone();
    }

    /// A person commits on a branch.
    pub(super) fn person_commits(&mut self, branch: &str, new: &Oid) {
        self.person_moves(branch, Some(new));
        self.check.owed.insert(new.clone(), format!("{PERSONS} on `{branch}`"));
        let lacks = |head: &String| !self.git.is_ancestor(head, new);
        if self.check.state.ahead.get(branch).is_some_and(|ahead| lacks(&ahead.head)) {
            let meanwhile = self.check.books.meanwhile.entry(branch.to_owned()).or_default();
            meanwhile.insert(new.clone());
        }
    }

    /// Somebody deletes the ref that is ahead of a branch, or moves it elsewhere.
    pub(super) fn take_ahead(&mut self, branch: &str, to: Option<&Oid>) {
        if self.git.at(&ahead_ref(branch)).is_none() {
            return;
        }
        self.counts.person += 1;
        self.git.set(&ahead_ref(branch), to.map(String::as_str));
        self.forget_undone();
    }

    /// What may well come back when a person takes it from a branch that had `had`: what is on
    /// record as ahead of what the branch still `has`, and a move that is done and not on record.
    fn expected(&self, branch: &str, had: &BTreeSet<Oid>, has: &BTreeSet<Oid>) -> BTreeSet<Oid> {
        let state = &self.check.state;
        let unknown = self.git.at(&ahead_ref(branch)).filter(|_| !state.ahead.contains_key(branch));
        let ahead = state.ahead.get(branch).filter(|ahead| has.contains(&ahead.known));
        let at = self.git.before(self.git.at(&ahead_ref(branch)));
        let done = state.landings.values().filter(|entry| entry.branch == branch);
        let done = done.filter_map(landing_commit);
        let done = done.filter(|commit| had.contains(*commit) || at.contains(*commit));
        let ahead = ahead.map(|ahead| ahead.head.clone());
        self.git.before(ahead.into_iter().chain(unknown).chain(done.cloned()))
    }

    /// A move that is not on record and was undone by somebody may be done again.
    fn forget_undone(&mut self) {
        let refs = BRANCHES.iter().flat_map(|branch| [heads(branch), ahead_ref(branch)]);
        let there = self.git.before(refs.filter_map(|name| self.git.at(&name)));
        let recorded = |commit: &Oid| {
            let mut all = self.check.state.landings.values();
            all.any(|entry| entry.state == EntryState::Landed(commit.clone()))
        };
        let undone = self.check.landed.values().filter(|at| !there.contains(*at) && !recorded(at));
        let undone: Vec<Oid> = undone.cloned().collect();
        self.check.landed.retain(|_, commit| !undone.contains(commit));
    }

    /// What must hold of refs that are ahead when everything has come to rest.
    pub(super) fn nothing_is_ahead(&self) -> Result<(), String> {
        let state = &self.check.state;
        if let Some((branch, ahead)) = state.ahead.first_key_value() {
            return Err(format!("everything rests, and `{branch}` lacks what landed: {ahead:?}"));
        }
        for branch in BRANCHES {
            let Some(at) = self.git.at(&ahead_ref(branch)) else { continue };
            // A move that nobody could tell of, and that was given up after that.
            let given_up = state.landings.values().any(|entry| {
                matches!(entry.state, EntryState::Parked(_) | EntryState::Withdrawn(_))
                    && self.check.was_made_for(entry.id, &at)
            });
            if self.git.is_on(branch, &at) || !given_up {
                return Err(format!("everything rests, and a ref is ahead of `{branch}`: {at}"));
            }
        }
        Ok(())
    }
}

/// The landing commit of an entry that is about to be moved.
fn landing_commit(entry: &Landing) -> Option<&Oid> {
    let (EntryState::Merged { commit, .. } | EntryState::Verified { commit, .. }) = &entry.state
    else {
        return None;
    };
    Some(commit)
}
