//! What landed ahead of a target branch, in words and as a row.

use windrow_api::view::AheadRow;
use windrow_core::State;
use windrow_core::state::{Ahead, DelayKey, Landing};
use windrow_world::git;

/// The row about a branch; nothing when nothing is ahead of it.
pub(super) fn ahead_row(state: &State, branch: &str) -> Option<AheadRow> {
    let ahead = state.ahead.get(branch)?;
    let tasks = ahead.landings.iter().filter_map(|id| state.landings.get(id)?.task);
    let detail = ahead.trouble.as_ref().and_then(|trouble| trouble.reason.detail.as_ref());
    Some(AheadRow {
        branch: branch.to_owned(),
        refname: git::ahead_ref(branch),
        commit: ahead.head.clone(),
        tasks: tasks.map(|task| task.to_string()).collect(),
        since_ms: ahead.since.0,
        waits_for: waits_for(state, ahead),
        needs_person: ahead.trouble.is_some(),
        detail: detail.map(|text| text.0.clone()),
    })
}

/// One sentence for those who look at a run; it stays the same while more lands.
pub(super) fn sentence(state: &State, branch: &str) -> Option<String> {
    let ahead = state.ahead.get(branch)?;
    let why = waits_for(state, ahead);
    let landed = format!("work has landed ahead of `{branch}`, in `{}`", git::ahead_ref(branch));
    Some(if ahead.trouble.is_some() {
        format!("{landed}; nothing more lands until this is settled: {why}")
    } else if ahead.intake.is_some() {
        format!("{landed}; {why}")
    } else {
        format!("{landed}; `{branch}` follows by itself once this is over: {why}")
    })
}

fn waits_for(state: &State, ahead: &Ahead) -> String {
    if let Some(trouble) = &ahead.trouble {
        return trouble.reason.summary.clone();
    }
    if let Some(entry) = ahead.intake.and_then(|id| state.landings.get(&id)) {
        return format!("{} is taken in and checked first", entry.label());
    }
    let delay = state.delays.get(&DelayKey::Landing(ahead.last));
    let reason = delay.map(|delay| delay.reason.clone()).filter(|reason| !reason.is_empty());
    reason.unwrap_or_else(|| ahead.reason.clone())
}

/// Why an entry waits for the branch, when it does.
pub(super) fn waits_for_branch(state: &State, entry: &Landing) -> Option<String> {
    windrow_core::explain::waits_for_branch(state, entry)
        .then(|| format!("`{}` must have what landed ahead of it first", entry.branch))
}
