//! Takes in the tasks of a file; doing it again changes only what the file changed.
//!
//! What a person changed at a task of the file stays, field by field, until the file says something
//! else there than when it was last read.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::Event;
use crate::graph;
use crate::ids::{LandingId, TaskId};
use crate::reject::Rejection;
use crate::spec::{Source, TaskSpec};
use crate::state::{ClosedAs, State, Task, TaskPhase};

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
        let parked = rules::parked(state);
        for imported in &self.tasks {
            let Some(id) = name(&imported.key) else { continue };
            let mut spec = imported.spec.clone();
            spec.source = Some(Source { file: self.file.clone(), key: imported.key.clone() });
            let named = |on: &String| {
                let missing = || Rejection::NoKey { key: imported.key.clone(), on: on.clone() };
                name(on).ok_or_else(missing)
            };
            spec.depends = imported.depends.iter().map(named).collect::<Result<_, _>>()?;
            spec.reads = imported.reads.iter().map(named).collect::<Result<_, _>>()?;
            rules::check_spec(id, &spec)?;
            let task = state.tasks.get(&id);
            let merged = task.map_or_else(|| spec.clone(), |task| with_own_edits(task, &spec));
            rules::check_spec(id, &merged)?;
            depends.insert(id, merged.depends.clone());
            let done = imported.done.then(|| parked.get(&id));
            take_in(state, id, Said { file: spec, merged }, done, &mut events);
        }
        follow(state, &mut depends);
        if let Some(cycle) = graph::cycle(&depends) {
            let keys: BTreeMap<TaskId, &String> = ids.iter().map(|(key, id)| (*id, key)).collect();
            let key = |id: &TaskId| keys.get(id).map_or_else(|| id.to_string(), |k| (*k).clone());
            return Err(Rejection::Cycle(cycle.iter().map(key).collect()));
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
        let mut next = state.next_task();
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

/// What the file says of a task, and what the task is to say from now on.
struct Said {
    file: TaskSpec,
    merged: TaskSpec,
}

/// The task as it is, with every field that its file changed since it was last read.
fn with_own_edits(task: &Task, file: &TaskSpec) -> TaskSpec {
    let Some(before) = &task.imported else { return file.clone() };
    let mut spec = task.spec.clone();
    macro_rules! take {
        ($($field:ident)*) => {
            $(if file.$field != before.$field {
                spec.$field.clone_from(&file.$field);
            })*
        };
    }
    take!(title body source depends reads scopes priority kind commit_type agent model role run);
    take!(gate wave limits);
    spec
}

/// Adds what the dependencies depend on outside of the file, so that a circle through that is seen.
fn follow(state: &State, depends: &mut BTreeMap<TaskId, BTreeSet<TaskId>>) {
    let mut todo: Vec<TaskId> = depends.values().flatten().copied().collect();
    while let Some(id) = todo.pop() {
        let Some(task) = state.tasks.get(&id).filter(|_| !depends.contains_key(&id)) else {
            continue;
        };
        todo.extend(&task.spec.depends);
        depends.insert(id, task.spec.depends.clone());
    }
}

/// Takes one task in; `done` says that the file checked it off, and which parked work that ends.
fn take_in(
    state: &State,
    id: TaskId,
    Said { mut file, merged }: Said,
    done: Option<Option<&LandingId>>,
    events: &mut Vec<Event>,
) {
    let closed = |events: &mut Vec<Event>| {
        let reason = "the file says that it is done".to_owned();
        let parked = done.flatten();
        events.extend(
            parked
                .map(|landing| Event::EntryWithdrawn { landing: *landing, reason: reason.clone() }),
        );
        events.push(Event::TaskClosed { task: id, how: ClosedAs::Done, reason });
        events.push(Event::TaskCheckedOff { task: id, problem: None });
    };
    match state.tasks.get(&id) {
        None => {
            // Records of its landing were lost; it is not to land twice.
            let source = file.source.as_ref().map(Source::reference);
            let found = source.and_then(|source| state.found.get(&source));
            events.push(Event::TaskAdded { task: id, spec: merged });
            if let Some(commit) = found {
                events.push(Event::TaskFoundLanded { task: id, commit: commit.clone() });
            } else if done.is_some() {
                closed(events);
            }
        }
        Some(task) if task.phase.satisfies() => {}
        Some(task) => {
            // What may not change under way is taken in by a later import.
            let spec = rules::while_at_work(state, task, merged.clone());
            if let Some(before) = &task.imported {
                if spec.scopes != merged.scopes {
                    file.scopes.clone_from(&before.scopes);
                }
                if spec.gate != merged.gate {
                    file.gate.clone_from(&before.gate);
                }
            }
            let unread = task.imported.as_deref().is_some_and(|before| *before != file);
            if task.spec != spec || unread {
                let imported = Some(Box::new(file));
                events.push(Event::TaskEdited { task: id, spec, imported });
            }
            let idle = matches!(task.phase, TaskPhase::Open | TaskPhase::Stuck(_));
            if done.is_some() && idle {
                closed(events);
            }
        }
    }
}
