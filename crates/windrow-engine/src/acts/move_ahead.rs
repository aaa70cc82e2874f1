//! Moves the ref that is ahead of the target branch to a verified commit; no checkout is looked at.

use std::sync::Arc;

use windrow_core::command::{MoveReport, ReportMoved};
use windrow_core::ids::LandingId;
use windrow_core::state::EntryState;
use windrow_core::{Command, Effect, State};
use windrow_world::git::{self, FLIGHT, Oid};

use super::{Act, Outcome, Tools, blocking, chain};
use crate::place::Place;

struct Wanted {
    branch: String,
    onto: String,
    commit: String,
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
        persons: landing.is_persons().then(|| landing.commit.clone()),
    };
    Some(Box::pin(async move {
        match blocking(effect, move || move_ahead(&place, id, &wanted)).await {
            Ok(report) => {
                Outcome::report(Command::ReportMoved(ReportMoved { landing: id, round, report }))
            }
            Err(outcome) => outcome,
        }
    }))
}

fn move_ahead(place: &Place, id: LandingId, wanted: &Wanted) -> Result<MoveReport, String> {
    let (repo, branch) = (&place.repo, &wanted.branch);
    let onto = Oid::parse(&wanted.onto).map_err(|e| chain(&e))?;
    let commit = Oid::parse(&wanted.commit).map_err(|e| chain(&e))?;
    if let Some(persons) = &wanted.persons
        && !is_on_branch(place, branch, persons)?
    {
        return Ok(MoveReport::TargetMoved);
    }
    if !git::advance(repo, branch, &onto, &commit).map_err(|e| chain(&e))? {
        return Ok(MoveReport::TargetMoved);
    }
    let known = known(place, branch, &commit)?;
    if let Err(error) = git::unpin(repo, &format!("{FLIGHT}{id}")) {
        tracing::warn!("a pin could not be removed: {}", chain(&error));
    }
    Ok(MoveReport::MovedAhead { branch: known })
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
    match head {
        Some(head) => git::fork_point(&place.repo, &head, commit)
            .map(|at| at.to_string())
            .map_err(|e| chain(&e)),
        // Nobody can say what a branch had that is gone; the first commit of what landed will do.
        None => Ok(commit.to_string()),
    }
}
