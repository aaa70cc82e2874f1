//! Whether a run can start in this repository: where it lands, who commits, what is in the way.

use std::fs;

use windrow_world::git::{
    self, Branch, Operation, Tree, current_branch, has_submodules, operation_in_progress,
};
use windrow_world::trackers::nearest;

use crate::context::Project;
use crate::error::CliError;

/// Where and as whom a run lands.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The branch, without `refs/heads/`.
    pub(super) branch: String,
    /// Who stands on the landing commits.
    pub(super) identity: git::Identity,
    /// How they are signed, if they are.
    pub(super) signing: Option<git::Signing>,
    /// Whether case does not count in paths.
    pub(super) ignore_case: bool,
    /// What the person should know and need not act on.
    pub(super) notes: Vec<String>,
}

/// Finds the target and looks for what is in the way.
pub(super) fn target(project: &Project, named: Option<&str>) -> Result<Target, CliError> {
    git::require_version()?;
    let found = &project.found;
    let repo = &found.repo;
    let branch = match named {
        Some(name) => existing(project, name)?,
        None => checked_out(project)?,
    };
    for tree in std::iter::once(&found.main).chain(found.linked.as_ref()) {
        if let Some(operation) = in_the_way(project, tree, &branch)? {
            return Err(unfinished(tree, operation));
        }
    }
    let identity = git::identity(repo)?;
    let signing = git::signing(repo, &identity)?;
    let mut notes = Vec::new();
    let at = repo.commit(&format!("refs/heads/{branch}"))?;
    if let Some(at) = at
        && has_submodules(repo, &at)?
    {
        notes.push(
            "Submodules are left empty in workers' trees, and landing moves only their commit."
                .to_owned(),
        );
    }
    let ignore_case = git::ignores_case(repo)?;
    Ok(Target { branch, identity, signing, ignore_case, notes })
}

/// The branch the main worktree is on.
fn checked_out(project: &Project) -> Result<String, CliError> {
    let found = &project.found;
    match current_branch(&found.repo, &found.main)? {
        Branch::On { name, .. } => Ok(name),
        Branch::Unborn(branch) => {
            Err(git::OpenError::Unborn { path: found.main.path.clone(), branch }.into())
        }
        Branch::Detached(at) => {
            if let Some(operation) = operation_in_progress(&found.main) {
                return Err(unfinished(&found.main, operation));
            }
            let path = found.main.path.display();
            Err(CliError::user(format!("`{path}` is on no branch, but at {at}"))
                .hint("`git switch BRANCH` goes to one")
                .hint("`--branch BRANCH` names where the work is to land"))
        }
    }
}

/// A branch that the person named.
fn existing(project: &Project, name: &str) -> Result<String, CliError> {
    let repo = &project.found.repo;
    let short = name.strip_prefix("refs/heads/").unwrap_or(name);
    if repo.ref_value(&format!("refs/heads/{short}"))?.is_some() {
        return Ok(short.to_owned());
    }
    let refs = repo.git(["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/"]);
    let text = refs.success()?;
    let text = String::from_utf8_lossy(&text);
    let error = CliError::user(format!("there is no branch `{short}`"));
    Err(match nearest(short, text.lines()) {
        Some(near) => error.hint(format!("is `{near}` meant?")),
        None => error.hint(format!("`git branch {short}` makes it")),
    })
}

/// Something unfinished in a worktree that holds the branch.
fn in_the_way(project: &Project, tree: &Tree, branch: &str) -> Result<Option<Operation>, CliError> {
    let Some(operation) = operation_in_progress(tree) else { return Ok(None) };
    let on = current_branch(&project.found.repo, tree)?;
    let holds = matches!(&on, Branch::On { name, .. } if name == branch)
        || left(tree).iter().any(|name| name == branch);
    Ok(holds.then_some(operation))
}

/// Branches that an unfinished operation will go back to.
fn left(tree: &Tree) -> Vec<String> {
    let files = ["rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"];
    let read = |name: &&str| fs::read_to_string(tree.git_dir.join(name)).ok();
    let short = |text: String| text.trim().trim_start_matches("refs/heads/").to_owned();
    files.iter().filter_map(read).map(short).collect()
}

fn unfinished(tree: &Tree, operation: Operation) -> CliError {
    let path = tree.path.display();
    let (finish, give_up) = match operation {
        Operation::Rebase => ("git rebase --continue", "git rebase --abort"),
        Operation::ApplyMail => ("git am --continue", "git am --abort"),
        Operation::Merge => ("git merge --continue", "git merge --abort"),
        Operation::CherryPick => ("git cherry-pick --continue", "git cherry-pick --abort"),
        Operation::Revert => ("git revert --continue", "git revert --abort"),
        Operation::Bisect => ("git bisect log", "git bisect reset"),
    };
    CliError::user(format!("a {operation} is in progress in `{path}`, where the work would land"))
        .hint(format!("`{finish}` goes on with it, `{give_up}` gives it up"))
        .hint("or name another target with `--branch`")
}
