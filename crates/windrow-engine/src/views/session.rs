//! Views of sessions.

use std::time::SystemTime;

use windrow_api::states::SessionState;
use windrow_api::view::SessionRow;
use windrow_core::State;
use windrow_core::state::{DelayKey, SealOutcome, Session, Wish};

use super::activity::{Written, activity};
use crate::acts::client_of;
use crate::place::{Place, now};

/// One line for each session, oldest first; those that are over only on request.
pub(crate) fn session_rows(state: &State, place: &Place, all: bool) -> Vec<SessionRow> {
    let sessions = state.sessions.values().filter(|session| all || !session.closed);
    sessions.map(|session| session_row(state, place, session)).collect()
}

pub(super) fn session_row(state: &State, place: &Place, session: &Session) -> SessionRow {
    let title = state.tasks.get(&session.task).map(|task| task.spec.title.clone());
    let transcript = place.agent_job(session.id, session.generation).join("transcript");
    let written = std::fs::metadata(&transcript).ok().filter(|_| session.started_at.is_some());
    let output_ms = written.as_ref().and_then(|meta| meta.modified().ok()).map(ms);
    let output = output_ms.map(|at_ms| Written {
        transcript: &transcript,
        at_ms,
        client: client_of(state, session),
        report: place.reports.of(session),
        now_ms: now().0,
    });
    let activity = activity(session, output.as_ref());
    let tree = session.tree.as_ref();
    SessionRow {
        id: session.id.to_string(),
        name: session.label(),
        project: place.name.clone(),
        task: session.task.to_string(),
        title: title.unwrap_or_default(),
        status: status(session).word().to_owned(),
        activity: Some(activity),
        note: note(state, session),
        attempt: session.attempt,
        generation: session.generation,
        goes_on: session.goes_on,
        branch: tree.map(|tree| tree.branch.clone()),
        path: tree.map(|tree| tree.path.clone().into()),
        base: tree.map(|tree| tree.base.clone()),
        port_offset: session.lease.as_ref().map(|lease| lease.port_offset),
        requested_ms: session.requested_at.0,
        started_ms: session.started_at.map(|at| at.0),
        output_ms,
        transcript: written.map(|_| transcript),
        kept: session.kept.iter().map(|kept| kept.refname.clone()).collect(),
        over: session.closed,
    }
}

fn ms(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn status(session: &Session) -> SessionState {
    match (&session.sealed, session.wish()) {
        (Some(SealOutcome::Submitted), _) => SessionState::Submitted,
        (Some(SealOutcome::Nothing), _) => SessionState::Nothing,
        (Some(SealOutcome::Failed(_)), _) => SessionState::Failed,
        (Some(SealOutcome::Interrupted), _) => SessionState::Interrupted,
        (Some(SealOutcome::Ended(_)), _) => SessionState::Ended,
        (None, Wish::Lease | Wish::Tree | Wish::Agent) => SessionState::Starting,
        (None, Wish::End) if session.stop.is_some() => SessionState::Ending,
        (None, Wish::End) => SessionState::Working,
        (None, Wish::Word) => SessionState::Waiting,
        (None, Wish::Seal | Wish::Release | Wish::Unlease) => SessionState::Ending,
        (None, Wish::Nothing) => SessionState::Closed,
    }
}

fn note(state: &State, session: &Session) -> Option<String> {
    if let Some(delay) = state.delayed(DelayKey::Session(session.id)) {
        return Some(format!("waits: {}", delay.reason));
    }
    if let Some(asked) = session.open_questions().next().filter(|_| session.is_open()) {
        return Some(format!("asks: {}", asked.summary));
    }
    match &session.sealed {
        Some(SealOutcome::Failed(reason) | SealOutcome::Ended(reason)) => {
            Some(reason.summary.clone())
        }
        Some(SealOutcome::Interrupted) => Some("ended from outside; it starts again".to_owned()),
        Some(SealOutcome::Submitted | SealOutcome::Nothing) | None => None,
    }
}
