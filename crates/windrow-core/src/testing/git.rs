//! A repository of names: which commit contains which, where branches are, what is ahead of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::command::FollowReport;
use crate::ids::LandingId;
use crate::state::Ahead;

/// The commit every branch starts at.
const START: &str = "start";

/// Branches and commits, without any files.
#[derive(Clone, Default)]
pub(crate) struct Git {
    /// Where branches are; one that is missing is at the start, one without a commit was deleted.
    heads: BTreeMap<String, Option<String>>,
    /// The refs ahead of branches.
    ahead: BTreeMap<String, String>,
    /// Everything a commit contains but itself.
    contained: BTreeMap<String, BTreeSet<String>>,
    commits: u64,
    /// Branches that a person replaced by another history, or deleted.
    replaced: BTreeSet<String>,
    /// Entries that reached a branch or what is ahead of it, with their landing commits.
    pub(crate) moved: BTreeMap<LandingId, String>,
}

impl Git {
    /// A new commit on top of others.
    pub(crate) fn commit(&mut self, kind: &str, on: &[&str]) -> String {
        self.commits += 1;
        let name = format!("{kind}-{}", self.commits);
        let mut contains = BTreeSet::new();
        for parent in on {
            contains.extend(self.contained.get(*parent).cloned().unwrap_or_default());
            contains.insert((*parent).to_owned());
        }
        self.contained.insert(name.clone(), contains);
        name
    }

    pub(crate) fn contains(&self, commit: &str, other: &str) -> bool {
        let within = |all: &BTreeSet<String>| all.contains(other);
        commit == other || other == START || self.contained.get(commit).is_some_and(within)
    }

    pub(crate) fn head(&self, branch: &str) -> Option<String> {
        self.heads.get(branch).cloned().unwrap_or_else(|| Some(START.to_owned()))
    }

    /// What the next work is merged onto: what is on record as ahead of the branch; without that,
    /// what a ref that nobody remembers holds.
    pub(crate) fn tip(&self, branch: &str, landed: Option<&Ahead>) -> String {
        let head = self.head(branch);
        let has = |ahead: &&String| head.as_ref().is_some_and(|head| self.contains(head, ahead));
        let found = landed.map(|ahead| &ahead.head).or_else(|| self.ahead.get(branch));
        let ahead = found.filter(|ahead| !has(ahead)).cloned();
        ahead.or(head).expect("a branch is deleted only when something is ahead of it")
    }

    /// Whether the ref is ahead of its branch.
    pub(crate) fn is_ahead(&self, branch: &str) -> bool {
        self.head(branch).is_none_or(|head| head != self.tip(branch, None))
    }

    /// Whether the branch has that commit, unless somebody replaced it meanwhile.
    pub(crate) fn has_or_was_replaced(&self, branch: &str, commit: &str) -> bool {
        let has = self.head(branch).is_some_and(|head| self.contains(&head, commit));
        has || self.replaced.contains(branch)
    }

    /// The last commit of the branch that `commit` contains, as far as the story has to know.
    pub(crate) fn known(&self, branch: &str, commit: &str) -> String {
        let head = self.head(branch).filter(|head| self.contains(commit, head));
        head.unwrap_or_else(|| START.to_owned())
    }

    /// Moves the branch, as windrow does: only ever forward.
    pub(crate) fn advance(&mut self, branch: &str, to: &str) {
        let head = self.head(branch).expect("windrow makes no branch");
        assert!(self.contains(to, &head), "`{branch}` at {head} loses something to {to}");
        self.heads.insert(branch.to_owned(), Some(to.to_owned()));
    }

    /// Moves the ref that is ahead, as windrow does: nothing of what is on record goes, and a move
    /// that is not counts for nothing.
    pub(crate) fn advance_ahead(&mut self, branch: &str, to: &str, landed: Option<&Ahead>) {
        let tip = self.tip(branch, landed);
        assert!(self.contains(to, &tip), "what is ahead of `{branch}`, {tip}, is lost to {to}");
        self.ahead.insert(branch.to_owned(), to.to_owned());
    }

    /// Somebody deletes the ref.
    pub(crate) fn take_ahead(&mut self, branch: &str) {
        self.ahead.remove(branch);
    }

    /// A person commits on the branch.
    pub(crate) fn person_commits(&mut self, branch: &str) {
        if let Some(head) = self.head(branch) {
            let commit = self.commit("person", &[&head]);
            self.heads.insert(branch.to_owned(), Some(commit));
        }
    }

    /// A person replaces the branch by another history, or deletes it.
    pub(crate) fn person_rewrites(&mut self, branch: &str, deletes: bool) {
        let commit = (!deletes).then(|| self.commit("rewritten", &[]));
        self.heads.insert(branch.to_owned(), commit);
        self.replaced.insert(branch.to_owned());
    }

    /// A person merges what is ahead into the branch, or makes a deleted branch anew.
    pub(crate) fn person_settles(&mut self, branch: &str, ahead: &str) {
        let commit = match self.head(branch) {
            Some(head) => self.commit("settled", &[&head, ahead]),
            None => ahead.to_owned(),
        };
        self.heads.insert(branch.to_owned(), Some(commit));
    }

    /// Lets the branch follow, unless something is in the way.
    pub(crate) fn follow(&mut self, branch: &str, ahead: &Ahead, busy: bool) -> FollowReport {
        let Some(head) = self.head(branch) else { return FollowReport::Gone };
        let has_all = self.contains(&head, &ahead.head);
        if !has_all {
            self.ahead.insert(branch.to_owned(), ahead.head.clone());
        }
        if !has_all && !self.contains(&head, &ahead.known) {
            return FollowReport::Rewritten { head };
        }
        if !has_all && !self.contains(&ahead.head, &head) {
            return FollowReport::Commits { head };
        }
        if !has_all && busy {
            return FollowReport::Busy("a rebase is stopped".to_owned());
        }
        if !has_all {
            self.advance(branch, &ahead.head);
        }
        let head = self.head(branch).expect("it was there a moment ago");
        self.ahead.remove(branch);
        FollowReport::Followed { head }
    }
}
