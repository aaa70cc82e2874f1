//! A session got its name and ports; the worktree it will use is chosen here.

use crate::event::Event;
use crate::ids::{Generation, SessionId, TreeId};
use crate::reject::Rejection;
use crate::state::{State, TreeUse, Wish};

use super::rules;

/// Reports a name and a port block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportLeased {
    /// Whose.
    pub session: SessionId,
    /// Its generation.
    pub generation: Generation,
    /// The name, unique among the machine's live sessions.
    pub name: String,
    /// What is added to the project's base ports.
    pub port_offset: u32,
}

impl ReportLeased {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let session = rules::require_session(state, self.session, self.generation)?;
        if session.wish() != Wish::Lease {
            return Err(Rejection::NotAwaited { session: self.session });
        }
        let folder = state.runs.get(&session.run).map(|run| {
            let name = run.spec.tree_names.folder(&self.name, session.task, session.attempt);
            format!("{}/{name}", run.spec.trees)
        });
        let warm = || state.trees.iter().filter(|(_, record)| record.used == TreeUse::Warm);
        // The one that lies there already need not be moved.
        let there = warm().find(|(_, record)| folder.as_ref() == Some(&record.path));
        let (tree, reuse) = there
            .or_else(|| warm().next())
            .map_or((TreeId(state.last_tree + 1), false), |(tree, _)| (*tree, true));
        Ok(vec![Event::SessionLeased {
            session: self.session,
            name: self.name.clone(),
            port_offset: self.port_offset,
            tree,
            reuse,
        }])
    }
}
