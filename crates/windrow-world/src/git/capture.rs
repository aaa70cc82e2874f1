//! Capture.

use super::repo::{GitError, Tree};

/// Shows that a tree's content is safe elsewhere, or that it never held any.
#[derive(Clone, Debug)]
pub struct Saved {
    tree: Tree,
}

impl Saved {
    /// For trees in which neither a worker nor a person ever worked, such as a gate's lane.
    #[must_use]
    pub fn scratch(tree: &Tree) -> Self {
        Self { tree: tree.clone() }
    }

    pub(super) fn require(&self, tree: &Tree) -> Result<(), GitError> {
        if self.tree.git_dir == tree.git_dir {
            return Ok(());
        }
        let text = tree.git_dir.display().to_string();
        Err(GitError::Answer { what: "captured worktree", text })
    }
}
