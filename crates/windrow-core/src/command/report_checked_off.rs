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
        rules::require_check_off(state, self.task)?;
        Ok(vec![Event::TaskCheckedOff { task: self.task, problem: self.problem.clone() }])
    }
}
