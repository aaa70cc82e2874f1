//! Task files, written the way a test needs them.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// A `TASKS.md` with headings, built line by line.
#[derive(Clone, Debug, Default)]
pub struct TaskList {
    text: String,
    count: usize,
}

impl TaskList {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self { text: "# Tasks\n\n".to_owned(), count: 0 }
    }

    /// Adds the next task: its title, the line that does it, and more fields such as
    /// `Depends on: 1`.
    #[must_use]
    pub fn task(mut self, title: &str, run: &str, fields: &[&str]) -> Self {
        self.count += 1;
        // Writing into a string cannot fail.
        let _infallible = writeln!(self.text, "## Task {}: {title}\n\nRun: {run}", self.count);
        for field in fields {
            let _infallible = writeln!(self.text, "{field}");
        }
        self.text.push('\n');
        self
    }

    /// The file.
    #[must_use]
    pub fn text(&self) -> String {
        self.text.clone()
    }
}

/// A `plan.json`.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    tasks: Map<String, Value>,
    waves: Vec<Vec<String>>,
}

/// A task of a plan.
#[derive(Clone, Debug)]
pub struct PlanTask(Map<String, Value>);

impl Plan {
    /// An empty plan.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a task.
    #[must_use]
    pub fn with(mut self, key: &str, task: PlanTask) -> Self {
        self.tasks.insert(key.to_owned(), Value::Object(task.0));
        self
    }

    /// Adds a wave of tasks that were or will be added.
    #[must_use]
    pub fn wave(mut self, keys: &[&str]) -> Self {
        self.waves.push(keys.iter().map(|&key| key.to_owned()).collect());
        self
    }

    /// How many tasks there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.tasks.len()
    }

    /// The file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut plan = json!({"version": 1, "tasks": self.tasks});
        if !self.waves.is_empty() {
            plan["waves"] = json!(self.waves);
        }
        format!("{plan:#}\n")
    }
}

impl PlanTask {
    /// A task that a shell line does.
    #[must_use]
    pub fn run(title: &str, line: &str) -> Self {
        let mut task = Map::new();
        task.insert("title".to_owned(), json!(title));
        task.insert("run".to_owned(), json!(line));
        Self(task)
    }

    /// Sets any field.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// Sets a field to a list of texts.
    #[must_use]
    pub fn list<T: AsRef<str>>(self, key: &str, values: &[T]) -> Self {
        let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
        self.set(key, json!(values))
    }
}
