//! What a window may ask of the daemon.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use windrow_core::ids::{Generation, LandingId, MessageId, RunId, SessionId, TaskId};
use windrow_core::spec::{RunSpec, TaskSpec};

use crate::view::Moment;

/// One line to the daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// [`crate::PROTOCOL`] of the asking side.
    pub protocol: u32,
    /// Who asks, for the log: `person`, `keeper`.
    pub actor: String,
    /// What is asked.
    pub call: Call,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum Call {
    /// Who is there. Answer: [`crate::Reply::Daemon`].
    Ping,
    /// End the daemon; workers go on. Answer: [`crate::Reply::Done`].
    Shutdown,
    /// Record that a person approved a content. Answer: [`crate::Reply::Done`].
    Approve {
        /// The content's hash.
        hash: String,
        /// Where it was found.
        place: String,
    },
    /// Which of these contents are approved. Answer: [`crate::Reply::Approved`].
    Approved {
        /// The contents' hashes.
        hashes: Vec<String>,
    },
    /// An agent client tells what it is doing. Answer: [`crate::Reply::Hook`].
    Hook(Box<HookCall>),
    /// Live sessions of every project. Answer: [`crate::Reply::Sessions`].
    AllSessions,
    /// Something about one project, which becomes known by it.
    Project {
        /// The project.
        project: ProjectRef,
        /// What is asked of it.
        call: Box<ProjectCall>,
    },
}

/// An event of an agent client, and whose it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HookCall {
    /// The project's id.
    pub project: String,
    /// The session's id.
    pub session: String,
    /// Its generation.
    pub generation: Generation,
    /// What shows that it is that agent process.
    pub token: String,
    /// The event, in the client's own words.
    pub event: Value,
}

/// A repository, as found by the asking side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectRef {
    /// The common git directory, absolute and without symlinks.
    pub git_dir: PathBuf,
    /// The main worktree, absolute and without symlinks.
    pub root: PathBuf,
}

