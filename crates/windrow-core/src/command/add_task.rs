//! Adds one of windrow's own tasks.

use crate::event::Event;
use crate::reject::Rejection;
use crate::spec::TaskSpec;
use crate::state::State;

use super::rules;

/// Adds a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddTask {
    /// What it says about itself.
    pub spec: TaskSpec,
}

impl AddTask {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let task = state.next_task();
        rules::check_spec(task, &self.spec)?;
        for on in self.spec.depends.iter().chain(&self.spec.reads) {
            rules::require_task(state, *on)?;
        }
        Ok(vec![Event::TaskAdded { task, spec: self.spec.clone() }])
    }
}
