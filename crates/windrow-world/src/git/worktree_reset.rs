//! Resetting a finished tree until it equals a fresh one, using it again, and removing it.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::capture::Saved;
use super::capture_view::View;
use super::repo::{GitError, Oid, Tree};
use super::worktree::{WorktreeError, Worktrees};
use super::worktree_lock::Held;
use super::worktree_print as print;
use super::worktree_registry::{
    self as registry, Head, MAKING, PRINT, REMOVING, WARM, file_error, is_there,
};
use crate::cmd::beside;
use crate::crash;

/// What a fresh registration holds; everything else in it was left by whoever worked there.
const FRESH: &[&str] = &["HEAD", "commondir", "gitdir", "index", MAKING];

impl Worktrees {
    /// Brings a tree to the state of a fresh one, detached at `at`; declared caches stay.
    ///
    /// Whatever it held is gone afterwards, so the caller shows by `saved` that it is elsewhere.
    pub fn reset_warm(&self, tree: &Tree, saved: &Saved, at: &Oid) -> Result<(), WorktreeError> {
        let tree = &Tree { path: self.inside(&tree.path)?, git_dir: tree.git_dir.clone() };
        saved.require(tree)?;
        let alone = self.lock_tree(&tree.path)?;
        registry::mark(&tree.git_dir.join(MAKING), b"")?;
        crash::point("reset", "marked");
        registry::relink(&self.repo, tree)?;
        clear_registration(&tree.git_dir)?;
        crash::point("reset", "cleared");
        registry::set_first_head(tree, &Head::Detached(at.clone()))?;
        crash::point("reset", "detached");
        if !saved.seen.plain_index && self.index_is_flagged(tree)? {
            let index = tree.git_dir.join("index");
            registry::remove_if_there(&index).map_err(file_error("remove", &index))?;
        }
        let slot = self.slots.take();
        let reset = ["-c", "core.sparseCheckout=false", "-c", "core.trustctime=true"];
        let reset = self.repo.git_in(tree, reset).args(["read-tree", "--reset", "-u"]);
        alone.run_in(reset.arg(at.as_str()), tree)?;
        crash::point("reset", "filled");
        // An index that was thrown away knew files that nothing knows now, and what git could not
        // remove it only warns of.
        let known = saved.seen.tracked_only && saved.seen.plain_index;
        if !(known && alone.was_silent()) {
            let keep = self.caches.iter().map(|pattern| format!("--exclude={pattern}"));
            let which = if self.ignored_stay { "-ffdq" } else { "-ffdxq" };
            alone.run(self.repo.git_in(tree, ["clean", which]).args(keep))?;
        }
        drop(slot);
        crash::point("reset", "cleaned");
        if let Some(print) = print::take(tree) {
            registry::mark(&tree.git_dir.join(PRINT), print.as_bytes())?;
        }
        registry::mark(&tree.git_dir.join(WARM), at.as_str().as_bytes())?;
        crash::point("reset", "warm");
        let marker = tree.git_dir.join(MAKING);
        fs::remove_file(&marker).map_err(file_error("remove", &marker))?;
        Ok(())
    }

    /// Turns a warm tree into one at `path` on the new branch `branch` at `base`.
    ///
    /// # Errors
    /// [`WorktreeError::Unsaved`] when the tree is not a warm one or somebody worked in it since;
    /// the caller then makes a new one with [`Worktrees::create`].
    pub fn reuse(
        &self,
        tree: &Tree,
        path: &Path,
        branch: &str,
        base: &Oid,
    ) -> Result<Tree, WorktreeError> {
        let head = Head::Branch(format!("refs/heads/{branch}"));
        let (old, new) = (self.inside(&tree.path)?, self.inside(path)?);
        let tree = Tree { path: old.clone(), git_dir: tree.git_dir.clone() };
        let (alone, _old) = self.lock_both(&new, &old)?;
        let rested;
        {
            let _list = self.lock_list()?;
            // Looking at a large tree takes as long as git takes for a branch; neither needs the
            // other, and a branch that nobody uses in the end is taken by the next call.
            let (warm, branched) =
                beside(|| self.require_warm(&tree), || self.make_branch(&head, base, &old));
            rested = warm?;
            branched?;
            if old != new && is_there(&new) {
                return Err(WorktreeError::PathTaken { path: new });
            }
            registry::unlock(&tree)?;
            registry::mark(&tree.git_dir.join(MAKING), b"")?;
            crash::point("reuse", "marked");
            if old != new {
                // Like `git worktree move`; where it lies now is written down with its link. A call
                // that is killed in between is found again by `registry::find`.
                fs::rename(&old, &new).map_err(file_error("move", &old))?;
                crash::point("reuse", "moved");
            }
        }
        let tree = Tree { path: new, git_dir: tree.git_dir };
        self.check_out(&alone, &tree, &head, base, rested.as_ref())?;
        Ok(tree)
    }

    /// The locks of two trees, or of one; always taken in the order of their paths, so that no two
    /// callers wait for each other.
    fn lock_both(&self, one: &Path, other: &Path) -> Result<(Held, Option<Held>), GitError> {
        if one == other {
            return Ok((self.lock_tree(one)?, None));
        }
        if one < other {
            let first = self.lock_tree(one)?;
            return Ok((first, Some(self.lock_tree(other)?)));
        }
        let first = self.lock_tree(other)?;
        Ok((self.lock_tree(one)?, Some(first)))
    }

