//! The state itself: tables by id and the indexes that keep decisions cheap.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::effect::Key;
use crate::ids::{LandingId, RunId, SessionId, TaskId, TreeId};
use crate::schedule::Rank;
use crate::scope::Case;
use crate::time::Timestamp;

use super::{Ahead, Floor, Landing, Quiet, Run, Session, Task};

/// The fold of a project's journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The last event folded in.
    pub seq: u64,
    /// Every task there ever was.
    pub tasks: BTreeMap<TaskId, Task>,
    /// Every run.
    pub runs: BTreeMap<RunId, Run>,
    /// Every session.
    pub sessions: BTreeMap<SessionId, Session>,
    /// Every entry of the landing queue.
    pub landings: BTreeMap<LandingId, Landing>,
    /// Worktrees that windrow made and that are still there.
    pub trees: BTreeMap<TreeId, TreeRecord>,
    /// Trees and gates that passed: `(tree, gate text)`.
    pub verified: BTreeSet<(String, String)>,
    /// Ids that records which were lost may have given out.
    #[serde(default)]
    pub floor: Floor,
    /// Sources of tasks that landed in records which were lost, with the landing commits.
    #[serde(default)]
    pub found: BTreeMap<String, String>,
    /// Landing commits whose records were lost.
    #[serde(default)]
    pub orphans: BTreeSet<String>,
    /// The highest fencing number given out.
    pub fence: u64,
    /// The highest tree number given out.
    pub last_tree: u64,
    /// The highest message number given out.
    #[serde(default)]
    pub last_message: u64,

    /// What waits for a moment, and since when it has been failing.
    #[serde(with = "super::pairs")]
    pub delays: BTreeMap<DelayKey, Delay>,
    /// The same by moment.
    pub wake: BTreeSet<(Timestamp, DelayKey)>,
    /// Live claims by deadline.
    pub claims: BTreeSet<(Timestamp, SessionId)>,
    /// Which tasks depend on a task.
    pub dependents: BTreeMap<TaskId, BTreeSet<TaskId>>,
    /// Open tasks of active runs whose dependencies are satisfied, best first.
    pub ready: BTreeMap<RunId, BTreeSet<(Rank, TaskId)>>,
    /// Open tasks that wait for a task that is stuck or cancelled.
    pub doomed: BTreeSet<TaskId>,
    /// Tasks that hold their scopes: worked on, or on the way to the target.
    pub holders: BTreeSet<TaskId>,
    /// Entries that are not final, by target branch.
    pub queues: BTreeMap<String, BTreeSet<LandingId>>,
    /// The entry whose turn it is, by target branch.
    pub turn: BTreeMap<String, LandingId>,
    /// What landed ahead of a target branch that did not follow yet, by branch.
    #[serde(default)]
    pub ahead: BTreeMap<String, Ahead>,

    /// Keys whose wishes may have changed since the last look; not part of what is stored.
    #[serde(skip)]
    pub dirty: BTreeSet<Key>,
    /// Whether it is known that nothing follows by itself; not part of what is stored.
    #[serde(skip)]
    pub quiet: Quiet,
}

impl State {
    /// Hands out the keys that changed and forgets them.
    pub fn take_dirty(&mut self) -> BTreeSet<Key> {
        std::mem::take(&mut self.dirty)
    }

    /// The delay in force for `key`, if one is.
    #[must_use]
    pub fn delayed(&self, key: DelayKey) -> Option<&Delay> {
        self.delays.get(&key).filter(|delay| delay.until.is_some())
    }

    /// How often in a row `key` did not work.
    #[must_use]
    pub fn setbacks(&self, key: DelayKey) -> u32 {
        self.delays.get(&key).map_or(0, |delay| delay.count)
    }

    /// How often in a row something was in the way of `key`.
    #[must_use]
    pub fn waits(&self, key: DelayKey) -> u32 {
        self.delays.get(&key).map_or(0, |delay| delay.waits)
    }

    /// Whether case counts in the repository, as the newest run found it.
    #[must_use]
    pub fn case(&self) -> Case {
        let newest = self.runs.last_key_value().is_some_and(|(_, run)| run.spec.ignore_case);
        if newest { Case::Ignored } else { Case::Counts }
    }

    /// Whether an entry landed on a ref of windrow's own and its branch did not follow yet.
    #[must_use]
    pub fn is_ahead(&self, landing: LandingId) -> bool {
        self.ahead.values().any(|ahead| ahead.landings.contains(&landing))
    }

    /// A live session of that name.
    #[must_use]
    pub fn live_session(&self, name: &str) -> Option<&Session> {
        self.sessions.values().find(|session| !session.closed && session.label() == name)
    }
}

/// A worktree that windrow made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeRecord {
    /// Where its files are, absolute; empty until it was opened once.
    pub path: String,
    /// Its own git directory, absolute; empty until it was opened once.
    pub git_dir: String,
    /// What it is used for.
    pub used: TreeUse,
}

/// What a worktree is used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TreeUse {
    /// A session works in it.
    Session(SessionId),
    /// Reset, waiting for the next session.
    Warm,
    /// Left as it is, for this reason.
    Stays(SessionId, String),
}

/// What can be delayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DelayKey {
    /// The start of a task.
    Task(TaskId),
    /// The next step of a session.
    Session(SessionId),
    /// A queue entry.
    Landing(LandingId),
}

/// Something that did not work and is tried again later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delay {
    /// When to try again; nothing once that moment came.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// How often in a row it did not work.
    pub count: u32,
    /// How often in a row something was in the way.
    pub waits: u32,
}
