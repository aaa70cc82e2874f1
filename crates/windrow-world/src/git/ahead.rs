//! The refs under which landing commits wait that a target branch cannot take yet.
//!
//! `refs/windrow/target/<branch>` is there only while the branch lacks what it holds. It moves by
//! compare-and-swap and only ever forward; it goes once the branch contains it.

use super::merge::is_ancestor;
use super::repo::{GitError, Oid, Repo};

/// Where such refs lie.
pub const AHEAD: &str = "refs/windrow/target/";

/// What the next landing is merged onto.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// The commit.
    pub commit: Oid,
    /// The branch, when there is one.
    pub branch: Option<Oid>,
    /// The commit is that of the ref, and the branch lacks it.
    pub ahead: bool,
}

/// The full name of the ref that may be ahead of a branch.
#[must_use]
pub fn ahead_ref(branch: &str) -> String {
    format!("{AHEAD}{branch}")
}

/// Where a target branch ends: at what is ahead of it, else where it is itself; nothing when there
/// is neither.
///
/// # Errors
/// Git fails.
pub fn tip(repo: &Repo, branch: &str) -> Result<Option<Tip>, GitError> {
    let (own, ahead) = (format!("refs/heads/{branch}"), ahead_ref(branch));
    let list = ["for-each-ref", "--format=%(refname) %(objectname)", &own, &ahead];
    let listed = String::from_utf8_lossy(&repo.git(list).success()?).into_owned();
    let value = |name: &str| -> Result<Option<Oid>, GitError> {
        let mut pairs = listed.lines().filter_map(|line| line.split_once(' '));
        pairs.find(|(found, _)| *found == name).map(|(_, oid)| Oid::parse(oid)).transpose()
    };
    let (branch, ahead) = (value(&own)?, value(&ahead)?);
    let ahead = match (&branch, ahead) {
        (Some(branch), Some(ahead)) if is_ancestor(repo, &ahead, branch)? => None,
        (_, ahead) => ahead,
    };
    let is_ahead = ahead.is_some();
    let commit = ahead.or_else(|| branch.clone());
    Ok(commit.map(|commit| Tip { commit, branch, ahead: is_ahead }))
}

/// Moves the ref to `new`, a commit made on top of `tip`; false when the tip is another by now.
///
/// Called again after it has succeeded, it changes nothing and succeeds.
///
/// # Errors
/// Git fails.
pub fn advance(repo: &Repo, branch: &str, onto: &Oid, new: &Oid) -> Result<bool, GitError> {
    let name = ahead_ref(branch);
    let before = repo.ref_value(&name)?;
    let Some(tip) = tip(repo, branch)? else { return Ok(false) };
    if is_ancestor(repo, new, &tip.commit)? {
        return Ok(true);
    }
    if tip.commit != *onto {
        return Ok(false);
    }
    match repo.move_ref(&name, Some(new), before.as_ref()) {
        Err(GitError::RefMoved { .. }) => Ok(false),
        moved => moved.map(|()| true),
    }
}

/// Makes sure that the ref holds `head`, whoever took it away.
///
/// # Errors
/// Git fails, for one because the commit is gone.
pub fn hold(repo: &Repo, branch: &str, head: &Oid) -> Result<(), GitError> {
    let name = ahead_ref(branch);
    let before = repo.ref_value(&name)?;
    match &before {
        Some(at) if is_ancestor(repo, head, at)? => Ok(()),
        _ => repo.move_ref(&name, Some(head), before.as_ref()),
    }
}

/// Lets go of the ref when the branch contains it.
///
/// # Errors
/// Git fails.
pub fn let_go(repo: &Repo, branch: &str) -> Result<(), GitError> {
    let name = ahead_ref(branch);
    let Some(at) = repo.ref_value(&name)? else { return Ok(()) };
    let Some(head) = repo.ref_value(&format!("refs/heads/{branch}"))? else { return Ok(()) };
    if !is_ancestor(repo, &at, &head)? {
        return Ok(());
    }
    match repo.move_ref(&name, None, Some(&at)) {
        // Something landed on it in between, and it is ahead again.
        Err(GitError::RefMoved { .. }) => Ok(()),
        removed => removed,
    }
}

/// Every such ref with its commit.
///
/// # Errors
/// Git fails.
pub fn all_ahead(repo: &Repo) -> Result<Vec<(String, Oid)>, GitError> {
    let list = ["for-each-ref", "--format=%(refname) %(objectname)", AHEAD];
    let listed = String::from_utf8_lossy(&repo.git(list).success()?).into_owned();
    let pairs = listed.lines().filter_map(|line| line.split_once(' '));
    pairs.map(|(name, oid)| Ok((name.to_owned(), Oid::parse(oid)?))).collect()
}

/// The last commit that two histories share.
///
/// # Errors
/// They share none.
pub fn fork_point(repo: &Repo, one: &Oid, other: &Oid) -> Result<Oid, GitError> {
    let base = repo.git(["merge-base", one.as_str(), other.as_str()]).success()?;
    Oid::parse(&String::from_utf8_lossy(&base))
}

/// The first-parent commits that `with` has and `without` lacks, newest first, at most `limit`, each
/// as its short hash and subject; a last line says how many more there are.
///
/// # Errors
/// One of them is not a commit here.
pub fn lines_between(
    repo: &Repo,
    without: &Oid,
    with: &Oid,
    limit: usize,
) -> Result<Vec<String>, GitError> {
    let range = format!("{without}..{with}");
    let list = ["log", "--first-parent", "--no-color", "--format=%h %s", &range, "--"];
    let listed = String::from_utf8_lossy(&repo.git(list).success()?).into_owned();
    let mut lines: Vec<String> = listed.lines().map(str::to_owned).collect();
    let more = lines.len().saturating_sub(limit);
    lines.truncate(limit);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    Ok(lines)
}

#[cfg(test)]
#[path = "ahead_tests.rs"]
mod tests;
