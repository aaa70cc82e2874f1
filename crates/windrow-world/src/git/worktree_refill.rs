//! Making a worktree out of kept work, in place, so that a killed call is finished by the next one.
//!
//! From its registration to its end the tree is marked, and its HEAD stands at a commit that is
//! nobody's work. Invariant: nothing that a person put into a half-made tree is overwritten or
//! becomes unreachable; what was restored into it already is not written twice.

use std::fs;
use std::path::{Path, PathBuf};

use super::repo::{GitError, Oid, Tree};
use super::seal;
use super::worktree::{WorktreeError, Worktrees, holds_files, short};
use super::worktree_lock::Held;
use super::worktree_registry::{self as registry, Head, MAKING, file_error, is_there};
use crate::crash;

/// How the mark of a tree begins into which kept work is being restored.
const RESTORE: &str = "restore\n";

/// The mark once the index is the captured one, so that what a person staged since stays staged.
const INDEXED: &str = "restore\nindexed\n";

/// The file beside an index that keeps one which was there before the captured one.
const OTHER_INDEX: &str = "index.windrow-found";

/// A tree that is to be made out of kept work.
#[derive(Debug)]
pub(super) struct Refilling<'a> {
    /// Where.
    pub(super) path: &'a Path,
    /// A commit at which the registration can start.
    pub(super) any: &'a Oid,
    /// Where a branch is to be; nothing for one without a commit.
    pub(super) base: Option<&'a Oid>,
    /// The HEAD in the end.
    pub(super) head: &'a Head,
}

/// A half-made tree under its lock, and what git does in it.
#[derive(Debug)]
pub(super) struct Half<'a> {
    pub(super) tree: &'a Tree,
    /// Git children that change the tree run through this: the next call waits for orphans.
    pub(super) alone: &'a Held,
}

impl Half<'_> {
    /// Whether the captured index is in place.
    pub(super) fn is_indexed(&self) -> bool {
        fs::read(self.tree.git_dir.join(MAKING)).is_ok_and(|mark| mark == INDEXED.as_bytes())
    }

    /// Puts an index in place by `write`; another one that is there is moved beside it first.
    pub(super) fn index(
        &self,
        write: impl FnOnce(&Path) -> Result<(), GitError>,
    ) -> Result<(), GitError> {
        if self.is_indexed() {
            return Ok(());
        }
        let (index, made) =
            (self.tree.git_dir.join("index"), self.tree.git_dir.join("index.windrow-made"));
        registry::remove_if_there(&made).map_err(file_error("remove", &made))?;
        write(&made)?;
        let same = || Some(fs::read(&index).ok()? == fs::read(&made).ok()?);
        if is_there(&index) && same() != Some(true) {
            let found = self.tree.git_dir.join(OTHER_INDEX);
            fs::rename(&index, &found).map_err(file_error("keep", &found))?;
        }
        fs::rename(&made, &index).map_err(file_error("write", &index))?;
        super::restore_files::step();
        registry::replace(&self.tree.git_dir.join(MAKING), INDEXED.as_bytes())
    }
}

/// Whether kept work is on its way into `tree`.
pub(super) fn is_half_restored(tree: &Tree) -> bool {
    fs::read(tree.git_dir.join(MAKING)).is_ok_and(|mark| mark.starts_with(RESTORE.as_bytes()))
}

