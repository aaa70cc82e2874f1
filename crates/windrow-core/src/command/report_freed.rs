//! A session's name and ports are free again: it is over.

use crate::event::Event;
use crate::ids::{Generation, SessionId};
use crate::reject::Rejection;
use crate::state::{SealOutcome, State, StopReason, TaskPhase, TryKind, TryReason, Wish};

use super::rules;

/// Reports a freed name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFreed {
    /// Whose.
    pub session: SessionId,
    /// Its generation.
    pub generation: Generation,
}

impl ReportFreed {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let session = rules::require_session(state, self.session, self.generation)?;
        if session.wish() != Wish::Unlease {
            return Err(Rejection::NotAwaited { session: self.session });
        }
        let mut events = vec![Event::SessionClosed { session: self.session }];
        // It was to start again, but meanwhile somebody wanted it to end.
        let task = rules::require_task(state, session.task)?;
        let interrupted = session.sealed == Some(SealOutcome::Interrupted);
        if interrupted && task.phase == TaskPhase::Active(self.session) {
            events.push(match session.stop {
                Some(StopReason::RunStopped | StopReason::ClaimExpired) | None => {
                    Event::TaskReopened { task: session.task }
                }
                Some(StopReason::Kill | StopReason::KillAndDrop | StopReason::Close) => {
                    let summary = format!("`{}` was ended by a person", session.label());
                    let kept = session.kept.last().map(|kept| kept.refname.clone());
                    let reason = TryReason { kind: TryKind::Person, summary, detail: None, kept };
                    Event::TaskStuck { task: session.task, reason }
                }
            });
        }
        Ok(events)
    }
}
