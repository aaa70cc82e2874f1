//! Rules that several commands share.

use std::collections::BTreeMap;

use crate::event::Event;
use crate::ids::{Generation, LandingId, RunId, SessionId, TaskId};
use crate::reject::Rejection;
use crate::spec::TaskSpec;
use crate::state::{
    EntryState, Landing, Run, Session, State, StopReason, Task, TaskPhase, TryKind, TryReason, Way,
};
use crate::time::{Stamp, Timestamp};

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

/// Until when a session holds its task from now on, unless it shows that it lives.
pub(super) fn claim_until(state: &State, session: &Session, stamp: Stamp) -> Timestamp {
    stamp.now.plus(state.runs.get(&session.run).map_or(3_600_000, |run| run.spec.lease_ms))
}

/// The next turn of a session begins, in the worktree of the last one, with whatever was said and
/// not heard: so each message brings about one turn at most.
pub(super) fn next_turn(state: &State, session: &Session, talks: bool, stamp: Stamp) -> Event {
    let queued = session.talk.iter().filter(|message| message.is_queued());
    Event::TurnResumed {
        session: session.id,
        generation: session.generation + 1,
        deadline: claim_until(state, session, stamp),
        messages: queued.map(|message| message.id).collect(),
        by: if talks { Way::Prompt } else { Way::Brief },
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

/// `spec` as it may take effect now: the files a worker holds stay held until its work is over, and
/// a gate is not exchanged while it runs.
pub(super) fn while_at_work(state: &State, task: &Task, mut spec: TaskSpec) -> TaskSpec {
    let in_turn = match &task.phase {
        TaskPhase::Active(_) => false,
        TaskPhase::Submitted(landing) => {
            state.landings.get(landing).is_some_and(|entry| entry.state.in_turn())
        }
        TaskPhase::Open
        | TaskPhase::Landed { .. }
        | TaskPhase::Done { .. }
        | TaskPhase::Stuck(_)
        | TaskPhase::Cancelled { .. } => return spec,
    };
    spec.scopes.clone_from(&task.spec.scopes);
    if in_turn {
        spec.gate.clone_from(&task.spec.gate);
    }
    spec
}

/// A commit as people see it.
pub(super) fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

/// The step by which a person settles whatever keeps a branch from following.
pub(super) fn merge_by_hand(branch: &str) -> String {
    format!(
        "on `{branch}`, `git merge refs/windrow/target/{branch}` brings both together, and landing \
         goes on by itself"
    )
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

/// The entry leaves the queue until a person acts: what windrow does itself did not work.
pub(super) fn give_up(entry: &Landing, why: String, reason: TryReason) -> Vec<Event> {
    let landing = entry.id;
    match entry.task {
        Some(task) => {
            vec![Event::EntryParked { landing, reason: why }, Event::TaskStuck { task, reason }]
        }
        None => vec![Event::EntryRejected { landing, reason }],
    }
}

/// What went wrong with an entry; of a person's commits, with what the person can do about it.
pub(super) fn for_person(entry: &Landing, kind: TryKind, what: &str) -> String {
    if !entry.is_persons() {
        return what.to_owned();
    }
    let (branch, commit) = (&entry.branch, short(&entry.commit));
    let (outcome, next) = if is_windrows(kind) {
        ("could not be taken in", "mend that, then `windrow run --resume`")
    } else {
        ("do not pass", "commit what mends it")
    };
    format!(
        "`{branch}` was committed to (now {commit}) while work landed ahead of it, and both \
         together {outcome}: {what}; {next}, or {}",
        merge_by_hand(branch)
    )
}

/// Whether what windrow does itself did not work, so that the same may go through another time.
pub(super) const fn is_windrows(kind: TryKind) -> bool {
    matches!(kind, TryKind::GateCouldNotRun | TryKind::World)
}

/// Refuses the report of a check-off that nobody asked for.
pub(super) fn require_check_off(state: &State, id: TaskId) -> Result<(), Rejection> {
    let task = require_task(state, id)?;
    if task.phase.satisfies() && !task.checked_off {
        return Ok(());
    }
    let phase = phase_word(&task.phase);
    let rule = "no check-off is waited for";
    Err(Rejection::TaskPhase { task: id, phase, rule })
}

/// What follows for the task of a session that was to end and did: it is a person's, or open again.
pub(super) fn after_stop(state: &State, session: &Session) -> Option<Event> {
    let task = state.tasks.get(&session.task)?;
    if task.phase != TaskPhase::Active(session.id) {
        return None;
    }
    Some(match session.stop {
        Some(StopReason::RunStopped | StopReason::ClaimExpired) | None => {
            Event::TaskReopened { task: task.id }
        }
        Some(StopReason::Kill | StopReason::KillAndDrop | StopReason::Close) => {
            Event::TaskStuck { task: task.id, reason: ended_reason(session) }
        }
    })
}

/// Why a session that was to end ended, with what was kept of it.
pub(super) fn ended_reason(session: &Session) -> TryReason {
    let (kind, summary) = match session.stop {
        Some(StopReason::Kill | StopReason::KillAndDrop | StopReason::Close) => {
            (TryKind::Person, format!("`{}` was ended by a person", session.label()))
        }
        Some(StopReason::ClaimExpired) => (TryKind::ClaimExpired, "its claim ran out".to_owned()),
        Some(StopReason::RunStopped) | None => {
            (TryKind::RunStopped, "the run was stopped".to_owned())
        }
    };
    let kept = session.kept.last().map(|kept| kept.refname.clone());
    TryReason { kind, summary, detail: None, kept }
}

/// Entries that wait, out of the queue, for a person to resume their run; by task.
pub(super) fn parked(state: &State) -> BTreeMap<TaskId, LandingId> {
    let entries = state.queues.values().flatten().filter_map(|id| state.landings.get(id));
    entries
        .filter(|entry| matches!(entry.state, EntryState::Parked(_)))
        .filter_map(|entry| Some((entry.task?, entry.id)))
        .collect()
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
