//! Why a command was refused: the rule and the values. A refusal changes nothing.

use crate::ids::{Generation, LandingId, MessageId, RunId, SessionId, TaskId};

/// A refused command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it means")]
pub enum Rejection {
    #[error("there is no task `{0}`")]
    NoTask(TaskId),
    #[error("there is no run `{0}`")]
    NoRun(RunId),
    #[error("there is no session `{0}`")]
    NoSession(SessionId),
    #[error("there is no queue entry `{0}`")]
    NoLanding(LandingId),
    #[error("the tasks depend on each other in a circle: {}", .0.join(" -> "))]
    Cycle(Vec<String>),
    #[error("the task title is empty or has more than one line: `{0}`")]
    Title(String),
    #[error("priority `{0}` is not between 0 and 4")]
    Priority(u8),
    #[error("task `{0}` cannot depend on itself")]
    SelfDependency(TaskId),
    #[error("two tasks of one import share the key `{0}`")]
    DoubleKey(String),
    #[error("task `{key}` names `{on}`, which the import does not have")]
    NoKey { key: String, on: String },
    #[error("task `{task}` is {phase}; {rule}")]
    TaskPhase { task: TaskId, phase: &'static str, rule: &'static str },
    #[error("there is nothing to run: no open task among those named")]
    NothingToRun,
    #[error("task `{task}` belongs to run `{run}`, which is not over")]
    TaskInRun { task: TaskId, run: RunId },
    #[error("the pool must have at least one worker")]
    EmptyPool,
    #[error("task `{task}` names the agent `{agent}`, which is not defined")]
    NoAgent { task: TaskId, agent: String },
    #[error("task `{0}` has no command and the run has no agent for it")]
    NothingToStart(TaskId),
    #[error("run `{0}` is over")]
    RunOver(RunId),
    #[error("session `{session}` is at generation {current}, the report is of {reported}")]
    OldGeneration { session: SessionId, current: Generation, reported: Generation },
    #[error("session `{session}` is not waiting for that report")]
    NotAwaited { session: SessionId },
    #[error("session `{0}` is over")]
    SessionOver(SessionId),
    #[error("session `{0}` has no agent at work")]
    NotAtWork(SessionId),
    #[error("session `{0}` is coming to its end and hears nothing more")]
    HearsNothing(SessionId),
    #[error("there is no open question `{0}`")]
    NoQuestion(MessageId),
    #[error("queue entry `{landing}` is not waiting for that report (round {round})")]
    EntryNotAwaited { landing: LandingId, round: u32 },
    #[error("no branch is to follow to the commit of queue entry `{landing}`")]
    FollowNotAwaited { landing: LandingId },
    #[error("queue entry `{0}` is not held for a person")]
    NotHeld(LandingId),
    #[error("worktree `{0}` is in use")]
    TreeInUse(crate::ids::TreeId),
}
