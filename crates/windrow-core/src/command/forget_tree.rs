//! Records that a worktree is gone: pruned, or found missing.

use crate::event::Event;
use crate::ids::TreeId;
use crate::reject::Rejection;
use crate::state::{State, TreeUse};

/// Forgets a worktree that no session uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgetTree {
    /// Which tree.
    pub tree: TreeId,
}

impl ForgetTree {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        match state.trees.get(&self.tree).map(|record| &record.used) {
            Some(TreeUse::Session(_)) => Err(Rejection::TreeInUse(self.tree)),
            Some(TreeUse::Warm | TreeUse::Stays(..)) => {
                Ok(vec![Event::TreeForgotten { tree: self.tree }])
            }
            None => Ok(Vec::new()),
        }
    }
}
