//! A task and where it stands.

use serde::{Deserialize, Serialize};

use crate::ids::{LandingId, RunId, SessionId, TaskId};
use crate::scope::Scope;
use crate::spec::{TaskSpec, TextRef};
use crate::time::Timestamp;

/// A unit of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// What it says about itself.
    pub spec: TaskSpec,
    /// What its file said when it was last read, as far as that was taken in; a person may have
    /// changed the task since.
    #[serde(default)]
    pub imported: Option<Box<TaskSpec>>,
    /// When it was added.
    pub added_at: Timestamp,
    /// Where it stands.
    pub phase: TaskPhase,
    /// The active run it belongs to.
    pub run: Option<RunId>,
    /// Tries that failed since it was added or last reopened.
    pub failed_tries: u32,
    /// Why the tries failed, oldest first.
    pub reasons: Vec<TryReason>,
    /// Files its submitted work touched beyond what it declares: its next try holds them too, so
    /// that two tasks that collided once do not collide again.
    #[serde(default)]
    pub learned: Vec<Scope>,
    /// Dependencies that are not satisfied yet.
    pub unmet: u32,
    /// The longest chain of tasks that wait for this one; larger ranks first.
    pub weight: u32,
    /// The check-off of its source file is done, or was found impossible.
    pub checked_off: bool,
    /// Why the check-off was impossible.
    pub check_off_problem: Option<String>,
}

impl Task {
    /// The files it declares, and those it was seen to touch.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.spec.scopes.iter().chain(&self.learned)
    }
}

/// Where a task stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskPhase {
    /// Not begun, or waiting for its next try.
    Open,
    /// A session works on it.
    Active(SessionId),
    /// Its work is on the way to the target branch.
    Submitted(LandingId),
    /// Its work is on the target branch, or ahead of it where the branch follows.
    Landed {
        /// The landing commit.
        commit: String,
        /// The queue entry that brought it.
        landing: LandingId,
    },
    /// It is done and there was nothing to land.
    Done {
        /// Why there was nothing to land.
        why: String,
    },
    /// It cannot go on without a person.
    Stuck(TryReason),
    /// A person ended it.
    Cancelled {
        /// What the person said.
        reason: String,
    },
}

impl TaskPhase {
    /// Landed or done: what depends on it may start.
    #[must_use]
    pub const fn satisfies(&self) -> bool {
        matches!(self, Self::Landed { .. } | Self::Done { .. })
    }

    /// Nothing more happens to it by itself.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Landed { .. } | Self::Done { .. } | Self::Stuck(_) | Self::Cancelled { .. }
        )
    }
}

/// How a person closed a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedAs {
    /// The work is done by other means.
    Done,
    /// The work is not wanted.
    Cancelled,
}

/// Why a try failed, or why a task is stuck.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TryReason {
    /// The kind of failure.
    pub kind: TryKind,
    /// One sentence for a person.
    pub summary: String,
    /// The evidence: output of the worker or gate, both sides of a conflict.
    #[serde(default)]
    pub detail: Option<TextRef>,
    /// The ref that keeps the work of that try.
    #[serde(default)]
    pub kept: Option<String>,
}

/// The kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TryKind {
    /// The worker ended with a status other than 0.
    Failed,
    /// The worker died by a signal of its own making.
    Crashed,
    /// The worker was ended for silence.
    Silent,
    /// The worker was ended because its time was over.
    TimeOver,
    /// The worker was ended from outside again and again.
    Interrupted,
    /// The worker could not be started.
    CouldNotStart,
    /// Changes were left uncommitted and may not be committed for the worker.
    Leftovers,
    /// The work collides with what landed meanwhile.
    Conflict,
    /// The gate failed on the merged result.
    RedGate,
    /// The gate could not run.
    GateCouldNotRun,
    /// A worktree, a capture or another act of windrow itself failed.
    World,
    /// A task it depends on is stuck or cancelled.
    Dependency,
    /// A person ended the session.
    Person,
    /// The run was stopped.
    RunStopped,
    /// Its claim expired.
    ClaimExpired,
}
