//! Views: what is shown of tasks, sessions, runs and the rest.
//!
//! Times are milliseconds since 1970-01-01 UTC. Ids are text such as `t-12`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use windrow_core::spec::TaskSpec;

use crate::talk::Activity;

/// The daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DaemonView {
    /// Its process id.
    pub pid: u32,
    /// The program's version.
    pub version: String,
    /// When it started.
    pub started_ms: i64,
    /// Its home folder.
    pub home: PathBuf,
    /// Projects it has open.
    pub projects: Vec<String>,
    /// What went wrong in windrow itself and needs a person, oldest first.
    pub troubles: Vec<String>,
}

/// The word for where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Not begun, or waiting for its next try.
    Open,
    /// A session works on it.
    Working,
    /// Its work waits in the landing queue, or is being merged, verified or landed.
    Landing,
    /// Its work waits for a person to land it.
    Held,
    /// On the target branch.
    Landed,
    /// Done without anything to land.
    Done,
    /// Needs a person.
    Stuck,
    /// Not wanted.
    Cancelled,
}

impl TaskStatus {
    /// The word as people see it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Working => "working",
            Self::Landing => "landing",
            Self::Held => "held",
            Self::Landed => "landed",
            Self::Done => "done",
            Self::Stuck => "stuck",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One line about a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TaskRow {
    /// Its id.
    pub id: String,
    /// The file it came from, with its key: `TASKS.md#task-3`.
    pub source: Option<String>,
    /// Its key in that file.
    pub key: Option<String>,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// What it waits for, why it is stuck, or what became of it: one sentence.
    pub note: Option<String>,
    /// 0 to 4.
    pub priority: u8,
    /// `foundation`, `feature` or `polish`.
    pub kind: String,
    /// Ids it depends on.
    pub depends: Vec<String>,
    /// Declared files.
    pub files: Vec<String>,
    /// The run it belongs to.
    pub run: Option<String>,
    /// The session at work on it, or the last one.
    pub session: Option<String>,
    /// Which try is under way or was the last, from 1; 0 before the first.
    pub attempt: u32,
    /// The branch of the session at work.
    pub branch: Option<String>,
    /// The landing commit.
    pub commit: Option<String>,
    /// The queue entry that is held for a person.
    pub held_as: Option<String>,
    /// When the session at work started.
    pub started_ms: Option<i64>,
    /// Why the check-off in its file was impossible.
    pub check_off_problem: Option<String>,
}

/// Everything about a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TaskView {
    /// The line about it.
    pub row: TaskRow,
    /// Everything it says about itself, to be given back whole by an edit.
    pub spec: TaskSpec,
    /// Its body.
    pub body: Option<String>,
    /// The commit type.
    pub commit_type: Option<String>,
    /// The shell line that does it.
    pub run_line: Option<String>,
    /// The agent that does it.
    pub agent: Option<String>,
    /// The model for the agent.
    pub model: Option<String>,
    /// Its own gate.
    pub gate: Option<String>,
    /// Its wave.
    pub wave: Option<u32>,
    /// Why earlier tries failed, oldest first.
    pub failures: Vec<FailureRow>,
    /// Its sessions, oldest first.
    pub sessions: Vec<SessionRow>,
}

/// Why a try failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FailureRow {
    /// The kind in one word: `conflict`, `red_gate`, `silent`.
    pub kind: String,
    /// One sentence.
    pub summary: String,
    /// The hash of the evidence.
    pub detail: Option<String>,
    /// The ref that keeps that try's work.
    pub kept: Option<String>,
}

