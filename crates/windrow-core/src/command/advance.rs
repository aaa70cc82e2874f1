//! Lets happen what follows from the state and the time alone.
//!
//! The engine decides this command again and again until it yields nothing, after every batch and at
//! every deadline. Each call does one kind of thing, so that the next sees what the last one did.

use crate::event::Event;
use crate::ids::SessionId;
use crate::schedule::{free_slots, is_over, next_entry, startable};
use crate::state::{Run, RunEnd, RunPhase, State, StopReason, TryKind, TryReason, Wish};
use crate::time::Stamp;

use super::rules;

/// Milliseconds a worker whose claim ran out has to show that it lives.
const QUESTION_MS: u64 = 60_000;

type Step = fn(&State, Stamp) -> Vec<Event>;

/// Goes one step on by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance;

impl Advance {
    #[expect(clippy::unused_self, reason = "every command decides through the same shape")]
    pub(super) fn decide(&self, state: &State, stamp: Stamp) -> Vec<Event> {
        let by_time: [Step; 2] = [end_delays, question_claims];
        let by_state: [Step; 5] =
            [give_up_doomed, take_entries, resume_turns, start_sessions, end_runs];
        let first = |steps: &[Step]| {
            let mut events = steps.iter().map(|step| step(state, stamp));
            events.find(|events| !events.is_empty())
        };
        first(&by_time).unwrap_or_else(|| {
            if state.quiet.is_noted() {
                return Vec::new();
            }
            first(&by_state).unwrap_or_else(|| {
                state.quiet.note();
                Vec::new()
            })
        })
    }
}

fn end_delays(state: &State, stamp: Stamp) -> Vec<Event> {
    let due = state.wake.iter().take_while(|(at, _)| *at <= stamp.now);
    due.map(|(_, key)| Event::DelayOver { key: *key }).collect()
}

fn question_claims(state: &State, stamp: Stamp) -> Vec<Event> {
    let due = state.claims.iter().take_while(|(at, _)| *at <= stamp.now);
    due.filter_map(|(_, id)| state.sessions.get(id))
        .map(|session| {
            let (id, generation) = (session.id, session.generation);
            let deadline = stamp.now.plus(QUESTION_MS);
            if session.wish() != Wish::End {
                // Windrow's own acts are under way; only a running worker can be lost.
                return Event::ClaimRenewed { session: id, generation, deadline };
            }
            if session.claim.questioned && session.stop.is_none() {
                return Event::StopRequested { session: id, why: StopReason::ClaimExpired };
            }
            Event::ClaimQuestioned { session: id, generation, deadline }
        })
        .collect()
}

fn give_up_doomed(state: &State, _: Stamp) -> Vec<Event> {
    let tasks = state.doomed.iter().filter_map(|id| state.tasks.get(id));
    tasks
        .filter(|task| {
            let run = task.run.and_then(|run| state.runs.get(&run));
            run.is_some_and(|run| !matches!(run.phase, RunPhase::Ended(_)))
        })
        .map(|task| {
            let dooms = |on: &&crate::ids::TaskId| {
                let on = state.tasks.get(on);
                on.is_some_and(|on| on.phase.is_final() && !on.phase.satisfies())
            };
            let on = task.spec.depends.iter().find(dooms);
            let on = on.map_or_else(String::new, ToString::to_string);
            let reason = TryReason {
                kind: TryKind::Dependency,
                summary: format!("it depends on `{on}`, which did not land"),
                detail: None,
                kept: None,
            };
            Event::TaskStuck { task: task.id, reason }
        })
        .collect()
}

fn take_entries(state: &State, _: Stamp) -> Vec<Event> {
    let next = state.queues.keys().filter_map(|branch| next_entry(state, branch));
    next.filter_map(|id| state.landings.get(&id))
        .map(|entry| Event::EntryTaken { landing: entry.id, round: entry.round + 1 })
        .collect()
}

/// Lets sessions go on that got their answer, before anything new begins.
fn resume_turns(state: &State, stamp: Stamp) -> Vec<Event> {
    let runs = state.runs.values().filter(|run| !run.paused.is_empty());
    let runs = runs.filter(|run| matches!(run.phase, RunPhase::Active | RunPhase::Draining));
    runs.flat_map(|run| {
        let pool = usize::try_from(run.spec.pool).unwrap_or(usize::MAX);
        let paused = run.paused.iter().filter_map(|id| state.sessions.get(id));
        let next = paused.filter(|session| session.may_go_on());
        next.take(pool.saturating_sub(run.slots.len()))
            .map(|session| rules::next_turn(state, session, session.talks(), stamp))
    })
    .collect()
}

fn start_sessions(state: &State, stamp: Stamp) -> Vec<Event> {
    let runs = state.runs.values().filter(|run| free_slots(run) > 0);
    let started = runs.map(|run| start_in(state, run, stamp));
    started.into_iter().find(|events| !events.is_empty()).unwrap_or_default()
}

fn start_in(state: &State, run: &Run, stamp: Stamp) -> Vec<Event> {
    // A start here may take files from what another run ranks higher and has no slot for yet; from
    // then on that waits and reserves. So runs beside each other start one at a time.
    let beside = state.ready.keys().any(|other| *other != run.id);
    let limit = if beside { 1 } else { free_slots(run) };
    let chosen = startable(state, run, limit);
    let next = state.next_session().0;
    let numbered = (0_u64..).zip(chosen);
    numbered
        .filter_map(|(n, id)| {
            let task = state.tasks.get(&id)?;
            Some(Event::SessionRequested {
                session: SessionId(next + n),
                task: id,
                run: run.id,
                attempt: task.failed_tries + 1,
                fence: state.fence + n + 1,
                deadline: stamp.now.plus(run.spec.lease_ms),
            })
        })
        .collect()
}

fn end_runs(state: &State, _: Stamp) -> Vec<Event> {
    let live = state.runs.values().filter(|run| !matches!(run.phase, RunPhase::Ended(_)));
    live.filter(|run| is_over(state, run))
        .map(|run| {
            let how = match run.phase {
                RunPhase::Draining | RunPhase::Stopping if run.tasks_left() > 0 => {
                    RunEnd::Interrupted
                }
                RunPhase::Active | RunPhase::Draining | RunPhase::Stopping | RunPhase::Ended(_) => {
                    RunEnd::Finished
                }
            };
            Event::RunEnded { run: run.id, how }
        })
        .collect()
}