impl Worktrees {
    /// Makes an empty tree, has it filled, and gives it its HEAD; returns what `fill` says.
    ///
    /// A killed call is recognised by its mark, or by the HEAD that only it sets, and goes on. For
    /// one that had come to its end, `fill` is not called and the tree is returned untouched.
    pub(super) fn refill<T>(
        &self,
        to: &Refilling<'_>,
        fill: impl FnOnce(&Half<'_>) -> Result<T, WorktreeError>,
    ) -> Result<(Tree, Option<T>), WorktreeError> {
        let path = self.inside(to.path)?;
        let alone = self.lock_tree(&path)?;
        let tree = {
            let list = self.lock_list()?;
            match registry::find(&self.repo, &path)? {
                Some(tree) if is_done(&tree, to.head) => {
                    let marker = tree.git_dir.join(MAKING);
                    registry::remove_if_there(&marker).map_err(file_error("remove", &marker))?;
                    return Ok((tree, None));
                }
                Some(tree) if is_ours(&tree, to.any)? => tree,
                Some(tree) => return Err(WorktreeError::PathTaken { path: tree.path }),
                None => self.add(&list, &path, &Head::Detached(to.any.clone()), to.any)?,
            }
        };
        let marker = tree.git_dir.join(MAKING);
        if !is_half_restored(&tree) {
            registry::replace(&marker, RESTORE.as_bytes())?;
        }
        crash::point("restore", "marked");
        fs::create_dir_all(&tree.path).map_err(file_error("make", &tree.path))?;
        registry::relink(&self.repo, &tree)?;
        registry::unlock(&tree)?;
        // Whoever held it was killed: its git children would hold the lock of the tree.
        let lock = tree.git_dir.join("index.lock");
        registry::remove_if_there(&lock).map_err(file_error("remove", &lock))?;
        let filled = fill(&Half { tree: &tree, alone: &alone })?;
        crash::point("restore", "filled");
        self.finish(to, &tree)?;
        crash::point("restore", "headed");
        fs::remove_file(&marker).map_err(file_error("remove", &marker))?;
        Ok((tree, Some(filled)))
    }

    /// Gives a filled tree its HEAD.
    fn finish(&self, to: &Refilling<'_>, tree: &Tree) -> Result<(), WorktreeError> {
        let _list = self.lock_list()?;
        self.keep_commits(to, tree)?;
        match (to.base, to.head) {
            (Some(base), head) => self.make_branch(head, base, &tree.path)?,
            (None, Head::Branch(name)) => {
                if let Some(at) = self.repo.ref_value(name)? {
                    let branch = short(name).to_owned();
                    return Err(WorktreeError::BranchExists { branch, at });
                }
            }
            (None, Head::Detached(_)) => {}
        }
        super::restore_files::step();
        registry::set_head(tree, to.head)?;
        super::restore_files::step();
        Ok(())
    }

    /// Gives commits that somebody made in the half-made tree a branch, before HEAD leaves them.
    fn keep_commits(&self, to: &Refilling<'_>, tree: &Tree) -> Result<(), WorktreeError> {
        let Ok(Head::Detached(at)) = registry::head(tree) else { return Ok(()) };
        if at == *to.any {
            return Ok(());
        }
        let folder = tree.path.file_name().map(|name| name.to_string_lossy().into_owned());
        let folder = super::path_slug(&folder.unwrap_or_default());
        for n in 1_u32.. {
            let name = format!("refs/heads/windrow/found/{folder}-{n}");
            match self.repo.ref_value(&name)? {
                None => return Ok(seal::pin(&self.repo, &name, &at, None)?),
                Some(held) if held == at => return Ok(()),
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// Whether nothing but the mark of a restore may be left to do.
fn is_done(tree: &Tree, head: &Head) -> bool {
    is_there(&tree.git_dir.join("index")) && registry::head(tree).is_ok_and(|at| at == *head)
}

/// Whether a killed restore of the same work made `tree`, or nobody has been in it yet.
fn is_ours(tree: &Tree, any: &Oid) -> Result<bool, GitError> {
    let started = registry::head(tree).is_ok_and(|head| head == Head::Detached(any.clone()));
    let empty = !is_there(&tree.git_dir.join("index")) && !holds_files(&tree.path)?;
    Ok(is_half_restored(tree) || started || empty)
}

/// What was to come back and is not in a tree, for a restore that was finished before.
pub(super) fn missing_in(tree: &Tree, items: &[super::capture_meta::TrashItem]) -> Vec<PathBuf> {
    let gone = items.iter().filter(|item| !is_there(&item.home(tree)));
    gone.map(|item| super::capture_meta::as_path(&item.path)).collect()
}
