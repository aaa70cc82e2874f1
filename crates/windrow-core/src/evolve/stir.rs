//! Which events may let something follow by itself: a start, a turn in the queue, a run's end.
//!
//! Invariant: an event is quiet only if no rule of `Advance` but those of delays and claims reads
//! what it changes.

use crate::event::Event;
use crate::state::DelayKey;

/// Whether something may follow from `event` by itself.
pub(super) const fn stirs(event: &Event) -> bool {
    match event {
        Event::SessionLeased { .. }
        | Event::TreeOpened { .. }
        | Event::AgentStarted { .. }
        | Event::ClaimRenewed { .. }
        | Event::ClaimQuestioned { .. }
        | Event::StopRequested { .. }
        | Event::AgentEnded { .. }
        | Event::TreeReleased { .. }
        | Event::TreeStays { .. }
        | Event::SessionRestarted { .. }
        | Event::QuestionAsked { .. }
        | Event::EntryTaken { .. }
        | Event::EntryMerged { .. }
        | Event::EntryVerified { .. }
        | Event::EntryGoesAhead { .. }
        | Event::TaskCheckedOff { .. }
        | Event::TreeForgotten { .. }
        | Event::KeptDropped { .. }
        | Event::JournalCut { .. } => false,
        Event::Delayed { key, .. } | Event::DelayOver { key } => {
            !matches!(key, DelayKey::Session(_))
        }
        Event::TaskAdded { .. }
        | Event::TaskEdited { .. }
        | Event::TaskClosed { .. }
        | Event::TaskRequeued { .. }
        | Event::TaskReopened { .. }
        | Event::TaskStuck { .. }
        | Event::TaskDone { .. }
        | Event::RunStarted { .. }
        | Event::RunResumed { .. }
        | Event::RunResized { .. }
        | Event::RunDraining { .. }
        | Event::RunStopping { .. }
        | Event::RunEnded { .. }
        | Event::SessionRequested { .. }
        | Event::SessionSealed { .. }
        | Event::SessionClosed { .. }
        | Event::MessageSent { .. }
        | Event::MessagesHandedOver { .. }
        | Event::MessagesSeen { .. }
        | Event::TurnPaused { .. }
        | Event::TurnResumed { .. }
        | Event::WorkSubmitted { .. }
        | Event::EntryHeld { .. }
        | Event::EntryReleased { .. }
        | Event::EntryParked { .. }
        | Event::EntryRequeued { .. }
        | Event::EntryRejected { .. }
        | Event::WorkLanded { .. }
        | Event::EntryWithdrawn { .. }
        | Event::TaskFoundLanded { .. }
        | Event::CommitsSubmitted { .. }
        | Event::TargetSeen { .. }
        | Event::TargetFollowed { .. } => true,
    }
}
