//! What a session is doing, derived from facts whenever somebody looks; never stored.
//!
//! The journal's facts go first. Of an agent that runs, the end of its client's output says more
//! than the time at which it was last written.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use windrow_api::states::ActivityState;
use windrow_api::talk::Activity;
use windrow_core::Timestamp;
use windrow_core::state::{Exit, ExitHow, Said, Session};
use windrow_world::agents::{self, Client, Heard, Standing};

use super::talk::question;
use crate::hooks::Report;

/// An agent that wrote nothing for so long is looked after, in milliseconds.
const QUIET_MS: i64 = 5 * 60 * 1_000;

/// How much of the end of an output is read, in bytes.
const TAIL: u64 = 8 << 10;

/// The output of an agent that runs.
pub(super) struct Written<'a> {
    /// The file.
    pub(super) transcript: &'a Path,
    /// When something was last written.
    pub(super) at_ms: i64,
    /// How its lines are read.
    pub(super) client: Option<&'static dyn Client>,
    /// What its client reported last.
    pub(super) report: Option<Report>,
    /// Now.
    pub(super) now_ms: i64,
}

/// What the journal alone says, which is what can be waited for.
pub(crate) fn of_journal(session: &Session) -> Activity {
    let since = |at: Option<Timestamp>| at.unwrap_or(session.requested_at).0;
    let fact = |state: ActivityState, evidence: String, since_ms: i64| Activity {
        word: state.word().to_owned(),
        evidence,
        source: "journal".to_owned(),
        since_ms,
        until_ms: None,
        needs_person: false,
        question: None,
    };
    let over = !session.is_open() || (session.exit.is_some() && !session.paused);
    if over {
        let how = session.exit.as_ref().map_or_else(|| "never began".to_owned(), ended);
        return fact(ActivityState::Exited, format!("its agent {how}"), since(session.ended_at));
    }
    if let Some(asked) = session.open_questions().next() {
        let evidence = format!("it asked {}: {}", asked.id, asked.summary);
        let permission = matches!(asked.what, Said::Question { permission: true, .. });
        let word = if permission { ActivityState::Permission } else { ActivityState::Waiting };
        let waits = fact(word, evidence, asked.at.0);
        return Activity { needs_person: true, question: Some(question(asked)), ..waits };
    }
    if session.paused {
        let evidence = "it was answered, and goes on when a worker's place is free".to_owned();
        return fact(ActivityState::Idle, evidence, since(session.ended_at));
    }
    if session.keeper.is_none() {
        let evidence = "its agent is about to be started".to_owned();
        return fact(ActivityState::Idle, evidence, since(None));
    }
    let evidence = "its agent was started".to_owned();
    fact(ActivityState::Working, evidence, since(session.started_at))
}

/// The same with what the agent's output says.
pub(super) fn activity(session: &Session, written: Option<&Written<'_>>) -> Activity {
    let known = of_journal(session);
    let Some(written) = written.filter(|_| known.word == ActivityState::Working.word()) else {
        return known;
    };
    let standing = written.client.and_then(|client| {
        let tail = tail(written.transcript)?;
        agents::standing(client, &tail)
    });
    let said = |state: ActivityState, evidence: String| Activity {
        word: state.word().to_owned(),
        evidence,
        source: "transcript".to_owned(),
        since_ms: written.at_ms,
        ..known.clone()
    };
    match standing {
        Some(Standing::Limited { wait_ms, why }) => {
            let until_ms = wait_ms.and_then(|ms| written.at_ms.checked_add_unsigned(ms));
            Activity { until_ms, ..said(ActivityState::Limited, why) }
        }
        Some(Standing::Blocked(why)) => said(ActivityState::Blocked, why),
        Some(Standing::TurnOver) => {
            let evidence = "its client said that the turn is over, and did not end".to_owned();
            Activity { needs_person: true, ..said(ActivityState::TurnOver, evidence) }
        }
        Some(Standing::Working) | None if reported(written).is_some() => {
            let evidence = reported(written).unwrap_or_default();
            let since_ms = written.report.as_ref().map_or(known.since_ms, |report| report.at_ms);
            Activity { evidence, since_ms, source: "hook".to_owned(), ..known }
        }
        Some(Standing::Working) | None if written.now_ms - written.at_ms >= QUIET_MS => Activity {
            source: "output".to_owned(),
            needs_person: true,
            ..said(ActivityState::Idle, "its agent wrote nothing since".to_owned())
        },
        Some(Standing::Working) | None => known,
    }
}

/// What a client is at, as it reported; a tool may take as long as it takes, and say nothing.
fn reported(written: &Written<'_>) -> Option<String> {
    match &written.report.as_ref()?.heard {
        Heard::Uses { tool } => Some(format!("it uses {tool}")),
        Heard::Used { .. } | Heard::Wants { .. } | Heard::Begins | Heard::Over | Heard::Nothing => {
            None
        }
    }
}

fn ended(exit: &Exit) -> String {
    match &exit.how {
        ExitHow::Code(0) => "ended well".to_owned(),
        ExitHow::Code(code) => format!("ended with {code}"),
        ExitHow::Signal(signal) => format!("was ended by signal {signal}"),
        ExitHow::Silent => "was silent for too long and was ended".to_owned(),
        ExitHow::TimeOver => "had no more time and was ended".to_owned(),
        ExitHow::Stopped => "was ended as somebody asked".to_owned(),
        ExitHow::CouldNotStart(why) => format!("could not be started: {why}"),
        ExitHow::Lost(why) => format!("was lost: {why}"),
        ExitHow::Reported(why) => format!("failed: {why}"),
    }
}

/// The end of a file; nothing when it cannot be read.
fn tail(path: &Path) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
