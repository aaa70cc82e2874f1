//! Every index of the state, computed anew from its tables.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{LandingId, RunId, SessionId, TaskId};
use crate::schedule::Rank;
use crate::state::{EntryState, State, Task, TaskPhase, TreeUse};

/// Asserts that every index says what the tables say.
pub(crate) fn check(state: &State) {
    check_tasks(state);
    check_runs(state);
    check_sessions(state);
    check_queue(state);
    let wake: BTreeSet<_> =
        state.delays.iter().filter_map(|(key, delay)| Some((delay.until?, *key))).collect();
    assert_eq!(state.wake, wake, "wake");
}

fn lost(state: &State, on: TaskId) -> bool {
    let phase = state.tasks.get(&on).map(|task| &task.phase);
    matches!(phase, Some(TaskPhase::Stuck(_) | TaskPhase::Cancelled { .. }))
}

fn check_tasks(state: &State) {
    let mut dependents: BTreeMap<TaskId, BTreeSet<TaskId>> = BTreeMap::new();
    let mut ready: BTreeMap<RunId, BTreeSet<(Rank, TaskId)>> = BTreeMap::new();
    for task in state.tasks.values() {
        for on in &task.spec.depends {
            dependents.entry(*on).or_default().insert(task.id);
        }
        let met = |on: &&TaskId| state.tasks.get(on).is_some_and(|on| on.phase.satisfies());
        let unmet = task.spec.depends.iter().filter(|on| !met(on)).count();
        assert_eq!(task.unmet as usize, unmet, "unmet of {}", task.id);
        if let (Some(run), TaskPhase::Open, 0) = (task.run, &task.phase, unmet) {
            ready.entry(run).or_default().insert((Rank::of(task), task.id));
        }
    }
    let of_state = state.dependents.iter().filter(|(_, dependents)| !dependents.is_empty());
    let of_state: BTreeMap<_, _> = of_state.map(|(on, all)| (*on, all.clone())).collect();
    assert_eq!(of_state, dependents, "dependents");
    assert_eq!(state.ready, ready, "ready");
    let tasks = |keep: &dyn Fn(&&Task) -> bool| -> BTreeSet<TaskId> {
        state.tasks.values().filter(keep).map(|task| task.id).collect()
    };
    let holds = |task: &&Task| matches!(task.phase, TaskPhase::Active(_) | TaskPhase::Submitted(_));
    assert_eq!(state.holders, tasks(&holds), "holders");
    let doomed = |task: &&Task| {
        task.phase == TaskPhase::Open && task.spec.depends.iter().any(|on| lost(state, *on))
    };
    assert_eq!(state.doomed, tasks(&doomed), "doomed");
}

fn check_runs(state: &State) {
    for run in state.runs.values() {
        let mut left: BTreeMap<u32, u32> = BTreeMap::new();
        let open = state.tasks.values().filter(|task| !task.phase.is_final());
        for task in open.filter(|task| task.run == Some(run.id)) {
            *left.entry(task.spec.wave.unwrap_or(u32::MAX)).or_default() += 1;
        }
        assert_eq!(run.left, left, "left of {}", run.id);
        let slots: BTreeSet<SessionId> = state
            .sessions
            .values()
            .filter(|session| session.run == run.id && session.takes_slot())
            .map(|session| session.id)
            .collect();
        assert_eq!(run.slots, slots, "slots of {}", run.id);
        let paused = state.sessions.values().filter(|session| session.run == run.id);
        let paused = paused.filter(|session| session.paused && session.is_open());
        let paused: BTreeSet<SessionId> = paused.map(|session| session.id).collect();
        assert_eq!(run.paused, paused, "paused of {}", run.id);
        assert!(run.ended_at.is_none() || slots.is_empty(), "{} ended with workers", run.id);
        assert!(run.ended_at.is_none() || paused.is_empty(), "{} ended before an answer", run.id);
    }
}

fn check_sessions(state: &State) {
    let claims: BTreeSet<_> = state
        .sessions
        .values()
        .filter(|session| session.takes_slot())
        .map(|session| (session.claim.deadline, session.id))
        .collect();
    assert_eq!(state.claims, claims, "claims");
    let mut names = BTreeSet::new();
    for session in state.sessions.values() {
        assert!(session.claim.fence <= state.fence, "fence of {}", session.id);
        let Some(lease) = &session.lease else { continue };
        assert!(session.closed || names.insert(&lease.name), "{} twice", lease.name);
        assert!(lease.tree.0 <= state.last_tree, "tree of {}", session.id);
        let used = state.trees.get(&lease.tree).map(|record| &record.used);
        if !session.closed && !session.released {
            assert_eq!(used, Some(&TreeUse::Session(session.id)), "tree of {}", session.id);
        }
    }
    for task in state.tasks.values() {
        if let TaskPhase::Active(session) = task.phase {
            let session = state.sessions.get(&session).expect("a task names a session there is");
            assert_eq!(session.task, task.id);
            assert!(session.is_open(), "{} is over, {} is active", session.id, task.id);
        }
    }
}

fn check_queue(state: &State) {
    let mut queues: BTreeMap<String, BTreeSet<LandingId>> = BTreeMap::new();
    let mut turn: BTreeMap<String, LandingId> = BTreeMap::new();
    for entry in state.landings.values().filter(|entry| !entry.state.is_final()) {
        queues.entry(entry.branch.clone()).or_default().insert(entry.id);
        if entry.state.in_turn() {
            let other = turn.insert(entry.branch.clone(), entry.id);
            assert_eq!(other, None, "two entries in turn on `{}`", entry.branch);
        }
        let Some(task) = entry.task else {
            assert!(!matches!(entry.state, EntryState::Held | EntryState::Parked(_)));
            let ahead = state.ahead.get(&entry.branch).expect("a person's entry is of an ahead");
            assert_eq!(ahead.intake, Some(entry.id), "one entry of a person at a time");
            continue;
        };
        let phase = &state.tasks.get(&task).expect("an entry names a task").phase;
        let fits = match &entry.state {
            EntryState::Parked(_) => matches!(phase, TaskPhase::Stuck(_)),
            EntryState::Queued
            | EntryState::Taken
            | EntryState::Merged { .. }
            | EntryState::Verified { .. }
            | EntryState::Held
            | EntryState::Landed(_)
            | EntryState::Rejected(_)
            | EntryState::Withdrawn(_) => *phase == TaskPhase::Submitted(entry.id),
        };
        assert!(fits, "{} is {:?}, {task} is {phase:?}", entry.id, entry.state);
    }
    for (branch, ahead) in &state.ahead {
        let last = &state.landings[&ahead.last];
        assert_eq!(last.state, EntryState::Landed(ahead.head.clone()), "ahead of `{branch}`");
        let open = ahead.intake.is_some_and(|id| state.landings[&id].state.is_final());
        assert!(!open, "what a person committed is over and waited for");
    }
    assert_eq!(state.queues, queues, "queues");
    assert_eq!(state.turn, turn, "turn");
    for task in state.tasks.values() {
        if let TaskPhase::Submitted(landing) = task.phase {
            let entry = state.landings.get(&landing).expect("a task names an entry there is");
            assert!(!entry.state.is_final(), "{} is over, {} is submitted", landing, task.id);
        }
    }
}
