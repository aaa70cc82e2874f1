//! What can be wrong with a task source, in words a person can act on.

use std::fmt;

use windrow_core::scope::ScopeError;

/// How many faults a message lists before it only counts the rest.
const LISTED: usize = 20;

/// A task source that cannot be used: every fault that was found, in the order of the file.
///
/// Shown as one line per fault, `FILE:LINE: problem; remedy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackerError {
    /// The file as the caller named it.
    pub file: String,
    /// What is wrong; never empty.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in bytes, where the format gives it.
    pub column: Option<usize>,
    /// What is wrong.
    pub problem: Problem,
}

/// The kinds of faults; each one's message names its fields, and [`Problem::remedy`] says what to
/// write instead. Tasks are named by their keys, waves are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("this is not UTF-8")]
    NotUtf8,
    #[error("there is no task in this file")]
    NoTasks,
    #[error("there is no task in this plan")]
    EmptyPlan,
    #[error("task `{task}` has neither `title` nor `prompt` nor `run`")]
    EmptyTask { task: String },
    #[error("the task has no title")]
    EmptyTitle,
    #[error("the title {title:?} has a control character")]
    ControlInTitle { title: String },
    #[error("`{name}` cannot be the name of a task")]
    BadName { name: String },
    #[error("`{text}` is no task heading")]
    BadHeading { text: String },
    #[error("`{text}` has no readable box")]
    BadBox { text: String },
    #[error("`{text}` stands outside of the tasks, which are headings in this file")]
    StrayBox { text: String },
    #[error("this code fence is never closed")]
    OpenFence,
    #[error("this comment is never closed")]
    OpenComment,
    #[error("task `{key}` is there twice; the first is on line {first}")]
    DuplicateTask { key: String, first: usize },
    #[error("`{field}` is there twice; the first is on line {first}")]
    DuplicateField { field: String, first: usize },
    #[error("`{field}` is no known field")]
    UnknownField { field: String, nearest: Option<String> },
    #[error("`{field}` is an entry of a list here, where fields are not read")]
    FieldInList { field: String },
    #[error("`{field}` is `{value}`")]
    BadValue { field: String, value: String, expected: &'static str },
    #[error("`{field}` has nothing behind it")]
    EmptyValue { field: String, expected: &'static str },
    #[error("a scope cannot be read: {0}")]
    BadScope(ScopeError),
    #[error("task `{task}` {verb} `{name}`, which is no task of this file")]
    UnknownTask { task: String, verb: &'static str, name: String, nearest: Option<String> },
    #[error("task `{task}` depends on itself")]
    SelfDependency { task: String },
    #[error("tasks wait for each other in a circle: {}", circle(.tasks))]
    Cycle { tasks: Vec<String> },
    #[error("this is not readable JSON: {message}")]
    Json { message: String },
    #[error("`version` is {found}")]
    Version { found: String },
    #[error("wave {wave} names `{name}`, which is no task of this file")]
    UnknownInWave { wave: usize, name: String, nearest: Option<String> },
    #[error("task `{task}` is in wave {first} and again in wave {second}")]
    TwoWaves { task: String, first: usize, second: usize },
    #[error("task `{task}` is in no wave")]
    NoWave { task: String },
    #[error(
        "task `{task}` (wave {wave}) {verb} `{other}` (wave {other_wave}), which does not come earlier"
    )]
    WaveOrder { task: String, wave: usize, verb: &'static str, other: String, other_wave: usize },
}

impl Problem {
    /// What to do about it: a clause that follows a semicolon, or nothing when the problem's own
    /// text says it already.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::UnknownField { nearest: Some(near), .. }
            | Self::UnknownTask { nearest: Some(near), .. }
            | Self::UnknownInWave { nearest: Some(near), .. } => format!("write `{near}`?"),
            Self::BadValue { expected, .. } | Self::EmptyValue { expected, .. } => {
                format!("write {expected}")
            }
            Self::FieldInList { field } => format!("write `{field} ...` without the bullet"),
            Self::UnknownTask { task, .. } => format!("add it, or take it out of `{task}`"),
            Self::Cycle { tasks } => match &tasks[..] {
                [first, second, ..] => format!("let `{first}` not depend on `{second}`"),
                _ => "remove one of these dependencies".to_owned(),
            },
            Self::WaveOrder { task, other, .. } => {
                format!("move `{task}` to a later wave than `{other}`, or remove the dependency")
            }
            other => other.fixed_remedy().to_owned(),
        }
    }

    /// Remedies that need no values.
    fn fixed_remedy(&self) -> &'static str {
        match self {
            Self::NotUtf8 => "save the file as UTF-8",
            Self::NoTasks => "write `## Task 1: Title` headings or `- [ ] Title` items",
            Self::EmptyPlan => "write `\"tasks\": {\"name\": {\"title\": \"...\"}}`",
            Self::EmptyTask { .. } => "write one of them",
            Self::EmptyTitle => "write one behind the colon or the box",
            Self::ControlInTitle { .. } => "write the title on one line of plain text",
            Self::BadName { .. } => {
                "use letters, digits, `.`, `_` and `-`, a letter or digit first"
            }
            Self::BadHeading { .. } => "write `## Task 3: Title`",
            Self::BadBox { .. } => "write `[ ]` for open or `[x]` for done",
            Self::StrayBox { .. } => "make it a `## Task` heading, or take its box away",
            Self::OpenFence => "close it with a line of the same marks",
            Self::OpenComment => "close it with `-->`",
            Self::DuplicateTask { .. } => "give one another number, name or `{#id}`",
            Self::DuplicateField { .. } => "keep one of them",
            Self::UnknownField { .. } => "remove it",
            Self::BadScope(_) => "",
            Self::SelfDependency { .. } => "remove that dependency",
            Self::Json { .. } => "mend the file there",
            Self::Version { .. } => "write `\"version\": 1`",
            Self::UnknownInWave { .. } => "add the task, or take the name out of the wave",
            Self::TwoWaves { .. } => "keep it in one of them",
            Self::NoWave { .. } => "put it into one, or leave `waves` away",
            Self::BadValue { .. }
            | Self::EmptyValue { .. }
            | Self::FieldInList { .. }
            | Self::UnknownTask { .. }
            | Self::Cycle { .. }
            | Self::WaveOrder { .. } => "correct it",
        }
    }
}

fn circle(tasks: &[String]) -> String {
    let first = tasks.first().map_or("", String::as_str);
    let mut text = String::new();
    for task in tasks {
        text.push_str(task);
        text.push_str(" -> ");
    }
    text + first
}

impl TrackerError {
    /// Puts faults into the order of the file.
    pub(super) fn new(file: &str, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| (fault.line, fault.column));
        Self { file: file.to_owned(), faults }
    }
}

impl fmt::Display for TrackerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.faults.iter().take(LISTED).enumerate() {
            let gap = if n == 0 { "" } else { "\n" };
            write!(f, "{gap}{}:{}", self.file, fault.line)?;
            if let Some(column) = fault.column {
                write!(f, ":{column}")?;
            }
            let remedy = fault.problem.remedy();
            let gap = if remedy.is_empty() { "" } else { "; " };
            write!(f, ": {}{gap}{remedy}", fault.problem)?;
        }
        match self.faults.len().saturating_sub(LISTED) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

impl std::error::Error for TrackerError {}

impl Fault {
    /// A fault of a whole line.
    pub(super) fn at(line: usize, problem: Problem) -> Self {
        Self { line, column: None, problem }
    }
}
