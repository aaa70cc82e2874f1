//! From a plan's objects to tasks, with every fault of the file.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::super::graph::{self, Links};
use super::super::{Fault, Problem, SourceTask, TrackerError, nearest, values};
use super::object::{Object, Place, Text};
use super::waves;

/// The only version there is.
const VERSION: &str = "1";

const PLAN_KEYS: &[&str] = &["version", "goal", "waves", "tasks"];

const TASK_KEYS: &[&str] = &[
    "title", "prompt", "run", "reads", "needs", "files", "type", "kind", "agent", "model", "role",
    "priority", "gate",
];

/// A parsed plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What all of it is for.
    pub goal: Option<String>,
    /// The tasks in the order of the file; never empty. With waves each has its own.
    pub tasks: Vec<SourceTask>,
    /// The keys of each wave, first wave first; empty when only dependencies order the tasks.
    pub waves: Vec<Vec<String>>,
}

/// Reads a plan; `file` is its name for messages.
///
/// # Errors
/// Everything that is wrong with it; of broken JSON only the place where it breaks.
pub fn parse(file: &str, bytes: &[u8]) -> Result<Plan, TrackerError> {
    let fail = |fault| TrackerError::new(file, vec![fault]);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count();
        fail(Fault::at(line, Problem::NotUtf8))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document: Object<'_> = serde_json::from_str(text).map_err(|error| fail(broken(&error)))?;
    let mut reader = Reader { text: Text::new(text), faults: Vec::new() };
    let plan = reader.plan(&document);
    if reader.faults.is_empty() { Ok(plan) } else { Err(TrackerError::new(file, reader.faults)) }
}

/// The place is a field of the fault, so it is taken off the message.
fn broken(error: &serde_json::Error) -> Fault {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    Place { line: error.line().max(1), column: error.column().max(1) }
        .fault(Problem::Json { message: message.to_owned() })
}

