//! Which ids come next: each larger than every one that was ever given out.

use serde::{Deserialize, Serialize};

use crate::ids::{LandingId, MessageId, RunId, SessionId, TaskId};

use super::State;

/// Ids up to these were given out, or may have been by records that were lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Floor {
    task: u64,
    run: u64,
    session: u64,
    landing: u64,
}

impl State {
    /// The id the next task gets.
    #[must_use]
    pub fn next_task(&self) -> TaskId {
        let last = self.tasks.last_key_value().map_or(0, |(last, _)| last.0);
        TaskId(last.max(self.floor.task) + 1)
    }

    /// The id the next run gets.
    #[must_use]
    pub fn next_run(&self) -> RunId {
        let last = self.runs.last_key_value().map_or(0, |(last, _)| last.0);
        RunId(last.max(self.floor.run) + 1)
    }

    /// The id the next session gets.
    #[must_use]
    pub fn next_session(&self) -> SessionId {
        let last = self.sessions.last_key_value().map_or(0, |(last, _)| last.0);
        SessionId(last.max(self.floor.session) + 1)
    }

    /// The id the next queue entry gets.
    #[must_use]
    pub fn next_landing(&self) -> LandingId {
        let last = self.landings.last_key_value().map_or(0, |(last, _)| last.0);
        LandingId(last.max(self.floor.landing) + 1)
    }

    /// The id the next message gets.
    #[must_use]
    pub const fn next_message(&self) -> MessageId {
        MessageId(self.last_message + 1)
    }

    /// Leaves out as many ids of each kind as `lost` records can have given out.
    pub(crate) fn skip_ids(&mut self, lost: u64) {
        self.floor = Floor {
            task: self.next_task().0 - 1 + lost,
            run: self.next_run().0 - 1 + lost,
            session: self.next_session().0 - 1 + lost,
            landing: self.next_landing().0 - 1 + lost,
        };
        self.last_tree += lost;
        self.fence += lost;
        self.last_message += lost;
    }
}
