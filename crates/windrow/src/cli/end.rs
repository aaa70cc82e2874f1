//! Ending sessions: what `kill` and `close` have in common.

use windrow_api::request::EndHow;
use windrow_api::view::SessionRow;
use windrow_api::{ExitKind, ProjectCall};

use crate::context::Context;
use crate::error::Outcome;
use crate::output::one_line;
use crate::select::{self, session_id};

/// Ends each of the named sessions; one that fails does not keep the others.
pub(super) fn end_all(context: &Context, names: &[String], how: EndHow) -> Outcome {
    let mut desk = context.desk()?;
    let tasks = desk.tasks()?;
    let mut failed = false;
    for name in names {
        let sessions = desk.sessions(true)?;
        let ended = select::worker(&sessions, &tasks, name).and_then(|session| {
            let call = ProjectCall::EndSession { session: session_id(session)?, how };
            desk.do_once(call)?;
            let after = desk.sessions(true)?;
            Ok(after.into_iter().find(|row| row.id == session.id).unwrap_or(session.clone()))
        });
        match ended {
            Ok(session) => {
                context.out.say(&what_became(&session, how));
                failed |= how == EndHow::Close && !is_settled(&session);
            }
            Err(error) if names.len() == 1 => return Err(error),
            Err(error) => {
                context.out.narrate(&error.render());
                failed = true;
            }
        }
    }
    Ok(if failed { ExitKind::Incomplete } else { ExitKind::Success })
}

/// Whether a closed worker's work is on its way, or there was none.
fn is_settled(session: &SessionRow) -> bool {
    let nothing = session.status == "ended" && session.kept.is_empty();
    nothing || matches!(session.status.as_str(), "submitted" | "nothing")
}

/// What became of a session that was ended, and of its work.
fn what_became(session: &SessionRow, how: EndHow) -> String {
    let name = one_line(&session.name);
    let verb = if how == EndHow::Close { "closed" } else { "stopped" };
    let back = format!("`windrow restore {}` brings it back", session.id);
    let kept = !session.kept.is_empty();
    match session.status.as_str() {
        "submitted" => format!("{name} is {verb}, its work submitted."),
        "nothing" => format!("{name} is {verb}; it had changed nothing."),
        "ended" if how == EndHow::Close && !kept => {
            format!("{name} is closed; it had nothing to submit.")
        }
        _ if how == EndHow::Close => {
            let why = session.note.as_deref().map(one_line).unwrap_or_default();
            let work = if kept { format!("It is kept: {back}.") } else { lies(session) };
            format!("{name} is closed, its work not submitted: {why}. {work}")
        }
        _ if how == EndHow::KillAndDrop && kept => {
            format!(
                "{name} is stopped, its work dropped; what was kept of it before stays: {back}."
            )
        }
        _ if how == EndHow::KillAndDrop => format!("{name} is stopped, its work dropped."),
        _ if kept => format!("{name} is stopped, its work kept: {back}."),
        "failed" => format!("{name} is stopped. {}", lies(session)),
        _ => format!("{name} is stopped; it had nothing to keep."),
    }
}

/// Where the work of a session lies that nothing keeps.
fn lies(session: &SessionRow) -> String {
    match &session.path {
        Some(path) => {
            format!("Nothing of it is kept elsewhere; its worktree was `{}`.", path.display())
        }
        None => "It had nothing to keep.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(status: &str, kept: bool) -> SessionRow {
        SessionRow {
            id: "s-1".to_owned(),
            name: "toast".to_owned(),
            project: "repo".to_owned(),
            task: "t-1".to_owned(),
            title: "Add a clock".to_owned(),
            status: status.to_owned(),
            activity: None,
            note: Some("files are in conflict".to_owned()),
            attempt: 1,
            generation: 1,
            goes_on: false,
            branch: None,
            path: Some("/trees/toast".into()),
            base: None,
            port_offset: None,
            requested_ms: 0,
            started_ms: None,
            output_ms: None,
            transcript: None,
            kept: kept.then(|| "refs/windrow/kept/s-1/1".to_owned()).into_iter().collect(),
            over: true,
        }
    }

    #[test]
    fn the_sentence_says_what_became_of_the_work() {
        let said = |status, kept, how| what_became(&row(status, kept), how);
        let back = "`windrow restore s-1` brings it back";
        assert_eq!(said("submitted", true, EndHow::Close), "toast is closed, its work submitted.");
        assert_eq!(
            said("nothing", false, EndHow::Close),
            "toast is closed; it had changed nothing."
        );
        let nothing = "toast is closed; it had nothing to submit.";
        assert_eq!(said("ended", false, EndHow::Close), nothing);
        assert_eq!(
            said("ended", true, EndHow::Close),
            format!(
                "toast is closed, its work not submitted: files are in conflict. It is kept: {back}."
            )
        );
        assert_eq!(
            said("ended", true, EndHow::Kill),
            format!("toast is stopped, its work kept: {back}.")
        );
        let nothing = "toast is stopped; it had nothing to keep.";
        assert_eq!(said("ended", false, EndHow::Kill), nothing);
        let dropped = "toast is stopped, its work dropped.";
        assert_eq!(said("ended", false, EndHow::KillAndDrop), dropped);
        assert!(said("ended", true, EndHow::KillAndDrop).contains("kept of it before"));
        assert!(said("failed", false, EndHow::Kill).contains("`/trees/toast`"));
    }
}
