//! Merging by plumbing: trees and commits are made in the object store, no work tree is touched.
//!
//! Invariant: [`land_commit`] is a pure function of its arguments and of the objects they name, so
//! repeating it after a crash makes the same commit again. Only a signature may come out otherwise,
//! so one that was made is taken again. No hook runs.
//! Objects made here hang in the air until a ref holds them: see [`super::pin`].

use std::io;
use std::path::PathBuf;

use super::merge_answer;
use super::open::Identity;
use super::repo::{DURABLE, GitError, Oid, Repo};
use super::served::Kind;
use super::sign::{self, Signer};
use crate::cmd::Cmd;

/// Where objects that no branch holds yet are pinned.
pub const FLIGHT: &str = "refs/windrow/flight/";

/// What merging one commit onto another gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// The merge is clean.
    Clean {
        /// The tree of the merge.
        tree: Oid,
    },
    /// The merge is clean and its tree is that of `onto`, of which the commit is no part.
    Unchanged,
    /// The commit is already part of `onto`.
    AlreadyIn,
    /// The two have no commit in common: one of them was replaced.
    Unrelated,
    /// The two sides collide.
    Conflict {
        /// The files that collide, ordered by path.
        files: Vec<ConflictFile>,
        /// Git's own words for each collision.
        messages: Vec<String>,
    },
}

/// A file two sides changed in ways that cannot be joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictFile {
    /// The path from the root of the repository.
    pub path: PathBuf,
    /// The blob in the common ancestor, if it had one.
    pub base: Option<Oid>,
    /// The blob on the side merged onto.
    pub ours: Option<Oid>,
    /// The blob on the side being merged.
    pub theirs: Option<Oid>,
}

/// A merge commit to make.
#[derive(Clone, Debug)]
pub struct MergeCommit<'a> {
    /// The tree of the commit.
    pub tree: &'a Oid,
    /// The first parent: the target branch.
    pub onto: &'a Oid,
    /// The second parent: the work that lands.
    pub commit: &'a Oid,
    /// The whole message, trailers included.
    pub message: &'a str,
    /// Who wrote the work.
    pub author: &'a Identity,
    /// Who lands it.
    pub committer: &'a Identity,
    /// The time of both, in seconds since the epoch; recorded in UTC.
    pub seconds: i64,
}

/// Merges `commit` onto `onto` in the object store.
///
/// # Errors
/// Git fails: an object is missing.
pub fn merge(repo: &Repo, onto: &Oid, commit: &Oid) -> Result<Merged, GitError> {
    let command = repo.git(DURABLE).args([
        "-c",
        "merge.renames=true",
        "merge-tree",
        "--write-tree",
        "-z",
        onto.as_str(),
        commit.as_str(),
    ]);
    let line = command.line();
    let done = command.output()?;
    match done.status.code() {
        Some(0) => clean(repo, merge_answer::tree(&done.stdout)?, onto, commit),
        // Without an answer it is no conflict: an object is missing.
        Some(1) if !done.stdout.is_empty() => merge_answer::conflict(&done.stdout),
        _ if !are_related(repo, onto, commit)? => Ok(Merged::Unrelated),
        _ => Err(failed(line, &done)),
    }
}

/// What a merge without a collision comes to.
fn clean(repo: &Repo, tree: Oid, onto: &Oid, commit: &Oid) -> Result<Merged, GitError> {
    if tree != tree_of(repo, onto)? {
        return Ok(Merged::Clean { tree });
    }
    // Only what changes nothing can be in the target already.
    let already = is_ancestor(repo, commit, onto)?;
    Ok(if already { Merged::AlreadyIn } else { Merged::Unchanged })
}

/// Whether two commits have one in common.
fn are_related(repo: &Repo, one: &Oid, other: &Oid) -> Result<bool, GitError> {
    let call = repo.git(["merge-base", one.as_str(), other.as_str()]);
    // Exit status 1 without a word says that there is none; anything else is not known.
    Ok(call.output()?.status.code() != Some(1))
}

