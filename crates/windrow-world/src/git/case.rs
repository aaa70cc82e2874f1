//! Repositories in which case does not count: `README` and `readme` are one file.
//!
//! Git knows that as `core.ignoreCase`, set when a repository is made on such a file system. Like
//! git, only ASCII letters are taken for the same.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use super::repo::{GitError, Oid, Repo};

/// Whether case does not count in the repository.
///
/// # Errors
/// Git fails.
pub fn ignores_case(repo: &Repo) -> Result<bool, GitError> {
    let done = repo.git(["config", "--type=bool", "--get", "core.ignoreCase"]).output()?;
    Ok(done.stdout.starts_with(b"true"))
}

/// Paths that `new` has and `old` does not, each with another path of `new` that differs from it in
/// case alone: no checkout in which case does not count can hold both.
///
/// # Errors
/// One of them is no tree.
pub fn case_twins(repo: &Repo, old: &Oid, new: &Oid) -> Result<Vec<(PathBuf, PathBuf)>, GitError> {
    let diff = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=A"];
    let added = repo.git(diff).args([old.as_str(), new.as_str()]).success()?;
    let added: Vec<&[u8]> = names(&added).collect();
    if added.is_empty() {
        return Ok(Vec::new());
    }
    let all = repo.git(["ls-tree", "-r", "-z", "--name-only", new.as_str()]).success()?;
    let mut by_fold: BTreeMap<Vec<u8>, Vec<&[u8]>> = BTreeMap::new();
    for name in names(&all) {
        by_fold.entry(name.to_ascii_lowercase()).or_default().push(name);
    }
    let twin = |name: &&[u8]| {
        let same = by_fold.get(&name.to_ascii_lowercase())?;
        same.iter().find(|other| *other != name).map(|other| (path(name), path(other)))
    };
    Ok(added.iter().filter_map(twin).collect())
}

fn names(answer: &[u8]) -> impl Iterator<Item = &[u8]> {
    answer.split(|byte| *byte == 0).filter(|name| !name.is_empty())
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}
