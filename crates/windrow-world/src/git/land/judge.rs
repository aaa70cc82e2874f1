//! How far an interrupted move got, path by path, judged by content.
//!
//! Times and index entries cannot tell our own half-written file from a person's edit; bytes can.
//! What a file should hold is asked of git itself, so that line ends and filters are as in the
//! checkout.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::LandError;
use super::calls::Checkout;
use super::changes::{Change, GITLINK, Held};
use super::disk::{self, Lies, Likeness};
use super::index_file::{Entries, IndexCopy};
use crate::git::{Oid, Tree};

/// Which end of the move the checkout is brought to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    New,
    Old,
}

/// What is to be done about one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The index holds neither what the move found nor needs anything: not touched.
    Kept,
    /// The file is as it should be.
    Done,
    /// The file is as before the move, or not there.
    Redo,
    /// The file was being written by us when we were stopped.
    Cut,
    /// The file is a person's.
    Person,
}

/// The files of both ends of a move, written out as the checkout would have them.
#[derive(Debug)]
pub(super) struct Models {
    old: PathBuf,
    new: PathBuf,
    exec_counts: bool,
}

impl Models {
    /// Writes out the changed files of both ends below `state`.
    pub(super) fn make(
        at: Checkout<'_>,
        state: &Path,
        changes: &[Change],
        old: &Oid,
        new: &Oid,
    ) -> Result<Self, LandError> {
        let exec = at.repo.git_in(at.tree, ["config", "--type=bool", "--get", "core.fileMode"]);
        let exec_counts = !at.calls.run(exec)?.stdout.starts_with(b"false");
        let models =
            Self { old: state.join("model-old"), new: state.join("model-new"), exec_counts };
        write_out(at, &models.old, old, changes.iter().map(|one| (one, one.old.as_ref())))?;
        write_out(at, &models.new, new, changes.iter().map(|one| (one, one.new.as_ref())))?;
        Ok(models)
    }

    /// Removes the files again.
    pub(super) fn clear(&self) -> Result<(), LandError> {
        clear(&self.old)?;
        clear(&self.new)
    }

    /// Judges every change; `entries` are the index as it is now.
    pub(super) fn judge(
        &self,
        root: &Path,
        changes: &[Change],
        entries: &Entries,
        aim: Aim,
    ) -> Result<Vec<Verdict>, LandError> {
        let side = |one: &Change| match aim {
            Aim::New => one.new.is_none(),
            Aim::Old => one.old.is_none(),
        };
        let going: BTreeSet<&Path> =
            changes.iter().filter(|one| side(one)).map(|one| one.path.as_path()).collect();
        let mut verdicts = Vec::new();
        for change in changes {
            let entry = entries.get(&change.path);
            let untouched = match entry {
                None => change.old.is_none(),
                Some(entry) => !entry.unmerged && Some(&entry.held) == change.old.as_ref(),
            };
            verdicts.push(if untouched {
                let path = root.join(&change.path);
                self.content(root, change, aim, &going).map_err(LandError::file("read", &path))?
            } else {
                Verdict::Kept
            });
        }
        spread(changes, &mut verdicts);
        Ok(verdicts)
    }

    fn content(
        &self,
        root: &Path,
        change: &Change,
        aim: Aim,
        going: &BTreeSet<&Path>,
    ) -> io::Result<Verdict> {
        let (to, from) = match aim {
            Aim::New => (change.new.as_ref(), change.old.as_ref()),
            Aim::Old => (change.old.as_ref(), change.new.as_ref()),
        };
        let no_file = |side: Option<&Held>| side.is_none_or(|held| held.mode == GITLINK);
        if let Some(parent) = disk::blocked_by(root, &change.path) {
            let ours = going.contains(parent.as_path());
            return Ok(match (no_file(to), ours) {
                (true, _) => Verdict::Done,
                (false, true) => Verdict::Redo,
                (false, false) => Verdict::Person,
            });
        }
        Ok(match disk::lies(&root.join(&change.path)) {
            Lies::Nothing | Lies::Folder if no_file(to) => Verdict::Done,
            Lies::Nothing => Verdict::Redo,
            Lies::Folder if disk::contents(root, &change.path, going).is_empty() => Verdict::Redo,
            Lies::Folder => Verdict::Person,
            Lies::Something => self.file(&root.join(&change.path), change, aim, to, from)?,
        })
    }

    fn file(
        &self,
        path: &Path,
        change: &Change,
        aim: Aim,
        to: Option<&Held>,
        from: Option<&Held>,
    ) -> io::Result<Verdict> {
        let (to_dir, from_dir) = match aim {
            Aim::New => (&self.new, &self.old),
            Aim::Old => (&self.old, &self.new),
        };
        let like = |side: Option<&Held>, dir: &Path| match side {
            Some(held) if held.mode != GITLINK => {
                disk::compare(path, &dir.join(&change.path), self.exec_counts)
            }
            _ => Ok(Likeness::Other),
        };
        let (with_to, with_from) = (like(to, to_dir)?, like(from, from_dir)?);
        // The new side is always the one that was being written; the old side only while an
        // earlier recovery went back.
        let cut =
            with_to == Likeness::Beginning || (aim == Aim::Old && with_from == Likeness::Beginning);
        Ok(match (with_to, with_from) {
            (Likeness::Same, _) => Verdict::Done,
            (_, Likeness::Same) => Verdict::Redo,
            _ if cut => Verdict::Cut,
            _ => Verdict::Person,
        })
    }
}

/// Where a file takes the place of a folder or the other way round, one edit keeps all of it.
fn spread(changes: &[Change], verdicts: &mut [Verdict]) {
    let kept: Vec<&Path> = changes
        .iter()
        .zip(verdicts.iter())
        .filter(|(_, verdict)| **verdict == Verdict::Person)
        .map(|(change, _)| change.path.as_path())
        .collect();
    for (change, verdict) in changes.iter().zip(verdicts.iter_mut()) {
        let near = |other: &&Path| {
            let path = change.path.as_path();
            *path != **other && (path.starts_with(other) || other.starts_with(path))
        };
        if matches!(verdict, Verdict::Redo | Verdict::Cut) && kept.iter().any(near) {
            *verdict = Verdict::Person;
        }
    }
}

/// Writes one end's files into a folder of their own.
fn write_out<'a>(
    at: Checkout<'_>,
    dir: &Path,
    commit: &Oid,
    sides: impl Iterator<Item = (&'a Change, Option<&'a Held>)>,
) -> Result<(), LandError> {
    clear(dir)?;
    fs::create_dir_all(dir).map_err(LandError::file("make", dir))?;
    let mut list = Vec::new();
    for (change, held) in sides {
        if held.is_some_and(|held| held.mode != GITLINK) {
            list.extend_from_slice(change.path.as_os_str().as_bytes());
            list.push(0);
        }
    }
    let tree = Tree { path: dir.to_owned(), git_dir: at.tree.git_dir.clone() };
    let at = Checkout { tree: &tree, ..at };
    let index = IndexCopy::empty(dir.with_extension("index"))?;
    index.read(at, commit)?;
    let whole = ["-c", "core.sparseCheckout=false", "checkout-index", "-f", "-z", "--stdin"];
    at.calls.succeed(index.git(at, whole).stdin(list))?;
    super::entry::remove(index.path())
}

fn clear(dir: &Path) -> Result<(), LandError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(LandError::file("remove", dir)(error))
        }
        _ => Ok(()),
    }
}
