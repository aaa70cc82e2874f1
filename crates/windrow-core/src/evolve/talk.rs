//! Folds of what sessions and the person say to each other, and of turns that wait for it.

use crate::effect::Key;
use crate::ids::{Generation, MessageId, SessionId};
use crate::spec::TextRef;
use crate::state::{Message, Receipt, Said, State};
use crate::time::Timestamp;

/// Which step a message came further.
#[derive(Clone, Copy)]
pub(super) enum Step {
    HandedOver,
    Seen,
}

pub(super) fn said(
    state: &mut State,
    session: SessionId,
    id: MessageId,
    what: Said,
    (summary, text): (&str, &TextRef),
    at: Timestamp,
) {
    state.last_message = state.last_message.max(id.0);
    let Some(session) = state.sessions.get_mut(&session) else { return };
    if let Said::Answer { to } = what {
        for message in session.talk.iter_mut().filter(|message| message.id == to) {
            if let Said::Question { answer, .. } = &mut message.what {
                *answer = Some(id);
            }
        }
    }
    let (summary, text) = (summary.to_owned(), text.clone());
    let message = Message { id, what, summary, text, at, handed: None, seen: None };
    session.talk.push(message);
}

pub(super) fn receipt(
    state: &mut State,
    session: SessionId,
    messages: &[MessageId],
    step: Step,
    receipt: Receipt,
) {
    let Some(session) = state.sessions.get_mut(&session) else { return };
    for message in session.talk.iter_mut().filter(|message| messages.contains(&message.id)) {
        message.handed = message.handed.or(Some(receipt));
        if matches!(step, Step::Seen) {
            message.seen = message.seen.or(Some(receipt));
        }
    }
}

/// The turn is over and the session is not: it waits for the person, without a slot or a deadline.
pub(super) fn paused(state: &mut State, id: SessionId) {
    let Some(session) = state.sessions.get_mut(&id) else { return };
    session.paused = true;
    state.claims.remove(&(session.claim.deadline, id));
    if let Some(run) = state.runs.get_mut(&session.run) {
        run.slots.remove(&id);
        run.paused.insert(id);
    }
    state.dirty.insert(Key::Session(id));
}

/// The next turn begins in the same worktree.
pub(super) fn resumed(
    state: &mut State,
    id: SessionId,
    generation: Generation,
    deadline: Timestamp,
) {
    let Some(session) = state.sessions.get_mut(&id) else { return };
    state.claims.remove(&(session.claim.deadline, id));
    session.claim.deadline = deadline;
    session.claim.questioned = false;
    state.claims.insert((deadline, id));
    session.generation = generation;
    session.paused = false;
    session.goes_on = true;
    session.keeper = None;
    session.started_at = None;
    session.exit = None;
    session.ended_at = None;
    if let Some(run) = state.runs.get_mut(&session.run) {
        run.paused.remove(&id);
        run.slots.insert(id);
    }
    state.dirty.insert(Key::Session(id));
}
