//! A session's worktree is ready.

use crate::event::Event;
use crate::ids::{Generation, SessionId};
use crate::reject::Rejection;
use crate::state::{OpenTree, State, Wish};

use super::rules;

/// Reports an open worktree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportTree {
    /// Whose.
    pub session: SessionId,
    /// Its generation.
    pub generation: Generation,
    /// The tree as it was made.
    pub tree: OpenTree,
}

impl ReportTree {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let session = rules::require_session(state, self.session, self.generation)?;
        if session.wish() != Wish::Tree {
            return Err(Rejection::NotAwaited { session: self.session });
        }
        let (session, generation) = (self.session, self.generation);
        Ok(vec![Event::TreeOpened { session, generation, tree: self.tree.clone() }])
    }
}
