//! The state of a stopped merge, rebase, cherry-pick or bisection, as files of the git directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::capture_index::existing;
use super::capture_scan::TreePath;
use super::repo::{GitError, Oid, Repo, Tree};
use super::worktree_registry::{file_error, is_there};

/// Files that are part of such a state.
const FILES: &[&str] = &[
    "AUTO_MERGE",
    "CHERRY_PICK_HEAD",
    "COMMIT_EDITMSG",
    "MERGE_AUTOSTASH",
    "MERGE_HEAD",
    "MERGE_MODE",
    "MERGE_MSG",
    "MERGE_RR",
    "ORIG_HEAD",
    "REBASE_HEAD",
    "REVERT_HEAD",
    "SQUASH_MSG",
];

/// Folders that are part of such a state; `refs` holds the marks of a bisection.
const FOLDERS: &[&str] = &["rebase-apply", "rebase-merge", "refs", "sequencer"];

/// How many abandoned commits of the reflog are kept reachable, the newest first.
const ABANDONED: usize = 64;

/// Reads the files of a stopped operation, by their path in the git directory.
pub(super) fn read(tree: &Tree) -> Result<BTreeMap<TreePath, Vec<u8>>, GitError> {
    let mut files = BTreeMap::new();
    let dir = &tree.git_dir;
    for entry in fs::read_dir(dir).map_err(file_error("list", dir))? {
        let entry = entry.map_err(file_error("list", dir))?;
        let name = entry.file_name();
        if is_state(name.as_bytes()) && !FOLDERS.iter().any(|folder| name == *folder) {
            take(&entry.path(), name.as_bytes().to_vec(), &mut files)?;
        }
    }
    for folder in FOLDERS {
        take(&dir.join(folder), folder.as_bytes().to_vec(), &mut files)?;
    }
    Ok(files)
}

fn take(
    path: &Path,
    name: TreePath,
    files: &mut BTreeMap<TreePath, Vec<u8>>,
) -> Result<(), GitError> {
    let Ok(meta) = path.symlink_metadata() else { return Ok(()) };
    if meta.is_file() {
        files.insert(name, fs::read(path).map_err(file_error("read", path))?);
    } else if meta.is_dir() {
        for entry in fs::read_dir(path).map_err(file_error("list", path))? {
            let entry = entry.map_err(file_error("list", path))?;
            let inner = [&name[..], b"/", entry.file_name().as_bytes()].concat();
            take(&entry.path(), inner, files)?;
        }
    }
    Ok(())
}

/// Tells whether a path in a git directory is part of such a state.
pub(super) fn is_state(name: &[u8]) -> bool {
    let first = name.split(|byte| *byte == b'/').next().unwrap_or_default();
    if first.len() < name.len() {
        return FOLDERS.iter().any(|folder| first == folder.as_bytes());
    }
    FILES.iter().any(|file| first == file.as_bytes())
        || FOLDERS.iter().any(|folder| first == folder.as_bytes())
        || first.starts_with(b"BISECT_")
        || first.starts_with(b"sharedindex.")
}

/// Tells whether such files are worth keeping by themselves.
pub(super) fn is_work(tree: &Tree) -> bool {
    super::open::operation_in_progress(tree).is_some()
        || ["sequencer", "MERGE_AUTOSTASH"].iter().any(|name| is_there(&tree.git_dir.join(name)))
}

/// The commits that `files` and the reflog name and that `head` does not reach.
pub(super) fn named_commits(
    repo: &Repo,
    tree: &Tree,
    files: &BTreeMap<TreePath, Vec<u8>>,
    head: Option<&Oid>,
) -> Result<Vec<Oid>, GitError> {
    let mut words: BTreeSet<String> = files
        .iter()
        .filter(|(name, _)| !name.starts_with(b"sharedindex."))
        .flat_map(|(_, text)| hex_words(text, 7))
        .collect();
    let log = fs::read(tree.git_dir.join("logs/HEAD")).unwrap_or_default();
    words.extend(hex_words(&log, 40).into_iter().rev().take(2 * ABANDONED));
    let wanted = words.into_iter().map(|word| format!("{word}^{{commit}}"));
    let commits: BTreeSet<Oid> = existing(repo, wanted)?.into_iter().flatten().collect();
    let mut kept: Vec<Oid> = Vec::new();
    for commit in commits {
        let tips = head.into_iter().chain(&kept).map(|tip| format!("^{tip}"));
        let call = repo.git(["rev-list", "-n", "1", commit.as_str()]).args(tips);
        if !call.success()?.is_empty() {
            kept.push(commit);
        }
    }
    Ok(kept)
}

fn hex_words(text: &[u8], shortest: usize) -> Vec<String> {
    let words = text.split(|byte| !byte.is_ascii_digit() && !(b'a'..=b'f').contains(byte));
    let words = words.filter(|word| (shortest..=64).contains(&word.len()));
    words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}