/// A task with the places its faults are told at.
pub(super) struct Placed {
    pub(super) task: SourceTask,
    pub(super) place: Place,
    /// What it depends on, in the words of the file: `needs` or `reads`.
    pub(super) verbs: Vec<(&'static str, String)>,
}

/// The values of one object by their keys.
type Values<'a> = BTreeMap<&'static str, &'a RawValue>;

struct Reader<'a> {
    text: Text<'a>,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    fn plan(&mut self, document: &Object<'a>) -> Plan {
        let found = self.known(document, PLAN_KEYS);
        self.version(found.get("version").copied());
        let goal = self.value(&found, "goal", "a text");
        let tasks = self.tasks(found.get("tasks").copied());
        let links: Vec<_> = tasks.iter().map(links).collect();
        self.faults.extend(graph::check(&links));
        let waves = self.value::<Vec<Vec<String>>>(&found, "waves", "lists of names in a list");
        let waves = waves.unwrap_or_default();
        let place = found.get("waves").map_or(Place::START, |raw| self.text.place(raw));
        self.faults.extend(waves::check(&waves, place, &tasks));
        let numbers = waves::numbers(&waves);
        let tasks = tasks.into_iter().map(|placed| placed.task).map(|mut task| {
            task.wave = numbers.get(task.key.as_str()).and_then(|n| u32::try_from(*n).ok());
            task
        });
        Plan { goal, tasks: tasks.collect(), waves }
    }

    fn version(&mut self, raw: Option<&'a RawValue>) {
        let found = raw.map_or("missing", RawValue::get);
        if found != VERSION {
            let place = raw.map_or(Place::START, |raw| self.text.place(raw));
            self.faults.push(place.fault(Problem::Version { found: short(found) }));
        }
    }

    fn tasks(&mut self, raw: Option<&'a RawValue>) -> Vec<Placed> {
        let mut tasks: Vec<Placed> = Vec::new();
        let mut lines = BTreeMap::new();
        let object = raw.and_then(|raw| self.object(raw, "tasks", "an object of tasks"));
        for (name, raw) in object.iter().flat_map(|Object(entries)| entries) {
            let place = self.text.place(raw);
            if let Some(first) = lines.insert(name.clone(), place.line) {
                let problem = Problem::DuplicateTask { key: name.clone(), first };
                self.faults.push(place.fault(problem));
                continue;
            }
            if !values::is_name(name) {
                self.faults.push(place.fault(Problem::BadName { name: name.clone() }));
            }
            tasks.extend(self.task(name, raw, place));
        }
        if lines.is_empty() && raw.is_none_or(|_| object.is_some()) {
            let place = raw.map_or(Place::START, |raw| self.text.place(raw));
            self.faults.push(place.fault(Problem::EmptyPlan));
        }
        tasks
    }

    fn task(&mut self, name: &str, raw: &'a RawValue, place: Place) -> Option<Placed> {
        let object = self.object(raw, name, "an object with `title`, `prompt` and so on")?;
        let found = self.known(&object, TASK_KEYS);
        if !["title", "prompt", "run"].iter().any(|key| found.contains_key(key)) {
            self.faults.push(place.fault(Problem::EmptyTask { task: name.to_owned() }));
        }
        let title: Option<String> = self.value(&found, "title", values::LINE);
        let title = match values::title(title.as_deref().unwrap_or(name)) {
            Ok(title) => title,
            Err(problem) => {
                let place = found.get("title").map_or(place, |raw| self.text.place(raw));
                self.faults.push(place.fault(problem));
                name.to_owned()
            }
        };
        let names = "a list of names of tasks";
        let reads: Vec<String> = self.value(&found, "reads", names).unwrap_or_default();
        let needs: Vec<String> = self.value(&found, "needs", names).unwrap_or_default();
        let mut verbs: Vec<(&'static str, String)> = Vec::new();
        for (verb, other) in needs
            .into_iter()
            .map(|n| ("needs", n))
            .chain(reads.iter().map(|r| ("reads", r.clone())))
        {
            if !verbs.iter().any(|(_, known)| *known == other) {
                verbs.push((verb, other));
            }
        }
        let task = SourceTask {
            key: name.to_owned(),
            title,
            body: self.value(&found, "prompt", "a text").unwrap_or_default(),
            depends: verbs.iter().map(|(_, other)| other.clone()).collect(),
            files: self.files(&found),
            priority: self
                .checked(&found, "priority", values::PRIORITY, |value| values::priority(&value)),
            kind: self.checked(&found, "kind", values::KIND, |value| values::kind(&value)),
            commit_type: self.checked(&found, "type", values::TYPE, |v| values::commit_type(&v)),
            agent: self.checked(&found, "agent", values::WORD, |value| values::word(&value)),
            model: self.checked(&found, "model", values::WORD, |value| values::word(&value)),
            run: self.checked(&found, "run", values::COMMAND, |value| values::command(&value)),
            gate: self.checked(&found, "gate", values::COMMAND, |value| values::command(&value)),
            role: self.checked(&found, "role", values::LINE, |value| values::command(&value)),
            reads: unique(reads),
            wave: None,
            done: false,
            line: place.line,
        };
        Some(Placed { task, place, verbs })
    }

    fn files(&mut self, found: &Values<'a>) -> Vec<windrow_core::scope::Scope> {
        let globs: Vec<String> = self.value(found, "files", "a list of globs").unwrap_or_default();
        let mut scopes = Vec::new();
        for glob in unique(globs) {
            match values::scope(&glob) {
                Ok(scope) => scopes.push(scope),
                Err(problem) => {
                    let place = found.get("files").map_or(Place::START, |raw| self.text.place(raw));
                    self.faults.push(place.fault(problem));
                }
            }
        }
        scopes
    }

    /// The entries with known keys; what is unknown or there twice is a fault.
    fn known(&mut self, object: &Object<'a>, keys: &'static [&'static str]) -> Values<'a> {
        let mut found = Values::new();
        for (key, raw) in &object.0 {
            let name = if key == "agents" && keys.contains(&"tasks") { "tasks" } else { key };
            let problem = match keys.iter().find(|known| **known == name) {
                Some(known) => match found.get(known) {
                    None => {
                        found.insert(*known, *raw);
                        continue;
                    }
                    Some(first) => {
                        let first = self.text.place(first).line;
                        Problem::DuplicateField { field: key.clone(), first }
                    }
                },
                None => Problem::UnknownField {
                    field: key.clone(),
                    nearest: nearest(key, keys.iter().copied()).map(str::to_owned),
                },
            };
            self.faults.push(self.text.place(raw).fault(problem));
        }
        // What is null is not there.
        found.retain(|_, raw| raw.get() != "null");
        found
    }

    fn object(
        &mut self,
        raw: &'a RawValue,
        key: &str,
        expected: &'static str,
    ) -> Option<Object<'a>> {
        let object = serde_json::from_str(raw.get());
        object.map_err(|_wrong_type| self.wrong(raw, key, expected)).ok()
    }

    /// The value under `key` in the type that is wanted; another type is a fault.
    fn value<T: DeserializeOwned>(
        &mut self,
        found: &Values<'a>,
        key: &'static str,
        expected: &'static str,
    ) -> Option<T> {
        let raw = found.get(key)?;
        serde_json::from_str(raw.get()).map_err(|_wrong_type| self.wrong(raw, key, expected)).ok()
    }

    /// The text or number under `key`, when `check` takes it.
    fn checked<T>(
        &mut self,
        found: &Values<'a>,
        key: &'static str,
        expected: &'static str,
        check: impl FnOnce(String) -> Option<T>,
    ) -> Option<T> {
        let raw = *found.get(key)?;
        let text = match serde_json::from_str(raw.get()) {
            Ok(serde_json::Value::String(text)) => Some(text),
            Ok(serde_json::Value::Number(number)) if key == "priority" => Some(number.to_string()),
            _ => None,
        };
        let value = text.and_then(check);
        if value.is_none() {
            self.wrong(raw, key, expected);
        }
        value
    }

    fn wrong(&mut self, raw: &RawValue, key: &str, expected: &'static str) {
        let value = short(raw.get());
        let problem = Problem::BadValue { field: key.to_owned(), value, expected };
        self.faults.push(self.text.place(raw).fault(problem));
    }
}

fn links(placed: &Placed) -> Links<'_> {
    Links {
        key: &placed.task.key,
        line: placed.place.line,
        column: Some(placed.place.column),
        to: placed.verbs.iter().map(|(verb, name)| (*verb, name.as_str())).collect(),
    }
}

fn unique(names: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().filter(|name| seen.insert(name.clone())).collect()
}

/// A value for a message: one line, not too long.
fn short(value: &str) -> String {
    let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > 40 {
        line.chars().take(40).chain("...".chars()).collect()
    } else {
        line
    }
}
