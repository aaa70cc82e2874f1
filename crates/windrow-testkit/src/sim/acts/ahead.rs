//! Acts on what lands ahead of a branch: moving the ref, and letting the branch follow.

use windrow_core::command::{FollowReport, MoveReport, ReportFollowed, ReportMoved};
use windrow_core::ids::LandingId;
use windrow_core::state::EntryState;
use windrow_core::{Command, State};

use super::super::git::{Git, Oid, ahead_ref, heads};
use super::super::stage::{Broke, Stage};
use super::super::world::Moving;
use super::Act;
use super::landings::{Landed, Whose, flight, land, lander};

/// How often a branch is looked at anew because it moved meanwhile.
const TRIES: u32 = 3;

struct Wanted {
    branch: String,
    onto: Oid,
    commit: Oid,
    landed: Option<Oid>,
    persons: Option<Oid>,
}

/// What is on record as landed ahead of a branch.
pub(super) fn landed(state: &State, branch: &str) -> Option<Oid> {
    state.ahead.get(branch).map(|ahead| ahead.head.clone())
}

pub(super) fn move_ahead(stage: Stage, state: &State, id: LandingId) -> Option<Act> {
    let entry = state.landings.get(&id)?;
    let (EntryState::Merged { onto, commit, .. } | EntryState::Verified { onto, commit, .. }) =
        entry.state.clone()
    else {
        return None;
    };
    let (round, branch) = (entry.round, entry.branch.clone());
    let persons = entry.is_persons().then(|| entry.commit.clone());
    let landed = landed(state, &branch);
    let wanted = Wanted { branch, onto, commit, landed, persons };
    Some(Box::pin(async move {
        let report = advance(&stage, id, &wanted).await?;
        Ok(Some(Command::ReportMoved(ReportMoved { landing: id, round, report })))
    }))
}

async fn advance(stage: &Stage, id: LandingId, wanted: &Wanted) -> Result<MoveReport, Broke> {
    let Wanted { branch, onto, commit, landed, persons } = wanted;
    if let Some(persons) = persons
        && !is_on(stage, branch, persons).await?
    {
        return Ok(MoveReport::TargetMoved);
    }
    stage.act("read the branch and what is ahead").await?;
    let (own, before) = {
        let world = stage.world();
        (world.git.at(&heads(branch)), world.git.at(&ahead_ref(branch)))
    };
    let have = {
        let world = stage.world();
        let has =
            |at: &Option<Oid>| at.as_ref().is_some_and(|at| world.git.is_ancestor(commit, at));
        has(&before) || has(&own)
    };
    if !have {
        let ends = stage.world().git.tip(branch, landed.as_ref()).map(|tip| tip.commit);
        if ends.as_ref() != Some(onto) {
            return Ok(MoveReport::TargetMoved);
        }
        stage.act("move what is ahead").await?;
        if !stage.world().land_ahead(id, branch, commit, before.as_ref()) {
            return Ok(MoveReport::TargetMoved);
        }
    }
    stage.act("look what of the branch is in it").await?;
    let branch = match &own {
        Some(own) if landed.is_none() && !stage.world().git.is_ancestor(onto, own) => {
            known_of(&stage.world().git, Some(own), commit)
        }
        None => commit.clone(),
        Some(_) => onto.clone(),
    };
    Ok(MoveReport::MovedAhead { branch })
}

/// Whether a branch has a commit.
pub(super) async fn is_on(stage: &Stage, branch: &str, commit: &Oid) -> Result<bool, Broke> {
    stage.act("look whether the branch has it").await?;
    Ok(stage.world().git.is_on(branch, commit))
}

/// The last commit of a branch that is part of `commit`.
pub(super) async fn known(stage: &Stage, branch: &str, commit: &Oid) -> Result<Oid, Broke> {
    stage.act("look what of the branch is in it").await?;
    let world = stage.world();
    let head = world.git.at(&heads(branch));
    Ok(known_of(&world.git, head.as_ref(), commit))
}

fn known_of(git: &Git, own: Option<&Oid>, commit: &Oid) -> Oid {
    let known = own.and_then(|own| git.fork_point(own, commit));
    known.unwrap_or_else(|| commit.clone())
}

pub(super) fn follow_target(stage: Stage, state: &State, id: LandingId) -> Option<Act> {
    let (branch, ahead) = state.ahead.iter().find(|(_, ahead)| ahead.last == id)?;
    let (branch, head, known) = (branch.clone(), ahead.head.clone(), ahead.known.clone());
    let (look, landings) = (ahead.looks, ahead.landings.clone());
    Some(Box::pin(async move {
        let report = follow(&stage, &branch, &head, &known).await?;
        if let FollowReport::Followed { .. } = report {
            stage.act("unpin what the branch has").await?;
            for landing in landings {
                stage.world().git.set(&flight(landing), None);
            }
        }
        Ok(Some(Command::ReportFollowed(ReportFollowed { landing: id, look, report })))
    }))
}

async fn follow(stage: &Stage, branch: &str, to: &Oid, known: &Oid) -> Result<FollowReport, Broke> {
    for _ in 0..TRIES {
        stage.act("read the branch").await?;
        let head = stage.world().git.at(&heads(branch));
        if let Some(head) = head.clone().filter(|head| stage.world().git.is_ancestor(to, head)) {
            let_go(stage, branch).await?;
            return Ok(FollowReport::Followed { head });
        }
        hold(stage, branch, to).await?;
        let Some(head) = head else { return Ok(FollowReport::Gone) };
        if !stage.world().git.is_ancestor(known, &head) {
            return Ok(FollowReport::Rewritten { head });
        }
        if !stage.world().git.is_ancestor(&head, to) {
            return Ok(FollowReport::Commits { head });
        }
        let moving = Moving { branch: branch.to_owned(), old: head, new: to.clone() };
        let _lander = lander(stage).await;
        match land(stage, Whose::Ahead, &moving).await? {
            Landed::Busy(reason) | Landed::Locked(reason) => return Ok(FollowReport::Busy(reason)),
            // The branch itself says which.
            Landed::Moved | Landed::Already | Landed::TargetMoved => {}
        }
    }
    Ok(FollowReport::Busy(format!("`{branch}` is being moved all the time")))
}

/// Makes sure that the ref holds what is on record, whoever moved it or took it away.
async fn hold(stage: &Stage, branch: &str, landed: &Oid) -> Result<(), Broke> {
    stage.act("read what is ahead").await?;
    let before = stage.world().git.at(&ahead_ref(branch));
    if before.as_ref() != Some(landed) {
        stage.act("put back what is ahead").await?;
        // Whoever moved it in between, the next look finds it.
        stage.world().hold_ahead(branch, landed, before.as_ref());
    }
    Ok(())
}

/// Lets go of the ref; the branch has what is on record.
async fn let_go(stage: &Stage, branch: &str) -> Result<(), Broke> {
    stage.act("read what is ahead").await?;
    let at = stage.world().git.at(&ahead_ref(branch));
    let Some(at) = at else { return Ok(()) };
    stage.act("let go of what is ahead").await?;
    stage.world().let_go(branch, &at);
    Ok(())
}
