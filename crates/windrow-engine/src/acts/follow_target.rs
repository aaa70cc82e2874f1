//! Brings a target branch, and its checkout, to what landed ahead of it.
//!
//! It may have followed already when a killed daemon did not live to tell so, or when a person
//! merged what was ahead.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use windrow_core::command::{FollowReport, ReportFollowed};
use windrow_core::ids::LandingId;
use windrow_core::{Command, Effect, State};
use windrow_world::git::{self, Landed, Move, Oid};

use super::move_target::{in_words, land, unpin};
use super::{Act, Outcome, Tools, blocking, chain};
use crate::place::Place;

/// How often it is begun anew because the branch moved meanwhile.
const TRIES: u32 = 3;

struct Wanted {
    branch: String,
    head: Oid,
    known: Oid,
    /// What landed ahead, each pinned until the branch has it.
    landings: BTreeSet<LandingId>,
    id: String,
}

pub(super) fn prepare(state: &State, id: LandingId, effect: Effect, tools: &Tools) -> Option<Act> {
    let (branch, ahead) = state.ahead.iter().find(|(_, ahead)| ahead.last == id)?;
    let wanted = Wanted {
        branch: branch.clone(),
        head: Oid::parse(&ahead.head).ok()?,
        known: Oid::parse(&ahead.known).ok()?,
        landings: ahead.landings.clone(),
        id: format!("follow-{id}"),
    };
    let look = ahead.looks;
    let place = Arc::clone(&tools.place);
    Some(Box::pin(async move {
        match blocking(effect, move || follow(&place, &wanted)).await {
            Ok(report) => {
                let report = ReportFollowed { landing: id, look, report };
                Outcome::report(Command::ReportFollowed(report))
            }
            Err(outcome) => outcome,
        }
    }))
}

fn follow(place: &Place, wanted: &Wanted) -> Result<FollowReport, String> {
    let (repo, branch) = (&place.repo, &wanted.branch);
    let is_ancestor = |one: &Oid, other: &Oid| -> Result<bool, String> {
        git::is_ancestor(repo, one, other).map_err(|e| chain(&e))
    };
    for _ in 0..TRIES {
        let head = repo.ref_value(&format!("refs/heads/{branch}")).map_err(|e| chain(&e))?;
        let has_all = match &head {
            Some(head) => is_ancestor(&wanted.head, head)?,
            None => false,
        };
        if let Some(head) = head.as_ref().filter(|_| has_all) {
            git::let_go(repo, branch, Some(&wanted.head)).map_err(|e| chain(&e))?;
            wanted.landings.iter().for_each(|id| unpin(place, *id));
            return Ok(FollowReport::Followed { head: head.to_string() });
        }
        git::hold(repo, branch, &wanted.head).map_err(|e| chain(&e))?;
        let Some(head) = head else { return Ok(FollowReport::Gone) };
        if !is_ancestor(&wanted.known, &head)? {
            return Ok(FollowReport::Rewritten { head: head.to_string() });
        }
        if !is_ancestor(&head, &wanted.head)? {
            return Ok(FollowReport::Commits { head: head.to_string() });
        }
        let request = Move {
            branch: branch.clone(),
            old: head,
            new: wanted.head.clone(),
            id: wanted.id.clone(),
        };
        let lander = place.lander.lock().unwrap_or_else(PoisonError::into_inner);
        if let Landed::Busy(busy) = land(&lander, &request)? {
            return Ok(FollowReport::Busy(in_words(&busy, branch)));
        }
        // Moved, there already, or moved by somebody else: the branch itself says which.
    }
    Ok(FollowReport::Busy(format!("`{branch}` is being moved all the time")))
}
