//! Brings the files of a half-moved checkout to one end of the move.
//!
//! Git moves the files here too: it is given a tree that differs from the wanted one only where
//! something is left to do, so that it never looks at what is done already or a person's.

use std::path::{Path, PathBuf};

use super::LandError;
use super::calls::Checkout;
use super::changes::{Change, Held};
use super::entry;
use super::follow::read_tree;
use super::index_file::IndexCopy;
use super::judge::{Aim, Verdict};
use crate::git::Oid;

/// Changes with what is to be done about them.
pub(super) struct Judged<'a> {
    pub(super) changes: &'a [Change],
    pub(super) verdicts: &'a [Verdict],
    pub(super) aim: Aim,
}

impl<'a> Judged<'a> {
    /// The paths that stay as a person left them.
    pub(super) fn left(&self) -> Vec<PathBuf> {
        self.with(&[Verdict::Person]).map(|change| change.path.clone()).collect()
    }

    /// The changes with one of some verdicts.
    pub(super) fn with(&self, verdicts: &'a [Verdict]) -> impl Iterator<Item = &'a Change> {
        let pairs = self.changes.iter().zip(self.verdicts);
        pairs.filter(|(_, verdict)| verdicts.contains(verdict)).map(|(change, _)| change)
    }

    fn to(&self, change: &'a Change) -> Option<&'a Held> {
        match self.aim {
            Aim::New => change.new.as_ref(),
            Aim::Old => change.old.as_ref(),
        }
    }

    fn from(&self, change: &'a Change) -> Option<&'a Held> {
        match self.aim {
            Aim::New => change.old.as_ref(),
            Aim::Old => change.new.as_ref(),
        }
    }

    /// Moves what is left to be moved to the commit `end`; `copy` becomes its index.
    pub(super) fn bring(
        &self,
        at: Checkout<'_>,
        state: &Path,
        copy: &IndexCopy,
        end: &Oid,
    ) -> Result<(), LandError> {
        let open = &[Verdict::Redo, Verdict::Cut];
        for change in self.with(&[Verdict::Cut]) {
            entry::remove(&at.tree.path.join(&change.path))?;
        }
        let settled = self.with(&[Verdict::Done, Verdict::Person]);
        copy.set(at, settled.map(|change| (change, self.to(change))))?;
        if self.with(open).next().is_some() {
            copy.set(at, self.with(open).map(|change| (change, self.from(change))))?;
            let scratch = IndexCopy::empty(state.join("scratch-index"))?;
            scratch.read(at, end)?;
            scratch.set(at, self.with(open).map(|change| (change, self.from(change))))?;
            let start = scratch.write_tree(at)?;
            copy.refresh(at)?;
            read_tree(at, copy, &start, end)?;
        }
        copy.refresh(at)
    }
}
