//! What an event is about: the ids it names, for whoever looks for what happened to one thing.

use std::collections::BTreeSet;

use crate::event::Event;
use crate::ids::{LandingId, RunId, SessionId, TaskId};
use crate::state::DelayKey;

/// Every kind of event by the word under which it is stored.
pub const KINDS: &[&str] = &[
    "task_added",
    "task_edited",
    "task_closed",
    "task_requeued",
    "task_reopened",
    "task_stuck",
    "task_done",
    "task_checked_off",
    "run_started",
    "run_resumed",
    "run_resized",
    "run_draining",
    "run_stopping",
    "run_ended",
    "session_requested",
    "session_leased",
    "tree_opened",
    "agent_started",
    "claim_renewed",
    "claim_questioned",
    "stop_requested",
    "agent_ended",
    "session_sealed",
    "tree_released",
    "tree_stays",
    "session_restarted",
    "session_closed",
    "question_asked",
    "message_sent",
    "messages_handed_over",
    "messages_seen",
    "turn_paused",
    "turn_resumed",
    "work_submitted",
    "entry_taken",
    "entry_merged",
    "entry_verified",
    "entry_held",
    "entry_released",
    "entry_parked",
    "entry_requeued",
    "entry_rejected",
    "work_landed",
    "entry_withdrawn",
    "entry_goes_ahead",
    "commits_submitted",
    "target_seen",
    "target_followed",
    "delayed",
    "delay_over",
    "tree_forgotten",
    "kept_dropped",
    "journal_cut",
    "task_found_landed",
];

/// The ids that an event names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subjects<'a> {
    /// A task.
    pub task: Option<TaskId>,
    /// Every task of a run that starts.
    pub tasks: Option<&'a BTreeSet<TaskId>>,
    /// A session.
    pub session: Option<SessionId>,
    /// A queue entry.
    pub landing: Option<LandingId>,
    /// A run.
    pub run: Option<RunId>,
}

impl Event {
    /// What it is about.
    #[must_use]
    pub const fn subjects(&self) -> Subjects<'_> {
        let mut found =
            Subjects { task: None, tasks: None, session: None, landing: None, run: None };
        match self {
            Self::TaskAdded { task, .. }
            | Self::TaskEdited { task, .. }
            | Self::TaskClosed { task, .. }
            | Self::TaskRequeued { task, .. }
            | Self::TaskReopened { task }
            | Self::TaskStuck { task, .. }
            | Self::TaskDone { task, .. }
            | Self::TaskCheckedOff { task, .. }
            | Self::TaskFoundLanded { task, .. } => found.task = Some(*task),
            Self::RunStarted { run, tasks, .. } => {
                found.run = Some(*run);
                found.tasks = Some(tasks);
            }
            Self::RunResumed { run }
            | Self::RunResized { run, .. }
            | Self::RunDraining { run }
            | Self::RunStopping { run }
            | Self::RunEnded { run, .. } => found.run = Some(*run),
            Self::SessionRequested { session, task, run, .. } => {
                found.session = Some(*session);
                found.task = Some(*task);
                found.run = Some(*run);
            }
            Self::SessionLeased { session, .. }
            | Self::TreeOpened { session, .. }
            | Self::AgentStarted { session, .. }
            | Self::ClaimRenewed { session, .. }
            | Self::ClaimQuestioned { session, .. }
            | Self::StopRequested { session, .. }
            | Self::AgentEnded { session, .. }
            | Self::SessionSealed { session, .. }
            | Self::TreeReleased { session, .. }
            | Self::TreeStays { session, .. }
            | Self::SessionRestarted { session, .. }
            | Self::SessionClosed { session }
            | Self::QuestionAsked { session, .. }
            | Self::MessageSent { session, .. }
            | Self::MessagesHandedOver { session, .. }
            | Self::MessagesSeen { session, .. }
            | Self::TurnPaused { session, .. }
            | Self::TurnResumed { session, .. } => found.session = Some(*session),
            Self::WorkSubmitted { landing, task, session, .. } => {
                found.landing = Some(*landing);
                found.task = Some(*task);
                found.session = Some(*session);
            }
            Self::EntryTaken { landing, .. }
            | Self::EntryMerged { landing, .. }
            | Self::EntryVerified { landing, .. }
            | Self::EntryHeld { landing }
            | Self::EntryReleased { landing }
            | Self::EntryParked { landing, .. }
            | Self::EntryRequeued { landing }
            | Self::EntryRejected { landing, .. }
            | Self::WorkLanded { landing, .. }
            | Self::EntryWithdrawn { landing, .. }
            | Self::EntryGoesAhead { landing, .. }
            | Self::CommitsSubmitted { landing, .. } => found.landing = Some(*landing),
            Self::Delayed { key, .. } | Self::DelayOver { key } => match key {
                DelayKey::Task(task) => found.task = Some(*task),
                DelayKey::Session(session) => found.session = Some(*session),
                DelayKey::Landing(landing) => found.landing = Some(*landing),
            },
            Self::TreeForgotten { .. }
            | Self::KeptDropped { .. }
            | Self::JournalCut { .. }
            | Self::TargetSeen { .. }
            | Self::TargetFollowed { .. } => {}
        }
        found
    }
}
