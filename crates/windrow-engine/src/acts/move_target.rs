//! Moves the target branch to a verified commit, and its checkout with it.

use std::sync::{Arc, PoisonError};

use windrow_core::command::{MoveReport, ReportMoved};
use windrow_core::ids::LandingId;
use windrow_core::state::EntryState;
use windrow_core::{Command, Effect, State};
use windrow_world::git::{self, Busy, FLIGHT, Landed, Move, Oid};

use super::{Act, Outcome, Tools, blocking, chain};
use crate::place::Place;

pub(super) fn prepare(state: &State, id: LandingId, effect: Effect, tools: &Tools) -> Option<Act> {
    let landing = state.landings.get(&id)?;
    let (EntryState::Merged { onto, commit, .. } | EntryState::Verified { onto, commit, .. }) =
        &landing.state
    else {
        return None;
    };
    let round = landing.round;
    let place = Arc::clone(&tools.place);
    let request = (landing.branch.clone(), onto.clone(), commit.clone());
    Some(Box::pin(async move {
        match blocking(effect, move || move_target(&place, id, round, &request)).await {
            Ok(report) => {
                Outcome::report(Command::ReportMoved(ReportMoved { landing: id, round, report }))
            }
            Err(outcome) => outcome,
        }
    }))
}

fn move_target(
    place: &Place,
    id: LandingId,
    round: u32,
    (branch, onto, commit): &(String, String, String),
) -> Result<MoveReport, String> {
    let request = Move {
        branch: branch.clone(),
        old: Oid::parse(onto).map_err(|e| chain(&e))?,
        new: Oid::parse(commit).map_err(|e| chain(&e))?,
        id: format!("{id}-{round}"),
    };
    let lander = place.lander.lock().unwrap_or_else(PoisonError::into_inner);
    let landed = match lander.land(&request) {
        Ok(landed) => landed,
        Err(error) => {
            // A move that broke off half way is finished or undone before anything else is tried.
            let recovered = lander.recover().map_err(|again| {
                format!("{}; recovering from it failed too: {}", chain(&error), chain(&again))
            })?;
            tracing::warn!("a move of `{branch}` failed: {}; {recovered:?}", chain(&error));
            return Err(chain(&error));
        }
    };
    Ok(match landed {
        Landed::Moved { missing, .. } => {
            for path in missing {
                tracing::warn!("the checkout `{}` of `{branch}` is gone", path.display());
            }
            unpin(place, id);
            MoveReport::Moved
        }
        Landed::Already { .. } => {
            unpin(place, id);
            MoveReport::Moved
        }
        Landed::TargetMoved { .. } => MoveReport::TargetMoved,
        Landed::Busy(busy) => MoveReport::Busy(in_words(&busy, branch)),
    })
}

/// The branch holds the commit now; a pin that stays is removed by `prune`.
fn unpin(place: &Place, id: LandingId) {
    if let Err(error) = git::unpin(&place.repo, &format!("{FLIGHT}{id}")) {
        tracing::warn!("a pin could not be removed: {}", chain(&error));
    }
}

fn in_words(busy: &Busy, branch: &str) -> String {
    match busy {
        Busy::InTheWay { worktree, files } => {
            let named: Vec<String> = files
                .iter()
                .take(10)
                .map(|file| format!("`{}` ({})", file.path.display(), why_in_words(&file.why)))
                .collect();
            let more = files.len().saturating_sub(10);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!(
                "files in `{}` are in the way: {}{more}; commit, stash or move them",
                worktree.display(),
                named.join(", ")
            )
        }
        Busy::Operation { worktree, which } => {
            format!("a {which} is under way in `{}`; finish or abort it", worktree.display())
        }
        Busy::TwoCheckouts { worktrees } => {
            let all: Vec<String> =
                worktrees.iter().map(|path| format!("`{}`", path.display())).collect();
            format!("`{branch}` is checked out more than once: {}", all.join(", "))
        }
        Busy::KeptOut { worktree } => {
            format!("`{branch}` is checked out in windrow's own folder `{}`", worktree.display())
        }
        Busy::IndexLocked { lock, .. } => format!(
            "another git command works in the checkout; if none does, remove `{}`",
            lock.display()
        ),
        Busy::RefLocked { message } => format!("`{branch}` is locked: {message}"),
        Busy::Unreadable { worktree, reason } => {
            format!("the checkout `{}` cannot be used: {reason}", worktree.display())
        }
    }
}

fn why_in_words(why: &windrow_world::git::Why) -> &str {
    use windrow_world::git::Why;
    match why {
        Why::Edited => "edited",
        Why::Deleted => "deleted",
        Why::Staged => "staged",
        Why::Unmerged => "in conflict",
        Why::IntentToAdd => "announced with --intent-to-add",
        Why::Flagged => "flagged as unchanged, and edited",
        Why::Untracked => "untracked",
        Why::Ignored => "ignored by git, and would be overwritten",
        Why::Refused(reason) => reason,
    }
}
