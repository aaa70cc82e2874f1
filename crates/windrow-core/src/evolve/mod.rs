//! Folds events into the state: total, without decisions, the same on every machine.
//!
//! Invariant: an event that names something unknown changes nothing (a journal is data; a fold must
//! not fail on it). Every change marks the keys whose wishes it may have changed.

mod ahead;
mod index;
mod landing;
mod run;
mod session;
mod stir;
mod talk;
mod task;

use crate::effect::Key;
use crate::event::{Envelope, Event};
use crate::state::{Delay, DelayKey, Receipt, Said, State};
use crate::time::Timestamp;

/// Folds one event into `state`.
pub fn evolve(state: &mut State, envelope: &Envelope) {
    state.seq = envelope.seq;
    if stir::stirs(&envelope.event) {
        state.quiet.stir();
    }
    let at = envelope.at;
    match &envelope.event {
        Event::TaskAdded { task, spec } => task::added(state, *task, spec, at),
        Event::TaskEdited { task, spec, imported } => task::edited(state, *task, spec, imported),
        Event::TaskClosed { task, how, reason } => task::closed(state, *task, *how, reason),
        Event::TaskRequeued { task, reason } => task::requeued(state, *task, reason),
        Event::TaskReopened { task } => task::reopened(state, *task),
        Event::TaskStuck { task, reason } => task::stuck(state, *task, reason),
        Event::TaskDone { task, why } => task::done(state, *task, why),
        Event::TaskCheckedOff { task, problem } => task::checked_off(state, *task, problem.clone()),

        Event::RunStarted { run, spec, tasks } => run::started(state, *run, spec, tasks, at),
        Event::RunResumed { run } => run::resumed(state, *run),
        Event::RunResized { run, pool } => run::resized(state, *run, *pool),
        Event::RunDraining { run } => run::draining(state, *run),
        Event::RunStopping { run } => run::stopping(state, *run),
        Event::RunEnded { run, how } => run::ended(state, *run, *how, at),

        Event::SessionRequested { session, task, run, attempt, fence, deadline } => {
            let wanted = session::Requested { task: *task, run: *run, attempt: *attempt };
            session::requested(state, *session, &wanted, (*fence, *deadline), at);
        }
        Event::SessionLeased { session, name, port_offset, tree, reuse } => {
            session::leased(state, *session, name, *port_offset, (*tree, *reuse));
        }
        Event::TreeOpened { session, generation: _, tree } => {
            session::tree_opened(state, *session, tree);
        }
        Event::AgentStarted { session, generation: _, keeper } => {
            session::agent_started(state, *session, *keeper, at);
        }
        Event::ClaimRenewed { session, generation: _, deadline } => {
            session::claim(state, *session, *deadline, false);
        }
        Event::ClaimQuestioned { session, generation: _, deadline } => {
            session::claim(state, *session, *deadline, true);
        }
        Event::StopRequested { session, why } => session::stop_requested(state, *session, *why),
        Event::AgentEnded { session, generation: _, exit } => {
            session::agent_ended(state, *session, exit, at);
        }
        Event::SessionSealed { session, generation: _, outcome, kept } => {
            session::sealed(state, *session, outcome, kept.as_ref());
        }
        Event::TreeReleased { session, generation: _ } => session::released(state, *session, None),
        Event::TreeStays { session, generation: _, why } => {
            session::released(state, *session, Some(why));
        }
        Event::SessionRestarted { session, generation } => {
            session::restarted(state, *session, *generation);
        }
        Event::SessionClosed { session } => session::closed(state, *session),

        Event::QuestionAsked {
            message,
            session,
            generation,
            text,
            summary,
            options,
            permission,
        } => {
            let (generation, options, permission) = (*generation, options.clone(), *permission);
            let what = Said::Question { generation, options, answer: None, permission };
            talk::said(state, *session, *message, what, (summary, text), at);
        }
        Event::MessageSent { message, session, text, summary, answers } => {
            let what = answers.map_or(Said::Word, |to| Said::Answer { to });
            talk::said(state, *session, *message, what, (summary, text), at);
        }
        Event::MessagesHandedOver { session, generation, messages, by } => {
            let receipt = Receipt { at, generation: *generation, by: *by };
            talk::receipt(state, *session, messages, talk::Step::HandedOver, receipt);
        }
        Event::MessagesSeen { session, generation, messages, by } => {
            let receipt = Receipt { at, generation: *generation, by: *by };
            talk::receipt(state, *session, messages, talk::Step::Seen, receipt);
        }
        Event::TurnPaused { session, generation: _ } => talk::paused(state, *session),
        Event::TurnResumed { session, generation, deadline, messages, by } => {
            talk::resumed(state, *session, *generation, *deadline);
            let receipt = Receipt { at, generation: *generation, by: *by };
            talk::receipt(state, *session, messages, talk::Step::HandedOver, receipt);
        }

        Event::WorkSubmitted { landing, task, session, generation, commit, base, touched } => {
            let work = landing::Work {
                task: *task,
                session: *session,
                generation: *generation,
                commit,
                base,
                touched,
            };
            landing::submitted(state, *landing, &work, at);
        }
        Event::EntryTaken { landing, round } => landing::taken(state, *landing, *round, envelope),
        Event::EntryMerged { landing, onto, commit, tree } => {
            landing::merged(state, *landing, onto, commit, tree);
        }
        Event::EntryVerified { landing, tree, gate, verdict } => {
            landing::verified(state, *landing, tree, gate, verdict);
        }
        Event::EntryHeld { landing } => landing::held(state, *landing),
        Event::EntryReleased { landing } => landing::requeued(state, *landing),
        Event::EntryParked { landing, reason } => landing::parked(state, *landing, reason),
        Event::EntryRequeued { landing } => landing::requeued(state, *landing),
        Event::EntryRejected { landing, reason } => landing::rejected(state, *landing, reason),
        Event::WorkLanded { landing, commit, onto, ahead } => {
            landing::landed(state, *landing, (commit, onto), ahead.as_deref(), at);
        }
        Event::EntryWithdrawn { landing, reason } => landing::withdrawn(state, *landing, reason),

        Event::EntryGoesAhead { landing, reason } => landing::goes_ahead(state, *landing, reason),
        Event::CommitsSubmitted { landing, branch, commit } => {
            ahead::commits_submitted(state, *landing, branch, commit, at);
        }
        Event::TargetSeen { branch, head, trouble } => ahead::seen(state, branch, head, trouble),
        Event::TargetFollowed { branch, commit: _ } => ahead::followed(state, branch),

        Event::Delayed { key, until, reason, waits } => {
            delayed(state, *key, *until, (reason, *waits));
        }
        Event::DelayOver { key } => delay_over(state, *key),

        Event::TreeForgotten { tree } => {
            state.trees.remove(tree);
        }
        Event::KeptDropped { refname, why: _ } => session::kept_dropped(state, refname),

        Event::JournalCut { lost, found, landings } => {
            state.skip_ids(*lost);
            state.found.extend(found.clone());
            state.orphans.extend(landings.iter().cloned());
        }
        Event::TaskFoundLanded { task, commit } => task::found_landed(state, *task, commit),
    }
}

