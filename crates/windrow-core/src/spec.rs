//! What people ask for: tasks, runs, agents and the rules a run follows.
//!
//! These are persisted inside events, so fields are only ever added, each with a default.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::TaskId;
use crate::scope::Scope;

/// A long text kept outside the state: the hexadecimal BLAKE3 hash under which the journal has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct TextRef(pub String);

/// Where in the life of a project a task belongs; earlier kinds rank first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What others build on.
    Foundation,
    /// The usual kind.
    #[default]
    Feature,
    /// What can wait.
    Polish,
}

/// The file and key a task came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Source {
    /// The file, relative to the repository when it lies inside, else absolute.
    pub file: String,
    /// The task's key in that file.
    pub key: String,
}

impl Source {
    /// How a commit names this origin: `TASKS.md#task-3`, `plan.json#auth`.
    #[must_use]
    pub fn reference(&self) -> String {
        let numbered = !self.key.is_empty() && self.key.bytes().all(|b| b.is_ascii_digit());
        if numbered {
            format!("{}#task-{}", self.file, self.key)
        } else {
            format!("{}#{}", self.file, self.key)
        }
    }
}

/// Everything a task says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct TaskSpec {
    /// One line, any characters but line ends.
    pub title: String,
    /// The body, when there is one.
    pub body: Option<TextRef>,
    /// Where it came from; nothing for windrow's own tasks.
    pub source: Option<Source>,
    /// Tasks that must have landed (or be done) first.
    pub depends: BTreeSet<TaskId>,
    /// Tasks whose output goes into the brief, in this order.
    pub reads: Vec<TaskId>,
    /// Files it will touch.
    pub scopes: Vec<Scope>,
    /// 0 (critical) to 4 (some day).
    pub priority: u8,
    /// Foundation, feature or polish.
    pub kind: Kind,
    /// The commit type, such as `feat`.
    pub commit_type: Option<String>,
    /// The agent by name; the run's default otherwise.
    pub agent: Option<String>,
    /// The model for the agent.
    pub model: Option<String>,
    /// The role in the plan, for the brief.
    pub role: Option<String>,
    /// A shell line to run instead of an agent.
    pub run: Option<String>,
    /// A gate of its own, run after the run's gates.
    pub gate: Option<String>,
    /// The plan layer, when the plan has layers.
    pub wave: Option<u32>,
    /// Limits of its own; a missing one is the run's.
    pub limits: Limits,
}

/// How long a worker may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Limits {
    /// Milliseconds without any output before the try is ended.
    pub silence_ms: Option<u64>,
    /// Milliseconds for the whole try.
    pub time_ms: Option<u64>,
}

impl Limits {
    /// These limits, with `other`'s where one is missing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            silence_ms: self.silence_ms.or(other.silence_ms),
            time_ms: self.time_ms.or(other.time_ms),
        }
    }
}

/// How to start an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentSpec {
    /// The command as program and arguments, or as one shell line.
    pub command: AgentCommand,
    /// `Name <mail>` for the `Co-Authored-By` trailer.
    #[serde(default)]
    pub co_author: Option<String>,
    /// The client that it is, by its name; nothing for a command of any kind. What a client's
    /// program is told beside the command stands with the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The model that the client uses where a task names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Variables that it finds in its environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Names of variables whose values are the person's and stand in no journal.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub secrets: BTreeSet<String>,
    /// The person is asked when it wants to use a tool that it may not; it is refused otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks: bool,
}

impl AgentSpec {
    /// A command and nothing else.
    #[must_use]
    pub const fn of(command: AgentCommand) -> Self {
        Self {
            command,
            co_author: None,
            client: None,
            model: None,
            env: BTreeMap::new(),
            secrets: BTreeSet::new(),
            asks: false,
        }
    }
}

/// A command with or without a shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentCommand {
    /// Program and arguments; no shell is involved.
    Argv(Vec<String>),
    /// One line for exactly one shell.
    Shell(String),
}

/// What happens to changes a worker left uncommitted when it ended well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Leftovers {
    /// They are committed with the task's title.
    #[default]
    Commit,
    /// They make the try a failed one; nothing of them is lost.
    Refuse,
}

