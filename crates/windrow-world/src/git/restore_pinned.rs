//! Writing a commit that was pinned as it is into a new worktree, as git would check it out.

use std::path::PathBuf;

use super::capture_meta::as_path;
use super::capture_scan::on_disk;
use super::repo::{GitError, Oid, Repo};
use super::restore_files::{Found, judge, step};
use super::worktree::WorktreeError;
use super::worktree_refill::Half;
use super::worktree_registry::{self as registry, file_error};

/// Settings that make every file of a commit appear.
const WHOLE: [&str; 2] = ["-c", "core.sparseCheckout=false"];

/// Fills the tree; returns what is not there because somebody put something else in its place.
pub(super) fn fill(
    repo: &Repo,
    commit: &Oid,
    half: &Half<'_>,
) -> Result<Vec<PathBuf>, WorktreeError> {
    let tree = half.tree;
    half.index(|path| {
        let read = repo.git_in(tree, WHOLE).arg("read-tree").env("GIT_INDEX_FILE", path);
        half.alone.run(read.arg(commit.as_str())).map(drop)
    })?;
    check_out(repo, half)?;
    let (unfinished, foreign) = look(repo, half)?;
    if unfinished.is_empty() {
        return Ok(foreign);
    }
    for path in unfinished {
        step();
        // A git that was killed in the middle of a file left its beginning.
        let real = tree.path.join(path);
        registry::remove_if_there(&real).map_err(file_error("write", &real))?;
    }
    check_out(repo, half)?;
    let (unfinished, foreign) = look(repo, half)?;
    match unfinished.first() {
        None => Ok(foreign),
        Some(path) => {
            let text = path.display().to_string();
            Err(GitError::Answer { what: "checked out file", text }.into())
        }
    }
}

/// Judges every file that differs from the index: those to be written, and those of somebody else.
fn look(repo: &Repo, half: &Half<'_>) -> Result<(Vec<PathBuf>, Vec<PathBuf>), GitError> {
    let differ = ["diff-files", "--name-only", "--ignore-submodules=all", "-z"];
    let differ = repo.git_in(half.tree, differ).success()?;
    let (mut unfinished, mut foreign) = (Vec::new(), Vec::new());
    for path in differ.split(|byte| *byte == 0).filter(|path| !path.is_empty()) {
        let real = on_disk(&half.tree.path, path);
        let wanted = bytes_of(repo, half, path)?;
        let found = wanted.map(|(mode, bytes)| judge(&real, mode, &bytes));
        match found.transpose().map_err(file_error("read", &real))? {
            Some(Found::Unfinished) => unfinished.push(as_path(path)),
            Some(Found::Ours) => {}
            Some(Found::Foreign) | None => foreign.push(as_path(path)),
        }
    }
    Ok((unfinished, foreign))
}

/// Writes every file of the index that is not there.
fn check_out(repo: &Repo, half: &Half<'_>) -> Result<(), GitError> {
    let all = repo.git_in(half.tree, WHOLE).args(["checkout-index", "--all", "--index", "--quiet"]);
    // What is in the way of a file makes it fail after all others were written; it is judged then.
    match half.alone.run(all) {
        Err(GitError::Cmd(crate::cmd::CmdError::Failed { .. })) => Ok(()),
        done => done.map(drop),
    }
}

/// Mode and content, as git would write it, of a file of the index.
fn bytes_of(repo: &Repo, half: &Half<'_>, path: &[u8]) -> Result<Option<(u32, Vec<u8>)>, GitError> {
    use std::os::unix::ffi::OsStrExt as _;
    let name = std::ffi::OsStr::from_bytes(path);
    let stage = repo.git_in(half.tree, ["ls-files", "--stage", "-z", "--"]).arg(name).success()?;
    let text = String::from_utf8_lossy(&stage).into_owned();
    let mut words = text.split([' ', '\t']);
    let mode = words.next().and_then(|mode| u32::from_str_radix(mode, 8).ok());
    let (Some(mode), Some(oid)) = (mode, words.next()) else { return Ok(None) };
    let mut to = std::ffi::OsString::from("--path=");
    to.push(name);
    let bytes = if mode == 0o120_000 {
        repo.git_in(half.tree, ["cat-file", "blob", oid]).success()?
    } else {
        repo.git_in(half.tree, ["cat-file", "--filters"]).arg(to).arg(oid).success()?
    };
    Ok(Some((mode, bytes)))
}
