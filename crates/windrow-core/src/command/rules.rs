//! Rules that several commands share.

use crate::event::Event;
use crate::ids::{Generation, LandingId, RunId, SessionId, TaskId};
use crate::reject::Rejection;
use crate::spec::TaskSpec;
use crate::state::{Landing, Run, Session, State, Task, TaskPhase, TryReason};

/// The task of that id.
pub(super) fn require_task(state: &State, id: TaskId) -> Result<&Task, Rejection> {
    state.tasks.get(&id).ok_or(Rejection::NoTask(id))
}

/// The run of that id.
pub(super) fn require_run(state: &State, id: RunId) -> Result<&Run, Rejection> {
    state.runs.get(&id).ok_or(Rejection::NoRun(id))
}

/// The session of that id, at exactly that generation: an older one can do nothing.
pub(super) fn require_session(
    state: &State,
    id: SessionId,
    generation: Generation,
) -> Result<&Session, Rejection> {
    let session = state.sessions.get(&id).ok_or(Rejection::NoSession(id))?;
    if session.generation == generation {
        Ok(session)
    } else {
        let current = session.generation;
        Err(Rejection::OldGeneration { session: id, current, reported: generation })
    }
}

/// The queue entry of that id, in its turn and in exactly that round.
pub(super) fn require_turn(
    state: &State,
    id: LandingId,
    round: u32,
) -> Result<&Landing, Rejection> {
    let entry = state.landings.get(&id).ok_or(Rejection::NoLanding(id))?;
    if entry.state.in_turn() && entry.round == round {
        Ok(entry)
    } else {
        Err(Rejection::EntryNotAwaited { landing: id, round })
    }
}

/// Checks what a person wrote about a task.
pub(super) fn check_spec(id: TaskId, spec: &TaskSpec) -> Result<(), Rejection> {
    if spec.title.trim().is_empty() || spec.title.contains(['\n', '\r', '\0']) {
        return Err(Rejection::Title(spec.title.clone()));
    }
    if spec.priority > 4 {
        return Err(Rejection::Priority(spec.priority));
    }
    if spec.depends.contains(&id) {
        return Err(Rejection::SelfDependency(id));
    }
    Ok(())
}

/// The id the next task gets.
pub(super) fn next_task(state: &State) -> TaskId {
    TaskId(state.tasks.last_key_value().map_or(1, |(last, _)| last.0 + 1))
}

/// What follows a failed try: the next one, or a stuck task when the tries are used up.
pub(super) fn after_failure(state: &State, task: &Task, run: RunId, reason: TryReason) -> Event {
    let tries = state.runs.get(&run).map_or(1, |run| run.spec.tries);
    if task.failed_tries + 1 >= tries {
        Event::TaskStuck { task: task.id, reason }
    } else {
        Event::TaskRequeued { task: task.id, reason }
    }
}

/// The word for a phase in messages.
pub(super) const fn phase_word(phase: &TaskPhase) -> &'static str {
    match phase {
        TaskPhase::Open => "open",
        TaskPhase::Active(_) => "being worked on",
        TaskPhase::Submitted(_) => "on its way to the branch",
        TaskPhase::Landed { .. } => "landed",
        TaskPhase::Done { .. } => "done",
        TaskPhase::Stuck(_) => "stuck",
        TaskPhase::Cancelled { .. } => "cancelled",
    }
}
