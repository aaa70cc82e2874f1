//! Ending sessions: what `kill` and `close` have in common.

use windrow_api::request::EndHow;
use windrow_api::{ExitKind, ProjectCall};

use crate::context::Context;
use crate::error::{CliError, Outcome};
use crate::select::{self, session_id};

/// Ends each of the named sessions; one that fails does not keep the others.
pub(super) fn end_all(context: &Context, names: &[String], how: EndHow, word: &str) -> Outcome {
    let mut desk = context.desk()?;
    let tasks = desk.tasks()?;
    let mut failed: Option<CliError> = None;
    for name in names {
        let sessions = desk.sessions(true)?;
        let ended = select::worker(&sessions, &tasks, name).and_then(|session| {
            let call = ProjectCall::EndSession { session: session_id(session)?, how };
            desk.do_once(call)?;
            Ok(session.name.clone())
        });
        match ended {
            Ok(name) => context.out.say(&format!("{name} is {word}.")),
            Err(error) if names.len() == 1 => return Err(error),
            Err(error) => {
                context.out.narrate(&error.render());
                failed = Some(error);
            }
        }
    }
    Ok(if failed.is_some() { ExitKind::Incomplete } else { ExitKind::Success })
}
