//! `windrow next`: who has waited longest for a person.

use std::fmt::Write as _;

use serde::Serialize;
use windrow_api::talk::Activity;
use windrow_api::view::SessionRow;
use windrow_api::{Call, ExitKind, Reply};

use super::answer::choices;
use crate::context::Context;
use crate::desk::unexpected;
use crate::error::Outcome;
use crate::output::{Format, one_line};
use crate::render::since;

/// Name the worker that waits longest
///
/// Workers of every project that asked something go first, then those that fell silent or whose
/// client does not end.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct NextArgs {
    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// A worker that needs a person, and what helps.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Needy {
    /// The session's id.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
    /// The project's name.
    pub(super) project: String,
    /// The task's id.
    pub(super) task: String,
    /// The task's title.
    pub(super) title: String,
    /// What it is doing, why, and since when.
    pub(super) activity: Activity,
    /// What to type.
    pub(super) command: String,
    /// How many others need a person.
    pub(super) others: usize,
}

/// Names the one that needs a person most.
pub(super) fn run(context: &Context, args: &NextArgs) -> Outcome {
    let rows = match context.daemon()?.ask_again(&Call::AllSessions)? {
        Reply::Sessions(rows) => rows,
        other => return Err(unexpected(&other)),
    };
    let next = next(rows);
    match (args.format, next) {
        (Format::Json, next) => context.out.json(&next)?,
        (Format::Text, Some(next)) => context.out.answer(&page(&next, context.now_ms()))?,
        (Format::Text, None) => context.out.say("Nobody waits for a person."),
    }
    Ok(ExitKind::Success)
}

/// The one that has waited longest, those that asked something before the others.
fn next(rows: Vec<SessionRow>) -> Option<Needy> {
    let needy = rows.into_iter().filter_map(|row| {
        let activity = row.activity.clone().filter(|activity| activity.needs_person)?;
        Some((row, activity))
    });
    let mut needy: Vec<_> = needy.collect();
    needy.sort_by_key(|(row, activity)| {
        (activity.question.is_none(), activity.since_ms, row.id.clone())
    });
    let others = needy.len().saturating_sub(1);
    let (row, activity) = needy.into_iter().next()?;
    let name = &row.name;
    let command = if activity.question.is_some() {
        format!("windrow answer {name} TEXT")
    } else {
        format!("windrow explain {name}")
    };
    let SessionRow { id, name, project, task, title, .. } = row;
    Some(Needy { id, name, project, task, title, activity, command, others })
}

fn page(next: &Needy, now_ms: i64) -> String {
    let Needy { name, project, task, title, activity, command, others, .. } = next;
    let (name, title, word) = (one_line(name), one_line(title), &activity.word);
    let mut page = format!("{name} is {word} for {}.\n", since(activity.since_ms, now_ms));
    let _never_fails = writeln!(page, "  {}: {task} {title}", one_line(project));
    let _never_fails = writeln!(page, "  {}", one_line(&activity.evidence));
    if let Some(question) = activity.question.as_ref().filter(|one| !one.options.is_empty()) {
        let _never_fails = writeln!(page, " {}", choices(question));
    }
    let _never_fails = writeln!(page, "  {command}");
    if *others > 0 {
        let _never_fails = writeln!(page, "{others} more wait.");
    }
    page
}

#[cfg(test)]
mod tests {
    use windrow_api::states::ActivityState;
    use windrow_api::talk::Question;

    use super::*;
    use crate::fixture::session_row;

    fn doing(name: &str, word: ActivityState, since_ms: i64, needs_person: bool) -> SessionRow {
        let activity = Activity {
            word: word.word().to_owned(),
            evidence: "a fact".to_owned(),
            source: "journal".to_owned(),
            since_ms,
            until_ms: None,
            needs_person,
            question: (word == ActivityState::Waiting).then(|| Question {
                id: "m-1".to_owned(),
                summary: "Which?".to_owned(),
                options: Vec::new(),
            }),
        };
        SessionRow { activity: Some(activity), ..session_row(name, name, false) }
    }

    #[test]
    fn h9_who_asked_first_goes_first_and_who_is_silent_comes_after() {
        let rows = vec![
            doing("busy", ActivityState::Working, 1, false),
            doing("silent", ActivityState::Idle, 2, true),
            doing("late", ActivityState::Waiting, 9, true),
            doing("early", ActivityState::Waiting, 5, true),
        ];
        let first = next(rows.clone()).unwrap();
        assert_eq!((first.name.as_str(), first.others), ("early", 2));
        let rest = rows.into_iter().filter(|row| row.name == "busy" || row.name == "silent");
        assert_eq!(next(rest.collect()).unwrap().name, "silent");
        assert_eq!(next(vec![doing("busy", ActivityState::Working, 1, false)]), None);
    }
}
