//! Bringing kept work back into a worktree of its own, however often the daemon is killed over it.
//!
//! Where a restore goes and what its branch is called are written down before anything is made, and
//! struck out when it is done. So the next request for the same work finishes the half-made tree,
//! in which the only copy of a nested repository may lie already, instead of beginning another.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use windrow_api::{ExitKind, Failure, Reply};
use windrow_journal::Hash;
use windrow_world::crash;
use windrow_world::files;
use windrow_world::git::{self, RestoreError, Restored, WorktreeError};

use crate::chain;
use crate::hub::reply;
use crate::kept::{Known, after_append};
use crate::place::{Place, now};
use crate::project::Project;

/// Brings kept work back into a worktree of its own.
pub(crate) fn restore(
    project: &mut Project,
    refname: String,
    path: Option<PathBuf>,
    replies: mpsc::Sender<Reply>,
) {
    after_append(project, replies, move |project, replies| {
        let place = Arc::clone(&project.tools().place);
        let known = Known::of(project.state());
        let newest = project.state().runs.values().next_back();
        let trees = newest.map(|run| PathBuf::from(&run.spec.trees));
        tokio::task::spawn_blocking(move || {
            let _one_at_a_time = place.restoring.lock().unwrap_or_else(PoisonError::into_inner);
            let answer =
                match bring_back(&place, &known, &refname, path.as_deref(), trees.as_deref()) {
                    Ok(reply) => reply,
                    Err(message) => {
                        let hints = vec!["windrow restore --list".to_owned()];
                        Reply::Failed(Failure { kind: ExitKind::World, message, hints })
                    }
                };
            reply(&replies, answer);
        });
    });
}

/// A restore that began: where it goes.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Begun {
    refname: String,
    path: PathBuf,
    branch: String,
}

impl Begun {
    fn file(place: &Place, refname: &str) -> PathBuf {
        let hash: String = Hash::of(refname.as_bytes()).to_string().chars().take(16).collect();
        place.folder.join("restoring").join(format!("{hash}.json"))
    }

    /// The restore of `refname` that began and did not end, if there is one.
    fn load(place: &Place, refname: &str) -> Result<Option<Self>, String> {
        let file = Self::file(place, refname);
        match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| format!("`{}` cannot be read: {error}", file.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("`{}` cannot be read: {error}", file.display())),
        }
    }

    fn save(&self, place: &Place) -> Result<(), String> {
        let file = Self::file(place, &self.refname);
        let failed = |error: io::Error| format!("`{}` cannot be written: {error}", file.display());
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let text = serde_json::to_vec(self).map_err(|error| error.to_string())?;
        files::replace(&file, &text).map_err(|e| chain(&e))
    }

    fn strike_out(&self, place: &Place) -> Result<(), String> {
        let file = Self::file(place, &self.refname);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(format!("`{}` cannot be removed: {error}", file.display()))
            }
            _ => Ok(()),
        }
    }
}

fn bring_back(
    place: &Place,
    known: &Known,
    refname: &str,
    path: Option<&Path>,
    trees: Option<&Path>,
) -> Result<Reply, String> {
    let (whose, generation) = known.whose(refname);
    let rest = refname.rsplit('/').next().unwrap_or_default();
    let trash = place.folder.join("trash").join(format!("{}.{rest}", whose.session));
    let wanted = format!("windrow/restored/{}-{generation}", git::branch_slug(&whose.name));
    let fresh = || -> Result<Begun, String> {
        let path = match (path, trees) {
            (Some(path), _) if holds_something(path) => {
                return Err(format!("`{}` exists already; name another folder", path.display()));
            }
            (Some(path), _) => path.to_owned(),
            (None, Some(trees)) => free_path(&trees.join(format!("restored-{}", whose.name))),
            (None, None) => {
                return Err("there was no run yet; name a folder with --to".to_owned());
            }
        };
        let begun =
            Begun { refname: refname.to_owned(), path, branch: free_branch(place, &wanted)? };
        begun.save(place)?;
        crash::point("restore", "begun");
        Ok(begun)
    };
    let mut begun = match Begun::load(place, refname)? {
        Some(begun) => begun,
        None => fresh()?,
    };
    let mut restored = try_once(place, &begun, &trash)?;
    match &restored {
        // Somebody took its place, or its branch, while it was half made.
        Err(RestoreError::Worktree(WorktreeError::PathTaken { .. })) => {
            begun.strike_out(place)?;
            begun = fresh()?;
            restored = try_once(place, &begun, &trash)?;
        }
        Err(RestoreError::Worktree(
            WorktreeError::BranchExists { .. } | WorktreeError::BranchInUse { .. },
        )) => {
            begun.branch = free_branch(place, &wanted)?;
            begun.save(place)?;
            restored = try_once(place, &begun, &trash)?;
        }
        _ => {}
    }
    let restored = restored.map_err(|e| chain(&e))?;
    let on = git::current_branch(&place.repo, &restored.tree).map_err(|e| chain(&e))?;
    let branch = match on {
        git::Branch::On { name, .. } | git::Branch::Unborn(name) => Some(name),
        git::Branch::Detached(_) => None,
    };
    crash::point("restore", "restored");
    begun.strike_out(place)?;
    crash::point("restore", "struck");
    let left = restored.missing.iter().map(|path| path.display().to_string()).collect();
    tracing::info!("{refname} was restored to `{}` at {}", restored.tree.path.display(), now());
    Ok(Reply::Restored { path: restored.tree.path, branch, left })
}

/// Restores to where it was to go; a restore that made nothing is not on record afterwards.
fn try_once(
    place: &Place,
    begun: &Begun,
    trash: &Path,
) -> Result<Result<Restored, RestoreError>, String> {
    let path = &begun.path;
    let root = path.parent().ok_or_else(|| format!("`{}` has no parent", path.display()))?;
    let restored = place
        .worktrees(root, &[])
        .map_err(RestoreError::from)
        .and_then(|worktrees| git::restore(&worktrees, &begun.refname, trash, path, &begun.branch));
    if restored.is_err() && !holds_something(path) {
        begun.strike_out(place)?;
    }
    Ok(restored)
}

/// Whether something other than an empty folder is at `path`.
fn holds_something(path: &Path) -> bool {
    match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => path.symlink_metadata().is_ok(),
    }
}

fn free_path(wanted: &Path) -> PathBuf {
    let text = wanted.to_string_lossy().into_owned();
    let numbered = (2_u32..).map(|n| PathBuf::from(format!("{text}-{n}")));
    let mut all = std::iter::once(wanted.to_owned()).chain(numbered);
    all.find(|path| path.symlink_metadata().is_err()).unwrap_or_else(|| wanted.to_owned())
}

fn free_branch(place: &Place, wanted: &str) -> Result<String, String> {
    for n in 1_u32.. {
        let name = if n == 1 { wanted.to_owned() } else { format!("{wanted}-{n}") };
        let taken = place.repo.ref_value(&format!("refs/heads/{name}")).map_err(|e| chain(&e))?;
        if taken.is_none() {
            return Ok(name);
        }
    }
    Ok(wanted.to_owned())
}
