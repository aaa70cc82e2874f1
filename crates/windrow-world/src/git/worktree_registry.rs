//! What the repository knows of its worktrees, and mending it where it was cut short or rewritten.
//!
//! A worktree's registration is the folder `<common>/worktrees/<id>`. A worker can rewrite both
//! ends of the link between it and the work tree; [`relink`] writes them anew from what windrow
//! knows. Registrations are found by their own files, never by asking the work tree.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::repo::{GitError, Oid, Repo, Tree};

/// What a worktree's HEAD says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// On a branch, by its full ref name; the branch need not exist yet.
    Branch(String),
    /// Directly at a commit.
    Detached(Oid),
}

impl Head {
    /// The content of the file.
    fn text(&self) -> String {
        match self {
            Self::Branch(name) => format!("ref: {name}\n"),
            Self::Detached(oid) => format!("{oid}\n"),
        }
    }
}

/// The file in a registration that marks a tree windrow is making, resetting or removing: while it
/// is there, nobody's work is in the tree.
pub(super) const MAKING: &str = "windrow-making";

/// The file in a registration that marks a tree which was reset, and says to which commit.
pub(super) const WARM: &str = "windrow-warm";

/// The file in a registration that keeps the print of a tree which was reset.
pub(super) const PRINT: &str = "windrow-print";

/// What that mark says while a tree is being removed: until its folder is gone, nothing in it changed.
pub(super) const REMOVING: &str = "remove\n";

/// Whether a tree is half made or half reset.
pub(super) fn is_half_made(tree: &Tree) -> bool {
    let marker = tree.git_dir.join(MAKING);
    is_there(&marker) && !fs::read(marker).is_ok_and(|mark| mark == REMOVING.as_bytes())
}

/// Whether a tree was reset and its HEAD still is where it was put: whoever committed there since
/// has work in it, however clean it looks.
pub(super) fn rests(tree: &Tree) -> bool {
    let marked = fs::read_to_string(tree.git_dir.join(WARM));
    match (marked, head(tree)) {
        (Ok(marked), Ok(Head::Detached(at))) => marked == at.as_str() && !is_half_made(tree),
        _ => false,
    }
}

pub(super) fn file_error<'a>(
    act: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> GitError + 'a {
    move |source| GitError::File { act, path: path.to_owned(), source }
}

/// Replaces a file by writing beside it and renaming; a symlink of that name is replaced, too.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), GitError> {
    put_in_place(path, bytes, true)
}

/// The same for a mark: whole at every instant, and not flushed.
///
/// A mark that a power loss takes is missed in the safe direction: what it allowed to be taken for
/// nobody's work is then captured.
pub(super) fn mark(path: &Path, bytes: &[u8]) -> Result<(), GitError> {
    put_in_place(path, bytes, false)
}

fn put_in_place(path: &Path, bytes: &[u8], flush: bool) -> Result<(), GitError> {
    let mut name = path.file_name().unwrap_or(OsStr::new("file")).to_owned();
    name.push(".windrow-new");
    let beside = path.with_file_name(name);
    let write = || {
        remove_if_there(&beside)?;
        let mut file = fs::File::options().write(true).create_new(true).open(&beside)?;
        file.write_all(bytes)?;
        if flush {
            file.sync_all()?;
        }
        fs::rename(&beside, path)
    };
    write().map_err(file_error("write", path))
}

pub(super) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Tells whether something, even a dangling symlink, is at `path`.
pub(super) fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Reads a worktree's HEAD without asking git.
pub(super) fn head(tree: &Tree) -> Result<Head, GitError> {
    let path = tree.git_dir.join("HEAD");
    let text = fs::read_to_string(&path).map_err(file_error("read", &path))?;
    match text.strip_prefix("ref:") {
        Some(name) => Ok(Head::Branch(name.trim().to_owned())),
        None => Oid::parse(&text).map(Head::Detached),
    }
}

/// Points a worktree's HEAD at a branch or a commit, durably; nothing else moves.
pub(super) fn set_head(tree: &Tree, head: &Head) -> Result<(), GitError> {
    replace(&tree.git_dir.join("HEAD"), head.text().as_bytes())
}

/// The same for a tree in which nobody worked yet. As little flushed as its files: a HEAD that a
/// power loss took is mended.
pub(super) fn set_first_head(tree: &Tree, head: &Head) -> Result<(), GitError> {
    mark(&tree.git_dir.join("HEAD"), head.text().as_bytes())
}