/// One line about a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// Its name, or its id before it has one.
    pub name: String,
    /// The project's name.
    pub project: String,
    /// The task's id.
    pub task: String,
    /// The task's title.
    pub title: String,
    /// The word of a [`crate::states::SessionState`].
    #[cfg_attr(feature = "schema", schemars(extend("enum" = crate::states::SessionState::WORDS)))]
    pub status: String,
    /// What it is doing.
    pub activity: Option<Activity>,
    /// Why it failed or waits: one sentence.
    pub note: Option<String>,
    /// Which try, from 1.
    pub attempt: u32,
    /// Which agent process, from 1.
    pub generation: u32,
    /// It goes on with the turn of the process before it, after the person's word.
    pub goes_on: bool,
    /// Its branch.
    pub branch: Option<String>,
    /// Its worktree.
    pub path: Option<PathBuf>,
    /// The commit it started from.
    pub base: Option<String>,
    /// Its port offset.
    pub port_offset: Option<u32>,
    /// When it was asked for.
    pub requested_ms: i64,
    /// When its agent was started.
    pub started_ms: Option<i64>,
    /// When its agent last wrote something.
    pub output_ms: Option<i64>,
    /// The file with its agent's output.
    pub transcript: Option<PathBuf>,
    /// Refs that keep its work.
    pub kept: Vec<String>,
    /// Nothing more happens to it.
    pub over: bool,
}

/// One line about a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunRow {
    /// Its id.
    pub id: String,
    /// The word of a [`crate::states::RunState`].
    #[cfg_attr(feature = "schema", schemars(extend("enum" = crate::states::RunState::WORDS)))]
    pub phase: String,
    /// What the person named.
    pub sources: Vec<String>,
    /// The target branch.
    pub branch: String,
    /// How many workers at once.
    pub pool: u32,
    /// Sessions that take a slot.
    pub busy: u32,
    /// Finished work waits for a person.
    pub hold: bool,
    /// Numbers of tasks by status.
    pub counts: Counts,
    /// When it was started.
    pub started_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
}

/// Numbers of tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "each is the number of tasks of the status it is named after")]
pub struct Counts {
    pub open: u32,
    pub working: u32,
    pub landing: u32,
    pub held: u32,
    pub landed: u32,
    pub done: u32,
    pub stuck: u32,
    pub cancelled: u32,
}

impl Counts {
    /// Counts one more task of that status.
    pub const fn add(&mut self, status: TaskStatus) {
        let count = match status {
            TaskStatus::Open => &mut self.open,
            TaskStatus::Working => &mut self.working,
            TaskStatus::Landing => &mut self.landing,
            TaskStatus::Held => &mut self.held,
            TaskStatus::Landed => &mut self.landed,
            TaskStatus::Done => &mut self.done,
            TaskStatus::Stuck => &mut self.stuck,
            TaskStatus::Cancelled => &mut self.cancelled,
        };
        *count += 1;
    }

    /// The number of all tasks.
    #[must_use]
    pub const fn all(&self) -> u32 {
        self.open
            + self.working
            + self.landing
            + self.held
            + self.landed
            + self.done
            + self.stuck
            + self.cancelled
    }
}

/// Everything about a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunView {
    /// The line about it.
    pub row: RunRow,
    /// The project's name.
    pub project: String,
    /// Its tasks, oldest first.
    pub tasks: Vec<TaskRow>,
    /// Its live sessions, oldest first.
    pub sessions: Vec<SessionRow>,
    /// The landing queue of its branch, in order.
    pub queue: Vec<QueueRow>,
    /// What landed ahead of its branch, while the branch lacks it.
    #[serde(default)]
    pub ahead: Option<AheadRow>,
    /// What keeps it from going on and needs a person: one sentence each.
    pub troubles: Vec<String>,
    /// Which tasks could start but for files that others hold, while slots are idle.
    #[serde(default)]
    pub idle: Option<String>,
    /// The folder with its summary and its tasks' outputs.
    pub out: Option<PathBuf>,
    /// The journal's position.
    pub seq: u64,
}

/// What landed ahead of a target branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AheadRow {
    /// The branch.
    pub branch: String,
    /// The ref that has it.
    pub refname: String,
    /// The last landing commit.
    pub commit: String,
    /// The tasks that landed there since the branch fell behind.
    pub tasks: Vec<String>,
    /// When the first of them did.
    pub since_ms: i64,
    /// What the branch waits for: one sentence.
    pub waits_for: String,
    /// The branch does not follow, and nothing more lands, until a person settles that.
    pub needs_person: bool,
    /// The hash of the evidence: both versions of every file that collides.
    pub detail: Option<String>,
}

/// One line about a queue entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QueueRow {
    /// Its id.
    pub id: String,
    /// The task.
    pub task: String,
    /// The word of a [`crate::states::QueueState`].
    #[cfg_attr(feature = "schema", schemars(extend("enum" = crate::states::QueueState::WORDS)))]
    pub state: String,
    /// What it waits for.
    pub note: Option<String>,
}

