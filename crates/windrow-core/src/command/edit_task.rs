//! Changes what a task says about itself, its dependencies included.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::Event;
use crate::graph;
use crate::ids::TaskId;
use crate::reject::Rejection;
use crate::spec::TaskSpec;
use crate::state::State;

use super::rules;

/// Replaces a task's description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditTask {
    /// Which task.
    pub task: TaskId,
    /// Everything it says from now on.
    pub spec: TaskSpec,
}

impl EditTask {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let task = rules::require_task(state, self.task)?;
        rules::check_spec(self.task, &self.spec)?;
        if task.phase.satisfies() {
            return Err(Rejection::TaskPhase {
                task: self.task,
                phase: rules::phase_word(&task.phase),
                rule: "what is over is not changed",
            });
        }
        if rules::while_at_work(state, task, self.spec.clone()) != self.spec {
            return Err(Rejection::TaskPhase {
                task: self.task,
                phase: rules::phase_word(&task.phase),
                rule: "its files and its gate are not changed under way",
            });
        }
        for on in self.spec.depends.iter().chain(&self.spec.reads) {
            rules::require_task(state, *on)?;
        }
        if let Some(cycle) = graph::cycle(&self.reachable(state)) {
            return Err(Rejection::Cycle(cycle.iter().map(ToString::to_string).collect()));
        }
        if task.spec == self.spec {
            return Ok(Vec::new());
        }
        Ok(vec![Event::TaskEdited { task: self.task, spec: self.spec.clone(), imported: None }])
    }

    /// The dependencies that can be reached from the task, as they would be.
    fn reachable(&self, state: &State) -> BTreeMap<TaskId, BTreeSet<TaskId>> {
        let mut depends = BTreeMap::from([(self.task, self.spec.depends.clone())]);
        let mut todo: Vec<TaskId> = self.spec.depends.iter().copied().collect();
        while let Some(id) = todo.pop() {
            if depends.contains_key(&id) {
                continue;
            }
            let on = state.tasks.get(&id).map(|task| task.spec.depends.clone()).unwrap_or_default();
            todo.extend(&on);
            depends.insert(id, on);
        }
        depends
    }
}