/// What is asked of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum ProjectCall {
    /// Add a task. Answer: [`crate::Reply::Tasks`] with it.
    AddTask {
        /// The task.
        task: TaskDraft,
    },
    /// Take in a file's tasks. Answer: [`crate::Reply::Tasks`] with all of them.
    Import {
        /// The file as it is to stand in sources and commits.
        file: String,
        /// Its tasks.
        tasks: Vec<ImportDraft>,
        /// A person approved the commands in it; without that, tasks that a run took up keep
        /// theirs.
        #[serde(default)]
        approved: bool,
    },
    /// Replace a task's description. Answer: [`crate::Reply::Tasks`] with it.
    EditTask {
        /// Which.
        task: TaskId,
        /// Everything it says from now on; without a body the old one stays.
        draft: TaskDraft,
    },
    /// Close a task. Answer: [`crate::Reply::Done`].
    CloseTask {
        /// Which.
        task: TaskId,
        /// Done by other means rather than not wanted.
        done: bool,
        /// What the person says.
        reason: String,
    },
    /// Start a run over these tasks. Answer: [`crate::Reply::Run`].
    StartRun {
        /// How.
        spec: Box<RunSpec>,
        /// Which tasks.
        tasks: Vec<TaskId>,
    },
    /// Resume a run, the newest when none is named. Answer: [`crate::Reply::Run`].
    ResumeRun {
        /// Which.
        run: Option<RunId>,
        /// A new number of workers.
        pool: Option<u32>,
    },
    /// Hand out no more work. Answer: [`crate::Reply::Done`].
    DrainRun {
        /// Which.
        run: RunId,
    },
    /// End the workers of a run, keeping their work. Answer: [`crate::Reply::Done`].
    StopRun {
        /// Which.
        run: RunId,
    },
    /// End a session. Answer: [`crate::Reply::Done`] when its work is safe, landed or dropped.
    EndSession {
        /// Which.
        session: SessionId,
        /// What is to become of its work.
        how: EndHow,
    },
    /// Let held work land. Answer: [`crate::Reply::Done`].
    Land {
        /// Which entry.
        landing: LandingId,
    },
    /// A worker asks the person. The same question, asked again, is that question. Answer:
    /// [`crate::Reply::Message`] with it.
    Ask {
        /// Who asks.
        session: SessionId,
        /// Its generation.
        generation: Generation,
        /// The question with what belongs to it.
        text: String,
        /// What may be answered; anything, when there is nothing.
        options: Vec<String>,
    },
    /// The answer to a question, as soon as there is one. Answer: [`crate::Reply::Message`].
    AwaitAnswer {
        /// Who asked.
        session: SessionId,
        /// Its generation.
        generation: Generation,
        /// What.
        question: MessageId,
    },
    /// What was said to a worker and what it has not seen. Answer: [`crate::Reply::Messages`].
    Inbox {
        /// The worker.
        session: SessionId,
        /// Its generation.
        generation: Generation,
        /// Wait until there is something.
        wait: bool,
    },
    /// The worker saw these. Answer: [`crate::Reply::Done`].
    Seen {
        /// The worker.
        session: SessionId,
        /// Its generation.
        generation: Generation,
        /// Which.
        messages: Vec<MessageId>,
    },
    /// Say something to a worker. Answer: [`crate::Reply::Message`] with it.
    Tell {
        /// To whom.
        session: SessionId,
        /// What.
        text: String,
    },
    /// Answer what a worker asked, the oldest open question when none is named. Answer:
    /// [`crate::Reply::Message`] with the answer.
    Answer {
        /// Whose question.
        session: SessionId,
        /// Which.
        question: Option<MessageId>,
        /// The answer.
        text: String,
    },
    /// Everything that a worker and the person said to each other. Answer:
    /// [`crate::Reply::Messages`].
    Talk {
        /// The worker.
        session: SessionId,
    },
    /// A session as soon as what it does is one of these. Answer: [`crate::Reply::Sessions`] with
    /// it.
    WaitFor {
        /// Which.
        session: SessionId,
        /// Words of [`crate::states::ActivityState`], of those that the journal tells.
        words: Vec<String>,
    },
    /// Every task. Answer: [`crate::Reply::Tasks`].
    Tasks,
    /// One task with its body. Answer: [`crate::Reply::Task`].
    Task {
        /// Which.
        task: TaskId,
    },
    /// Open tasks without open dependencies, best first. Answer: [`crate::Reply::Tasks`].
    Ready,
    /// Work that is held for a person, and open tasks that wait for it. Answer:
    /// [`crate::Reply::Tasks`].
    Held,
    /// Why a task stands where it stands. Answer: [`crate::Reply::Explanation`].
    Explain {
        /// Which.
        task: TaskId,
    },
    /// Sessions, live ones or all. Answer: [`crate::Reply::Sessions`].
    Sessions {
        /// Those that are over as well.
        all: bool,
    },
    /// Every run, newest last, without its tasks. Answer: [`crate::Reply::Runs`].
    Runs,
    /// One run with everything in it, the newest when none is named. Answer:
    /// [`crate::Reply::Run`].
    Run {
        /// Which.
        run: Option<RunId>,
    },
    /// The same again whenever something in it changed, until the run is over and its sessions are
    /// closed. Answer: [`crate::Reply::Run`], again and again.
    WatchRun {
        /// Which.
        run: RunId,
    },
    /// Records of the journal. Answer: [`crate::Reply::Log`], again and again, then
    /// [`crate::Reply::Done`].
    Log {
        /// Which, and in which order.
        query: LogQuery,
    },
    /// Which record a point in time means. Answer: [`crate::Reply::Moment`].
    Moment {
        /// The point.
        point: Point,
    },
    /// What would have been answered right after a record: [`Self::Tasks`], [`Self::Task`],
    /// [`Self::Ready`], [`Self::Explain`], [`Self::Sessions`], [`Self::Runs`], [`Self::Run`] or
    /// [`Self::Text`]; everything else is refused. Answer: that of the question.
    At {
        /// The moment, as [`Self::Moment`] answered it.
        moment: Moment,
        /// The question.
        call: Box<Self>,
    },
    /// Walk the journal's chain. Answer: [`crate::Reply::Verified`].
    VerifyLog,
    /// Cut a damaged journal to its last good record, or to an earlier one; a copy of it is kept
    /// aside. Answer: [`crate::Reply::Repaired`].
    RepairLog {
        /// The record that is to be the last.
        to: Option<u64>,
    },
    /// A long text by its hash. Answer: [`crate::Reply::Text`].
    Text {
        /// The hash.
        hash: String,
    },
    /// Kept work. Answer: [`crate::Reply::Kept`].
    Kept,
    /// Bring kept work back into a new worktree. Answer: [`crate::Reply::Restored`].
    Restore {
        /// The kept ref.
        refname: String,
        /// Where to; a folder beside the others otherwise.
        path: Option<PathBuf>,
    },
    /// Worktrees windrow made. Answer: [`crate::Reply::Trees`].
    Trees,
    /// Remove what is not needed any more. Answer: [`crate::Reply::Pruned`].
    Prune {
        /// Only say what would go.
        dry_run: bool,
        /// Kept work of tasks that did not land goes too: the person said so.
        unlanded: bool,
    },
}

/// A point in the life of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// Right after a record.
    Seq(u64),
    /// A time, in milliseconds since 1970-01-01 UTC: after the last record that is not of a later
    /// one.
    Time(i64),
}

/// Which records of the journal are wanted; all of them when nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogQuery {
    /// The first position.
    pub from: Option<u64>,
    /// The last position.
    pub to: Option<u64>,
    /// Not of an earlier time, in milliseconds since 1970-01-01 UTC.
    pub since_ms: Option<i64>,
    /// Not of a later time.
    pub until_ms: Option<i64>,
    /// About one of these tasks.
    pub tasks: Vec<TaskId>,
    /// About one of these sessions.
    pub sessions: Vec<SessionId>,
    /// Caused by one of these.
    pub actors: Vec<String>,
    /// Of one of these kinds.
    pub kinds: Vec<String>,
    /// Only the newest this many.
    pub limit: Option<usize>,
    /// Newest first rather than last.
    pub newest_first: bool,
    /// Goes on with what is recorded from now on, until the asking side goes away.
    pub follow: bool,
}

/// What is to become of a session's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndHow {
    /// Ended, its work kept.
    Kill,
    /// Ended, its work dropped.
    KillAndDrop,
    /// Ended, what it has submitted for landing.
    Close,
}

/// A task as a person writes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskDraft {
    /// Everything but the body.
    pub spec: TaskSpec,
    /// The body.
    pub body: Option<String>,
}

/// A task as a file lists it; dependencies are keys of the same file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImportDraft {
    /// Its key.
    pub key: String,
    /// The task.
    pub draft: TaskDraft,
    /// Keys of the tasks it depends on.
    pub depends: Vec<String>,
    /// Keys of the tasks it reads.
    pub reads: Vec<String>,
    /// The file says that it is done.
    pub done: bool,
}
