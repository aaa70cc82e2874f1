//! Lock files that killed processes of a landing left behind, and the proof that they are ours.
//!
//! A lock goes only while we hold the landing's own lock, so no child of an earlier landing lives,
//! and only if either its print was noted when our git held it, or it was made after the record of
//! the move, stays, and shows by what is in it that it is ours. An empty one shows nothing: anybody's
//! git may hold one for as long as it likes. It goes only if no git that could hold it lives; where
//! processes cannot be looked at it stays, and the landing waits and names it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::LandError;
use super::entry::{Following, Moving, Print, Record, remove};
use super::index_lock;
use super::ref_move;
use crate::git::Repo;
use crate::git::stale::nobody_at_work;

/// How long a lock without a noted print must stay the same: git holds one for milliseconds.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// By how many seconds a clock that was corrected may make a lock of ours older than the record.
const CORRECTED: i64 = 2;

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
    if let Some(moving) = moving {
        removed.extend(unnoted(repo, record, moving)?);
    }
    Ok(removed)
}

/// Removes the locks of a git that was killed before its prints were noted: all that came since the
/// record, or none, since that of the branch tells whose the one of `HEAD` is.
fn unnoted(repo: &Repo, record: &Record, moving: &Moving) -> Result<Vec<PathBuf>, LandError> {
    let Some((seconds, nanos)) = record.since() else { return Ok(Vec::new()) };
    let tree = moving.checkout.as_ref().map(Following::tree);
    let git_dir = tree.as_ref().map_or_else(|| repo.common_dir(), |tree| &tree.git_dir);
    let refname = moving.request().refname();
    let files = ref_move::lock_files(repo, git_dir, &refname);
    let mut prints: Vec<Print> = files.iter().filter_map(|file| Print::of(file)).collect();
    prints.retain(|print| print.changed() >= (seconds - CORRECTED, nanos));
    // The proof goes last, for whoever is killed in between.
    prints.reverse();
    let written = |print: &Print| holds(&print.path, format!("{}\n", moving.new).as_bytes());
    let empty = |print: &Print| holds(&print.path, b"");
    let reached =
        prints.iter().any(written) || repo.ref_value(&refname)?.as_ref() == Some(&moving.new);
    let on_head = |print: &Print| print.path.ends_with("HEAD.lock");
    if !prints.iter().all(|one| written(one) || (empty(one) && (reached || !on_head(one)))) {
        return Ok(Vec::new());
    }
    let checkout = tree.as_ref().map(|tree| tree.path.as_path());
    let idle = || !prints.iter().any(empty) || nobody_at_work(repo, checkout);
    if prints.is_empty() || !stay(&prints, idle) {
        return Ok(Vec::new());
    }
    for print in &prints {
        remove(&print.path)?;
    }
    Ok(prints.into_iter().map(|print| print.path).collect())
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

fn holds(file: &Path, what: &[u8]) -> bool {
    fs::read(file).is_ok_and(|text| text == what)
}

/// Whether all stay the same for a while in which nobody was there to hold them, if only for once.
fn stay(prints: &[Print], idle: impl Fn() -> bool) -> bool {
    let mut free = false;
    for _ in 0..LOOKS {
        pause();
        if !prints.iter().all(|print| Print::of(&print.path).as_ref() == Some(print)) {
            return false;
        }
        free = free || idle();
    }
    free
}

#[expect(clippy::disallowed_methods, reason = "another git's lock has no event to wait for")]
fn pause() {
    std::thread::sleep(BETWEEN_LOOKS);
}