/// Why a task stands where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Explanation {
    /// The task.
    pub task: TaskRow,
    /// One word: `working`, `in_queue`, `no_run`, `draining`, `depends`, `delayed`, `wave`, `scope`,
    /// `reserved`, `next`; of a task that is over `landed`, `done`, `stuck` or `cancelled`.
    pub standing: String,
    /// Sentences, the most important first.
    pub because: Vec<String>,
}

/// One record of the journal, whole: whoever knows the encoding can verify it.
///
/// `hash` is the BLAKE3 hash of the other fields up to `prev`, in the encoding that
/// `docs/guide.md` describes; `prev` is the hash of the record before, 64 zeros for the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogRow {
    /// Its position.
    pub seq: u64,
    /// When it was recorded.
    pub at_ms: i64,
    /// Who caused it: `person`, or `windrow` for what follows by itself.
    pub actor: String,
    /// `work` or `talk`.
    pub stream: String,
    /// The record that led to it.
    pub cause: Option<u64>,
    /// What happened, in one word.
    pub kind: String,
    /// With what: JSON, as the text that is under the hash.
    pub body: String,
    /// The hash of the record before.
    pub prev: String,
    /// Its own hash.
    pub hash: String,
    /// The task it is about, by id.
    pub task: Option<String>,
    /// The session it is about, by id.
    pub session: Option<String>,
    /// What happened, as a sentence with the names of today.
    pub says: String,
}

/// A moment of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Moment {
    /// The last record that counts.
    pub seq: u64,
    /// The time, in milliseconds since 1970-01-01 UTC: what was asked for, or the record's own.
    pub at_ms: i64,
}

/// What a walk along the journal found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogCheck {
    /// How many records are good, from the first on.
    pub checked: u64,
    /// The hash of the last good record.
    pub head: String,
    /// The first record that is not, and why.
    pub bad: Option<String>,
    /// Landing commits whose hash the journal was compared with.
    pub compared: u64,
    /// Landing commits that name another journal.
    pub others: u64,
    /// Landing commits whose records were lost before the journal was repaired.
    pub lost: u64,
    /// A landing commit that the bad record contradicts.
    pub witness: Option<String>,
}

/// What the repair of a journal did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RepairView {
    /// The last record that was kept.
    pub kept: u64,
    /// How many records behind it are known to be lost.
    pub lost: u64,
    /// The folder with the files as they were, and with folders of jobs that are not known any more.
    pub aside: PathBuf,
    /// Landings that lost records had made.
    pub landings: Vec<FoundRow>,
    /// How many folders of jobs were put aside.
    pub jobs: u64,
}

/// A landing that was found on a branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FoundRow {
    /// The landing commit.
    pub commit: String,
    /// The task it names, by id.
    pub task: Option<String>,
    /// The task's source it names.
    pub source: Option<String>,
}

/// One line about kept work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeptRow {
    /// The ref.
    pub refname: String,
    /// The commit it names.
    pub commit: String,
    /// The session, by id.
    pub session: String,
    /// The session's name at the time; several sessions may have borne it.
    pub name: String,
    /// The generation it was captured from.
    pub generation: u32,
    /// The task's id.
    pub task: String,
    /// The task's title.
    pub title: String,
    /// When it was kept.
    pub at_ms: i64,
    /// `submitted` for a plain commit, `captured` for a whole worktree.
    pub what: String,
    /// The task's work is on its branch by now, so this is not needed any more.
    pub landed: bool,
}

/// One line about a worktree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TreeRow {
    /// Its id.
    pub id: String,
    /// Where it is.
    pub path: PathBuf,
    /// `session`, `warm` or `stays`.
    pub used: String,
    /// The session that uses it, or why it stays.
    pub note: Option<String>,
}

/// One thing that was or would be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PruneRow {
    /// `worktree`, `ref` or `folder`.
    pub what: String,
    /// Which.
    pub name: String,
    /// Whether it is gone, or would be.
    pub gone: bool,
    /// Why it goes, or why it stays.
    pub note: String,
}
