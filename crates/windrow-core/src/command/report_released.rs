//! A session's worktree is reset for the next one, or gone.

use crate::event::Event;
use crate::ids::{Generation, SessionId, TreeId};
use crate::reject::Rejection;
use crate::state::{SealOutcome, Session, State, Wish};

use super::rules;

/// Reports a released worktree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportReleased {
    /// Whose.
    pub session: SessionId,
    /// Its generation.
    pub generation: Generation,
    /// The tree is gone rather than warm.
    pub gone: bool,
    /// The tree stays as it is, for this reason.
    pub stays: Option<String>,
}

impl ReportReleased {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let session = rules::require_session(state, self.session, self.generation)?;
        if session.wish() != Wish::Release {
            return Err(Rejection::NotAwaited { session: self.session });
        }
        let (id, generation) = (self.session, self.generation);
        let mut events = Vec::new();
        match &self.stays {
            Some(why) => {
                events.push(Event::TreeStays { session: id, generation, why: why.clone() });
            }
            None => events.push(Event::TreeReleased { session: id, generation }),
        }
        if self.gone
            && let Some(tree) = tree_of(session)
        {
            events.push(Event::TreeForgotten { tree });
        }
        events.extend(restart(session));
        Ok(events)
    }
}

/// The tree that was chosen for a session.
pub(super) fn tree_of(session: &Session) -> Option<TreeId> {
    session.lease.as_ref().map(|lease| lease.tree)
}

/// An interrupted session starts again once its tree is out of the way.
pub(super) fn restart(session: &Session) -> Option<Event> {
    let interrupted = session.sealed == Some(SealOutcome::Interrupted) && session.stop.is_none();
    let generation = session.generation + 1;
    interrupted.then_some(Event::SessionRestarted { session: session.id, generation })
}
