//! Whether a move would touch anything the person did, path by path, before anything is touched.
//!
//! Git's own check is the last word but not the only one: it overwrites ignored files, brings back
//! files the person deleted, and does not say why it refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::calls::Checkout;
use super::changes::{Change, GITLINK, Held};
use super::disk::{self, Lies};
use super::index_file::{Entries, Entry, IndexCopy};
use super::{InTheWay, LandError, Why};
use crate::git::Oid;

/// How many paths one command line names.
const AT_ONCE: usize = 200;

/// A move that is to be checked.
pub(super) struct Check<'a> {
    at: Checkout<'a>,
    copy: &'a IndexCopy,
    changes: &'a [Change],
    /// Paths that the move removes, as the disk spells them.
    removed: BTreeSet<&'a Path>,
    /// The same in small letters, on a file system that does not tell letters apart.
    folded: BTreeSet<String>,
}

impl<'a> Check<'a> {
    pub(super) fn new(
        at: Checkout<'a>,
        copy: &'a IndexCopy,
        changes: &'a [Change],
    ) -> Result<Self, LandError> {
        let gone = |change: &&Change| change.new.is_none();
        let removed: BTreeSet<&Path> =
            changes.iter().filter(gone).map(|change| change.path.as_path()).collect();
        // Letters matter only where something goes away.
        let folds = !removed.is_empty() && at.repo.is_set("core.ignoreCase")?;
        let folded =
            if folds { removed.iter().map(|path| fold(path)).collect() } else { BTreeSet::new() };
        Ok(Self { at, copy, changes, removed, folded })
    }

    /// Everything in the way of the move, ordered by path; `entries` are those of the copied index,
    /// which is refreshed where that is needed.
    pub(super) fn in_the_way(&self, entries: &Entries) -> Result<Vec<InTheWay>, LandError> {
        let mut differing = self.differing()?;
        if self.changes.iter().any(|change| differing.contains_key(&change.path)) {
            // Some may only have been touched. What the move leaves alone may differ as it likes.
            self.copy.refresh(self.at)?;
            differing = self.differing()?;
        }
        let mut found = BTreeSet::new();
        for (path, entry) in entries {
            if entry.unmerged {
                found.insert(InTheWay { path: path.clone(), why: Why::Unmerged });
            }
        }
        for change in self.changes {
            let entry = entries.get(&change.path);
            if let Some(why) = self.tracked(change, entry, differing.get(&change.path))? {
                found.insert(InTheWay { path: change.path.clone(), why });
            }
        }
        let mut found: Vec<_> = found.into_iter().collect();
        found.extend(self.name_untracked(self.untracked(entries))?);
        // A file that left the index and still lies there is named once, as staged.
        found.sort();
        found.dedup_by(|one, two| one.path == two.path);
        Ok(found)
    }

