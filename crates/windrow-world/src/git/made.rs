//! What the landing commits that this process made consist of.
//!
//! The next landing asks for the tree of the last one and whether it contains the one before. A
//! commit never changes, so what is known of one stays true; whatever is not known, git is asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::repo::Oid;

/// How many of the newest are remembered: one for each branch that is landed on, and some.
const KEPT: usize = 32;

/// The newest commits, shared by all clones of a repository's handle.
#[derive(Clone, Debug, Default)]
pub(super) struct Made(Arc<Mutex<VecDeque<Commit>>>);

#[derive(Clone, Debug)]
struct Commit {
    id: Oid,
    tree: Oid,
    parents: [Oid; 2],
}

impl Made {
    /// Remembers a commit.
    pub(super) fn note(&self, id: &Oid, tree: &Oid, parents: [&Oid; 2]) {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        newest.truncate(KEPT - 1);
        newest.push_front(Commit {
            id: id.clone(),
            tree: tree.clone(),
            parents: parents.map(Clone::clone),
        });
    }

    /// The tree of a commit, if it is remembered.
    pub(super) fn tree(&self, id: &Oid) -> Option<Oid> {
        self.find(id, |commit| commit.tree.clone())
    }

    /// Whether it is remembered that `parent` is one of the parents of `id`.
    pub(super) fn has_parent(&self, id: &Oid, parent: &Oid) -> bool {
        self.find(id, |commit| commit.parents.contains(parent)).unwrap_or(false)
    }

    fn find<T>(&self, id: &Oid, what: impl Fn(&Commit) -> T) -> Option<T> {
        let newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        newest.iter().find(|commit| commit.id == *id).map(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(n: usize) -> Oid {
        Oid::parse(&format!("{n:040}")).unwrap()
    }

    #[test]
    fn only_the_newest_commits_are_remembered() {
        let made = Made::default();
        for n in 1..=KEPT + 1 {
            made.note(&oid(n), &oid(n + 500), [&oid(n - 1), &oid(900)]);
        }
        assert_eq!(made.tree(&oid(1)), None);
        assert_eq!(made.clone().tree(&oid(2)), Some(oid(502)));
        assert!(made.has_parent(&oid(2), &oid(1)) && made.has_parent(&oid(2), &oid(900)));
        assert!(!made.has_parent(&oid(2), &oid(2)) && !made.has_parent(&oid(1), &oid(0)));
    }
}
