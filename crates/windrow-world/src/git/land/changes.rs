//! What a move changes, path by path.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use super::LandError;
use super::calls::Calls;
use crate::git::{GitError, Oid, Repo};

/// The mode of a submodule pointer.
pub(super) const GITLINK: u32 = 0o160_000;

/// What a tree or the index holds at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) mode: u32,
    pub(super) oid: Oid,
}

/// A path that differs between the two ends of a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) path: PathBuf,
    pub(super) old: Option<Held>,
    pub(super) new: Option<Held>,
}

/// Lists the paths that differ between two commits or trees, ordered by path.
pub(super) fn between(
    calls: &Calls,
    repo: &Repo,
    old: &Oid,
    new: &Oid,
) -> Result<Vec<Change>, LandError> {
    let listing = calls.succeed(repo.git([
        "diff-tree",
        "-r",
        "-z",
        "--raw",
        "--no-abbrev",
        "--no-renames",
        "--ignore-submodules=none",
        "--end-of-options",
        old.as_str(),
        new.as_str(),
    ]))?;
    let mut fields = listing.split(|byte| *byte == 0);
    let mut changes = Vec::new();
    while let (Some(meta), Some(path)) = (fields.next(), fields.next()) {
        changes.push(change(meta, path)?);
    }
    changes.sort_by(|one, two| one.path.cmp(&two.path));
    Ok(changes)
}

/// Reads `:<old mode> <new mode> <old oid> <new oid> <status>`.
fn change(meta: &[u8], path: &[u8]) -> Result<Change, LandError> {
    let text = String::from_utf8_lossy(meta).into_owned();
    let words: Vec<&str> = text.trim_start_matches(':').split(' ').collect();
    let [old_mode, new_mode, old, new, _status] = words.as_slice() else {
        return Err(GitError::Answer { what: "tree difference", text }.into());
    };
    let path = PathBuf::from(OsStr::from_bytes(path));
    Ok(Change { path, old: held(old_mode, old)?, new: held(new_mode, new)? })
}

/// Reads a mode and an object name; mode zero means that nothing is there.
pub(super) fn held(mode: &str, oid: &str) -> Result<Option<Held>, LandError> {
    let number = u32::from_str_radix(mode, 8)
        .map_err(|_| GitError::Answer { what: "file mode", text: mode.to_owned() })?;
    Ok((number != 0).then(|| Oid::parse(oid).map(|oid| Held { mode: number, oid })).transpose()?)
}
