//! From the parts of a file to tasks, with every fault of the file.

use std::collections::{BTreeMap, BTreeSet};

use super::super::graph::{self, Links};
use super::super::values;
use super::super::{Fault, Problem, SourceTask, TrackerError};
use super::field::Name;
use super::key;
use super::scan::{Field, Item, Mark, Scan, scan};

/// A parsed task list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFile {
    /// The tasks in the order of the file, the ones that are done included; never empty.
    pub tasks: Vec<SourceTask>,
}

/// Reads a task list; `file` is its name for messages.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn parse(file: &str, bytes: &[u8]) -> Result<TaskFile, TrackerError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count();
        TrackerError::new(file, vec![Fault::at(line, Problem::NotUtf8)])
    })?;
    let Scan { items, mut faults } = scan(text);
    if items.is_empty() && faults.is_empty() {
        faults.push(Fault::at(1, Problem::NoTasks));
    }
    let keys = keys(&items, &mut faults);
    let mut tasks = Vec::with_capacity(items.len());
    let mut places = Vec::with_capacity(items.len());
    for item in &items {
        let mut reader = Reader { keys: &keys, task: SourceTask::default(), faults: &mut faults };
        reader.read(item);
        tasks.push(reader.task);
        let depends = item.fields.iter().find(|field| field.name == Name::DependsOn);
        places.push(depends.map_or(item.line, |field| field.line));
    }
    let links: Vec<_> = tasks.iter().zip(places).map(|(task, line)| links(task, line)).collect();
    faults.extend(graph::check(&links));
    if faults.is_empty() { Ok(TaskFile { tasks }) } else { Err(TrackerError::new(file, faults)) }
}

fn links(task: &SourceTask, line: usize) -> Links<'_> {
    let to = task.depends.iter().map(|name| ("depends on", name.as_str())).collect();
    Links { key: &task.key, line, column: None, to }
}

/// All keys; a key that is there twice is a fault.
fn keys<'a>(items: &'a [Item<'_>], faults: &mut Vec<Fault>) -> BTreeMap<&'a str, usize> {
    let mut keys = BTreeMap::new();
    for item in items {
        if let Some(&first) = keys.get(item.key.as_str()) {
            let problem = Problem::DuplicateTask { key: item.key.clone(), first };
            faults.push(Fault::at(item.line, problem));
        } else {
            keys.insert(item.key.as_str(), item.line);
        }
    }
    keys
}

struct Reader<'a> {
    keys: &'a BTreeMap<&'a str, usize>,
    task: SourceTask,
    faults: &'a mut Vec<Fault>,
}

impl Reader<'_> {
    fn read(&mut self, item: &Item<'_>) {
        self.task.key.clone_from(&item.key);
        self.task.body.clone_from(&item.body);
        self.task.line = item.line;
        self.task.done = matches!(item.mark, Mark::Box { done: true, .. });
        match values::title(item.title) {
            Ok(title) => self.task.title = title,
            Err(problem) => self.faults.push(Fault::at(item.line, problem)),
        }
        let mut seen: BTreeMap<Name, usize> = BTreeMap::new();
        for field in &item.fields {
            let is_list = matches!(field.name, Name::DependsOn | Name::Files);
            match seen.get(&field.name) {
                Some(&first) if !is_list => {
                    let label = field.name.label().to_owned();
                    self.fault(field, Problem::DuplicateField { field: label, first });
                }
                _ => {
                    seen.entry(field.name).or_insert(field.line);
                    self.field(field);
                }
            }
        }
    }

    fn field(&mut self, field: &Field<'_>) {
        let value = unquoted(field.value);
        if value.is_empty() {
            let problem = Problem::EmptyValue {
                field: field.name.label().to_owned(),
                expected: expected(field.name),
            };
            return self.fault(field, problem);
        }
        match field.name {
            Name::DependsOn => self.depends(value),
            Name::Files => self.files(field, value),
            Name::Priority => self.task.priority = self.valid(field, values::priority(value)),
            Name::Kind => self.task.kind = self.valid(field, values::kind(value)),
            Name::Type => self.task.commit_type = self.valid(field, values::commit_type(value)),
            Name::Agent => self.task.agent = self.valid(field, values::word(value)),
            Name::Model => self.task.model = self.valid(field, values::word(value)),
            Name::Run => self.task.run = self.valid(field, values::command(value)),
            Name::Gate => self.task.gate = self.valid(field, values::command(value)),
            Name::Status => {
                let done = match &value.to_ascii_lowercase()[..] {
                    "done" => Some(true),
                    "open" => Some(false),
                    _ => None,
                };
                // A box says more than a line that forgot it.
                self.task.done |= self.valid(field, done).unwrap_or(false);
            }
        }
    }

    fn valid<T>(&mut self, field: &Field<'_>, value: Option<T>) -> Option<T> {
        if value.is_none() {
            let problem = Problem::BadValue {
                field: field.name.label().to_owned(),
                value: field.value.to_owned(),
                expected: expected(field.name),
            };
            self.fault(field, problem);
        }
        value
    }

    fn depends(&mut self, value: &str) {
        if matches!(value, "-" | "none" | "None") && !self.keys.contains_key(value) {
            return;
        }
        for part in
            value.split(',').map(|part| unquoted(part.trim())).filter(|part| !part.is_empty())
        {
            let key = self.resolve(part);
            if !self.task.depends.contains(&key) {
                self.task.depends.push(key);
            }
        }
    }

    /// The key that is meant by `3`, `#3`, `Task 3`, `Add parser` or `add-parser`; the text itself
    /// when there is none.
    fn resolve(&self, part: &str) -> String {
        let lower = part.to_ascii_lowercase();
        let numbered =
            lower.strip_prefix("task ").map_or(part, |rest| &part[part.len() - rest.len()..]);
        let bare = numbered.trim().trim_start_matches('#');
        let slug = key::slug(part);
        let known = [part, bare, &slug].into_iter().find(|name| self.keys.contains_key(name));
        known.unwrap_or(bare).to_owned()
    }

    fn files(&mut self, field: &Field<'_>, value: &str) {
        let mut known: BTreeSet<_> = self.task.files.iter().cloned().collect();
        for part in outside_braces(value).into_iter().map(|part| unquoted(part.trim())) {
            match values::scope(part) {
                Ok(scope) if known.insert(scope.clone()) => self.task.files.push(scope),
                Ok(_) => {}
                // A comma at the end is no mistake worth stopping for.
                Err(_) if part.is_empty() => {}
                Err(problem) => self.fault(field, problem),
            }
        }
    }

    fn fault(&mut self, field: &Field<'_>, problem: Problem) {
        self.faults.push(Fault::at(field.line, problem));
    }
}

/// What a field takes.
fn expected(name: Name) -> &'static str {
    match name {
        Name::DependsOn => "the tasks behind it on the same line, as in `Depends on: 1, 2`",
        Name::Files => "the globs behind it on the same line, as in `Files: src/**, tests/a.rs`",
        Name::Priority => values::PRIORITY,
        Name::Kind => values::KIND,
        Name::Type => values::TYPE,
        Name::Agent | Name::Model => values::WORD,
        Name::Run | Name::Gate => values::COMMAND,
        Name::Status => "`done` or `open`",
    }
}

/// A value that is one code span is what stands in it.
fn unquoted(value: &str) -> &str {
    let inner = value.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
    inner.filter(|inner| !inner.contains('`')).map_or(value, str::trim)
}

/// Splits at commas that no brace encloses.
fn outside_braces(value: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start, mut escaped) = (0_usize, 0, false);
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&value[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&value[start..]);
    parts
}
