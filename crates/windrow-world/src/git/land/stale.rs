//! Lock files that killed processes of a landing left behind, and the proof that they are ours.
//!
//! A lock goes only while we hold the landing's own lock, so no child of an earlier landing lives,
//! and only if either its print was noted when our git held it, or it was made after the record of
//! the move, holds nothing another git would have written, and stays although nobody works.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::LandError;
use super::entry::{Moving, Print, Record, remove};
use super::index_lock;
use super::ref_move;
use crate::git::Repo;

/// How long a lock without a noted print must stay the same: git holds one for milliseconds.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Removes stale locks on the branch; returns what went.
pub(super) fn ref_locks(
    repo: &Repo,
    record: &Record,
    moving: Option<&Moving>,
) -> Result<Vec<PathBuf>, LandError> {
    let mut removed = Vec::new();
    for print in record.noted() {
        if Print::of(&print.path).as_ref() == Some(&print) {
            remove(&print.path)?;
            removed.push(print.path);
        }
    }
    let Some(moving) = moving else { return Ok(removed) };
    let tree = moving.checkout.as_ref().map(super::entry::Following::tree);
    let git_dir = tree.as_ref().map_or_else(|| repo.common_dir(), |tree| &tree.git_dir);
    for file in ref_move::lock_files(repo, git_dir, &moving.request().refname()) {
        let Some(print) = Print::of(&file) else { continue };
        let since = record.since();
        if since.is_some_and(|since| print.changed() >= since)
            && holds_ours(&file, moving)
            && stays(&print)
        {
            remove(&file)?;
            removed.push(file);
        }
    }
    Ok(removed)
}

/// Removes index locks that an earlier landing took before it had a record.
pub(super) fn index_locks(
    git_dirs: &[PathBuf],
    state: &Path,
    but: Option<&Path>,
) -> Result<Vec<PathBuf>, LandError> {
    let mut removed = Vec::new();
    for git_dir in git_dirs {
        for token in index_lock::tokens(git_dir, state) {
            if Some(token.as_path()) == but {
                continue;
            }
            let lock = git_dir.join("index.lock");
            if index_lock::inspect(&token, git_dir, state) == index_lock::Token::Locked {
                remove(&lock)?;
                removed.push(lock);
            }
            remove(&token)?;
            removed.push(token);
        }
    }
    Ok(removed)
}

/// Git writes the new value into the branch's lock and nothing into that of `HEAD`.
fn holds_ours(file: &Path, moving: &Moving) -> bool {
    let text = fs::read(file).unwrap_or_default();
    text.is_empty() || text == format!("{}\n", moving.new).as_bytes()
}

fn stays(print: &Print) -> bool {
    (0..LOOKS).all(|_| {
        pause();
        Print::of(&print.path).as_ref() == Some(print)
    })
}

#[expect(clippy::disallowed_methods, reason = "another git's lock has no event to wait for")]
fn pause() {
    std::thread::sleep(BETWEEN_LOOKS);
}
