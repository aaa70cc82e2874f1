//! What the state asks of the world, derived anew whenever something changed.
//!
//! An effect names what is to be done by ids alone; whoever performs it looks the details up in the
//! state of that moment. It stays wanted until a report changed the state, so a restart loses none.
//!
//! Invariant: [`wanted`] is the union of [`wanted_of`] over every key.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{Generation, LandingId, SessionId, TaskId};
use crate::message;
use crate::state::{DelayKey, EntryState, Session, State, TaskPhase, Wish};

/// A part of the state whose wishes are derived together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// One task.
    Task(TaskId),
    /// One session.
    Session(SessionId),
    /// The landing queue of one target branch.
    Queue(String),
}

/// Something to be done in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// Get a name and ports for a session.
    LeaseName(SessionId, Generation),
    /// Make its worktree ready.
    OpenTree(SessionId, Generation),
    /// Start its agent under a keeper.
    StartAgent(SessionId, Generation),
    /// Wait for the agent's end; never finishes before that.
    WatchAgent(SessionId, Generation),
    /// Ask the keeper to end the agent.
    StopAgent(SessionId, Generation),
    /// See whether the keeper is there, since its claim ran out.
    ProbeAgent(SessionId, Generation),
    /// Submit or capture the work.
    SealWork(SessionId, Generation),
    /// Reset the worktree for the next session, or remove it.
    ReleaseTree(SessionId, Generation),
    /// Give back name and ports.
    FreeName(SessionId, Generation),
    /// Merge an entry with the target in memory.
    MergeEntry(LandingId, u32),
    /// Run the gates on the merged result.
    RunGate(LandingId, u32),
    /// Move the target branch.
    MoveTarget(LandingId, u32),
    /// Check the task off in its source file.
    CheckOff(TaskId),
}

/// Everything wanted, by looking at every key.
#[must_use]
pub fn wanted(state: &State) -> Vec<Effect> {
    all_keys(state).iter().flat_map(|key| wanted_of(state, key)).collect()
}

/// Every key there is.
#[must_use]
pub fn all_keys(state: &State) -> BTreeSet<Key> {
    let tasks = state.tasks.keys().map(|task| Key::Task(*task));
    let sessions = state.sessions.keys().map(|session| Key::Session(*session));
    let queues = state.queues.keys().map(|branch| Key::Queue(branch.clone()));
    tasks.chain(sessions).chain(queues).collect()
}

/// What is wanted for one key, in a fixed order.
#[must_use]
pub fn wanted_of(state: &State, key: &Key) -> Vec<Effect> {
    match key {
        Key::Task(task) => check_off(state, *task).into_iter().collect(),
        Key::Session(session) => {
            state.sessions.get(session).map_or_else(Vec::new, |session| of_session(state, session))
        }
        Key::Queue(branch) => of_queue(state, branch).into_iter().collect(),
    }
}

fn check_off(state: &State, id: TaskId) -> Option<Effect> {
    let task = state.tasks.get(&id)?;
    let landed = matches!(task.phase, TaskPhase::Landed { .. } | TaskPhase::Done { .. });
    let wanted = landed && task.spec.source.is_some() && !task.checked_off;
    wanted.then_some(Effect::CheckOff(id))
}

fn of_session(state: &State, session: &Session) -> Vec<Effect> {
    let (id, generation) = (session.id, session.generation);
    let running = session.wish() == Wish::End;
    let delayed = state.delayed(DelayKey::Session(id)).is_some();
    if !running && delayed {
        return Vec::new();
    }
    let next = match session.wish() {
        Wish::Lease => Effect::LeaseName(id, generation),
        Wish::Tree => Effect::OpenTree(id, generation),
        Wish::Agent => Effect::StartAgent(id, generation),
        Wish::End => Effect::WatchAgent(id, generation),
        Wish::Seal => Effect::SealWork(id, generation),
        Wish::Release => Effect::ReleaseTree(id, generation),
        Wish::Unlease => Effect::FreeName(id, generation),
        Wish::Nothing => return Vec::new(),
    };
    let stop = (running && session.stop.is_some()).then_some(Effect::StopAgent(id, generation));
    let probe = (running && session.claim.questioned).then_some(Effect::ProbeAgent(id, generation));
    // A running worker can be ended whatever did not work; only looking at it again waits.
    let next = (!delayed).then_some(next);
    [next, stop, probe].into_iter().flatten().collect()
}

fn of_queue(state: &State, branch: &str) -> Option<Effect> {
    let entry = state.landings.get(state.turn.get(branch)?)?;
    match &entry.state {
        EntryState::Taken => Some(Effect::MergeEntry(entry.id, entry.round)),
        EntryState::Merged { tree, .. } => {
            let gates = message::gate_text(&state.gates_of(entry));
            if gates.is_empty() || state.verified.contains(&(tree.clone(), gates)) {
                Some(Effect::MoveTarget(entry.id, entry.round))
            } else {
                Some(Effect::RunGate(entry.id, entry.round))
            }
        }
        EntryState::Verified { .. } => Some(Effect::MoveTarget(entry.id, entry.round)),
        EntryState::Queued
        | EntryState::Held
        | EntryState::Parked(_)
        | EntryState::Landed(_)
        | EntryState::Rejected(_)
        | EntryState::Withdrawn(_) => None,
    }
}
