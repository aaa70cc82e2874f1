//! Folds of landing events.

use crate::effect::Key;
use crate::event::Envelope;
use crate::ids::{Generation, LandingId, SessionId, TaskId};
use crate::scope::{Case, Scope};
use crate::state::{DelayKey, EntryState, Landing, State, Task, TaskPhase, TryReason, Verdict};
use crate::time::Timestamp;

use super::index::change_task;
use super::{ahead, task, undelayed};

/// The most files that are remembered of a task's work.
const LEARNED: usize = 200;

/// The submitted work.
pub(super) struct Work<'a> {
    pub(super) task: TaskId,
    pub(super) session: SessionId,
    pub(super) generation: Generation,
    pub(super) commit: &'a str,
    pub(super) base: &'a str,
    pub(super) touched: &'a [String],
}

pub(super) fn submitted(state: &mut State, id: LandingId, work: &Work<'_>, at: Timestamp) {
    let Some(run) = state.sessions.get(&work.session).map(|session| session.run) else { return };
    let Some(branch) = state.runs.get(&run).map(|run| run.spec.branch.clone()) else { return };
    let entry = Landing {
        id,
        task: Some(work.task),
        session: Some(work.session),
        generation: work.generation,
        run,
        branch: branch.clone(),
        commit: work.commit.to_owned(),
        base: work.base.to_owned(),
        touched: work.touched.to_vec(),
        submitted_at: at,
        taken_at: at,
        taken_seq: 0,
        round: 0,
        overtaken: 0,
        ahead: None,
        state: EntryState::Queued,
    };
    enqueue(state, entry);
    let case = state.case();
    change_task(state, work.task, |task| {
        task.learned = learn(task, work.touched, case);
        task.phase = TaskPhase::Submitted(id);
    });
}

pub(super) fn enqueue(state: &mut State, entry: Landing) {
    state.dirty.insert(Key::Queue(entry.branch.clone()));
    state.queues.entry(entry.branch.clone()).or_default().insert(entry.id);
    state.landings.insert(entry.id, entry);
}

/// The touched files that the task does not declare; nothing of a change too wide to remember.
fn learn(task: &Task, touched: &[String], case: Case) -> Vec<Scope> {
    if touched.len() > LEARNED {
        return Vec::new();
    }
    let scopes = || task.spec.scopes.iter().map(|scope| scope.when(case));
    let declared = |path: &&String| scopes().any(|scope| scope.matches(&case.fold(path)));
    touched.iter().filter(|path| !declared(path)).filter_map(|p| Scope::parse(p).ok()).collect()
}

pub(super) fn taken(state: &mut State, id: LandingId, round: u32, envelope: &Envelope) {
    let Some(entry) = state.landings.get_mut(&id) else { return };
    entry.state = EntryState::Taken;
    entry.ahead = None;
    entry.round = round;
    entry.taken_at = envelope.at;
    entry.taken_seq = envelope.seq;
    state.turn.insert(entry.branch.clone(), id);
    touch(state, id);
}

pub(super) fn merged(state: &mut State, id: LandingId, onto: &str, commit: &str, tree: &str) {
    let Some(entry) = state.landings.get_mut(&id) else { return };
    entry.state = EntryState::Merged {
        onto: onto.to_owned(),
        commit: commit.to_owned(),
        tree: tree.to_owned(),
    };
    touch(state, id);
}

pub(super) fn verified(
    state: &mut State,
    id: LandingId,
    tree: &str,
    gate: &str,
    verdict: &Verdict,
) {
    if *verdict != Verdict::Passed {
        return;
    }
    state.verified.insert((tree.to_owned(), gate.to_owned()));
    // The same tree may be waiting for the same gates on another branch.
    let branches = state.turn.keys().cloned().map(Key::Queue);
    state.dirty.extend(branches);
    let Some(entry) = state.landings.get_mut(&id) else { return };
    if let EntryState::Merged { onto, commit, tree } = &entry.state {
        entry.state =
            EntryState::Verified { onto: onto.clone(), commit: commit.clone(), tree: tree.clone() };
    }
    touch(state, id);
}

