//! Says why a task runs, waits or rests, from the same rules that choose.

use std::collections::BTreeMap;

use crate::ids::{LandingId, RunId, SessionId, TaskId};
use crate::schedule::{choose, free_slots};
use crate::state::{EntryState, Run, RunPhase, State, TaskPhase};

pub use crate::schedule::{Wait, waits_for_branch};

/// Where a task stands and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A session works on it.
    Working(SessionId),
    /// Its work waits for its turn, is merged, verified or landed.
    InQueue {
        /// The entry's state.
        state: EntryState,
        /// Entries in front of it, those left out that wait for a person.
        ahead: usize,
    },
    /// It is over, for better or worse.
    Over,
    /// No active run has it.
    NoRun,
    /// Its run hands out no more work.
    RunNotActive(RunId),
    /// Dependencies that have not landed.
    Depends(Vec<TaskId>),
    /// It could start but for this.
    Waits(Wait),
    /// It may start; this many are ranked before it and every slot is taken.
    NextInLine {
        /// Tasks that go first.
        ahead: usize,
        /// Slots in use.
        used: usize,
        /// Slots in all.
        pool: usize,
    },
}

/// Explains one task; nothing when there is no such task.
#[must_use]
pub fn explain(state: &State, id: TaskId) -> Option<Standing> {
    let task = state.tasks.get(&id)?;
    Some(match &task.phase {
        TaskPhase::Active(session) => Standing::Working(*session),
        TaskPhase::Submitted(landing) => {
            let entry = state.landings.get(landing)?;
            let queue = state.queues.get(&entry.branch);
            // What rests until a person comes is in nobody's way.
            let in_line = |id: &&LandingId| {
                let entry = state.landings.get(*id);
                entry.is_some_and(|e| !matches!(e.state, EntryState::Held | EntryState::Parked(_)))
            };
            let ahead = queue.map_or(0, |queue| queue.range(..landing).filter(in_line).count());
            Standing::InQueue { state: entry.state.clone(), ahead }
        }
        TaskPhase::Landed { .. }
        | TaskPhase::Done { .. }
        | TaskPhase::Stuck(_)
        | TaskPhase::Cancelled { .. } => Standing::Over,
        TaskPhase::Open => open(state, id),
    })
}

/// Explains every task, going down the ranks of each active run once.
#[must_use]
pub fn explain_all(state: &State) -> BTreeMap<TaskId, Standing> {
    let active = state.runs.values().filter(|run| run.phase == RunPhase::Active);
    let mut all: BTreeMap<TaskId, Standing> = active.flat_map(|run| line(state, run)).collect();
    for id in state.tasks.keys() {
        if !all.contains_key(id) {
            all.extend(explain(state, *id).map(|standing| (*id, standing)));
        }
    }
    all
}

/// The standing of everything that is ready in an active run.
fn line(state: &State, run: &Run) -> Vec<(TaskId, Standing)> {
    let (chosen, waiting) = choose(state, run, usize::MAX);
    let used = run.slots.len();
    let pool = used + free_slots(run);
    let chosen = (0_usize..).zip(chosen);
    let next = chosen.map(|(ahead, id)| (id, Standing::NextInLine { ahead, used, pool }));
    next.chain(waiting.into_iter().map(|(id, wait)| (id, Standing::Waits(wait)))).collect()
}

fn open(state: &State, id: TaskId) -> Standing {
    let Some(task) = state.tasks.get(&id) else { return Standing::NoRun };
    if task.unmet > 0 {
        let missing =
            |on: &&TaskId| !state.tasks.get(on).is_some_and(|task| task.phase.satisfies());
        return Standing::Depends(task.spec.depends.iter().filter(missing).copied().collect());
    }
    let Some(run) = task.run.and_then(|run| state.runs.get(&run)) else { return Standing::NoRun };
    match run.phase {
        RunPhase::Active => {}
        RunPhase::Draining | RunPhase::Stopping => return Standing::RunNotActive(run.id),
        RunPhase::Ended(_) => return Standing::NoRun,
    }
    let mine = line(state, run).into_iter().find(|(other, _)| *other == id);
    mine.map_or(Standing::NoRun, |(_, standing)| standing)
}

/// Open tasks that may start at this moment or after a slot frees up, best first, with those that
/// wait and why. For a project without an active run, dependencies and rank alone decide.
#[must_use]
pub fn ready(state: &State) -> Vec<TaskId> {
    let mut open: Vec<_> = state
        .tasks
        .values()
        .filter(|task| task.phase == TaskPhase::Open && task.unmet == 0)
        .map(|task| (crate::schedule::Rank::of(task), task.id))
        .collect();
    open.sort_unstable();
    open.into_iter().map(|(_, id)| id).collect()
}