/// What happens to a landing when the checkout of the target branch is in the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WhenBusy {
    /// It waits until the checkout is free.
    #[default]
    Wait,
    /// It lands on a ref of windrow's own, and the branch follows when the checkout is free.
    Ahead,
}

/// What the folder of a worker's worktree is called after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TreeNames {
    /// The worker, such as `quill`.
    #[default]
    Worker,
    /// The task, such as `task-3` for `t-3` and `task-3-2` for its second try.
    Task,
}

impl TreeNames {
    /// The folder's name for a worker of that name on a try (from 1) of that task.
    ///
    /// A second try has a name of its own because the tree of the first may still be in use.
    #[must_use]
    pub fn folder(self, worker: &str, task: TaskId, attempt: u32) -> String {
        match self {
            Self::Worker => worker.to_owned(),
            Self::Task if attempt <= 1 => format!("task-{}", task.0),
            Self::Task => format!("task-{}-{attempt}", task.0),
        }
    }
}

/// The person whose name stands on the landing commits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// As in `user.name`.
    pub name: String,
    /// As in `user.email`.
    pub email: String,
}

/// How the person signs commits; see `git help config` for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signing {
    /// As in `gpg.format`.
    pub format: String,
    /// The key.
    pub key: String,
    /// The program that signs.
    pub program: String,
}

/// Everything a run was started with. Later changes of files or settings do not reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunSpec {
    /// What the person named: files, or `ready` for the project's own tasks.
    pub sources: Vec<String>,
    /// The branch the work lands on, without `refs/heads/`.
    pub branch: String,
    /// How many workers at once; at least 1.
    pub pool: u32,
    /// Commands that must pass on the merged result, in order.
    pub gates: Vec<String>,
    /// What happens while the checkout of the branch is in the way.
    pub busy: WhenBusy,
    /// Keep finished work in the queue until a person lands it.
    pub hold: bool,
    /// Start a plan's layer only when the one before is over, whatever the dependencies allow.
    pub barrier: bool,
    /// Put the check-off of a task file into the landed tree instead of the checkout.
    pub commit_progress: bool,
    /// Where `summary.md` and the tasks' outputs go, absolute.
    pub out: Option<String>,
    /// The agent for tasks that name none.
    pub agent: Option<String>,
    /// Every agent a task of this run may name.
    pub agents: BTreeMap<String, AgentSpec>,
    /// Whose name stands on the landing commits.
    pub identity: Identity,
    /// How the commits that windrow makes for the person are signed, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing: Option<Signing>,
    /// The folder for worktrees, absolute.
    pub trees: String,
    /// Whether `A` and `a` are one file in the repository (`core.ignoreCase`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ignore_case: bool,
    /// What the folders in it are called after.
    pub tree_names: TreeNames,
    /// Failed tries before a task is stuck.
    pub tries: u32,
    /// Interruptions from outside in a row before one counts as a failed try.
    pub interruptions: u32,
    /// What happens to uncommitted changes at a good end.
    pub leftovers: Leftovers,
    /// Limits for tasks that set none.
    pub limits: Limits,
    /// Milliseconds a gate may take.
    pub gate_ms: Option<u64>,
    /// Milliseconds between the polite and the forced end of a worker.
    pub grace_ms: u64,
    /// Milliseconds a claim lives without renewal.
    pub lease_ms: u64,
    /// Ports a worker's offset is added to.
    pub ports: Vec<u16>,
    /// Ignored files that are kept when a tree goes, as globs.
    pub precious: Vec<String>,
    /// Ignored files that stay in a reused tree, as globs.
    pub caches: Vec<String>,
}

impl Default for RunSpec {
    fn default() -> Self {
        Self {
            sources: Vec::new(),
            branch: String::new(),
            pool: 4,
            gates: Vec::new(),
            busy: WhenBusy::Wait,
            hold: false,
            barrier: false,
            commit_progress: false,
            out: None,
            agent: None,
            agents: BTreeMap::new(),
            identity: Identity::default(),
            signing: None,
            trees: String::new(),
            ignore_case: false,
            tree_names: TreeNames::Worker,
            tries: 3,
            interruptions: 5,
            leftovers: Leftovers::Commit,
            limits: Limits::default(),
            gate_ms: None,
            grace_ms: 5_000,
            lease_ms: 3_600_000,
            ports: Vec::new(),
            precious: Vec::new(),
            caches: Vec::new(),
        }
    }
}