pub(super) fn held(state: &mut State, id: LandingId) {
    rest(state, id, EntryState::Held);
}

pub(super) fn parked(state: &mut State, id: LandingId, reason: &str) {
    rest(state, id, EntryState::Parked(reason.to_owned()));
    undelayed(state, DelayKey::Landing(id));
}

pub(super) fn requeued(state: &mut State, id: LandingId) {
    rest(state, id, EntryState::Queued);
    if let Some(task) = state.landings.get(&id).and_then(|entry| entry.task) {
        change_task(state, task, |task| {
            if matches!(task.phase, TaskPhase::Stuck(_)) {
                task.failed_tries = 0;
            }
            task.phase = TaskPhase::Submitted(id);
        });
    }
}

pub(super) fn rejected(state: &mut State, id: LandingId, reason: &TryReason) {
    finish(state, id, EntryState::Rejected(reason.clone()));
    ahead::rejected(state, id, reason);
}

pub(super) fn withdrawn(state: &mut State, id: LandingId, reason: &str) {
    finish(state, id, EntryState::Withdrawn(reason.to_owned()));
}

pub(super) fn landed(
    state: &mut State,
    id: LandingId,
    (commit, onto): (&str, &str),
    ahead_of: Option<&str>,
    at: Timestamp,
) {
    let Some(entry) = state.landings.get(&id) else { return };
    let task = entry.task;
    // Ids are given out in the order of submission.
    let earlier = state.queues.get(&entry.branch).map(|queue| queue.range(..id).copied());
    for other in earlier.into_iter().flatten() {
        if let Some(other) = state.landings.get_mut(&other)
            && other.state == EntryState::Queued
        {
            other.overtaken += 1;
        }
    }
    finish(state, id, EntryState::Landed(commit.to_owned()));
    if let Some(branch_at) = ahead_of {
        ahead::landed(state, id, &ahead::Landed { commit, onto, branch_at }, at);
    }
    if let Some(task) = task {
        task::end(state, task, TaskPhase::Landed { commit: commit.to_owned(), landing: id });
    }
}

/// The checkout is in the way; the entry is verified and stays so.
pub(super) fn goes_ahead(state: &mut State, id: LandingId, reason: &str) {
    let Some(entry) = state.landings.get_mut(&id) else { return };
    entry.ahead = Some(reason.to_owned());
    undelayed(state, DelayKey::Landing(id));
    touch(state, id);
}

/// The entry waits for a moment; others may go first, and it merges anew when it is back.
pub(super) fn stepped_aside(state: &mut State, id: LandingId) {
    let in_turn = state.landings.get(&id).is_some_and(|entry| entry.state.in_turn());
    if in_turn {
        rest(state, id, EntryState::Queued);
    }
}

fn rest(state: &mut State, id: LandingId, to: EntryState) {
    let Some(entry) = state.landings.get_mut(&id) else { return };
    entry.state = to;
    let branch = entry.branch.clone();
    if state.turn.get(&branch) == Some(&id) {
        state.turn.remove(&branch);
    }
    touch(state, id);
}

fn finish(state: &mut State, id: LandingId, to: EntryState) {
    rest(state, id, to);
    undelayed(state, DelayKey::Landing(id));
    let Some(branch) = state.landings.get(&id).map(|entry| entry.branch.clone()) else { return };
    if let Some(ahead) = state.ahead.get_mut(&branch).filter(|ahead| ahead.intake == Some(id)) {
        ahead.intake = None;
    }
    if let Some(queue) = state.queues.get_mut(&branch) {
        queue.remove(&id);
        if queue.is_empty() {
            state.queues.remove(&branch);
        }
    }
}

fn touch(state: &mut State, id: LandingId) {
    if let Some(entry) = state.landings.get(&id) {
        state.dirty.insert(Key::Queue(entry.branch.clone()));
    }
}
