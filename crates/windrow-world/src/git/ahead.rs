//! The refs under which landing commits wait that a target branch cannot take yet.
//!
//! `refs/windrow/target/<branch>` is there only while the branch lacks what it holds. It moves by
//! compare-and-swap; it goes once the branch contains it. What is on record as landed ahead is never
//! left out of it: the record counts, and not where somebody put the ref.

use super::merge::{failed, is_ancestor};
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
/// is neither. A ref that nobody remembers counts.
///
/// # Errors
/// Git fails.
pub fn tip(repo: &Repo, branch: &str) -> Result<Option<Tip>, GitError> {
    tip_with(repo, branch, None)
}

/// The same with what is on record as `landed` ahead of the branch: that is the end until the branch
/// has it, wherever somebody put the ref meanwhile.
///
/// # Errors
/// Git fails.
pub fn tip_with(repo: &Repo, branch: &str, landed: Option<&Oid>) -> Result<Option<Tip>, GitError> {
    let refs = Refs::read(repo, branch)?;
    refs.tip(repo, landed)
}

/// The branch and the ref at one moment.
struct Refs {
    branch: Option<Oid>,
    ahead: Option<Oid>,
}

impl Refs {
    fn read(repo: &Repo, branch: &str) -> Result<Self, GitError> {
        let (own, ahead) = (format!("refs/heads/{branch}"), ahead_ref(branch));
        // The ref goes after the branch was moved to where it is, so it is looked for first.
        let ahead = repo.ref_value(&ahead)?;
        Ok(Self { branch: repo.ref_value(&own)?, ahead })
    }

    fn tip(&self, repo: &Repo, landed: Option<&Oid>) -> Result<Option<Tip>, GitError> {
        let ahead = match (&self.branch, landed.or(self.ahead.as_ref())) {
            (Some(branch), Some(ahead)) if is_ancestor(repo, ahead, branch)? => None,
            (_, ahead) => ahead.cloned(),
        };
        let is_ahead = ahead.is_some();
        let commit = ahead.or_else(|| self.branch.clone());
        Ok(commit.map(|commit| Tip { commit, branch: self.branch.clone(), ahead: is_ahead }))
    }

    /// Whether the branch or the ref has that commit.
    fn have(&self, repo: &Repo, commit: &Oid) -> Result<bool, GitError> {
        for at in [&self.ahead, &self.branch].into_iter().flatten() {
            if is_ancestor(repo, commit, at)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Moves the ref to `new`, a commit made on top of `onto`, wherever somebody put it meanwhile, and
/// tells what of the branch is part of `new`; nothing when the branch ends elsewhere by now.
///
/// `landed` is what is on record as ahead of the branch. Called again after it has succeeded, it
/// changes nothing and succeeds.
///
/// # Errors
/// Git fails.
pub fn advance(
    repo: &Repo,
    branch: &str,
    onto: &Oid,
    new: &Oid,
    landed: Option<&Oid>,
) -> Result<Option<Oid>, GitError> {
    let refs = Refs::read(repo, branch)?;
    if !refs.have(repo, new)? {
        let tip = refs.tip(repo, landed)?;
        if tip.is_none_or(|tip| tip.commit != *onto) {
            return Ok(None);
        }
        match repo.move_ref(&ahead_ref(branch), Some(new), refs.ahead.as_ref()) {
            Err(GitError::RefMoved { .. }) => return Ok(None),
            moved => moved?,
        }
    }
    // The branch was at `onto` when the entry was merged, unless that is a ref nobody remembers. If
    // it lacks it by now, somebody took it away, and that must show.
    match &refs.branch {
        Some(own) if landed.is_none() && !is_ancestor(repo, onto, own)? => {
            known(repo, Some(own), new).map(Some)
        }
        None => Ok(Some(new.clone())),
        Some(_) => Ok(Some(onto.clone())),
    }
}

/// The last commit of a branch that is part of `commit`, which is ahead of it; `commit` itself when
/// nobody can say: the branch is gone, or was replaced.
///
/// # Errors
/// Git fails.
pub fn known(repo: &Repo, own: Option<&Oid>, commit: &Oid) -> Result<Oid, GitError> {
    let Some(own) = own else { return Ok(commit.clone()) };
    Ok(fork_point(repo, own, commit)?.unwrap_or_else(|| commit.clone()))
}

/// Makes sure that the ref holds `landed`, which is on record as ahead of the branch, whoever moved
/// it or took it away. A move that is not on record yet is put right once it is.
///
/// # Errors
/// Git fails, for one because the commit is gone.
pub fn hold(repo: &Repo, branch: &str, landed: &Oid) -> Result<(), GitError> {
    let name = ahead_ref(branch);
    let before = repo.ref_value(&name)?;
    if before.as_ref() == Some(landed) {
        return Ok(());
    }
    settled(repo.move_ref(&name, Some(landed), before.as_ref()))
}

/// Lets go of the ref when the branch contains what is on record as `landed` ahead of it, or all of
/// the ref when nothing is.
///
/// # Errors
/// Git fails.
pub fn let_go(repo: &Repo, branch: &str, landed: Option<&Oid>) -> Result<(), GitError> {
    let name = ahead_ref(branch);
    let Some(at) = repo.ref_value(&name)? else { return Ok(()) };
    let Some(head) = repo.ref_value(&format!("refs/heads/{branch}"))? else { return Ok(()) };
    if !is_ancestor(repo, landed.unwrap_or(&at), &head)? {
        return Ok(());
    }
    settled(repo.move_ref(&name, None, Some(&at)))
}

/// Whoever moved the ref in between, the next look finds it.
fn settled(moved: Result<(), GitError>) -> Result<(), GitError> {
    match moved {
        Err(GitError::RefMoved { .. }) => Ok(()),
        moved => moved,
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

/// The last commit that two histories share; nothing when they share none.
fn fork_point(repo: &Repo, one: &Oid, other: &Oid) -> Result<Option<Oid>, GitError> {
    let command = repo.git(["merge-base", one.as_str(), other.as_str()]);
    let line = command.line();
    let done = command.output()?;
    match done.status.code() {
        Some(0) => Oid::parse(&String::from_utf8_lossy(&done.stdout)).map(Some),
        Some(1) => Ok(None),
        _ => Err(failed(line, &done)),
    }
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
