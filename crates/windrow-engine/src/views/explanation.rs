//! Why a task stands where it stands, in sentences.

use windrow_api::view::Explanation;
use windrow_core::State;
use windrow_core::explain::{Standing, Wait, explain};
use windrow_core::ids::TaskId;
use windrow_core::state::EntryState;

use super::task::task_rows;

/// Explains a task.
pub(crate) fn explanation(state: &State, id: TaskId) -> Option<Explanation> {
    let standing = explain(state, id)?;
    let row = task_rows(state, [id]).pop()?;
    let (word, mut because) = in_words(state, &standing);
    because.extend(row.note.clone());
    Some(Explanation { task: row, standing: word.to_owned(), because })
}

fn title(state: &State, id: TaskId) -> String {
    let title = state.tasks.get(&id).map(|task| task.spec.title.clone()).unwrap_or_default();
    format!("{id} (`{title}`)")
}

fn in_words(state: &State, standing: &Standing) -> (&'static str, Vec<String>) {
    match standing {
        Standing::Working(session) => {
            let label = state.sessions.get(session).map(|session| session.label());
            ("working", vec![format!("`{}` works on it.", label.unwrap_or_default())])
        }
        Standing::InQueue { state: entry, ahead } => ("in_queue", vec![queued(entry, *ahead)]),
        Standing::Over => ("over", vec!["It is over.".to_owned()]),
        Standing::NoRun => ("no_run", vec!["No active run has it.".to_owned()]),
        Standing::RunNotActive(run) => {
            ("draining", vec![format!("Run {run} hands out no more work.")])
        }
        Standing::Depends(tasks) => {
            let all: Vec<String> = tasks.iter().map(|id| title(state, *id)).collect();
            ("depends", vec![format!("It depends on {}, not landed yet.", all.join(", "))])
        }
        Standing::Waits(wait) => waits(state, wait),
        Standing::NextInLine { ahead, used, pool } => (
            "next",
            vec![
                format!("It may start as soon as a slot is free: {used} of {pool} are in use."),
                format!(
                    "{ahead} tasks rank before it: priority, then what unblocks most, then \
                         foundation before features before polish, then age."
                ),
            ],
        ),
    }
}

fn queued(entry: &EntryState, ahead: usize) -> String {
    match entry {
        EntryState::Queued => format!("Its work is in the landing queue, {ahead} entries ahead."),
        EntryState::Taken => "Its work is being merged with the branch.".to_owned(),
        EntryState::Merged { .. } => "The gate runs on the merged result.".to_owned(),
        EntryState::Verified { .. } => "It is verified and lands now.".to_owned(),
        EntryState::Held => "Its work is held; `windrow land` lets it land.".to_owned(),
        EntryState::Parked(reason) => format!("Its work is parked: {reason}"),
        EntryState::Landed(commit) => format!("It landed as {commit}."),
        EntryState::Rejected(reason) => reason.summary.clone(),
        EntryState::Withdrawn(reason) => reason.clone(),
    }
}

fn waits(state: &State, wait: &Wait) -> (&'static str, Vec<String>) {
    match wait {
        Wait::Delay { reason, .. } => {
            ("delayed", vec![format!("It is tried again soon: {reason}")])
        }
        Wait::Wave { own, open } => {
            ("wave", vec![format!("Wave {open} is not over yet; it is in wave {own}.")])
        }
        Wait::Held { by, scope } => {
            ("scope", vec![format!("It needs `{scope}`, which {} holds.", title(state, *by))])
        }
        Wait::Reserved { by, scope } => (
            "reserved",
            vec![format!(
                "It needs `{scope}`, reserved for {}, which ranks first.",
                title(state, *by)
            )],
        ),
    }
}
