//! Captures a worktree into a kept ref before anything else happens to it.

use std::path::Path;

use windrow_core::ids::TreeId;
use windrow_world::git::{self, CaptureSpec, Captured, Oid, Saved, Tree};

use super::chain;
use crate::place::{Place, now};

/// Bytes that may go to the trash folder of one capture.
const TRASH_LIMIT: u64 = 2 << 30;

/// Size in bytes above which a file goes to the trash folder instead of into git.
const BLOB_LIMIT: u64 = 64 << 20;

/// What a capture needs to know.
pub(super) struct Capture<'a> {
    pub(super) tree: &'a Tree,
    pub(super) refname: &'a str,
    pub(super) safe: &'a [String],
    pub(super) precious: &'a [String],
    pub(super) trash: &'a Path,
    /// The branch the tree was on, without `refs/heads/`, and the commit it started from: what a
    /// broken tree is put together with.
    pub(super) branch: &'a str,
    pub(super) base: &'a str,
}

impl Capture<'_> {
    /// Carries it out; a tree that cannot be captured is mended as far as that goes first.
    pub(super) fn run(&self, place: &Place) -> Result<Captured, String> {
        match self.once(place) {
            Ok(captured) => Ok(captured),
            Err(reason) if self.mend(place)?.is_empty() => Err(reason),
            Err(_) => self.once(place),
        }
    }

    /// Mends the tree; what was broken, in words.
    pub(super) fn mend(&self, place: &Place) -> Result<Vec<&'static str>, String> {
        let Ok(base) = Oid::parse(self.base) else { return Ok(Vec::new()) };
        let branch = match self.branch {
            "" => String::new(),
            branch => format!("refs/heads/{branch}"),
        };
        let broken = git::mend(&place.repo, self.tree, &branch, &base);
        let broken = broken.map_err(|e| chain(&e))?;
        for what in &broken {
            tracing::warn!("`{}` was broken: {}", self.tree.path.display(), what.in_words());
        }
        Ok(broken.into_iter().map(git::Broken::in_words).collect())
    }

    fn once(&self, place: &Place) -> Result<Captured, String> {
        let spec = CaptureSpec {
            name: self.refname,
            safe: self.safe,
            precious: self.precious,
            trash: self.trash,
            trash_limit: TRASH_LIMIT,
            blob_limit: BLOB_LIMIT,
            when: now().0 / 1000,
        };
        windrow_world::git::capture(&place.repo, self.tree, &spec).map_err(|e| chain(&e))
    }
}

/// Keeps what a person left in a tree that nobody should have been in.
pub(super) fn set_aside(
    place: &Place,
    tree: &Tree,
    id: TreeId,
    target: &str,
) -> Result<Saved, String> {
    let safe = safe_refs(target);
    let refname = format!("refs/windrow/kept/{id}/{}", now());
    let trash = place.folder.join("trash").join(format!("{id}-{}", now()));
    let base = place.repo.ref_value(&safe[0]).map_err(|e| chain(&e))?;
    let base = base.map(|base| base.to_string()).unwrap_or_default();
    let capture = Capture {
        tree,
        refname: &refname,
        safe: &safe,
        precious: &[],
        trash: &trash,
        branch: "",
        base: &base,
    };
    match capture.run(place)? {
        Captured::Nothing(saved) | Captured::Kept { saved, .. } => Ok(saved),
        Captured::Incomplete { left, .. } => Err(format!(
            "the worktree `{}` holds what cannot be kept: {}",
            tree.path.display(),
            named(&left)
        )),
    }
}

/// The refs that hold what landed on a target branch, or ahead of it.
pub(super) fn safe_refs(branch: &str) -> [String; 2] {
    [format!("refs/heads/{branch}"), git::ahead_ref(branch)]
}

/// What stayed behind, in words.
pub(super) fn named(left: &[windrow_world::git::Left]) -> String {
    let parts: Vec<String> =
        left.iter().map(|left| format!("`{}` ({})", git::brief(&left.path), left.why)).collect();
    parts.join(", ")
}