/// Makes the commit of a landing: always two parents, also where a fast-forward would do.
///
/// `made` is what an earlier call may have made; when it is this very commit with a signature, no
/// second one is made.
///
/// # Errors
/// Git fails, the identity is empty, or it cannot be signed.
pub fn land_commit(
    repo: &Repo,
    what: &MergeCommit<'_>,
    signer: Option<&Signer>,
    made: Option<&Oid>,
) -> Result<Oid, GitError> {
    let make = |signer: Option<&Signer>| {
        if let Some(commit) = signer.is_none().then(|| served_commit(repo, what)).flatten() {
            return Ok(commit);
        }
        let parents = ["-p", what.onto.as_str(), "-p", what.commit.as_str()];
        let args = [&["-F", "-"], &parents[..], &[what.tree.as_str()]].concat();
        sign::commit_tree(repo, signer, args, |call| dated(call, what))
    };
    let plain = make(None)?;
    let commit = match (signer, made) {
        (None, _) => plain,
        (Some(_), Some(made)) if sign::is_signed_form(repo, made, &plain)? => made.clone(),
        (signer, _) => make(signer)?,
    };
    repo.made.note(&commit, what.tree, [what.onto, what.commit]);
    Ok(commit)
}

/// The unsigned commit by a process that stays: byte for byte what `git commit-tree` writes.
fn served_commit(repo: &Repo, what: &MergeCommit<'_>) -> Option<Oid> {
    let (author, committer) = (person(what.author)?, person(what.committer)?);
    let MergeCommit { tree, onto, commit, message, seconds, .. } = what;
    if message.contains('\0') || *seconds < 0 {
        return None;
    }
    let text = format!(
        "tree {tree}\nparent {onto}\nparent {commit}\nauthor {author} {seconds} +0000\n\
         committer {committer} {seconds} +0000\n\n{message}"
    );
    let mut file = tempfile::NamedTempFile::new().ok()?;
    io::Write::write_all(&mut file, text.as_bytes()).ok()?;
    let path = file.path().to_str().filter(|path| !path.contains(['\n', '"']))?;
    repo.ask(Kind::Commits, |commits| {
        commits.say(format!("{path}\n").as_bytes())?;
        Oid::parse(&commits.line()?).map_err(|_| io::ErrorKind::InvalidData.into())
    })
}

/// A name and an address as a commit has them; nothing for those that git would clean up first.
fn person(who: &Identity) -> Option<String> {
    let plain = |text: &str| {
        let crud = |c: char| c <= ' ' || ".,:;<>\"\\'".contains(c);
        !text.is_empty()
            && !text.contains(['\n', '<', '>', '\0'])
            && !text.starts_with(crud)
            && !text.ends_with(crud)
    };
    (plain(&who.name) && plain(&who.email)).then(|| format!("{} <{}>", who.name, who.email))
}

/// Gives a call of `git commit-tree` everything that does not stand among its arguments.
fn dated(call: Cmd, what: &MergeCommit<'_>) -> Cmd {
    let date = format!("@{} +0000", what.seconds);
    call.env("GIT_AUTHOR_NAME", &what.author.name)
        .env("GIT_AUTHOR_EMAIL", &what.author.email)
        .env("GIT_AUTHOR_DATE", &date)
        .env("GIT_COMMITTER_NAME", &what.committer.name)
        .env("GIT_COMMITTER_EMAIL", &what.committer.email)
        .env("GIT_COMMITTER_DATE", &date)
        .stdin(what.message.as_bytes())
}

/// Lets go of an object that was pinned; a ref that is not there is no error.
///
/// # Errors
/// The name is not below `refs/windrow/`, or git refuses.
pub fn unpin(repo: &Repo, refname: &str) -> Result<(), GitError> {
    if !refname.starts_with("refs/windrow/") {
        return Err(GitError::Answer { what: "own ref name", text: refname.to_owned() });
    }
    match repo.ref_value(refname)? {
        Some(held) => repo.move_ref(refname, None, Some(&held)),
        None => Ok(()),
    }
}

