//! A run: one execution of tasks by a pool of workers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{RunId, SessionId, TaskId};
use crate::spec::RunSpec;
use crate::time::Timestamp;

/// A run and its progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// What it was started with.
    pub spec: RunSpec,
    /// The tasks it is about.
    pub tasks: BTreeSet<TaskId>,
    /// Where it stands.
    pub phase: RunPhase,
    /// Sessions that take a slot.
    pub slots: BTreeSet<SessionId>,
    /// Sessions whose turn is over and that wait for the person.
    #[serde(default)]
    pub paused: BTreeSet<SessionId>,
    /// Tasks that are not final, counted by wave; those without one behind every wave.
    pub left: BTreeMap<u32, u32>,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Run {
    /// The number of tasks that still have to come to an end.
    #[must_use]
    pub fn tasks_left(&self) -> u32 {
        self.left.values().sum()
    }

    /// The earliest wave that is not over, for runs with a barrier.
    #[must_use]
    pub fn open_wave(&self) -> Option<u32> {
        self.left.first_key_value().map(|(wave, _)| *wave)
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunPhase {
    /// Slots that free up take the next task.
    Active,
    /// No new work is handed out; what runs is finished and landed.
    Draining,
    /// What runs is being ended, its work kept.
    Stopping,
    /// Over.
    Ended(RunEnd),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEnd {
    /// Every task came to its end.
    Finished,
    /// A person ended it before.
    Interrupted,
}