/// Finds the registration whose work tree is at `path`.
pub(super) fn find(repo: &Repo, path: &Path) -> Result<Option<Tree>, GitError> {
    let folder = repo.common_dir().join("worktrees");
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(file_error("list", &folder))?,
    };
    for entry in entries {
        let git_dir = entry.map_err(file_error("list", &folder))?.path();
        if registered_path(&git_dir).is_some_and(|registered| same_path(&registered, path)) {
            return Ok(Some(Tree { path: path.to_owned(), git_dir }));
        }
    }
    Ok(moved_here(&folder, path))
}

/// A tree that a killed call moved to `path` before it could write that down.
fn moved_here(home: &Path, path: &Path) -> Option<Tree> {
    let link = fs::read(path.join(".git")).ok()?;
    let git_dir = link.strip_prefix(b"gitdir: ")?.strip_suffix(b"\n")?;
    let git_dir = PathBuf::from(OsStr::from_bytes(git_dir));
    let tree = Tree { path: path.to_owned(), git_dir };
    let was = registered_path(&tree.git_dir)?;
    let lost = tree.git_dir.parent() == Some(home) && is_half_made(&tree) && !is_there(&was);
    lost.then_some(tree)
}

/// The work tree that a registration names; nothing for one that was cut short.
pub(super) fn registered_path(git_dir: &Path) -> Option<PathBuf> {
    let mut bytes = fs::read(git_dir.join("gitdir")).ok()?;
    while bytes.last().is_some_and(u8::is_ascii_whitespace) {
        bytes.pop();
    }
    let link = git_dir.join(PathBuf::from(OsString::from_vec(bytes)));
    link.parent().map(Path::to_owned)
}

fn same_path(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| {
        let parent = path.parent()?.canonicalize().ok()?;
        Some(parent.join(path.file_name()?))
    };
    one == other || whole(one).is_some_and(|one| whole(other) == Some(one))
}

/// Writes both ends of the link between a work tree and its registration anew.
///
/// # Errors
/// [`GitError::Answer`] when the registration is not one of this repository, and a file error when
/// the work tree is not a real folder or its `.git` is one.
pub(super) fn relink(repo: &Repo, tree: &Tree) -> Result<(), GitError> {
    let home = repo.common_dir().join("worktrees");
    let real_dir = |path: &Path| path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
    if tree.git_dir.parent() != Some(&home) || !real_dir(&tree.git_dir) {
        let text = tree.git_dir.display().to_string();
        return Err(GitError::Answer { what: "worktree registration", text });
    }
    if !real_dir(&tree.path) {
        let source = io::Error::from(io::ErrorKind::NotADirectory);
        return Err(file_error("use the worktree", &tree.path)(source));
    }
    let link = tree.path.join(".git");
    let back = [b"gitdir: ", tree.git_dir.as_os_str().as_bytes(), b"\n"].concat();
    put(&link, &back)?;
    put(&tree.git_dir.join("gitdir"), &[link.as_os_str().as_bytes(), b"\n"].concat())?;
    put(&tree.git_dir.join("commondir"), b"../..\n")?;
    let foreign = tree.git_dir.join("config.worktree");
    remove_if_there(&foreign).map_err(file_error("remove", &foreign))
}

/// Writes a small file unless it is a regular one that holds just these bytes.
fn put(path: &Path, bytes: &[u8]) -> Result<(), GitError> {
    let plain = path.symlink_metadata().is_ok_and(|meta| meta.is_file());
    if plain && fs::read(path).is_ok_and(|held| held == bytes) {
        return Ok(());
    }
    replace(path, bytes)
}

/// Takes away a lock that `git worktree lock`, or a killed `git worktree add`, left.
pub(super) fn unlock(tree: &Tree) -> Result<(), GitError> {
    let locked = tree.git_dir.join("locked");
    remove_if_there(&locked).map_err(file_error("unlock", &locked))
}

/// Removes registrations that a killed `git worktree add` for a folder of this name left before it
/// wrote down which folder they are for.
pub(super) fn sweep_cut_short(repo: &Repo, path: &Path) -> Result<(), GitError> {
    let Some(name) = path.file_name() else { return Ok(()) };
    let git_dir = repo.common_dir().join("worktrees").join(name);
    let started =
        fs::read(git_dir.join("locked")).is_ok_and(|why| why.starts_with(b"initializing"));
    if started && registered_path(&git_dir).is_none() && !is_there(&git_dir.join("index")) {
        fs::remove_dir_all(&git_dir).map_err(file_error("remove", &git_dir))?;
    }
    Ok(())
}
