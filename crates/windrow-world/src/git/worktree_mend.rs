//! Putting a worktree's registration together again, so that what is in its folder can be captured.
//!
//! A worker, or whoever cleans up beside it, may remove or break the folder, the link file or the
//! registration. What cannot be read is moved aside and never thrown away; what stands in its place
//! comes from what windrow recorded. Invariant: no file of the folder is touched but its link.

use std::fs;
use std::io;
use std::path::Path;

use super::capture::never_filled;
use super::repo::{GitError, Oid, Repo, Tree};
use super::worktree_registry::{self as registry, Head, MAKING, file_error, is_there};

/// What was found broken in a worktree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Broken {
    /// The folder is gone; its files are lost, its commits are not.
    Folder,
    /// The link file `.git` was missing or led elsewhere.
    Link,
    /// The registration in the repository was gone.
    Registration,
    /// HEAD could not be read.
    Head,
    /// The index could not be read.
    Index,
}

impl Broken {
    /// What was found, for a person to read.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Folder => "its folder was removed",
            Self::Link => "its `.git` file was removed or led elsewhere",
            Self::Registration => "the repository had lost its registration",
            Self::Head => "its HEAD could not be read",
            Self::Index => "its index could not be read",
        }
    }
}

/// Mends what is broken in `tree`, which was on `branch` (a full ref name) from `base` on; returns
/// what was.
///
/// A HEAD that cannot be read is put on the branch, or at `base` where there is no such branch; an
/// index that cannot be read becomes that of HEAD. Nobody may be working in the tree.
///
/// # Errors
/// Something cannot be mended; nothing is lost.
pub fn mend(repo: &Repo, tree: &Tree, branch: &str, base: &Oid) -> Result<Vec<Broken>, GitError> {
    let mut broken = Vec::new();
    if is_there(&tree.git_dir.join(MAKING)) || never_filled(tree)? {
        return Ok(broken);
    }
    let folder = tree.path.is_dir();
    if !folder {
        broken.push(Broken::Folder);
    }
    if !is_there(&tree.git_dir) {
        let all = repo.common_dir().join("worktrees");
        if tree.git_dir.parent() != Some(&all) {
            return Ok(broken);
        }
        // A repository that was moved away is not made anew.
        for folder in [&all, &tree.git_dir] {
            match fs::create_dir(folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made.map_err(file_error("make", folder))?,
            }
        }
        broken.push(Broken::Registration);
    }
    let link = [b"gitdir: ", tree.git_dir.as_os_str().as_encoded_bytes()].concat();
    let linked = fs::read(tree.path.join(".git")).is_ok_and(|held| held.trim_ascii_end() == link);
    if folder && !linked {
        broken.push(Broken::Link);
    }
    if !is_readable(repo, tree) {
        let head = tree.git_dir.join("HEAD");
        broken.extend(aside(&head)?.then_some(Broken::Head));
        let name = branch.to_owned();
        let on = !branch.is_empty() && repo.commit(branch)?.is_some();
        let to = if on { Head::Branch(name) } else { Head::Detached(base.clone()) };
        registry::set_head(tree, &to)?;
    }
    mend_index(repo, tree, &mut broken)?;
    if folder && !is_nested(&tree.path) {
        registry::relink(repo, tree)?;
    }
    Ok(broken)
}

/// Whether HEAD names a branch, with a commit or not, or a commit that is there.
fn is_readable(repo: &Repo, tree: &Tree) -> bool {
    match registry::head(tree) {
        Ok(Head::Branch(name)) => name.starts_with("refs/") && !name.contains(char::is_whitespace),
        Ok(Head::Detached(at)) => repo.commit(at.as_str()).is_ok_and(|found| found.is_some()),
        Err(_) => false,
    }
}

fn mend_index(repo: &Repo, tree: &Tree, broken: &mut Vec<Broken>) -> Result<(), GitError> {
    let index = tree.git_dir.join("index");
    // Asked without the folder: it may be gone.
    let bare = Tree { path: tree.git_dir.clone(), git_dir: tree.git_dir.clone() };
    let call = |args: &[&str]| repo.git_in(&bare, args).env("GIT_INDEX_FILE", &index);
    let whole = is_there(&index) && call(&["ls-files", "--stage"]).success().is_ok();
    if whole {
        return Ok(());
    }
    if aside(&index)? || !broken.contains(&Broken::Registration) {
        broken.push(Broken::Index);
    }
    let head = super::seal::head(repo, tree)?;
    match head {
        Some(head) => call(&["read-tree", head.as_str()]).success()?,
        None => call(&["read-tree", "--empty"]).success()?,
    };
    Ok(())
}

