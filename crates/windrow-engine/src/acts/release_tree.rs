//! Resets a session's worktree for the next one, once everything in it is safe.
//!
//! The capture here is the second look: what was submitted is pinned by now, and whatever else the
//! tree still holds (flagged files, precious ignored files) is kept before the reset.

use std::path::PathBuf;
use std::sync::Arc;

use windrow_core::command::ReportReleased;
use windrow_core::ids::SessionId;
use windrow_core::state::StopReason;
use windrow_core::{Command, Effect, State};
use windrow_world::crash;
use windrow_world::git::{self, Captured, Oid, Saved, Tree, Worktrees};

use super::capture::{Capture, named, safe_refs};
use super::{Act, Outcome, Tools, blocking, chain, tree_path};
use crate::place::Place;

struct Used {
    place: Arc<Place>,
    tree: Option<Tree>,
    root: PathBuf,
    caches: Vec<String>,
    base: String,
    branch: String,
    refname: String,
    /// Refs that keep what the first look found.
    kept: Vec<String>,
    safe: Vec<String>,
    precious: Vec<String>,
    trash: PathBuf,
    dropped: bool,
}

struct Released {
    gone: bool,
    stays: Option<String>,
}

pub(super) fn prepare(state: &State, id: SessionId, effect: Effect, tools: &Tools) -> Option<Act> {
    let session = state.sessions.get(&id)?;
    let run = &state.runs.get(&session.run)?.spec;
    let generation = session.generation;
    let open = session.tree.as_ref();
    let kept: Vec<String> = session.kept.iter().map(|kept| kept.refname.clone()).collect();
    // What was captured is captured again under its own name, which comes to the same end; beside a
    // pinned commit the rest gets a name of its own.
    let pinned = session.kept.iter().any(|kept| kept.generation == generation && kept.submitted);
    let rest = if pinned { ".rest" } else { "" };
    let used = Used {
        place: Arc::clone(&tools.place),
        tree: tree_path::tree_of(session),
        root: run.trees.clone().into(),
        caches: run.caches.clone(),
        base: open.map(|tree| tree.base.clone()).unwrap_or_default(),
        branch: open.map(|tree| tree.branch.clone()).unwrap_or_default(),
        refname: format!("refs/windrow/kept/{id}/{generation}{rest}"),
        safe: kept.iter().cloned().chain(safe_refs(&run.branch)).collect(),
        kept,
        precious: run.precious.clone(),
        trash: tools.place.folder.join("trash").join(format!("{id}.{generation}{rest}")),
        dropped: session.stop == Some(StopReason::KillAndDrop),
    };
    Some(Box::pin(async move {
        match blocking(effect, move || release(&used)).await {
            Ok(Released { gone, stays }) => {
                let report = ReportReleased { session: id, generation, gone, stays };
                Outcome::report(Command::ReportReleased(report))
            }
            Err(outcome) => outcome,
        }
    }))
}

fn release(used: &Used) -> Result<Released, String> {
    let Some(tree) = &used.tree else { return Ok(Released { gone: true, stays: None }) };
    let worktrees = used.place.worktrees(&used.root, &used.caches).map_err(|e| chain(&e))?;
    let saved = match save(used, tree)? {
        Ok(saved) => saved,
        Err(why) => return Ok(Released { gone: false, stays: Some(why) }),
    };
    crash::point("release", "saved");
    // What is half gone is not worth mending once everything in it is safe.
    if !tree.path.is_dir() || !tree.git_dir.is_dir() {
        worktrees.remove(tree, &saved).map_err(|e| chain(&e))?;
        delete_branch(used, &worktrees)?;
        return Ok(Released { gone: true, stays: None });
    }
    let base = Oid::parse(&used.base).map_err(|e| chain(&e))?;
    worktrees.reset_warm(tree, &saved, &base).map_err(|e| chain(&e))?;
    crash::point("release", "reset");
    delete_branch(used, &worktrees)?;
    crash::point("release", "unbranched");
    Ok(Released { gone: false, stays: None })
}

fn save(used: &Used, tree: &Tree) -> Result<Result<Saved, String>, String> {
    if used.dropped {
        return Ok(Ok(Saved::scratch(tree)));
    }
    let capture = Capture {
        tree,
        refname: &used.refname,
        safe: &used.safe,
        precious: &used.precious,
        trash: &used.trash,
        branch: &used.branch,
        base: &used.base,
    };
    Ok(match capture.run(&used.place)? {
        Captured::Nothing(saved) => Ok(saved),
        Captured::Kept { commit, saved } => {
            drop_double(used, &commit)?;
            Ok(saved)
        }
        Captured::Incomplete { left, .. } => {
            Err(format!("it holds what cannot be kept elsewhere: {}", named(&left)))
        }
    })
}

/// Drops what the second look kept when the first had kept the very same.
fn drop_double(used: &Used, commit: &Oid) -> Result<(), String> {
    if !used.refname.ends_with(".rest") {
        return Ok(());
    }
    let repo = &used.place.repo;
    let tree = git::tree_of(repo, commit).map_err(|e| chain(&e))?;
    for refname in &used.kept {
        let first = repo.ref_value(refname).map_err(|e| chain(&e))?;
        let first = first.map(|first| git::tree_of(repo, &first)).transpose();
        if refname != &used.refname && first.map_err(|e| chain(&e))?.as_ref() == Some(&tree) {
            return git::drop_kept(repo, &used.refname, commit).map_err(|e| chain(&e));
        }
    }
    Ok(())
}

/// Deletes the session's branch when everything in it is safe and nobody is on it; else it stays.
fn delete_branch(used: &Used, worktrees: &Worktrees) -> Result<(), String> {
    let repo = &used.place.repo;
    let full = format!("refs/heads/{}", used.branch);
    let Some(at) = repo.ref_value(&full).map_err(|e| chain(&e))? else { return Ok(()) };
    let mut safe = used.dropped;
    for refname in &used.safe {
        // Most often the branch stands where the session's own kept ref does.
        safe = safe || repo.ref_value(refname).map_err(|e| chain(&e))?.as_ref() == Some(&at);
        if safe {
            break;
        }
        if let Some(held) = repo.commit(refname).map_err(|e| chain(&e))? {
            safe = git::is_ancestor(repo, &at, &held).map_err(|e| chain(&e))?;
        }
    }
    if tree_path::is_out(worktrees, &full).map_err(|e| chain(&e))? {
        tracing::warn!("the branch `{}` stays: a worktree is on it", used.branch);
    } else if safe {
        repo.move_ref(&full, None, Some(&at)).map_err(|e| chain(&e))?;
    } else {
        tracing::warn!(
            "the branch `{}` stays: it holds commits that nothing else has",
            used.branch
        );
    }
    Ok(())
}
