//! Chooses what runs next: pure, deterministic, and able to say why (see `explain`).
//!
//! Rank: priority, then the longest chain that waits, then kind, then age. Walking down the ranks, a
//! task whose scopes are held by work in progress waits and reserves them against everything ranked
//! below it, so small tasks cannot starve a wide one. No slot stays idle while a task may start.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::ids::{LandingId, RunId, TaskId};
use crate::scope::Scope;
use crate::spec::Kind;
use crate::state::{DelayKey, EntryState, Run, RunPhase, State, Task, TaskPhase};
use crate::time::Timestamp;

/// An entry that was overtaken this often goes first, whatever its priority.
pub(crate) const OVERTAKEN_BOUND: u32 = 8;

/// The order among tasks that may start; smaller goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rank {
    priority: u8,
    unblocks: Reverse<u32>,
    kind: Kind,
}

impl Rank {
    /// The rank of a task; ties are broken by id, which is age.
    #[must_use]
    pub const fn of(task: &Task) -> Self {
        Self { priority: task.spec.priority, unblocks: Reverse(task.weight), kind: task.spec.kind }
    }
}

/// What keeps a task whose dependencies are satisfied from starting at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// A backoff after a setback.
    Delay {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// Its wave is not open yet.
    Wave {
        /// Its own wave.
        own: u32,
        /// The earliest wave that is not over.
        open: u32,
    },
    /// A task in progress holds a scope it needs.
    Held {
        /// The holder.
        by: TaskId,
        /// The scope of this task that meets one of the holder's.
        scope: String,
    },
    /// A higher-ranked task that waits has reserved a scope it needs.
    Reserved {
        /// The one that goes first.
        by: TaskId,
        /// The scope of this task that meets one of the other's.
        scope: String,
    },
}

/// The tasks of `run` that may start now, best first, at most `limit`; and why the others wait.
#[must_use]
pub(crate) fn choose(state: &State, run: &Run, limit: usize) -> (Vec<TaskId>, Vec<(TaskId, Wait)>) {
    let mut chosen: Vec<TaskId> = Vec::new();
    let mut waiting: Vec<(TaskId, Wait)> = Vec::new();
    let mut reserved: Vec<TaskId> = Vec::new();
    for (_, id) in state.ready.get(&run.id).into_iter().flatten() {
        if chosen.len() >= limit {
            break;
        }
        let Some(task) = state.tasks.get(id) else { continue };
        match wait(state, run, task, &chosen, &reserved) {
            None => chosen.push(*id),
            Some(wait) => {
                if matches!(wait, Wait::Held { .. } | Wait::Reserved { .. }) {
                    reserved.push(*id);
                }
                waiting.push((*id, wait));
            }
        }
    }
    (chosen, waiting)
}

fn wait(
    state: &State,
    run: &Run,
    task: &Task,
    chosen: &[TaskId],
    reserved: &[TaskId],
) -> Option<Wait> {
    if let Some(delay) = state.delayed(DelayKey::Task(task.id))
        && let Some(until) = delay.until
    {
        return Some(Wait::Delay { until, reason: delay.reason.clone() });
    }
    if let (true, Some(own), Some(open)) = (run.spec.barrier, task.spec.wave, run.open_wave())
        && own > open
    {
        return Some(Wait::Wave { own, open });
    }
    let meets = |other: &&TaskId| **other != task.id && overlap(state, task, **other).is_some();
    let scope = |by: TaskId| overlap(state, task, by).unwrap_or_default();
    if task.spec.scopes.is_empty() {
        return None;
    }
    if let Some(by) = state.holders.iter().chain(chosen).find(meets) {
        return Some(Wait::Held { by: *by, scope: scope(*by) });
    }
    let by = reserved.iter().find(meets)?;
    Some(Wait::Reserved { by: *by, scope: scope(*by) })
}

/// The first scope of `task` that may meet a file of `other`: declared, or touched and submitted.
fn overlap(state: &State, task: &Task, other: TaskId) -> Option<String> {
    let other = state.tasks.get(&other)?;
    let touched: &[String] = match &other.phase {
        TaskPhase::Submitted(landing) => {
            state.landings.get(landing).map_or(&[], |landing| landing.touched.as_slice())
        }
        TaskPhase::Open
        | TaskPhase::Active(_)
        | TaskPhase::Landed { .. }
        | TaskPhase::Done { .. }
        | TaskPhase::Stuck(_)
        | TaskPhase::Cancelled { .. } => &[],
    };
    let meets = |scope: &&Scope| {
        other.spec.scopes.iter().any(|theirs| theirs.overlaps(scope))
            || touched.iter().any(|path| scope.matches(path))
    };
    task.spec.scopes.iter().find(meets).map(ToString::to_string)
}

/// The number of sessions `run` may start now.
#[must_use]
pub(crate) fn free_slots(run: &Run) -> usize {
    if run.phase != RunPhase::Active {
        return 0;
    }
    usize::try_from(run.spec.pool).unwrap_or(usize::MAX).saturating_sub(run.slots.len())
}

/// The entry of `branch` that should be taken up next, if none is in its turn.
#[must_use]
pub(crate) fn next_entry(state: &State, branch: &str) -> Option<LandingId> {
    if state.turn.contains_key(branch) {
        return None;
    }
    let entries = state.queues.get(branch)?.iter().filter_map(|id| state.landings.get(id));
    entries
        .filter(|entry| entry.state == EntryState::Queued)
        .filter(|entry| state.delayed(DelayKey::Landing(entry.id)).is_none())
        .min_by_key(|entry| {
            let priority = state.tasks.get(&entry.task).map_or(2, |task| task.spec.priority);
            let priority = if entry.overtaken >= OVERTAKEN_BOUND { 0 } else { priority };
            (priority, Reverse(entry.overtaken), entry.id)
        })
        .map(|entry| entry.id)
}

/// The next moment at which something happens by time alone.
#[must_use]
pub fn next_deadline(state: &State) -> Option<Timestamp> {
    let wake = state.wake.first().map(|(at, _)| *at);
    let claim = state.claims.first().map(|(at, _)| *at);
    [wake, claim].into_iter().flatten().min()
}

/// Whether `run` can do nothing more by itself: nothing runs, nothing is on its way, nothing waits
/// for a moment and nothing may start.
#[must_use]
pub(crate) fn is_over(state: &State, run: &Run) -> bool {
    let on_its_way = |id: &LandingId| {
        state.landings.get(id).is_some_and(|entry| {
            let rests = matches!(entry.state, EntryState::Held | EntryState::Parked(_));
            entry.run == run.id && !rests
        })
    };
    if !run.slots.is_empty() || state.queues.values().flatten().any(on_its_way) {
        return false;
    }
    if run.phase != RunPhase::Active {
        return true;
    }
    let (startable, waiting) = choose(state, run, 1);
    startable.is_empty() && !waiting.iter().any(|(_, wait)| may_pass(state, run.id, wait))
}

/// Whether a wait ends without a person: by time, or because another run goes on.
fn may_pass(state: &State, run: RunId, wait: &Wait) -> bool {
    match wait {
        Wait::Delay { .. } => true,
        Wait::Wave { .. } => false,
        Wait::Held { by, .. } | Wait::Reserved { by, .. } => {
            let holder = state.tasks.get(by).and_then(|task| task.run);
            holder.filter(|other| *other != run).is_some_and(|other| {
                state.runs.get(&other).is_some_and(|run| !matches!(run.phase, RunPhase::Ended(_)))
            })
        }
    }
}