/// The tree of a commit.
///
/// # Errors
/// There is no such commit.
pub fn tree_of(repo: &Repo, commit: &Oid) -> Result<Oid, GitError> {
    if let Some(tree) = repo.made.tree(commit) {
        return Ok(tree);
    }
    let spec = format!("{commit}^{{tree}}");
    if let Some(tree) = super::capture_index::existing(repo, [spec.clone()])?.pop().flatten() {
        return Ok(tree);
    }
    let answer = repo.git(["rev-parse", "--verify", "--end-of-options", &spec]).success()?;
    Oid::parse(&String::from_utf8_lossy(&answer))
}

/// Whether `old` is `new` or one of its ancestors.
///
/// # Errors
/// One of them is not a commit here.
pub fn is_ancestor(repo: &Repo, old: &Oid, new: &Oid) -> Result<bool, GitError> {
    if old == new || repo.made.has_parent(new, old) {
        return Ok(true);
    }
    let command = repo.git(["merge-base", "--is-ancestor", old.as_str(), new.as_str()]);
    let line = command.line();
    let done = command.output()?;
    match done.status.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(failed(line, &done)),
    }
}

/// The names of the repository's branches, without `refs/heads/`; those of windrow's workers are
/// left out.
///
/// # Errors
/// They cannot be listed.
pub fn branches(repo: &Repo) -> Result<Vec<String>, GitError> {
    let answer = repo.git(["for-each-ref", "--format=%(refname)", "refs/heads/"]).success()?;
    let names = String::from_utf8_lossy(&answer);
    let names = names.lines().filter_map(|name| name.strip_prefix("refs/heads/"));
    Ok(names.filter(|name| !name.starts_with("windrow/")).map(str::to_owned).collect())
}

/// The values of the trailer `key` in the first-parent commits of `tip`, newest first; none when
/// there is no such ref.
///
/// # Errors
/// The history cannot be read.
pub fn trailers(repo: &Repo, tip: &str, key: &str) -> Result<Vec<(Oid, String)>, GitError> {
    let Some(tip) = repo.ref_value(tip)? else { return Ok(Vec::new()) };
    let format = format!("--format=%H %(trailers:key={key},valueonly,separator=%x20)");
    let grep = format!("--grep=^{key}: ");
    let answer = repo.git(["log", "--first-parent", &grep, &format, tip.as_str(), "--"]);
    let answer = answer.success()?;
    let mut found = Vec::new();
    for line in String::from_utf8_lossy(&answer).lines() {
        let (commit, value) = line.split_once(' ').unwrap_or((line, ""));
        if !value.trim().is_empty() {
            found.push((Oid::parse(commit)?, value.trim().to_owned()));
        }
    }
    Ok(found)
}

/// The first-parent commit between `from` and `to` that merged exactly `work`, if there is one.
///
/// # Errors
/// One of them is not a commit here.
pub fn merge_of(repo: &Repo, from: &Oid, to: &Oid, work: &Oid) -> Result<Option<Oid>, GitError> {
    let range = format!("{from}..{to}");
    let list = ["rev-list", "--first-parent", "--merges", "--parents", &range, "--"];
    let answer = repo.git(list).success()?;
    for line in String::from_utf8_lossy(&answer).lines() {
        let mut names = line.split(' ');
        let merge = names.next().unwrap_or_default();
        if names.skip(1).any(|parent| parent == work.as_str()) {
            return Oid::parse(merge).map(Some);
        }
    }
    Ok(None)
}

pub(super) fn failed(line: String, done: &crate::cmd::Output) -> GitError {
    let stderr = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    crate::cmd::CmdError::Failed { line, status: done.status, stderr }.into()
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
