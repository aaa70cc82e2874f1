//! Bare `windrow`: the live workers of every project.

use windrow_api::view::SessionRow;
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
    show(context, &sessions, format)
}

/// Shows the live workers of this project.
pub(super) fn of_project(context: &Context, format: Format) -> Outcome {
    let sessions = context.desk()?.sessions(false)?;
    show(context, &sessions, format)
}

fn show(context: &Context, sessions: &[SessionRow], format: Format) -> Outcome {
    let out = &context.out;
    if format == Format::Json {
        out.json(&sessions)?;
    } else if sessions.is_empty() && context.is_past() {
        out.say("No workers.");
    } else if sessions.is_empty() {
        out.say("No workers. `windrow run TASKS.md` starts some, `windrow --help` shows the rest.");
    } else {
        out.answer(&session_table(sessions, context.now_ms(), out.width()))?;
    }
    Ok(ExitKind::Success)
}
