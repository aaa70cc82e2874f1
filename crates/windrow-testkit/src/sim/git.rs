//! A repository of maps: commits, refs and three-way merges of whole files.
//!
//! A commit's name is the hash of everything in it, so that making it again gives the same one.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::rc::Rc;

/// The name of a commit or of a tree.
pub(super) type Oid = String;

/// Files by path.
pub(super) type Files = BTreeMap<String, String>;

#[derive(Clone, Debug)]
pub(super) struct Commit {
    pub(super) parents: Vec<Oid>,
    pub(super) files: Rc<Files>,
    /// Longer than that of every parent.
    depth: u32,
}

/// Commits and refs.
#[derive(Debug, Default)]
pub(super) struct Git {
    pub(super) commits: BTreeMap<Oid, Commit>,
    pub(super) refs: BTreeMap<String, Oid>,
    /// Grows with every change of a ref.
    pub(super) changes: u64,
}

/// Where a target branch ends: at what is ahead of it, or where it is itself.
#[derive(Clone, Debug)]
pub(super) struct Tip {
    pub(super) commit: Oid,
    /// The commit is that of the ref, and the branch lacks it.
    pub(super) ahead: bool,
}

/// What a merge gives.
pub(super) enum Merge {
    AlreadyIn,
    Clean(Files),
    Conflict(Vec<String>),
}

/// The full name of a branch.
pub(super) fn heads(branch: &str) -> String {
    format!("refs/heads/{branch}")
}

/// Where refs lie that are ahead of a branch.
pub(super) const AHEAD: &str = "refs/windrow/target/";

/// The full name of the ref that may be ahead of a branch.
pub(super) fn ahead_ref(branch: &str) -> String {
    format!("{AHEAD}{branch}")
}

pub(super) fn name_of(what: &impl Hash) -> Oid {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The name of a tree.
pub(super) fn tree_name(files: &Files) -> Oid {
    name_of(files)
}

impl Git {
    pub(super) fn commit(&mut self, parents: &[Oid], files: Files, message: &str, at: i64) -> Oid {
        let depth = parents.iter().filter_map(|p| self.commits.get(p)).map(|c| c.depth + 1).max();
        let oid = name_of(&(parents, &files, message, at));
        let parents = parents.to_vec();
        let commit = Commit { parents, files: Rc::new(files), depth: depth.unwrap_or(0) };
        self.commits.entry(oid.clone()).or_insert(commit);
        oid
    }

    pub(super) fn files(&self, commit: &str) -> Rc<Files> {
        self.commits.get(commit).map(|commit| Rc::clone(&commit.files)).unwrap_or_default()
    }

    pub(super) fn tree_of(&self, commit: &str) -> Oid {
        tree_name(&self.files(commit))
    }

    pub(super) fn at(&self, refname: &str) -> Option<Oid> {
        self.refs.get(refname).cloned()
    }

    /// Moves a ref if it is still where it was thought to be.
    pub(super) fn swap(&mut self, refname: &str, to: Option<&str>, from: Option<&str>) -> bool {
        if self.refs.get(refname).map(String::as_str) != from {
            return false;
        }
        self.set(refname, to);
        true
    }

    pub(super) fn set(&mut self, refname: &str, to: Option<&str>) {
        self.changes += 1;
        match to {
            Some(to) => self.refs.insert(refname.to_owned(), to.to_owned()),
            None => self.refs.remove(refname),
        };
    }

    /// A commit and everything before it.
    pub(super) fn before(&self, commits: impl IntoIterator<Item = Oid>) -> BTreeSet<Oid> {
        let mut todo: Vec<Oid> = commits.into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(oid) = todo.pop() {
            if let Some(commit) = self.commits.get(&oid)
                && seen.insert(oid)
            {
                todo.extend(commit.parents.iter().filter(|p| !seen.contains(*p)).cloned());
            }
        }
        seen
    }

    pub(super) fn is_ancestor(&self, old: &str, new: &str) -> bool {
        let depth = |oid: &str| self.commits.get(oid).map_or(0, |commit| commit.depth);
        let floor = depth(old);
        let mut todo = vec![new.to_owned()];
        let mut seen = BTreeSet::new();
        while let Some(oid) = todo.pop() {
            if oid == old {
                return true;
            }
            if let Some(commit) = self.commits.get(&oid)
                && seen.insert(oid)
            {
                todo.extend(commit.parents.iter().filter(|p| depth(p) >= floor).cloned());
            }
        }
        false
    }

    /// The end of a branch, as windrow's own git finds it with what is on record as `landed` ahead of
    /// it; nothing when there is none.
    pub(super) fn tip(&self, branch: &str, landed: Option<&Oid>) -> Option<Tip> {
        let (own, ahead) = (self.at(&heads(branch)), self.at(&ahead_ref(branch)));
        let ahead = landed.cloned().or(ahead);
        let within = |at: &Oid| own.as_ref().is_some_and(|own| self.is_ancestor(at, own));
        let ahead = ahead.filter(|at| !within(at));
        let is_ahead = ahead.is_some();
        ahead.or(own).map(|commit| Tip { commit, ahead: is_ahead })
    }

    /// Whether a branch has a commit.
    pub(super) fn is_on(&self, branch: &str, commit: &str) -> bool {
        self.at(&heads(branch)).is_some_and(|head| self.is_ancestor(commit, &head))
    }

    /// The last commit that two histories share.
    pub(super) fn fork_point(&self, one: &str, other: &str) -> Option<Oid> {
        let have = self.before([one.to_owned()]);
        let common = self.before([other.to_owned()]).into_iter().filter(|oid| have.contains(oid));
        common.max_by_key(|oid| self.commits.get(oid).map_or(0, |commit| commit.depth))
    }

    pub(super) fn merge(&self, onto: &str, work: &str) -> Merge {
        if self.is_ancestor(work, onto) {
            return Merge::AlreadyIn;
        }
        let base = self.fork_point(onto, work);
        let base = base.map(|base| self.files(&base)).unwrap_or_default();
        let (ours, theirs) = (self.files(onto), self.files(work));
        let (mut merged, mut conflicts) = (Files::new(), Vec::new());
        let paths: BTreeSet<&String> =
            base.keys().chain(ours.keys()).chain(theirs.keys()).collect();
        for path in paths {
            let (was, mine, their) = (base.get(path), ours.get(path), theirs.get(path));
            let taken = if mine == their || their == was {
                mine
            } else if mine == was {
                their
            } else {
                conflicts.push(path.clone());
                None
            };
            merged.extend(taken.map(|content| (path.clone(), content.clone())));
        }
        if conflicts.is_empty() { Merge::Clean(merged) } else { Merge::Conflict(conflicts) }
    }

    /// The merge commit by which the line of `head` took in `work`.
    pub(super) fn merge_of(&self, head: &str, work: &str) -> Option<Oid> {
        let mut at = head.to_owned();
        while let Some(commit) = self.commits.get(&at) {
            if commit.parents.get(1).is_some_and(|second| second == work) {
                return Some(at);
            }
            at = commit.parents.first()?.clone();
        }
        None
    }

    pub(super) fn changed(&self, from: &str, to: &str) -> Vec<String> {
        let (from, to) = (self.files(from), self.files(to));
        let paths: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        paths.into_iter().filter(|path| from.get(*path) != to.get(*path)).cloned().collect()
    }
}
