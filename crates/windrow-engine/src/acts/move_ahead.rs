//! Moves the ref that is ahead of the target branch to a verified commit; no checkout is looked at.
//!
//! The commit stays pinned until the branch has it: whoever takes the ref away takes no commit.

use std::sync::Arc;

use windrow_core::command::{MoveReport, ReportMoved};
use windrow_core::ids::LandingId;
use windrow_core::state::EntryState;
use windrow_core::{Command, Effect, State};
use windrow_world::git::{self, Oid, Tip};

use super::{Act, Outcome, Tools, blocking, chain};
use crate::place::Place;

struct Wanted {
    branch: String,
    onto: String,
    commit: String,
    /// What landed ahead before.
    landed: Option<String>,
    /// A person's commit, which the branch must still have.
    persons: Option<String>,
}

pub(super) fn prepare(state: &State, id: LandingId, effect: Effect, tools: &Tools) -> Option<Act> {
    let landing = state.landings.get(&id)?;
    let (EntryState::Merged { onto, commit, .. } | EntryState::Verified { onto, commit, .. }) =
        &landing.state
    else {
        return None;
    };
    let round = landing.round;
    let place = Arc::clone(&tools.place);
    let wanted = Wanted {
        branch: landing.branch.clone(),
        onto: onto.clone(),
        commit: commit.clone(),
        landed: landed(state, &landing.branch),
        persons: landing.is_persons().then(|| landing.commit.clone()),
    };
    Some(Box::pin(async move {
        match blocking(effect, move || move_ahead(&place, &wanted)).await {
            Ok(report) => {
                Outcome::report(Command::ReportMoved(ReportMoved { landing: id, round, report }))
            }
            Err(outcome) => outcome,
        }
    }))
}

fn move_ahead(place: &Place, wanted: &Wanted) -> Result<MoveReport, String> {
    let (repo, branch) = (&place.repo, &wanted.branch);
    let onto = Oid::parse(&wanted.onto).map_err(|e| chain(&e))?;
    let commit = Oid::parse(&wanted.commit).map_err(|e| chain(&e))?;
    if let Some(persons) = &wanted.persons
        && !is_on_branch(place, branch, persons)?
    {
        return Ok(MoveReport::TargetMoved);
    }
    let landed = parsed(wanted.landed.as_deref())?;
    let known = git::advance(repo, branch, &onto, &commit, landed.as_ref());
    let Some(known) = known.map_err(|e| chain(&e))? else { return Ok(MoveReport::TargetMoved) };
    Ok(MoveReport::MovedAhead { branch: known.to_string() })
}

/// What is on record as landed ahead of a branch.
pub(super) fn landed(state: &State, branch: &str) -> Option<String> {
    state.ahead.get(branch).map(|ahead| ahead.head.clone())
}

/// Where a target branch ends, with what is on record as landed ahead of it.
pub(super) fn tip(place: &Place, branch: &str, landed: Option<&str>) -> Result<Tip, String> {
    let tip = git::tip_with(&place.repo, branch, parsed(landed)?.as_ref());
    tip.map_err(|e| chain(&e))?.ok_or_else(|| format!("the branch `{branch}` does not exist"))
}

fn parsed(commit: Option<&str>) -> Result<Option<Oid>, String> {
    commit.map(Oid::parse).transpose().map_err(|e| chain(&e))
}

/// Whether the branch has that commit.
pub(super) fn is_on_branch(place: &Place, branch: &str, commit: &str) -> Result<bool, String> {
    let commit = Oid::parse(commit).map_err(|e| chain(&e))?;
    let head = place.repo.ref_value(&format!("refs/heads/{branch}")).map_err(|e| chain(&e))?;
    match head {
        Some(head) => git::is_ancestor(&place.repo, &commit, &head).map_err(|e| chain(&e)),
        None => Ok(false),
    }
}

/// The last commit of the branch that is part of `commit`.
pub(super) fn known(place: &Place, branch: &str, commit: &Oid) -> Result<String, String> {
    let head = place.repo.ref_value(&format!("refs/heads/{branch}")).map_err(|e| chain(&e))?;
    let known = git::known(&place.repo, head.as_ref(), commit).map_err(|e| chain(&e))?;
    Ok(known.to_string())
}
