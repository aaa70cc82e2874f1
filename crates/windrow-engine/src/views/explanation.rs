//! Why a task stands where it stands, in sentences.

use windrow_api::view::Explanation;
use windrow_core::State;
use windrow_core::explain::{Standing, Wait, explain};
use windrow_core::ids::TaskId;
use windrow_core::state::{EntryState, TaskPhase, TryKind};

use super::task::task_rows;

/// Explains a task.
pub(crate) fn explanation(state: &State, id: TaskId) -> Option<Explanation> {
    let standing = explain(state, id)?;
    let row = task_rows(state, [id]).pop()?;
    let (word, mut because) = in_words(state, id, &standing);
    let said = |note: &String| because.iter().any(|sentence| sentence.contains(note));
    let note = row.note.clone().filter(|note| !note.is_empty() && !said(note));
    because.extend(note);
    Some(Explanation { task: row, standing: word.to_owned(), because })
}

fn title(state: &State, id: TaskId) -> String {
    let title = state.tasks.get(&id).map(|task| task.spec.title.clone()).unwrap_or_default();
    format!("{id} (`{title}`)")
}

fn in_words(state: &State, id: TaskId, standing: &Standing) -> (&'static str, Vec<String>) {
    match standing {
        Standing::Working(session) => {
            let label = state.sessions.get(session).map(|session| session.label());
            ("working", vec![format!("`{}` works on it.", label.unwrap_or_default())])
        }
        Standing::InQueue { state: entry, ahead } => ("in_queue", vec![queued(entry, *ahead)]),
        Standing::Over => (over_as(state, id), over(state, id)),
        Standing::NoRun => {
            ("no_run", vec![format!("No active run has it; {} works on it.", again(state, id))])
        }
        Standing::RunNotActive(run) => {
            let words = "hands out no more work; once it is over, `windrow run --resume` goes on.";
            ("draining", vec![format!("Run {run} {words}")])
        }
        Standing::Depends(tasks) => {
            let all: Vec<String> = tasks.iter().map(|id| title(state, *id)).collect();
            let mut because = vec![format!("It depends on {}, not landed yet.", all.join(", "))];
            because.extend(tasks.iter().filter_map(|id| rests(state, *id)));
            ("depends", because)
        }
        Standing::Waits(wait) => waits(state, wait),
        Standing::NextInLine { ahead, used, pool } => (
            "next",
            vec![
                format!("It may start as soon as a slot is free: {used} of {pool} are in use."),
                format!(
                    "{} before it: priority, then what unblocks most, then foundation before \
                         features before polish, then age.",
                    many(*ahead, "task ranks", "tasks rank")
                ),
            ],
        ),
    }
}

/// The word for the way in which a task is over.
fn over_as(state: &State, id: TaskId) -> &'static str {
    match state.tasks.get(&id).map(|task| &task.phase) {
        Some(TaskPhase::Stuck(_)) => "stuck",
        Some(TaskPhase::Landed { .. }) => "landed",
        Some(TaskPhase::Done { .. }) => "done",
        Some(TaskPhase::Cancelled { .. }) => "cancelled",
        Some(TaskPhase::Open | TaskPhase::Active(_) | TaskPhase::Submitted(_)) | None => "over",
    }
}

/// What became of a task to which nothing more happens by itself.
fn over(state: &State, id: TaskId) -> Vec<String> {
    let Some(task) = state.tasks.get(&id) else { return Vec::new() };
    let sentence = match &task.phase {
        TaskPhase::Stuck(reason) => {
            let again = again(state, id);
            let mut said = vec![format!("It needs a person: {}", reason.summary)];
            if reason.kind != TryKind::Dependency {
                let tried = "shows what was tried and where the work is kept";
                said.push(format!("`windrow show {id}` {tried}."));
            }
            said.push(format!("{again} tries the same again, `windrow task close {id}` ends it."));
            if let Some(source) = &task.spec.source {
                let file = &source.file;
                said.push(format!("What is mended in `{file}` is taken by `windrow run {file}`."));
            }
            return said;
        }
        TaskPhase::Landed { commit, .. } => format!("It landed as {commit}."),
        TaskPhase::Cancelled { .. } => "It was cancelled.".to_owned(),
        TaskPhase::Done { .. } => "It is done.".to_owned(),
        TaskPhase::Open | TaskPhase::Active(_) | TaskPhase::Submitted(_) => {
            "It is over.".to_owned()
        }
    };
    vec![sentence]
}

/// Which command takes a task up again; `--resume` means the newest run.
fn again(state: &State, id: TaskId) -> String {
    let newest = state.runs.values().next_back();
    if newest.is_some_and(|run| run.tasks.contains(&id)) {
        "`windrow run --resume`".to_owned()
    } else {
        format!("`windrow run --only {id}`")
    }
}

/// What a dependency waits for when nothing but a person brings it further.
fn rests(state: &State, id: TaskId) -> Option<String> {
    match &state.tasks.get(&id)?.phase {
        TaskPhase::Submitted(landing) => {
            let held = state.landings.get(landing)?.state == EntryState::Held;
            held.then(|| format!("{id} is held; `windrow land {id}` lets it land."))
        }
        TaskPhase::Stuck(reason) => Some(format!("{id} is stuck: {}", reason.summary)),
        _ => None,
    }
}

/// `1 entry`, `2 entries`.
fn many(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

fn queued(entry: &EntryState, ahead: usize) -> String {
    match entry {
        EntryState::Queued => {
            let ahead = many(ahead, "entry", "entries");
            format!("Its work is in the landing queue, {ahead} ahead.")
        }
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
