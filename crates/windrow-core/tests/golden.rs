//! What older versions wrote stays readable: golden files are only ever added to.
//!
//! A new kind of event does not compile until it is listed here, and fails until it has a sample in
//! the golden file of the current version.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use windrow_core::machine::MachineEvent;
use windrow_core::{Event, SCHEMA};

/// Lists every kind once: for the compiler as a match, for the test as names.
macro_rules! kinds {
    ($kind:ident, $all:ident, $event:ident: $($variant:ident => $name:literal,)*) => {
        const fn $kind(event: &$event) -> &'static str {
            match event {
                $($event::$variant { .. } => $name,)*
            }
        }

        const $all: &[&str] = &[$($name),*];
    };
}

kinds! {
    kind, KINDS, Event:
    TaskAdded => "task_added",
    TaskEdited => "task_edited",
    TaskClosed => "task_closed",
    TaskRequeued => "task_requeued",
    TaskReopened => "task_reopened",
    TaskStuck => "task_stuck",
    TaskDone => "task_done",
    TaskCheckedOff => "task_checked_off",
    RunStarted => "run_started",
    RunResumed => "run_resumed",
    RunResized => "run_resized",
    RunDraining => "run_draining",
    RunStopping => "run_stopping",
    RunEnded => "run_ended",
    SessionRequested => "session_requested",
    SessionLeased => "session_leased",
    TreeOpened => "tree_opened",
    AgentStarted => "agent_started",
    ClaimRenewed => "claim_renewed",
    ClaimQuestioned => "claim_questioned",
    StopRequested => "stop_requested",
    AgentEnded => "agent_ended",
    SessionSealed => "session_sealed",
    TreeReleased => "tree_released",
    TreeStays => "tree_stays",
    SessionRestarted => "session_restarted",
    SessionClosed => "session_closed",
    QuestionAsked => "question_asked",
    MessageSent => "message_sent",
    MessagesHandedOver => "messages_handed_over",
    MessagesSeen => "messages_seen",
    TurnPaused => "turn_paused",
    TurnResumed => "turn_resumed",
    WorkSubmitted => "work_submitted",
    EntryTaken => "entry_taken",
    EntryMerged => "entry_merged",
    EntryVerified => "entry_verified",
    EntryHeld => "entry_held",
    EntryReleased => "entry_released",
    EntryParked => "entry_parked",
    EntryRequeued => "entry_requeued",
    EntryRejected => "entry_rejected",
    WorkLanded => "work_landed",
    EntryWithdrawn => "entry_withdrawn",
    EntryGoesAhead => "entry_goes_ahead",
    CommitsSubmitted => "commits_submitted",
    TargetSeen => "target_seen",
    TargetFollowed => "target_followed",
    Delayed => "delayed",
    DelayOver => "delay_over",
    TreeForgotten => "tree_forgotten",
    KeptDropped => "kept_dropped",
    JournalCut => "journal_cut",
    TaskFoundLanded => "task_found_landed",
}

kinds! {
    machine_kind, MACHINE_KINDS, MachineEvent:
    ProjectOpened => "project_opened",
    NameLeased => "name_leased",
    NameFreed => "name_freed",
    ContentApproved => "content_approved",
}

/// Whether everything that `old` says is said by `new` too; `new` may say more.
fn says(new: &Value, old: &Value) -> bool {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => {
            old.iter().all(|(name, old)| new.get(name).is_some_and(|new| says(new, old)))
        }
        (Value::Array(new), Value::Array(old)) => {
            new.len() == old.len() && new.iter().zip(old).all(|(new, old)| says(new, old))
        }
        (new, old) => new == old,
    }
}

fn check<E: Serialize + DeserializeOwned>(
    golden: &str,
    kind: fn(&E) -> &'static str,
    all: &[&str],
) {
    let samples: Vec<Value> = serde_json::from_str(golden).expect("a golden file is a list");
    let mut seen = BTreeSet::new();
    for sample in &samples {
        let event: E = serde_json::from_value(sample.clone())
            .unwrap_or_else(|error| panic!("{sample} is not read any more: {error}"));
        assert_eq!(sample["kind"], kind(&event));
        let again = serde_json::to_value(&event).expect("an event is stored");
        assert!(says(&again, sample), "{sample} is read as {again}");
        seen.insert(kind(&event));
    }
    assert_eq!(seen, all.iter().copied().collect(), "every kind has a sample");
}

#[test]
fn every_event_of_version_1_is_read() {
    assert_eq!(SCHEMA, 1, "a new version needs golden files of its own, beside the old ones");
    check::<Event>(include_str!("golden/v1/events.json"), kind, KINDS);
    check::<MachineEvent>(
        include_str!("golden/v1/machine_events.json"),
        machine_kind,
        MACHINE_KINDS,
    );
    assert_eq!(windrow_core::subjects::KINDS, KINDS, "the words that people may ask for");
}
