//! Bringing kept work back as a worktree, and listing and dropping kept refs.
//!
//! What comes back equals what was captured: bytes, modes, links, deletions, empty folders, the
//! index with its flags and stages, and a stopped merge or rebase. Only the branch may have
//! another name. A kept tree is data that anybody who can write to the repository could have made:
//! no path in it leads out of the new worktree, and of the git directory only the state of a
//! stopped operation is written.

use std::path::{Path, PathBuf};

use super::capture_index::{blobs, existing};
use super::capture_meta::{Meta, VERSION, as_path, percent};
use super::repo::{GitError, Oid, Repo, Tree};
use super::restore_files::Refill;
use super::restore_pinned as pinned;
use super::worktree::{WorktreeError, Worktrees};
use super::worktree_refill::{Refilling, missing_in};
use super::worktree_registry::Head;

/// The folder of all kept refs.
pub const KEPT: &str = "refs/windrow/kept";

/// Kept work that could not be restored; the kept ref is untouched.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Git or the file system failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The worktree could not be made.
    #[error(transparent)]
    Worktree(#[from] WorktreeError),
    /// There is no such kept ref.
    #[error("failed to find kept work under `{name}`")]
    Unknown {
        /// The ref name.
        name: String,
    },
    /// The kept commit was written by a newer windrow.
    #[error(
        "failed to read the kept work `{name}`: it has format {version}, and this windrow knows up to {VERSION}"
    )]
    Newer {
        /// The ref name.
        name: String,
        /// The format it has.
        version: u32,
    },
}

/// One kept ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The full ref name.
    pub name: String,
    /// What the ref holds: a capture, or simply a commit that was pinned.
    pub commit: Oid,
    /// When it was made, in seconds since 1970.
    pub when: i64,
    /// The commit that was checked out.
    pub head: Option<Oid>,
    /// What was captured, or nothing for a pinned commit.
    pub summary: Option<KeptSummary>,
}

/// What a capture holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSummary {
    /// The full name of the branch, if HEAD was on one.
    pub branch: Option<String>,
    /// What was unfinished, such as `merge`.
    pub operation: Option<String>,
    /// How many files and links differ from the index or are new.
    pub files: usize,
    /// How many tracked files were deleted.
    pub deleted: usize,
    /// How many index entries differ from HEAD.
    pub staged: usize,
    /// What is in the trash folder, by its path in the tree.
    pub trashed: Vec<PathBuf>,
    /// What was not captured and stayed in the tree.
    pub left: Vec<PathBuf>,
}

/// A worktree that was brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The new worktree.
    pub tree: Tree,
    /// What was captured but could not be brought back, by its path in the tree; where a person put
    /// something else meanwhile, that stays.
    pub missing: Vec<PathBuf>,
}

/// Every kept ref, by name.
pub fn kept(repo: &Repo) -> Result<Vec<Kept>, GitError> {
    let format = "--format=%(refname)%00%(objectname)%00%(committerdate:unix)%00%(subject)";
    let answer = repo.git(["for-each-ref", format, &format!("{KEPT}/")]).success()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let mut rows = Vec::new();
    for line in answer.lines() {
        let fields: Vec<&str> = line.splitn(4, '\0').collect();
        let [name, oid, when, subject] = fields[..] else {
            return Err(GitError::Answer { what: "kept refs", text: line.to_owned() });
        };
        let commit = Oid::parse(oid)?;
        let when = when.parse().unwrap_or_default();
        let meta = if subject.starts_with(SUBJECT) { load_meta(repo, &commit)? } else { None };
        let head = match &meta {
            Some(meta) => meta.head.clone(),
            None => Some(commit.clone()),
        };
        let summary = meta.map(summary);
        rows.push(Kept { name: name.to_owned(), commit, when, head, summary });
    }
    Ok(rows)
}

/// How the message of every capture begins.
pub(super) const SUBJECT: &str = "Kept work: ";

fn summary(meta: Meta) -> KeptSummary {
    let decoded = |text: &String| as_path(&percent::decode(text).unwrap_or_default());
    KeptSummary {
        branch: meta.branch,
        operation: meta.operation,
        files: meta.files,
        deleted: meta.deleted,
        staged: meta.staged,
        trashed: meta.items.iter().map(|item| as_path(&item.path)).collect(),
        left: meta.left.iter().map(decoded).collect(),
    }
}

/// Reads `meta.json`; nothing for a commit that no capture made.
fn load_meta(repo: &Repo, commit: &Oid) -> Result<Option<Meta>, GitError> {
    let Some(oid) = existing(repo, [format!("{commit}:meta.json")])?.into_iter().flatten().next()
    else {
        return Ok(None);
    };
    let bytes = blobs(repo, [&oid])?.pop().unwrap_or_default();
    Ok(serde_json::from_slice(&bytes).ok())
}

/// Deletes a kept ref that still holds `expected`; what it alone kept may be gone from then on.
///
/// The trash folder of the capture is the caller's to remove.
pub fn drop_kept(repo: &Repo, name: &str, expected: &Oid) -> Result<(), GitError> {
    repo.move_ref(name, None, Some(expected))
}

/// Makes a worktree at `path` that equals what was captured under the kept ref `name`.
///
/// A HEAD that was on a branch comes back on the new branch `branch`; one that was detached stays
/// so, and a stopped rebase will end on `branch`. What is in the folder `trash` moves back into the
/// tree. Called again with the same arguments after it was killed, it finishes; what somebody put
/// into the half-made tree meanwhile stays. A tree it had finished it returns untouched.
pub fn restore(
    worktrees: &Worktrees,
    name: &str,
    trash: &Path,
    path: &Path,
    branch: &str,
) -> Result<Restored, RestoreError> {
    let repo = worktrees.repo();
    let unknown = || RestoreError::Unknown { name: name.to_owned() };
    let commit = repo.ref_value(name)?.ok_or_else(unknown)?;
    let subject = repo.git(["show", "-s", "--format=%s", commit.as_str()]).success();
    let subject = subject.map_err(GitError::from)?;
    let meta =
        if subject.starts_with(SUBJECT.as_bytes()) { load_meta(repo, &commit)? } else { None };
    let on_branch = Head::Branch(format!("refs/heads/{branch}"));
    let Some(meta) = meta else {
        let to = Refilling { path, any: &commit, base: Some(&commit), head: &on_branch };
        let (tree, missing) = worktrees.refill(&to, |half| pinned::fill(repo, &commit, half))?;
        return Ok(Restored { tree, missing: missing.unwrap_or_default() });
    };
    if meta.version > VERSION {
        return Err(RestoreError::Newer { name: name.to_owned(), version: meta.version });
    }
    let head = match (&meta.branch, &meta.head) {
        (None, Some(head)) => Head::Detached(head.clone()),
        _ => on_branch,
    };
    let to = Refilling { path, any: &commit, base: meta.head.as_ref(), head: &head };
    let (tree, missing) =
        worktrees.refill(&to, |half| Refill::of(repo, &commit, half, branch)?.run(&meta, trash))?;
    let missing = missing.unwrap_or_else(|| missing_in(&tree, &meta.items));
    Ok(Restored { tree, missing })
}
