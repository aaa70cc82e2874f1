//! A task as its file tells it.

use windrow_core::scope::Scope;

/// One task of a source, before windrow gives it an id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceTask {
    /// The name other tasks of the same file use for it; stable while others are edited.
    pub key: String,
    /// One line without control characters; never empty.
    pub title: String,
    /// The free text without the lines that were read as fields; line ends are `\n`.
    pub body: String,
    /// Keys of the tasks that must be done first, each once; every one names a task of the file.
    pub depends: Vec<String>,
    /// The files it declares.
    pub files: Vec<Scope>,
    /// 0 (first) to 4 (last).
    pub priority: Option<u8>,
    /// `foundation`, `feature` or `polish`.
    pub kind: Option<String>,
    /// The commit type, such as `feat` or `fix(parser)`.
    pub commit_type: Option<String>,
    /// The agent by its name.
    pub agent: Option<String>,
    /// The model, in the agent's own words.
    pub model: Option<String>,
    /// A shell line to run instead of an agent.
    pub run: Option<String>,
    /// A shell line that must pass on the merged result.
    pub gate: Option<String>,
    /// What the worker is in its plan.
    pub role: Option<String>,
    /// Keys of the tasks whose output goes into the brief; all of them are in `depends` too.
    pub reads: Vec<String>,
    /// The layer of the plan, counted from 1.
    pub wave: Option<u32>,
    /// Whether the file says it is done.
    pub done: bool,
    /// The line it starts on, counted from 1.
    pub line: usize,
}
