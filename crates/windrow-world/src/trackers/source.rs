//! Which format a file has.

use std::path::Path;

use super::{SourceTask, TrackerError, plan, tasks_md};

/// A parsed task source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A task list in Markdown, which can be checked off.
    TaskFile(tasks_md::TaskFile),
    /// A plan in JSON.
    Plan(plan::Plan),
}

impl Source {
    /// The tasks in the order of the file.
    #[must_use]
    pub fn tasks(&self) -> &[SourceTask] {
        match self {
            Self::TaskFile(file) => &file.tasks,
            Self::Plan(plan) => &plan.tasks,
        }
    }
}

/// Reads a source: a plan when `file` ends in `.json`, else a task list.
///
/// `file` is the name for messages; nothing is opened.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(file: &str, bytes: &[u8]) -> Result<Source, TrackerError> {
    if Path::new(file).extension().is_some_and(|ext| ext.eq_ignore_ascii_case("json")) {
        plan::parse(file, bytes).map(Source::Plan)
    } else {
        tasks_md::parse(file, bytes).map(Source::TaskFile)
    }
}
