//! Takes in the tasks of a file; doing it again changes only what the file changed.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::Event;
use crate::graph;
use crate::ids::TaskId;
use crate::reject::Rejection;
use crate::spec::{Source, TaskSpec};
use crate::state::{ClosedAs, State, TaskPhase};

use super::rules;

/// Imports everything a file lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportTasks {
    /// The file, as it stands in each task's source.
    pub file: String,
    /// Its tasks, in the order of the file.
    pub tasks: Vec<ImportedTask>,
}

/// One task of a file; dependencies are keys of the same file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedTask {
    /// Its key in the file.
    pub key: String,
    /// What it says; source, dependencies and reads are filled in from the keys.
    pub spec: TaskSpec,
    /// Keys of the tasks it depends on.
    pub depends: Vec<String>,
    /// Keys of the tasks it reads.
    pub reads: Vec<String>,
    /// The file says that it is done.
    pub done: bool,
}

impl ImportTasks {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let ids = self.ids(state)?;
        let mut events = Vec::new();
        let mut depends: BTreeMap<TaskId, BTreeSet<TaskId>> = BTreeMap::new();
        let name = |key: &String| ids.get(key).copied();
        for imported in &self.tasks {
            let Some(id) = name(&imported.key) else { continue };
            let mut spec = imported.spec.clone();
            spec.source = Some(Source { file: self.file.clone(), key: imported.key.clone() });
            spec.depends = imported.depends.iter().filter_map(name).collect();
            spec.reads = imported.reads.iter().filter_map(name).collect();
            rules::check_spec(id, &spec)?;
            depends.insert(id, spec.depends.clone());
            take_in(state, id, spec, imported.done, &mut events);
        }
        if let Some(cycle) = graph::cycle(&depends) {
            return Err(Rejection::Cycle(cycle.iter().map(|id| key_of(&ids, *id)).collect()));
        }
        Ok(events)
    }

    /// The id of every key: the one it has, or the next free one.
    fn ids(&self, state: &State) -> Result<BTreeMap<String, TaskId>, Rejection> {
        let known: BTreeMap<&str, TaskId> = state
            .tasks
            .values()
            .filter_map(|task| task.spec.source.as_ref().map(|source| (source, task.id)))
            .filter(|(source, _)| source.file == self.file)
            .map(|(source, id)| (source.key.as_str(), id))
            .collect();
        let mut next = rules::next_task(state);
        let mut ids = BTreeMap::new();
        for imported in &self.tasks {
            let id = known.get(imported.key.as_str()).copied().unwrap_or(next);
            if id == next {
                next = TaskId(next.0 + 1);
            }
            if ids.insert(imported.key.clone(), id).is_some() {
                return Err(Rejection::DoubleKey(imported.key.clone()));
            }
        }
        Ok(ids)
    }
}

fn take_in(state: &State, id: TaskId, spec: TaskSpec, done: bool, events: &mut Vec<Event>) {
    let closed = |events: &mut Vec<Event>| {
        let reason = "the file says that it is done".to_owned();
        events.push(Event::TaskClosed { task: id, how: ClosedAs::Done, reason });
        events.push(Event::TaskCheckedOff { task: id, problem: None });
    };
    match state.tasks.get(&id) {
        None => {
            events.push(Event::TaskAdded { task: id, spec });
            if done {
                closed(events);
            }
        }
        Some(task) if task.phase.satisfies() => {}
        Some(task) => {
            if task.spec != spec {
                events.push(Event::TaskEdited { task: id, spec });
            }
            let idle = matches!(task.phase, TaskPhase::Open | TaskPhase::Stuck(_));
            if done && idle {
                closed(events);
            }
        }
    }
}

fn key_of(ids: &BTreeMap<String, TaskId>, id: TaskId) -> String {
    let key = ids.iter().find(|(_, other)| **other == id).map(|(key, _)| key.clone());
    key.unwrap_or_else(|| id.to_string())
}