    /// Tells whether `tree` was reset and nobody has worked in it since; a folder that somebody took
    /// away afterwards holds nobody's work. One whose removal was cut short counts as well.
    #[must_use]
    pub fn is_warm(&self, tree: &Tree) -> bool {
        if is_there(&tree.path) {
            return self.require_warm(tree).is_ok();
        }
        registry::rests(tree)
    }

    /// The commit that every file in a warm tree and its index are at, if that is sure; git can tell
    /// only that none is worth keeping.
    fn require_warm(&self, tree: &Tree) -> Result<Option<Oid>, WorktreeError> {
        let unsaved = |why: &str| {
            Err(WorktreeError::Unsaved { path: tree.path.clone(), why: why.to_owned() })
        };
        if !is_there(&tree.git_dir.join(WARM)) || registry::is_half_made(tree) {
            return unsaved("it was not reset");
        }
        let Head::Detached(at) = registry::head(tree)? else {
            return unsaved("it is on a branch");
        };
        if !registry::rests(tree) {
            return unsaved("somebody committed in it");
        }
        let taken = fs::read_to_string(tree.git_dir.join(PRINT)).ok();
        if taken.is_some() && taken == print::now(tree) {
            return Ok(Some(at));
        }
        let view = View::of(&self.repo, tree)?;
        let refresh = ["update-index", "-q", "--refresh"];
        self.repo.git_in(&view.tree, refresh).output().map_err(GitError::from)?;
        let clean = ["diff-index", "--quiet", "--ignore-submodules=all", "HEAD"];
        let clean = self.repo.git_in(&view.tree, clean).output().map_err(GitError::from)?;
        if !clean.status.success() {
            return unsaved("tracked files in it were changed");
        }
        let keep = self.caches.iter().map(|pattern| format!("--exclude={pattern}"));
        let others = ["ls-files", "-o", "-z", "--exclude-standard"];
        let others = self.repo.git_in(&view.tree, others).args(keep);
        if others.success().map_err(GitError::from)?.is_empty() {
            Ok(None)
        } else {
            unsaved("there are new files in it")
        }
    }

    /// Removes a tree: its folder and its registration; branches stay.
    ///
    /// Called again after a kill, it finishes. Removing a tree that is gone is no error.
    pub fn remove(&self, tree: &Tree, saved: &Saved) -> Result<(), WorktreeError> {
        let path = self.inside(&tree.path)?;
        let tree = Tree { path, git_dir: tree.git_dir.clone() };
        saved.require(&tree)?;
        let _alone = self.lock_tree(&tree.path)?;
        let gone = aside(&tree.path);
        {
            let _list = self.lock_list()?;
            let home = self.repo.common_dir().join("worktrees");
            if tree.git_dir.parent() != Some(&home) {
                let text = tree.git_dir.display().to_string();
                return Err(GitError::Answer { what: "worktree registration", text }.into());
            }
            if is_there(&tree.git_dir) {
                registry::mark(&tree.git_dir.join(MAKING), REMOVING.as_bytes())?;
            }
            crash::point("remove", "marked");
            if is_there(&tree.path) {
                remove_all(&gone)?;
                fs::rename(&tree.path, &gone).map_err(file_error("move aside", &tree.path))?;
            }
            crash::point("remove", "aside");
            remove_all(&tree.git_dir)?;
            crash::point("remove", "unregistered");
        }
        Ok(remove_all(&gone)?)
    }

    /// Tells whether an index hides changes behind flags, or cannot be read at all.
    fn index_is_flagged(&self, tree: &Tree) -> Result<bool, GitError> {
        let done = self.repo.git_in(tree, ["ls-files", "-v", "-z"]).output()?;
        let flagged = |line: &[u8]| line.first().is_some_and(|tag| !matches!(tag, b'H' | b'M'));
        Ok(!done.status.success() || done.stdout.split(|byte| *byte == 0).any(flagged))
    }
}

/// How the folder of a tree that is being removed is called, before its own name.
const GONE: &str = ".gone-";

/// Removes folders of removed trees that a killed [`Worktrees::remove`] left.
pub(super) fn sweep_gone(root: &Path) {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().as_bytes().starts_with(GONE.as_bytes())) {
        // One that is removed by somebody else at this moment, or not at all, stops nobody.
        drop(remove_all(&entry.path()));
    }
}

fn aside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(GONE);
    name.push(path.file_name().unwrap_or_default());
    path.with_file_name(name)
}

fn clear_registration(git_dir: &Path) -> Result<(), GitError> {
    for entry in fs::read_dir(git_dir).map_err(file_error("list", git_dir))? {
        let entry = entry.map_err(file_error("list", git_dir))?;
        if !FRESH.iter().any(|name| entry.file_name() == *name) {
            remove_all(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a file or a folder with all it holds, read-only folders included; absence is fine.
pub(super) fn remove_all(path: &Path) -> Result<(), GitError> {
    let remove = || match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    let denied = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
    match remove() {
        Err(error) if denied(&error) => {
            open_up(path);
            remove().map_err(file_error("remove", path))
        }
        other => other.map_err(file_error("remove", path)),
    }
}

/// Makes every folder below `path` writable, as far as that is allowed.
fn open_up(path: &Path) {
    let _what_stays_shut_fails_the_removal =
        fs::set_permissions(path, fs::Permissions::from_mode(0o700));
    let Ok(entries) = fs::read_dir(path) else { return };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}
