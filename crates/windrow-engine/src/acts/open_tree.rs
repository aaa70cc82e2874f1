//! Makes a session's worktree ready: a warm one used again, or a new one.
//!
//! Whatever is found where the tree should be is captured before it is reset, whoever left it.

use std::path::PathBuf;
use std::sync::Arc;

use windrow_core::command::ReportTree;
use windrow_core::ids::{SessionId, TreeId};
use windrow_core::state::OpenTree;
use windrow_core::{Command, Effect, State};
use windrow_world::crash;
use windrow_world::git::{Oid, Saved, Tree, WorktreeError, Worktrees};

use super::{Act, Outcome, Tools, blocking, capture, chain, move_ahead, tree_path};
use crate::place::Place;

struct Wanted {
    place: Arc<Place>,
    root: PathBuf,
    caches: Vec<String>,
    path: PathBuf,
    branch: String,
    target: String,
    /// What landed ahead of it.
    landed: Option<String>,
    id: TreeId,
    warm: Option<Tree>,
}

pub(super) fn prepare(state: &State, id: SessionId, effect: Effect, tools: &Tools) -> Option<Act> {
    let session = state.sessions.get(&id)?;
    let task = state.tasks.get(&session.task)?;
    let run = &state.runs.get(&session.run)?.spec;
    let lease = session.lease.as_ref()?;
    let root = PathBuf::from(&run.trees);
    let record = state.trees.get(&lease.tree).filter(|tree| lease.reuse && !tree.path.is_empty());
    let wanted = Wanted {
        place: Arc::clone(&tools.place),
        path: tree_path::path_for(state, session, &root)?,
        root,
        caches: run.caches.clone(),
        branch: tree_path::branch_for(state, session, task),
        target: run.branch.clone(),
        landed: move_ahead::landed(state, &run.branch),
        id: lease.tree,
        warm: record.map(|tree| Tree {
            path: tree.path.clone().into(),
            git_dir: tree.git_dir.clone().into(),
        }),
    };
    let generation = session.generation;
    Some(Box::pin(async move {
        match blocking(effect, move || open(&wanted)).await {
            Ok(tree) => {
                Outcome::report(Command::ReportTree(ReportTree { session: id, generation, tree }))
            }
            Err(outcome) => outcome,
        }
    }))
}

fn open(wanted: &Wanted) -> Result<OpenTree, String> {
    let base = move_ahead::tip(&wanted.place, &wanted.target, wanted.landed.as_deref())?.commit;
    let worktrees = wanted.place.worktrees(&wanted.root, &wanted.caches);
    let worktrees = worktrees.map_err(|e| chain(&e))?;
    let (tree, branch) = make(wanted, &worktrees, &base)?;
    crash::point("spawn", "opened");
    Ok(OpenTree {
        id: wanted.id,
        path: tree.path.to_string_lossy().into_owned(),
        git_dir: tree.git_dir.to_string_lossy().into_owned(),
        branch,
        base: base.to_string(),
    })
}

fn make(wanted: &Wanted, worktrees: &Worktrees, base: &Oid) -> Result<(Tree, String), String> {
    // A killed attempt may have left a tree here, or a home that is gone one with work in it: what
    // is in it is kept, and it goes back to the warm ones.
    let here = worktrees.find(&wanted.path).map_err(|e| chain(&e))?;
    if let Some(tree) = &here {
        let saved = capture::set_aside(&wanted.place, tree, wanted.id, &wanted.target)?;
        worktrees.reset_warm(tree, &saved, base).map_err(|e| chain(&e))?;
    }
    let branch = tree_path::free_branch(&wanted.place.repo, worktrees, &wanted.branch, base);
    let branch = branch.map_err(|e| chain(&e))?;
    let Some(old) = here.or_else(|| wanted.warm.clone()) else {
        return cold(wanted, worktrees, &branch, base);
    };
    if !old.path.exists() && worktrees.is_warm(&old) {
        // Somebody took the folder away; what is left of it in the repository goes too.
        worktrees.remove(&old, &Saved::scratch(&old)).map_err(|e| chain(&e))?;
        return cold(wanted, worktrees, &branch, base);
    }
    match worktrees.reuse(&old, &wanted.path, &branch, base) {
        Ok(tree) => Ok((tree, branch)),
        Err(WorktreeError::Unsaved { .. }) => {
            // Somebody was in it since it was reset. What they left is kept before anything else.
            let saved = capture::set_aside(&wanted.place, &old, wanted.id, &wanted.target)?;
            worktrees.reset_warm(&old, &saved, base).map_err(|e| chain(&e))?;
            let tree = worktrees.reuse(&old, &wanted.path, &branch, base);
            Ok((tree.map_err(|e| chain(&e))?, branch))
        }
        Err(error) => {
            tracing::warn!("a warm worktree could not be used again: {}", chain(&error));
            cold(wanted, worktrees, &branch, base)
        }
    }
}

fn cold(
    wanted: &Wanted,
    worktrees: &Worktrees,
    branch: &str,
    base: &Oid,
) -> Result<(Tree, String), String> {
    let tree = worktrees.create(&wanted.path, branch, base).map_err(|e| chain(&e))?;
    Ok((tree, branch.to_owned()))
}
