//! An entry of the landing queue.

use serde::{Deserialize, Serialize};

use crate::ids::{Generation, LandingId, RunId, SessionId, TaskId};
use crate::time::Timestamp;

use super::TryReason;

/// Work on its way to the target branch: a worker's, or commits of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landing {
    /// Its id.
    pub id: LandingId,
    /// The task whose work it is; nothing for commits that a person made on the branch.
    pub task: Option<TaskId>,
    /// The session that did the work.
    pub session: Option<SessionId>,
    /// The generation that submitted it.
    pub generation: Generation,
    /// The run whose gates and identity apply.
    pub run: RunId,
    /// The target branch, without `refs/heads/`.
    pub branch: String,
    /// The submitted commit, pinned under a kept ref, or the person's, which the branch has.
    pub commit: String,
    /// The commit the work started from.
    pub base: String,
    /// The files the work touched; they are held like scopes until it landed.
    pub touched: Vec<String>,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// When it was last taken; the date of the landing commit, so that a redo makes the same one.
    pub taken_at: Timestamp,
    /// The record that took it; its hash stands in the landing commit.
    #[serde(default)]
    pub taken_seq: u64,
    /// How often it was taken up; each round merges anew.
    pub round: u32,
    /// How many entries landed before it that came later.
    pub overtaken: u32,
    /// What was in the way of the branch, so that it lands ahead of it.
    #[serde(default)]
    pub ahead: Option<String>,
    /// Where it stands.
    pub state: EntryState,
}

impl Landing {
    /// Whether it is a person's commits rather than a worker's.
    #[must_use]
    pub const fn is_persons(&self) -> bool {
        self.task.is_none()
    }

    /// Whose it is, for people: the task's id, or the person's.
    #[must_use]
    pub fn label(&self) -> String {
        self.task
            .map_or_else(|| format!("what was committed on `{}`", self.branch), |t| t.to_string())
    }
}

/// Where a queue entry stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// Waiting for its turn.
    Queued,
    /// Its turn: to be merged with the target.
    Taken,
    /// Merged in memory; the result is not verified yet.
    Merged {
        /// The target's head it was merged with.
        onto: String,
        /// The landing commit.
        commit: String,
        /// That commit's tree.
        tree: String,
    },
    /// The merged result passed; the target may move.
    Verified {
        /// The target's head it was merged with.
        onto: String,
        /// The landing commit.
        commit: String,
        /// That commit's tree.
        tree: String,
    },
    /// Waits for a person to let it land.
    Held,
    /// Out of the queue until a person resumes the run: its gate could not run.
    Parked(String),
    /// On the target branch, or ahead of it.
    Landed(String),
    /// Sent back to its task.
    Rejected(TryReason),
    /// Taken out by a person.
    Withdrawn(String),
}

impl EntryState {
    /// Nothing more happens to the entry.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Landed(_) | Self::Rejected(_) | Self::Withdrawn(_))
    }

    /// It is being merged, verified or landed right now.
    #[must_use]
    pub const fn in_turn(&self) -> bool {
        matches!(self, Self::Taken | Self::Merged { .. } | Self::Verified { .. })
    }
}

/// What a gate said about one tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every command ended with 0.
    Passed,
    /// A command ended otherwise.
    Failed,
    /// Nothing can be said: it did not start, was ended, or ran out of time.
    CouldNotRun(String),
}
