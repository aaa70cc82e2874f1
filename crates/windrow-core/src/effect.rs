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
use crate::state::{DelayKey, EntryState, Landing, Session, State, TaskPhase, Wish};

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
    /// Move the ref that is ahead of the target branch.
    MoveAhead(LandingId, u32),
    /// Bring the target branch to the landing commit of an entry that landed ahead; the number tells
    /// one try from the next.
    FollowTarget(LandingId, u32),
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
    let queues = state.queues.keys().chain(state.ahead.keys());
    let queues = queues.map(|branch| Key::Queue(branch.clone()));
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
        Key::Queue(branch) => {
            of_queue(state, branch).into_iter().chain(follow(state, branch)).collect()
        }
    }
}

fn check_off(state: &State, id: TaskId) -> Option<Effect> {
    let task = state.tasks.get(&id)?;
    let landed = match task.phase {
        // A task that only a ref of windrow's own has would be checked off in a file without it.
        TaskPhase::Landed { landing, .. } => !state.is_ahead(landing),
        TaskPhase::Done { .. } => true,
        TaskPhase::Open
        | TaskPhase::Active(_)
        | TaskPhase::Submitted(_)
        | TaskPhase::Stuck(_)
        | TaskPhase::Cancelled { .. } => false,
    };
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
        Wish::Word | Wish::Nothing => return Vec::new(),
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
                Some(move_on(state, entry))
            } else {
                Some(Effect::RunGate(entry.id, entry.round))
            }
        }
        EntryState::Verified { .. } => Some(move_on(state, entry)),
        EntryState::Queued
        | EntryState::Held
        | EntryState::Parked(_)
        | EntryState::Landed(_)
        | EntryState::Rejected(_)
        | EntryState::Withdrawn(_) => None,
    }
}

/// Where a verified entry goes: while anything is ahead of the branch, it lands on top of that.
fn move_on(state: &State, entry: &Landing) -> Effect {
    if entry.ahead.is_some() || entry.is_persons() || state.ahead.contains_key(&entry.branch) {
        Effect::MoveAhead(entry.id, entry.round)
    } else {
        Effect::MoveTarget(entry.id, entry.round)
    }
}

/// The entry of that branch that is on its way to what is ahead of it.
pub(crate) fn goes_ahead(state: &State, branch: &str) -> Option<LandingId> {
    let entry = state.landings.get(state.turn.get(branch)?)?;
    let goes = of_queue(state, branch) == Some(Effect::MoveAhead(entry.id, entry.round));
    goes.then_some(entry.id)
}

/// A branch follows what is ahead of it whether or not a run is under way. It waits for a person's
/// commits that are on their way into what is ahead, since it holds them already.
fn follow(state: &State, branch: &str) -> Option<Effect> {
    let ahead = state.ahead.get(branch)?;
    let delayed = state.delayed(DelayKey::Landing(ahead.last)).is_some();
    (ahead.intake.is_none() && !delayed).then_some(Effect::FollowTarget(ahead.last, ahead.looks))
}
