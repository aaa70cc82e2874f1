//! Goes on after the end of the journal was lost: no id is given out twice, and nothing that landed
//! meanwhile lands again.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::Event;
use crate::ids::TaskId;
use crate::state::{State, StopReason, Task, TaskPhase};

/// Recovers from a cut journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoverJournal {
    /// Records that may have been lost.
    pub lost: u64,
    /// Sources of tasks that landed in them, with the landing commits.
    pub found: BTreeMap<String, String>,
    /// Tasks that landed in them, with the landing commits.
    pub landed: BTreeMap<TaskId, String>,
    /// Every landing commit that was made in them.
    pub landings: BTreeSet<String>,
}

impl RecoverJournal {
    pub(super) fn decide(&self, state: &State) -> Vec<Event> {
        let (found, landings) = (self.found.clone(), self.landings.clone());
        let mut events = vec![Event::JournalCut { lost: self.lost, found, landings }];
        for (id, commit) in &self.landed {
            let Some(task) = state.tasks.get(id) else { continue };
            events.extend(landed(task, commit));
        }
        events
    }
}

fn landed(task: &Task, commit: &str) -> Vec<Event> {
    let mut events = Vec::new();
    match &task.phase {
        // What is in the queue is found on the branch when it is merged again.
        TaskPhase::Submitted(_)
        | TaskPhase::Landed { .. }
        | TaskPhase::Done { .. }
        | TaskPhase::Cancelled { .. } => return events,
        TaskPhase::Active(session) => {
            events.push(Event::StopRequested { session: *session, why: StopReason::Kill });
        }
        TaskPhase::Open | TaskPhase::Stuck(_) => {}
    }
    events.push(Event::TaskFoundLanded { task: task.id, commit: commit.to_owned() });
    events
}
