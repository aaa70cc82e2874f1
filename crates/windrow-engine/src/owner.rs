//! Which of windrow's homes works in a repository: one at a time.
//!
//! Two homes would number their sessions alike and take each other's worktrees and refs for their
//! own. The claim is a ref in the repository, so that it is found wherever the other home lies. A
//! home that is gone gives way, and what it kept is put aside under names of its own.

use std::path::{Path, PathBuf};

use windrow_world::git::{self, GitError, Oid, Repo};

use crate::chain;
use crate::place::Place;

/// Names a blob that holds the folder of the project in the home that works here.
pub(crate) const OWNER: &str = "refs/windrow/owner";

/// Claims the repository for this home.
///
/// # Errors
/// Another home works here; the sentence says which, and what to do.
pub(crate) fn claim(place: &Place) -> Result<(), String> {
    let repo = &place.repo;
    let found = repo.ref_value(OWNER).map_err(|e| chain(&e))?;
    if let Some(blob) = &found {
        let owner = read(repo, blob).map_err(|e| chain(&e))?;
        if owner == place.folder {
            return Ok(());
        }
        // A home that cannot be looked at is not gone.
        let there = owner.join("journal.db").try_exists().unwrap_or(true);
        if there && home_of(&owner) == home_of(&place.folder) {
            return Err(format!(
                "the repository was at another place when windrow last worked in it; move it back \
                 until what is under way has ended and `windrow prune` ran, or give that up by \
                 removing `{}`",
                owner.display()
            ));
        }
        if there {
            return Err(format!(
                "another windrow home works in this repository: `{}`; use it by WINDROW_HOME, or \
                 remove it if nothing in it is needed",
                home_of(&owner).display()
            ));
        }
        put_aside(repo, &owner).map_err(|e| chain(&e))?;
    }
    let own = place.folder.as_os_str().as_encoded_bytes();
    let blob = repo.git(["hash-object", "-w", "--stdin"]).stdin(own).success();
    let blob = blob.map_err(|e| chain(&e))?;
    let blob = Oid::parse(&String::from_utf8_lossy(&blob)).map_err(|e| chain(&e))?;
    repo.move_ref(OWNER, Some(&blob), found.as_ref()).map_err(|e| chain(&e))
}

/// Whether another home works in the repository.
pub(crate) fn is_anothers(place: &Place) -> Result<bool, GitError> {
    match place.repo.ref_value(OWNER)? {
        Some(blob) => Ok(read(&place.repo, &blob)? != place.folder),
        None => Ok(false),
    }
}

/// Gives the repository back: nothing of this home is in it any more.
pub(crate) fn release(place: &Place) -> Result<(), GitError> {
    match place.repo.ref_value(OWNER)? {
        Some(blob) if read(&place.repo, &blob)? == place.folder => {
            place.repo.move_ref(OWNER, None, Some(&blob))
        }
        Some(_) | None => Ok(()),
    }
}

fn read(repo: &Repo, blob: &Oid) -> Result<PathBuf, GitError> {
    use std::os::unix::ffi::OsStringExt as _;
    let bytes = repo.git(["cat-file", "blob", blob.as_str()]).success()?;
    Ok(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

/// The home a project's folder lies in: `<home>/projects/<id>`.
fn home_of(folder: &Path) -> &Path {
    folder.ancestors().nth(2).unwrap_or(folder)
}

/// Renames everything a home that is gone kept, so that the same numbers may be given out again.
fn put_aside(repo: &Repo, owner: &Path) -> Result<(), GitError> {
    let bytes = owner.as_os_str().as_encoded_bytes();
    let mark: String = windrow_journal::Hash::of(bytes).to_string().chars().take(8).collect();
    for kept in git::kept(repo)? {
        let Some(rest) = kept.name.strip_prefix(git::KEPT) else { continue };
        let aside = format!("{}/{mark}-{}", git::KEPT, rest.trim_start_matches('/'));
        // The new name is there before the old one goes.
        git::pin(repo, &aside, &kept.commit, repo.ref_value(&aside)?.as_ref())?;
        repo.move_ref(&kept.name, None, Some(&kept.commit))?;
    }
    Ok(())
}
