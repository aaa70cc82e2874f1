//! Chooses what runs next: pure, deterministic, and able to say why (see `explain`).
//!
//! Rank: priority, then the longest chain that waits, then kind, then age. Walking down the ranks, a
//! task whose scopes are held by work in progress waits and reserves them against everything ranked
//! below it, so small tasks cannot starve a wide one. No slot stays idle while a task may start.

mod files;
mod over;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{LandingId, RunId, TaskId};
use crate::scope::Scope;
use crate::spec::{Kind, WhenBusy};
use crate::state::{DelayKey, EntryState, Landing, Run, RunPhase, State, Task};
use crate::time::Timestamp;

use files::InUse;
pub(crate) use over::is_over;

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
    walk(state, run, limit, true, &mut |task, block| match block {
        None => chosen.push(task.id),
        Some(block) => waiting.push((task.id, block.wait(state, run, task))),
    });
    (chosen, waiting)
}

/// The tasks of `run` that may start now, best first, at most `limit`.
#[must_use]
pub(crate) fn startable(state: &State, run: &Run, limit: usize) -> Vec<TaskId> {
    let mut chosen: Vec<TaskId> = Vec::new();
    walk(state, run, limit, false, &mut |task, block| {
        if block.is_none() {
            chosen.push(task.id);
        }
    });
    chosen
}

/// What a wait comes from; made into words only for those who ask.
#[derive(Clone, Copy)]
enum Block<'a> {
    Delay,
    Wave,
    Held(TaskId, &'a Scope),
    Reserved(TaskId, &'a Scope),
}

impl Block<'_> {
    fn wait(self, state: &State, run: &Run, task: &Task) -> Wait {
        match self {
            Self::Delay => {
                let delay = state.delayed(DelayKey::Task(task.id));
                let until = delay.and_then(|delay| delay.until).unwrap_or_default();
                Wait::Delay { until, reason: delay.map(|d| d.reason.clone()).unwrap_or_default() }
            }
            Self::Wave => Wait::Wave {
                own: task.spec.wave.unwrap_or_default(),
                open: run.open_wave().unwrap_or_default(),
            },
            Self::Held(by, scope) => Wait::Held { by, scope: scope.to_string() },
            Self::Reserved(by, scope) => Wait::Reserved { by, scope: scope.to_string() },
        }
    }
}

/// Goes down the ranks and tells of each task of `run` whether it may start or what keeps it, until
/// `limit` tasks may.
///
/// Other active runs are walked down with it, so that what waits there reserves its scopes too.
/// Unless somebody asks `why`, what has the very scopes of one that waits is passed over.
fn walk<'a>(
    state: &'a State,
    run: &'a Run,
    limit: usize,
    why: bool,
    tell: &mut dyn FnMut(&Task, Option<Block<'a>>),
) {
    if !state.ready.contains_key(&run.id) || limit == 0 {
        return;
    }
    let mut files = InUse::of(state);
    let mut free: BTreeMap<RunId, usize> = BTreeMap::from([(run.id, limit)]);
    for (of, task) in by_rank(state, run) {
        if !why && files.is_reserved(task) {
            continue;
        }
        let block = block(state, of, task, &files);
        // What waits for a person reserves nothing: others would wait for that person too.
        let held = matches!(&block, Some(Block::Held(..) | Block::Reserved(..)));
        if held && !files.is_reserved(task) && files.resting.meets(task).is_none() {
            files.reserve(state, task);
        }
        let free = free.entry(of.id).or_insert_with(|| free_slots(of));
        if block.is_none() && *free > 0 {
            *free -= 1;
            files.moving.add(state, task);
        }
        if of.id == run.id {
            let enough = *free == 0;
            tell(task, block);
            if enough {
                return;
            }
        }
    }
}

/// What is ready in `run` and in every other active run, best first.
fn by_rank<'a>(state: &'a State, run: &'a Run) -> impl Iterator<Item = (&'a Run, &'a Task)> {
    let runs = state.ready.iter().filter_map(|(id, ready)| Some((state.runs.get(id)?, ready)));
    let mut lines: Vec<_> = runs
        .filter(|(other, _)| other.id == run.id || other.phase == RunPhase::Active)
        .map(|(run, ready)| (run, ready.iter().peekable()))
        .collect();
    let next = move || {
        let first = lines.iter_mut().filter_map(|(run, line)| line.peek().map(|at| (**at, run.id)));
        let (_, id) = first.min()?;
        let (run, line) = lines.iter_mut().find(|(run, _)| run.id == id)?;
        line.next().map(|(_, task)| (*run, *task))
    };
    std::iter::from_fn(next)
        .filter_map(|(run, task)| state.tasks.get(&task).map(|task| (run, task)))
}

fn block<'a>(state: &State, run: &Run, task: &'a Task, files: &InUse<'_>) -> Option<Block<'a>> {
    if state.delayed(DelayKey::Task(task.id)).is_some() {
        return Some(Block::Delay);
    }
    if let (true, Some(own), Some(open)) = (run.spec.barrier, task.spec.wave, run.open_wave())
        && own > open
    {
        return Some(Block::Wave);
    }
    let held = files.resting.meets(task).or_else(|| files.moving.meets(task));
    let held = held.map(|(by, scope)| Block::Held(by, scope));
    held.or_else(|| files.reserved.meets(task).map(|(by, scope)| Block::Reserved(by, scope)))
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
        .filter(|entry| entry.state == EntryState::Queued && !waits_for_branch(state, entry))
        .filter(|entry| state.delayed(DelayKey::Landing(entry.id)).is_none())
        .min_by_key(|entry| {
            let task = entry.task.and_then(|task| state.tasks.get(&task));
            let priority = task.map_or(2, |task| task.spec.priority);
            let priority = if entry.overtaken >= OVERTAKEN_BOUND { 0 } else { priority };
            // The sooner a person's commits are in, the less is built beside them.
            (!entry.is_persons(), priority, Reverse(entry.overtaken), entry.id)
        })
        .map(|entry| entry.id)
}

/// Whether an entry may not land before its branch followed what landed ahead of it.
///
/// With something for a person to settle, more work ahead could only make that worse. And a run that
/// does not land ahead has its work on the branch or nowhere.
#[must_use]
pub fn waits_for_branch(state: &State, entry: &Landing) -> bool {
    let Some(ahead) = state.ahead.get(&entry.branch) else { return false };
    let run = state.runs.get(&entry.run);
    let goes_ahead = run.is_some_and(|run| run.spec.busy == WhenBusy::Ahead);
    !entry.is_persons() && (ahead.trouble.is_some() || !goes_ahead)
}

/// The next moment at which something happens by time alone.
#[must_use]
pub fn next_deadline(state: &State) -> Option<Timestamp> {
    let wake = state.wake.first().map(|(at, _)| *at);
    let claim = state.claims.first().map(|(at, _)| *at);
    [wake, claim].into_iter().flatten().min()
}
