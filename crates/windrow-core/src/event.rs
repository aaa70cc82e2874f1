//! What happened, in the past tense: the only thing that is stored, and the only input of `evolve`.
//!
//! Persisted: variants and fields are added, never renamed or removed; a new field has a default.
//! Golden files under `tests/golden` hold what older versions wrote.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{Generation, LandingId, MessageId, RunId, SessionId, TaskId, TreeId};
use crate::spec::{RunSpec, TaskSpec, TextRef};
use crate::state::{
    ClosedAs, DelayKey, Exit, Kept, OpenTree, Process, RunEnd, SealOutcome, StopReason, TryReason,
    Verdict, Way,
};
use crate::time::Timestamp;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "each variant says in its name what happened, each field what with"
)]
pub enum Event {
    TaskAdded {
        task: TaskId,
        spec: TaskSpec,
    },
    TaskEdited {
        task: TaskId,
        spec: TaskSpec,
        /// What its file says, when the file was read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        imported: Option<Box<TaskSpec>>,
    },
    TaskClosed {
        task: TaskId,
        how: ClosedAs,
        reason: String,
    },
    TaskRequeued {
        task: TaskId,
        reason: TryReason,
    },
    TaskReopened {
        task: TaskId,
    },
    TaskStuck {
        task: TaskId,
        reason: TryReason,
    },
    TaskDone {
        task: TaskId,
        why: String,
    },
    TaskCheckedOff {
        task: TaskId,
        problem: Option<String>,
    },

    RunStarted {
        run: RunId,
        spec: RunSpec,
        tasks: BTreeSet<TaskId>,
    },
    RunResumed {
        run: RunId,
    },
    RunResized {
        run: RunId,
        pool: u32,
    },
    RunDraining {
        run: RunId,
    },
    RunStopping {
        run: RunId,
    },
    RunEnded {
        run: RunId,
        how: RunEnd,
    },

    SessionRequested {
        session: SessionId,
        task: TaskId,
        run: RunId,
        attempt: u32,
        fence: u64,
        deadline: Timestamp,
    },
    SessionLeased {
        session: SessionId,
        name: String,
        port_offset: u32,
        tree: TreeId,
        reuse: bool,
    },
    TreeOpened {
        session: SessionId,
        generation: Generation,
        tree: OpenTree,
    },
    AgentStarted {
        session: SessionId,
        generation: Generation,
        keeper: Process,
    },
    ClaimRenewed {
        session: SessionId,
        generation: Generation,
        deadline: Timestamp,
    },
    ClaimQuestioned {
        session: SessionId,
        generation: Generation,
        deadline: Timestamp,
    },
    StopRequested {
        session: SessionId,
        why: StopReason,
    },
    AgentEnded {
        session: SessionId,
        generation: Generation,
        exit: Exit,
    },
    SessionSealed {
        session: SessionId,
        generation: Generation,
        outcome: SealOutcome,
        kept: Option<Kept>,
    },
    TreeReleased {
        session: SessionId,
        generation: Generation,
    },
    TreeStays {
        session: SessionId,
        generation: Generation,
        why: String,
    },
    SessionRestarted {
        session: SessionId,
        generation: Generation,
    },
    SessionClosed {
        session: SessionId,
    },

    QuestionAsked {
        message: MessageId,
        session: SessionId,
        generation: Generation,
        text: TextRef,
        summary: String,
        options: Vec<String>,
        /// It is whether a tool may be used.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        permission: bool,
    },
    MessageSent {
        message: MessageId,
        session: SessionId,
        text: TextRef,
        summary: String,
        /// The question that it answers.
        answers: Option<MessageId>,
    },
    MessagesHandedOver {
        session: SessionId,
        generation: Generation,
        messages: Vec<MessageId>,
        by: Way,
    },
    MessagesSeen {
        session: SessionId,
        generation: Generation,
        messages: Vec<MessageId>,
        by: Way,
    },
    TurnPaused {
        session: SessionId,
        generation: Generation,
    },
    TurnResumed {
        session: SessionId,
        generation: Generation,
        deadline: Timestamp,
        /// What it begins with.
        messages: Vec<MessageId>,
        by: Way,
    },

    WorkSubmitted {
        landing: LandingId,
        task: TaskId,
        session: SessionId,
        generation: Generation,
        commit: String,
        base: String,
        touched: Vec<String>,
    },
    EntryTaken {
        landing: LandingId,
        round: u32,
    },
    EntryMerged {
        landing: LandingId,
        onto: String,
        commit: String,
        tree: String,
    },
    EntryVerified {
        landing: LandingId,
        tree: String,
        gate: String,
        verdict: Verdict,
    },
    EntryHeld {
        landing: LandingId,
    },
    EntryReleased {
        landing: LandingId,
    },
    EntryParked {
        landing: LandingId,
        reason: String,
    },
    EntryRequeued {
        landing: LandingId,
    },
    EntryRejected {
        landing: LandingId,
        reason: TryReason,
    },
    WorkLanded {
        landing: LandingId,
        commit: String,
        onto: String,
        /// Where the branch stands, when it could not take the commit and follows later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ahead: Option<String>,
    },
    EntryWithdrawn {
        landing: LandingId,
        reason: String,
    },

    EntryGoesAhead {
        landing: LandingId,
        reason: String,
    },
    CommitsSubmitted {
        landing: LandingId,
        branch: String,
        commit: String,
    },
    TargetSeen {
        branch: String,
        head: Option<String>,
        /// What a person must settle; nothing when it is settled.
        trouble: Option<TryReason>,
    },
    TargetFollowed {
        branch: String,
        commit: String,
    },

    Delayed {
        key: DelayKey,
        until: Timestamp,
        reason: String,
        /// Something is in the way for the moment; that is not a failure and does not count as one.
        #[serde(default)]
        waits: bool,
    },
    DelayOver {
        key: DelayKey,
    },

    TreeForgotten {
        tree: TreeId,
    },
    KeptDropped {
        refname: String,
        why: String,
    },

    /// The end of the journal was lost and is cut off.
    JournalCut {
        /// Records that may have been lost: so many ids of each kind may have been given out.
        lost: u64,
        /// Sources of tasks that landed in them, with the landing commits.
        #[serde(default)]
        found: BTreeMap<String, String>,
        /// Every landing commit that was made in them.
        #[serde(default)]
        landings: BTreeSet<String>,
    },
    /// A landing was found on the branch that the journal does not know.
    TaskFoundLanded {
        task: TaskId,
        commit: String,
    },
}

/// An event with the time and the order in which it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Position in the journal, from 1.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}