/// Moves a file that cannot be read out of the way; whether there was one.
fn aside(path: &Path) -> Result<bool, GitError> {
    if !is_there(path) {
        return Ok(false);
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".windrow-broken");
    let to = path.with_file_name(name);
    fs::rename(path, &to).map_err(file_error("move aside", path))?;
    Ok(true)
}

/// Whether the folder has a repository of its own where the link should be; a capture keeps that.
fn is_nested(path: &Path) -> bool {
    path.join(".git").symlink_metadata().is_ok_and(|meta| meta.is_dir())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, git, put};
    use super::super::{CaptureSpec, Captured, capture, restore};
    use super::*;

    const NAME: &str = "refs/windrow/kept/s/1";

    /// A tree with a commit, a change, and a new file.
    fn worked(fx: &Fixture) -> Tree {
        let tree = fx.create("toast");
        put(&tree.path.join("a.txt"), "committed\n");
        git(&tree.path, ["commit", "-qam", "mine"]);
        put(&tree.path.join("b.txt"), "changed\n");
        put(&tree.path.join("new"), "new\n");
        tree
    }

    /// Breaks a tree, mends it, captures it, brings it back; what was broken and what came back.
    #[track_caller]
    fn check(fx: &Fixture, spoil: impl Fn(&Tree), expected: &[Broken], comes_back: bool) {
        let tree = worked(fx);
        spoil(&tree);
        let branch = "refs/heads/windrow/toast";
        assert_eq!(mend(&fx.repo, &tree, branch, &fx.base).unwrap(), expected);
        let trash = fx.beside("trash");
        let spec = CaptureSpec {
            name: NAME,
            safe: &["refs/heads/main".to_owned()],
            precious: &[],
            trash: &trash,
            trash_limit: 1 << 20,
            blob_limit: 1 << 20,
            when: 1,
        };
        let kept = capture(&fx.repo, &tree, &spec).unwrap();
        let Captured::Kept { saved, .. } = kept else { panic!("{kept:?}") };
        let again = capture(&fx.repo, &tree, &spec).unwrap();
        assert!(matches!(again, Captured::Kept { .. }), "{again:?}");
        fx.worktrees.remove(&tree, &saved).unwrap();
        let back = restore(&fx.worktrees, NAME, &trash, &fx.path("back"), "windrow/back").unwrap();
        let text = |name: &str| fs::read_to_string(back.tree.path.join(name)).unwrap_or_default();
        assert_eq!(text("a.txt"), "committed\n");
        assert_eq!(text("b.txt"), if comes_back { "changed\n" } else { "b\n" });
        assert_eq!(text("new"), if comes_back { "new\n" } else { "" });
        assert_eq!(git(&back.tree.path, ["log", "-1", "--format=%s"]), "mine");
    }

    #[test]
    fn a_whole_tree_is_left_alone() {
        check(&Fixture::new(), |_| {}, &[], true);
    }

    #[test]
    fn a_link_that_is_gone_or_broken_is_written_anew() {
        let gone = |tree: &Tree| fs::remove_file(tree.path.join(".git")).unwrap();
        check(&Fixture::new(), gone, &[Broken::Link], true);
        let broken = |tree: &Tree| put(&tree.path.join(".git"), "gitdir: /nowhere\n");
        check(&Fixture::new(), broken, &[Broken::Link], true);
    }

    #[test]
    fn a_registration_that_is_gone_is_made_anew() {
        let gone = |tree: &Tree| fs::remove_dir_all(&tree.git_dir).unwrap();
        check(&Fixture::new(), gone, &[Broken::Registration], true);
    }

    #[test]
    fn head_and_index_that_cannot_be_read_are_moved_aside() {
        let spoil = |tree: &Tree| {
            put(&tree.git_dir.join("HEAD"), "garbage\n");
            put(&tree.git_dir.join("index"), "garbage\n");
        };
        check(&Fixture::new(), spoil, &[Broken::Head, Broken::Index], true);
    }

    #[test]
    fn of_a_folder_that_is_gone_the_commits_are_kept() {
        let gone = |tree: &Tree| fs::remove_dir_all(&tree.path).unwrap();
        check(&Fixture::new(), gone, &[Broken::Folder], false);
        let all = |tree: &Tree| {
            fs::remove_dir_all(&tree.path).unwrap();
            fs::remove_dir_all(&tree.git_dir).unwrap();
        };
        check(&Fixture::new(), all, &[Broken::Folder, Broken::Registration], false);
    }
}