fn delayed(state: &mut State, key: DelayKey, until: Timestamp, (reason, waits): (&str, bool)) {
    delay_over(state, key);
    let new = Delay { until: None, reason: String::new(), count: 0, waits: 0 };
    let delay = state.delays.entry(key).or_insert(new);
    delay.until = Some(until);
    reason.clone_into(&mut delay.reason);
    if waits {
        delay.waits += 1;
    } else {
        delay.count += 1;
    }
    state.wake.insert((until, key));
    if let DelayKey::Landing(landing) = key {
        landing::stepped_aside(state, landing);
        ahead::looked(state, landing);
    }
    mark(state, key);
}

fn delay_over(state: &mut State, key: DelayKey) {
    if let Some(until) = state.delays.get_mut(&key).and_then(|delay| delay.until.take()) {
        state.wake.remove(&(until, key));
    }
    mark(state, key);
}

/// Forgets that `key` was ever delayed: it made progress.
fn undelayed(state: &mut State, key: DelayKey) {
    delay_over(state, key);
    state.delays.remove(&key);
}

fn mark(state: &mut State, key: DelayKey) {
    match key {
        DelayKey::Task(task) => {
            state.dirty.insert(Key::Task(task));
        }
        DelayKey::Session(session) => {
            state.dirty.insert(Key::Session(session));
        }
        DelayKey::Landing(landing) => {
            if let Some(entry) = state.landings.get(&landing) {
                state.dirty.insert(Key::Queue(entry.branch.clone()));
            }
        }
    }
}
