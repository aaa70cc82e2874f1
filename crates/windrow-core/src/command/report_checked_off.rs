//! A landed task was checked off in its file, or could not be.

use crate::event::Event;
use crate::ids::TaskId;
use crate::reject::Rejection;
use crate::state::State;

use super::rules;

/// Reports a check-off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportCheckedOff {
    /// Which task.
    pub task: TaskId,
    /// Why it was impossible, when it was.
    pub problem: Option<String>,
}

impl ReportCheckedOff {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let task = rules::require_task(state, self.task)?;
        if task.checked_off {
            return Ok(Vec::new());
        }
        Ok(vec![Event::TaskCheckedOff { task: self.task, problem: self.problem.clone() }])
    }
}
