//! Where a session's worktree lies and what its branch is called.

use std::path::{Path, PathBuf};

use windrow_core::State;
use windrow_core::state::{Session, Task};
use windrow_world::git::{Oid, Repo, Tree, branch_slug, is_ancestor};

/// The folder for a session: its name below the run's folder, unless an older tree lies there.
pub(super) fn path_for(state: &State, session: &Session, root: &Path) -> Option<PathBuf> {
    let lease = session.lease.as_ref()?;
    let path = root.join(&lease.name);
    let text = path.to_string_lossy();
    let taken = state.trees.iter().any(|(id, tree)| *id != lease.tree && tree.path == text);
    Some(if taken { root.join(format!("{}-{}", lease.name, lease.tree)) } else { path })
}

/// The branch for a task, such as `windrow/t-3-add-login`.
pub(super) fn branch_for(task: &Task) -> String {
    format!("windrow/{}-{}", task.id, branch_slug(&task.spec.title))
}

/// The name under which `wanted` can be made: an older branch of that name goes when everything in
/// it is on the target, and is left alone otherwise.
pub(super) fn free_branch(
    repo: &Repo,
    wanted: &str,
    target: &Oid,
) -> Result<String, windrow_world::git::GitError> {
    for n in 1_u32.. {
        let name = if n == 1 { wanted.to_owned() } else { format!("{wanted}-{n}") };
        let full = format!("refs/heads/{name}");
        match repo.ref_value(&full)? {
            None => return Ok(name),
            Some(at) if is_ancestor(repo, &at, target)? => {
                repo.move_ref(&full, None, Some(&at))?;
                return Ok(name);
            }
            Some(_) => {}
        }
    }
    Ok(wanted.to_owned())
}

/// The tree of a session as the world knows it.
pub(super) fn tree_of(session: &Session) -> Option<Tree> {
    let tree = session.tree.as_ref()?;
    Some(Tree { path: tree.path.clone().into(), git_dir: tree.git_dir.clone().into() })
}
