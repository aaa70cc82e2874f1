//! Bare `windrow`: the live workers of every project.

use jiff::Timestamp;
use windrow_api::{Call, ExitKind, Reply};

use crate::context::Context;
use crate::desk::unexpected;
use crate::error::Outcome;
use crate::output::Format;
use crate::render::session_table;

/// Shows the live workers.
pub(super) fn run(context: &Context, format: Format) -> Outcome {
    let sessions = match context.daemon()?.ask_again(&Call::AllSessions)? {
        Reply::Sessions(sessions) => sessions,
        other => return Err(unexpected(&other)),
    };
    let out = &context.out;
    if format == Format::Json {
        out.json(&sessions)?;
    } else if sessions.is_empty() {
        out.say("No workers. `windrow run TASKS.md` starts some, `windrow --help` shows the rest.");
    } else {
        let now = Timestamp::now().as_millisecond();
        out.answer(&session_table(&sessions, now, out.width()))?;
    }
    Ok(ExitKind::Success)
}
