//! Bare `windrow`: the live workers of every project.

use windrow_api::summary::headline;
use windrow_api::view::{RunRow, SessionRow};
use windrow_api::{Call, ExitKind, Reply};

use crate::context::Context;
use crate::desk::unexpected;
use crate::error::Outcome;
use crate::output::{Format, one_line};
use crate::render::session_table;
use crate::watch::is_over;

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

/// What is said when nobody works: what waits for a person here, or how to begin.
fn nobody(context: &Context) -> String {
    let begin = "`windrow run TASKS.md` starts some, `windrow --help` shows the rest";
    let Ok(mut desk) = context.desk() else {
        return format!("No workers. In a repository, {begin}.");
    };
    let newest = desk.runs().ok().and_then(|mut runs| runs.pop());
    let counts = |run: &RunRow| run.counts.stuck + run.counts.held + run.counts.landing;
    match newest.filter(|run| counts(run) > 0 || !is_over(&run.phase)) {
        Some(run) => {
            let (id, branch, phase) = (&run.id, one_line(&run.branch), &run.phase);
            let counts = headline(&run.counts);
            format!(
                "No workers. Run {id} on {branch} is {phase}: {counts}. `windrow status` says more."
            )
        }
        None => format!("No workers. {begin}."),
    }
}

fn show(context: &Context, sessions: &[SessionRow], format: Format) -> Outcome {
    let out = &context.out;
    if format == Format::Json {
        out.json(&sessions)?;
    } else if sessions.is_empty() && context.is_past() {
        out.say("No workers.");
    } else if sessions.is_empty() {
        out.say(&nobody(context));
    } else {
        out.answer(&session_table(sessions, context.now_ms(), out.width()))?;
    }
    Ok(ExitKind::Success)
}
