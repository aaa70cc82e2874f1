//! Moves the target branch to a verified commit, and its checkout with it.

use std::sync::{Arc, PoisonError};

use windrow_core::command::{MoveReport, ReportMoved};
use windrow_core::ids::LandingId;
use windrow_core::state::EntryState;
use windrow_core::{Command, Effect, State};
use windrow_world::crash;
use windrow_world::git::{self, Busy, FLIGHT, Landed, Lander, Move, Oid};

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
        let at = Arc::clone(&place);
        match blocking(effect, move || move_target(&at, id, round, &request)).await {
            Ok(report) => {
                if matches!(report, MoveReport::Moved) {
                    crash::point("land", "landed");
                    // Nobody waits for that.
                    tokio::task::spawn_blocking(move || unpin(&place, id));
                }
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
    Ok(match land(&lander, &request)? {
        Landed::Moved { missing, .. } => {
            for path in missing {
                tracing::warn!("the checkout `{}` of `{branch}` is gone", path.display());
            }
            MoveReport::Moved
        }
        Landed::Already { .. } => MoveReport::Moved,
        Landed::TargetMoved { .. } => elsewhere(place, branch, onto)?,
        Landed::Busy(busy @ (Busy::IndexLocked { .. } | Busy::RefLocked { .. })) => {
            MoveReport::Locked(in_words(&busy, branch))
        }
        Landed::Busy(busy) => MoveReport::Busy(in_words(&busy, branch)),
    })
}

/// Moves a branch; a move that broke off half way is finished or undone before anything else is
/// tried.
pub(super) fn land(lander: &Lander, request: &Move) -> Result<Landed, String> {
    let branch = &request.branch;
    lander.land(request).map_err(|error| match lander.recover() {
        Ok(recovered) => {
            tracing::warn!("a move of `{branch}` failed: {}; {recovered:?}", chain(&error));
            chain(&error)
        }
        Err(again) => {
            format!("{}; recovering from it failed too: {}", chain(&error), chain(&again))
        }
    })
}

/// The branch is not what the entry was merged onto: somebody moved it, or it was not the branch.
fn elsewhere(place: &Place, branch: &str, onto: &str) -> Result<MoveReport, String> {
    let tip = git::tip(&place.repo, branch).map_err(|e| chain(&e))?;
    let behind = tip.is_some_and(|tip| tip.ahead && tip.commit.as_str() == onto);
    Ok(if behind {
        MoveReport::Behind(format!("work landed ahead of `{branch}` before"))
    } else {
        MoveReport::TargetMoved
    })
}

/// The branch holds the commit now; a pin that stays is removed by `prune`.
pub(super) fn unpin(place: &Place, id: LandingId) {
    if let Err(error) = git::unpin(&place.repo, &format!("{FLIGHT}{id}")) {
        tracing::warn!("a pin could not be removed: {}", chain(&error));
    }
    crash::point("land", "unpinned");
}

pub(super) fn in_words(busy: &Busy, branch: &str) -> String {
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use windrow_world::git::{InTheWay, Operation, Why};

    use super::*;

    /// One of each; the last match sees to it that a new one is not forgotten.
    fn every_reason() -> Vec<Busy> {
        let worktree = || PathBuf::from("/garden");
        let file = InTheWay { path: "a.txt".into(), why: Why::Edited };
        let all = vec![
            Busy::InTheWay { worktree: worktree(), files: vec![file] },
            Busy::Operation { worktree: worktree(), which: Operation::Rebase },
            Busy::TwoCheckouts { worktrees: vec![worktree(), "/other".into()] },
            Busy::KeptOut { worktree: worktree() },
            Busy::IndexLocked { worktree: worktree(), lock: "/garden/index.lock".into() },
            Busy::RefLocked { message: "it exists".to_owned() },
            Busy::Unreadable { worktree: worktree(), reason: "it is gone".to_owned() },
        ];
        let told = |busy: &Busy| match busy {
            Busy::InTheWay { .. }
            | Busy::Operation { .. }
            | Busy::TwoCheckouts { .. }
            | Busy::KeptOut { .. }
            | Busy::IndexLocked { .. }
            | Busy::RefLocked { .. }
            | Busy::Unreadable { .. } => 7,
        };
        assert!(all.iter().all(|busy| told(busy) == all.len()));
        all
    }

    #[test]
    fn the_guide_says_what_helps_against_each_thing_in_the_way() {
        let guide = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide.md");
        let guide = std::fs::read_to_string(guide).expect("the guide");
        for busy in every_reason() {
            let words = in_words(&busy, "main");
            // Outside of backticks: what is the same each time.
            let same = words.split('`').step_by(2).map(|part| part.trim_matches([' ', ':', ';']));
            let longest = same.map(|part| part.split([':', ';']).next().unwrap_or(part).trim());
            let longest = longest.max_by_key(|part| part.len()).unwrap_or_default();
            assert!(guide.contains(longest), "`{longest}` of `{words}` is not in the guide");
        }
    }
}
