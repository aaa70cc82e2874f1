//! Ends a task by a person's word, whatever it is doing.

use crate::event::Event;
use crate::ids::TaskId;
use crate::reject::Rejection;
use crate::state::{ClosedAs, State, StopReason, TaskPhase};

use super::rules;

/// Closes a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseTask {
    /// Which task.
    pub task: TaskId,
    /// Done by other means, or not wanted.
    pub how: ClosedAs,
    /// What the person says about it.
    pub reason: String,
}

impl CloseTask {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let task = rules::require_task(state, self.task)?;
        let refuse = |rule| {
            let phase = rules::phase_word(&task.phase);
            Err(Rejection::TaskPhase { task: self.task, phase, rule })
        };
        let mut events = Vec::new();
        match &task.phase {
            TaskPhase::Landed { .. } | TaskPhase::Done { .. } | TaskPhase::Cancelled { .. } => {
                return refuse("it is over already");
            }
            TaskPhase::Submitted(landing) => {
                let entry = state.landings.get(landing);
                if entry.is_some_and(|entry| entry.state.in_turn()) {
                    return refuse("it is being landed; try again in a moment");
                }
                let reason = format!("the task was closed: {}", self.reason);
                events.push(Event::EntryWithdrawn { landing: *landing, reason });
            }
            TaskPhase::Active(session) => {
                events.push(Event::StopRequested { session: *session, why: StopReason::Kill });
            }
            TaskPhase::Stuck(_) => {
                if let Some(landing) = rules::parked(state).get(&self.task) {
                    let reason = format!("the task was closed: {}", self.reason);
                    events.push(Event::EntryWithdrawn { landing: *landing, reason });
                }
            }
            TaskPhase::Open => {}
        }
        let reason = self.reason.clone();
        events.push(Event::TaskClosed { task: self.task, how: self.how, reason });
        Ok(events)
    }
}