    /// Files that no index knows and that lie where the move puts something.
    pub(super) fn untracked(&self, entries: &Entries) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        for change in self.changes {
            let Some(new) = &change.new else { continue };
            let entry = entries.get(&change.path);
            let is_file = |held: &Held| held.mode != GITLINK;
            if entry.is_some_and(|entry| is_file(&entry.held) || !is_file(new)) {
                continue;
            }
            found.extend(self.blockers(&change.path));
        }
        found.retain(|path| !entries.contains_key(path) || !self.removed.contains(path.as_path()));
        found
    }

    fn blockers(&self, path: &Path) -> Vec<PathBuf> {
        let root = &self.at.tree.path;
        if let Some(parent) = disk::blocked_by(root, path) {
            return if self.goes_away(&parent) { Vec::new() } else { vec![parent] };
        }
        match disk::lies(&root.join(path)) {
            Lies::Nothing => Vec::new(),
            Lies::Folder => disk::contents(root, path, &self.removed),
            Lies::Something if self.goes_away(path) => Vec::new(),
            Lies::Something => vec![path.to_owned()],
        }
    }

    fn goes_away(&self, path: &Path) -> bool {
        self.removed.contains(path) || self.folded.contains(&fold(path))
    }

    /// What the person did with a tracked path that changes.
    fn tracked(
        &self,
        change: &Change,
        entry: Option<&Entry>,
        differs: Option<&u8>,
    ) -> Result<Option<Why>, LandError> {
        let Some(entry) = entry else {
            let staged_deletion = change.old.is_some() && change.new.is_some();
            return Ok(staged_deletion.then_some(Why::Staged));
        };
        if entry.unmerged || Some(&entry.held) == change.new.as_ref() {
            // Unmerged entries are named as such; what the person staged already is what comes.
            return Ok(None);
        }
        if Some(&entry.held) != change.old.as_ref() {
            let announced = differs == Some(&b'A');
            return Ok(Some(if announced { Why::IntentToAdd } else { Why::Staged }));
        }
        if entry.held.mode == GITLINK {
            return Ok(None);
        }
        if entry.skip_worktree || entry.assume_unchanged {
            return Ok(self.flagged(change, entry)?.then_some(Why::Flagged));
        }
        Ok(match differs {
            None => None,
            Some(b'D') => change.new.is_some().then_some(Why::Deleted),
            Some(_) => Some(Why::Edited),
        })
    }

    /// Whether a file that git was told not to look at is not what the index says.
    fn flagged(&self, change: &Change, entry: &Entry) -> Result<bool, LandError> {
        let path = self.at.tree.path.join(&change.path);
        match disk::lies(&path) {
            // Left out by a sparse checkout, which git knows how to keep so.
            Lies::Nothing => return Ok(!entry.skip_worktree && change.new.is_some()),
            Lies::Folder => return Ok(true),
            Lies::Something => {}
        }
        if path.is_symlink() {
            return Ok(true);
        }
        let mut option = std::ffi::OsString::from("--path=");
        option.push(&change.path);
        let call = self.copy.git(self.at, ["hash-object"]).arg(option).arg("--").arg(&change.path);
        let done = self.at.calls.run(call)?;
        let same = String::from_utf8_lossy(&done.stdout).trim() == entry.held.oid.as_str();
        Ok(!(done.status.success() && same))
    }

    /// Tracked paths whose file is not what the index says, with git's letter for how.
    fn differing(&self) -> Result<BTreeMap<PathBuf, u8>, LandError> {
        let listing = self.at.calls.succeed(
            self.copy.git(self.at, ["diff-files", "--raw", "-z", "--ignore-submodules=all"]),
        )?;
        let mut fields = listing.split(|byte| *byte == 0);
        let mut found = BTreeMap::new();
        while let (Some(meta), Some(path)) = (fields.next(), fields.next()) {
            let letter = meta.last().copied().unwrap_or(b'M');
            found.insert(PathBuf::from(OsStr::from_bytes(path)), letter);
        }
        Ok(found)
    }

    /// Tells ignored files from merely untracked ones.
    fn name_untracked(&self, paths: BTreeSet<PathBuf>) -> Result<Vec<InTheWay>, LandError> {
        let paths: Vec<PathBuf> = paths.into_iter().collect();
        let mut ignored = BTreeSet::new();
        for some in paths.chunks(AT_ONCE) {
            let args = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--"];
            let listing = self.at.calls.succeed(self.copy.git(self.at, args).args(some))?;
            let names = listing.split(|byte| *byte == 0);
            ignored.extend(names.map(|name| PathBuf::from(OsStr::from_bytes(name))));
        }
        let why = |path: &PathBuf| {
            if ignored.contains(path) { Why::Ignored } else { Why::Untracked }
        };
        Ok(paths.into_iter().map(|path| InTheWay { why: why(&path), path }).collect())
    }

    /// Git's own verdict on the move from `old` to `new`, from a dry run on the copy.
    pub(super) fn refused(&self, old: &Oid, new: &Oid) -> Result<Option<InTheWay>, LandError> {
        let args = ["read-tree", "-n", "-m", "-u", "--no-recurse-submodules"];
        let call = self.copy.git(self.at, args).args([old.as_str(), new.as_str()]);
        let done = self.at.calls.run(call)?;
        if done.status.success() {
            return Ok(None);
        }
        let path = PathBuf::from(done.stderr.split('\'').nth(1).unwrap_or_default());
        Ok(Some(InTheWay { path, why: Why::Refused(done.stderr) }))
    }
}

fn fold(path: &Path) -> String {
    path.to_string_lossy().to_lowercase()
}
