//! Where a session's worktree lies and what its branch is called.

use std::path::{Path, PathBuf};

use windrow_core::State;
use windrow_core::state::{Session, Task};
use windrow_world::git::{Oid, Repo, Tree, WorktreeError, Worktrees, branch_slug, is_ancestor};

/// The folder for a session, below the run's folder; another name when an older tree lies there.
pub(super) fn path_for(state: &State, session: &Session, root: &Path) -> Option<PathBuf> {
    let lease = session.lease.as_ref()?;
    let run = &state.runs.get(&session.run)?.spec;
    let name = run.tree_names.folder(&lease.name, session.task, session.attempt);
    let path = root.join(&name);
    let text = path.to_string_lossy();
    let taken = state.trees.iter().any(|(id, tree)| *id != lease.tree && tree.path == text);
    Some(if taken { root.join(format!("{name}-{}", lease.tree)) } else { path })
}

/// The branch for a session, such as `windrow/t-3-add-login`, or `windrow/t-3-add-login-s-8` when
/// the task had sessions before: the tree of an earlier one may not have been released yet.
pub(super) fn branch_for(state: &State, session: &Session, task: &Task) -> String {
    let plain = format!("windrow/{}-{}", task.id, branch_slug(&task.spec.title));
    let before = state.sessions.range(..session.id);
    if before.into_iter().any(|(_, earlier)| earlier.task == task.id) {
        format!("{plain}-{}", session.id)
    } else {
        plain
    }
}

/// The name under which `wanted` can be made: an older branch of that name goes when everything in
/// it is on the target and no worktree is on it, and is left alone otherwise.
pub(super) fn free_branch(
    repo: &Repo,
    worktrees: &Worktrees,
    wanted: &str,
    target: &Oid,
) -> Result<String, WorktreeError> {
    for n in 1_u32.. {
        let name = if n == 1 { wanted.to_owned() } else { format!("{wanted}-{n}") };
        let full = format!("refs/heads/{name}");
        match repo.ref_value(&full)? {
            None => return Ok(name),
            Some(at) if is_ancestor(repo, &at, target)? && !is_out(worktrees, &full)? => {
                repo.move_ref(&full, None, Some(&at))?;
                return Ok(name);
            }
            Some(_) => {}
        }
    }
    Ok(wanted.to_owned())
}

/// Whether some worktree is on the branch of that full name.
pub(super) fn is_out(worktrees: &Worktrees, full: &str) -> Result<bool, WorktreeError> {
    let out = || -> Result<bool, WorktreeError> {
        Ok(worktrees.list()?.iter().any(|listed| listed.branch.as_deref() == Some(full)))
    };
    Ok(worktrees.may_be_out(full) && out()?)
}

/// The tree of a session as the world knows it.
pub(super) fn tree_of(session: &Session) -> Option<Tree> {
    let tree = session.tree.as_ref()?;
    Some(Tree { path: tree.path.clone().into(), git_dir: tree.git_dir.clone().into() })
}
