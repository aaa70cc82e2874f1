//! Views of runs.

use windrow_api::states::{QueueState, RunState};
use windrow_api::view::{Counts, QueueRow, RunRow, RunView, SessionRow};
use windrow_core::explain::{Standing, Wait, explain};
use windrow_core::ids::LandingId;
use windrow_core::state::{DelayKey, EntryState, Landing, Run, RunEnd, RunPhase, TreeUse};
use windrow_core::{Key, State, wanted_of};

use super::ahead;
use super::session::session_row;
use super::task::{status_of, task_rows};
use crate::place::Place;
use crate::summaries;

/// Tasks that wait for scopes and are named in a trouble at most.
const NAMED: usize = 3;

/// One line about a run.
pub(crate) fn run_row(state: &State, run: &Run) -> RunRow {
    let mut counts = Counts::default();
    for task in run.tasks.iter().filter_map(|id| state.tasks.get(id)) {
        counts.add(status_of(state, task));
    }
    let settling = is_settling(state, run);
    RunRow {
        id: run.id.to_string(),
        phase: if settling { RunState::Active } else { phase(run.phase) }.word().to_owned(),
        sources: run.spec.sources.clone(),
        branch: run.spec.branch.clone(),
        pool: run.spec.pool,
        busy: u32::try_from(run.slots.len()).unwrap_or(u32::MAX),
        hold: run.spec.hold,
        counts,
        started_ms: run.started_at.0,
        ended_ms: run.ended_at.filter(|_| !settling).map(|at| at.0),
    }
}

/// Whether a run whose work is over still checks tasks off in their file: to whoever waits for its
/// end that belongs to it.
fn is_settling(state: &State, run: &Run) -> bool {
    matches!(run.phase, RunPhase::Ended(_))
        && run.tasks.iter().any(|id| !wanted_of(state, &Key::Task(*id)).is_empty())
}

/// Everything about a run.
pub(crate) fn run_view(state: &State, place: &Place, run: &Run) -> RunView {
    let live = state.sessions.values().filter(|s| s.run == run.id && !s.closed);
    let sessions: Vec<SessionRow> = live.map(|s| session_row(state, place, s)).collect();
    RunView {
        row: run_row(state, run),
        project: place.name.clone(),
        tasks: task_rows(state, run.tasks.iter().copied()),
        sessions,
        queue: queue(state, &run.spec.branch),
        ahead: ahead::ahead_row(state, &run.spec.branch),
        troubles: troubles(state, run),
        idle: starvation(state, run),
        out: Some(summaries::folder(place, run)),
        seq: state.seq,
    }
}

const fn phase(phase: RunPhase) -> RunState {
    match phase {
        RunPhase::Active => RunState::Active,
        RunPhase::Draining => RunState::Draining,
        RunPhase::Stopping => RunState::Stopping,
        RunPhase::Ended(RunEnd::Finished) => RunState::Finished,
        RunPhase::Ended(RunEnd::Interrupted) => RunState::Interrupted,
    }
}

fn queue(state: &State, branch: &str) -> Vec<QueueRow> {
    let entries = state.queues.get(branch).into_iter().flatten();
    let mut entries: Vec<&Landing> = entries.filter_map(|id| state.landings.get(id)).collect();
    let turn = state.turn.get(branch).copied();
    entries.sort_by_key(|entry| (Some(entry.id) != turn, entry.id));
    entries.iter().map(|entry| queue_row(state, entry)).collect()
}

fn queue_row(state: &State, entry: &Landing) -> QueueRow {
    let waits = state.delayed(DelayKey::Landing(entry.id));
    let for_branch = ahead::waits_for_branch(state, entry);
    let word = match &entry.state {
        EntryState::Queued if waits.is_some() || for_branch.is_some() => QueueState::Waiting,
        EntryState::Queued => QueueState::Queued,
        EntryState::Taken => QueueState::Merging,
        EntryState::Merged { .. } => QueueState::Verifying,
        EntryState::Verified { .. } => QueueState::Landing,
        EntryState::Held => QueueState::Held,
        EntryState::Parked(_) => QueueState::Parked,
        EntryState::Landed(_) => QueueState::Landed,
        EntryState::Rejected(_) => QueueState::Rejected,
        EntryState::Withdrawn(_) => QueueState::Withdrawn,
    };
    let note = match &entry.state {
        EntryState::Parked(reason) => Some(reason.clone()),
        EntryState::Queued if for_branch.is_some() => for_branch,
        _ => waits.map(|delay| delay.reason.clone()),
    };
    QueueRow { id: entry.id.to_string(), task: entry.label(), state: word.word().to_owned(), note }
}

/// What needs a person, or will if it stays as it is.
fn troubles(state: &State, run: &Run) -> Vec<String> {
    let mut troubles = Vec::new();
    let delayed = |id: &LandingId| {
        let entry = state.landings.get(id)?;
        let delay = state.delayed(DelayKey::Landing(*id))?;
        Some(format!("{} waits to land: {}", entry.label(), delay.reason))
    };
    let queue = state.queues.get(&run.spec.branch).into_iter().flatten();
    troubles.extend(queue.filter_map(delayed));
    troubles.extend(ahead::sentence(state, &run.spec.branch));
    for session in run.slots.iter().filter_map(|id| state.sessions.get(id)) {
        if let Some(delay) = state.delayed(DelayKey::Session(session.id)) {
            troubles.push(format!("{} waits: {}", session.label(), delay.reason));
        }
    }
    let asking = run.slots.iter().chain(&run.paused).filter_map(|id| state.sessions.get(id));
    for session in asking {
        let name = session.label();
        troubles.extend(session.open_questions().map(|asked| {
            format!(
                "{name} asks {}: {}; `windrow answer {name} TEXT` answers",
                asked.id, asked.summary
            )
        }));
    }
    for record in state.trees.values() {
        if let TreeUse::Stays(session, why) = &record.used
            && state.sessions.get(session).is_some_and(|session| session.run == run.id)
        {
            troubles.push(format!("the worktree `{}` stays: {why}", record.path));
        }
    }
    let tasks = run.tasks.iter().filter_map(|id| state.tasks.get(id));
    for task in tasks.filter(|task| task.check_off_problem.is_some()) {
        let problem = task.check_off_problem.clone().unwrap_or_default();
        troubles.push(format!("{} is not checked off: {problem}", task.id));
    }
    troubles
}

/// Slots that are idle because every task that could start needs files others hold.
fn starvation(state: &State, run: &Run) -> Option<String> {
    let pool = usize::try_from(run.spec.pool).unwrap_or(usize::MAX);
    let waiting = state.ready.get(&run.id)?;
    if run.phase != RunPhase::Active || run.slots.len() >= pool || waiting.is_empty() {
        return None;
    }
    let mut named = Vec::new();
    for (_, id) in waiting.iter().take(NAMED) {
        if let Some(Standing::Waits(Wait::Held { by, scope } | Wait::Reserved { by, scope })) =
            explain(state, *id)
        {
            named.push(format!("{id} needs `{scope}`, which {by} holds"));
        }
    }
    let idle = pool - run.slots.len();
    let slots = if idle == 1 { "slot" } else { "slots" };
    (!named.is_empty()).then(|| format!("{idle} idle {slots}: {}", named.join("; ")))
}
