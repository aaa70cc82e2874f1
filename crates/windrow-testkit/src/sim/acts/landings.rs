//! Acts on the landing queue: merging, verifying, moving the target and its checkout.

use windrow_core::command::{
    MergeReport, MoveReport, ReportCheckedOff, ReportGate, ReportMerged, ReportMoved, Sides,
};
use windrow_core::ids::{LandingId, TaskId};
use windrow_core::state::{EntryState, Verdict};
use windrow_core::{Command, State, message};
use windrow_engine::jobs;
use windrow_engine::keeper::{JobState, job};

use super::super::git::{Merge, Oid, heads, tree_name};
use super::super::job::{Launching, SimJob};
use super::super::stage::{Broke, Stage};
use super::super::world::{Moving, Program, What, World};
use super::{Act, Told, ahead, sessions, trees};

pub(super) fn merge(stage: Stage, state: &State, id: LandingId) -> Option<Act> {
    let entry = state.landings.get(&id)?;
    let (round, work) = (entry.round, entry.commit.clone());
    let (branch, persons) = (entry.branch.clone(), entry.is_persons());
    let landed = ahead::landed(state, &branch);
    let message = format!("{}{}", message::landing(state, entry)?, entry.taken_seq);
    let at = entry.taken_at.0 / 1_000;
    Some(Box::pin(async move {
        stage.act("read the target").await?;
        let tip = stage.world().git.tip(&branch, landed.as_ref());
        let onto = tip.ok_or("there is no target")?.commit;
        let gone = persons && !ahead::is_on(&stage, &branch, &work).await?;
        stage.act("merge").await?;
        let merged = stage.world().git.merge(&onto, &work);
        let report = match merged {
            _ if gone => MergeReport::Gone,
            Merge::AlreadyIn => already_in(&stage, &branch, &onto, &work).await?,
            Merge::Conflict(files) => {
                let sides = persons.then(|| Sides { branch: Vec::new(), ahead: Vec::new() });
                MergeReport::Conflict { files, detail: None, sides }
            }
            Merge::Clean(files) if !persons && files == *stage.world().git.files(&onto) => {
                MergeReport::AlreadyIn
            }
            Merge::Clean(files) => {
                stage.act("make the landing commit").await?;
                if stage.world().is_full() {
                    return Err("there is no space".to_owned());
                }
                let tree = tree_name(&files);
                let parents = [onto.clone(), work];
                let commit = stage.world().git.commit(&parents, files, &message, at);
                stage.act("pin it").await?;
                stage.world().git.set(&flight(id), Some(&commit));
                stage.world().check.merge_made(id, round, &commit);
                MergeReport::Clean { onto, commit, tree }
            }
        };
        Ok(Some(Command::ReportMerged(ReportMerged { landing: id, round, report })))
    }))
}

pub(super) fn flight(id: LandingId) -> String {
    format!("refs/windrow/flight/{id}")
}

async fn already_in(
    stage: &Stage,
    branch: &str,
    onto: &Oid,
    work: &Oid,
) -> Result<MergeReport, Broke> {
    stage.act("look for the merge of it").await?;
    let merge = stage.world().git.merge_of(onto, work);
    let Some(commit) = merge else { return Ok(MergeReport::AlreadyIn) };
    let landed = ahead::is_on(stage, branch, &commit).await?;
    let ahead = if landed { None } else { Some(ahead::known(stage, branch, &commit).await?) };
    Ok(MergeReport::Landed { commit, ahead })
}

pub(super) fn gate(stage: Stage, state: &State, id: LandingId) -> Option<Act> {
    let entry = state.landings.get(&id)?;
    let EntryState::Merged { commit, .. } = entry.state.clone() else { return None };
    let (round, branch) = (entry.round, entry.branch.clone());
    let commands = state.gates_of(entry);
    let time_ms = state.runs.get(&entry.run)?.spec.gate_ms;
    Some(Box::pin(async move {
        let report = |verdict, summary| {
            let detail = None;
            let report = ReportGate { landing: id, round, verdict, summary, detail };
            Ok(Some(Command::ReportGate(report)))
        };
        for (at, command) in commands.into_iter().enumerate() {
            let job = SimJob::new(&stage, format!("gate-{id}.{round}.{at}"));
            let stands = sessions::stands(&stage, &job).await?;
            if stands == JobState::NotLaunched {
                trees::fill_lane(&stage, &branch, &commit).await?;
                let tree = trees::lane(&branch);
                let what = What::Gate(command);
                let program = Program { tree, what, time_ms, silence_ms: None };
                job::launch(&mut Launching { job: job.clone(), program }).await?;
            }
            let exit = sessions::surely_ended(&stage, &job).await?;
            let (verdict, how) = jobs::gate_verdict(&exit.how);
            if verdict != Verdict::Passed {
                return report(verdict, how);
            }
        }
        report(Verdict::Passed, "every gate passed".to_owned())
    }))
}

/// The right to move branches; one at a time, and free when its holder dies.
pub(super) struct Lander<'a>(&'a Stage);

impl Drop for Lander<'_> {
    fn drop(&mut self) {
        self.0.world().landing = false;
    }
}

pub(super) async fn lander(stage: &Stage) -> Lander<'_> {
    loop {
        stage.until("wait for the lander", u64::MAX, |world| !world.landing).await;
        if !std::mem::replace(&mut stage.world().landing, true) {
            return Lander(stage);
        }
    }
}

/// What comes of a try to move a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Landed {
    Moved,
    Already,
    TargetMoved,
    Busy(String),
    Locked(String),
}

/// For what a branch is moved: a landing, or what landed ahead of it.
#[derive(Clone, Copy)]
pub(super) enum Whose {
    Entry(LandingId),
    Ahead,
}

pub(super) fn move_target(stage: Stage, state: &State, id: LandingId) -> Option<Act> {
    let entry = state.landings.get(&id)?;
    let (EntryState::Merged { onto, commit, .. } | EntryState::Verified { onto, commit, .. }) =
        entry.state.clone()
    else {
        return None;
    };
    let round = entry.round;
    let moving = Moving { branch: entry.branch.clone(), old: onto, new: commit };
    Some(Box::pin(async move {
        let lander = lander(&stage).await;
        let landed = land(&stage, Whose::Entry(id), &moving).await?;
        drop(lander);
        let report = match landed {
            Landed::Moved | Landed::Already => {
                stage.act("unpin it").await?;
                stage.world().git.set(&flight(id), None);
                MoveReport::Moved
            }
            Landed::TargetMoved => elsewhere(&stage, &moving).await?,
            Landed::Busy(reason) => MoveReport::Busy(reason),
            Landed::Locked(reason) => MoveReport::Locked(reason),
        };
        Ok(Some(Command::ReportMoved(ReportMoved { landing: id, round, report })))
    }))
}

/// The branch is not what the entry was merged onto: somebody moved it, or it was not the branch.
async fn elsewhere(stage: &Stage, moving: &Moving) -> Result<MoveReport, Broke> {
    stage.act("read the target").await?;
    let tip = stage.world().git.tip(&moving.branch, None);
    let behind = tip.is_some_and(|tip| tip.ahead && tip.commit == moving.old);
    let reason = || format!("work landed ahead of `{}` before", moving.branch);
    Ok(if behind { MoveReport::Behind(reason()) } else { MoveReport::TargetMoved })
}

/// Moves a branch; one that broke off half way is finished or undone before anything else is tried.
pub(super) async fn land(stage: &Stage, whose: Whose, moving: &Moving) -> Result<Landed, Broke> {
    let landed = try_to_land(stage, whose, moving).await;
    if landed.is_err() {
        finish_or_undo(stage).await;
    }
    landed
}

async fn try_to_land(stage: &Stage, whose: Whose, moving: &Moving) -> Result<Landed, Broke> {
    finish_or_undo(stage).await;
    stage.act("read the target").await?;
    let head = stage.world().git.at(&heads(&moving.branch)).unwrap_or_default();
    if stage.world().git.is_ancestor(&moving.new, &head) {
        return Ok(Landed::Already);
    }
    if head != moving.old {
        return Ok(Landed::TargetMoved);
    }
    if stage.world().checkout.branch != moving.branch {
        stage.act("write the move down").await?;
        stage.world().moving = Some(moving.clone());
        stage.act("move the branch").await?;
        let moved = move_branch(&mut stage.world(), whose, moving);
        stage.act("end the record").await?;
        stage.world().moving = None;
        return Ok(if moved { Landed::Moved } else { Landed::TargetMoved });
    }
    follow(stage, whose, moving).await
}

fn move_branch(world: &mut World, whose: Whose, moving: &Moving) -> bool {
    match whose {
        Whose::Entry(id) => world.land(id, moving),
        Whose::Ahead => world.follow(moving),
    }
}

/// Moves a branch that is checked out, and the checkout with it.
async fn follow(stage: &Stage, whose: Whose, moving: &Moving) -> Result<Landed, Broke> {
    stage.act("look at the checkout").await?;
    if stage.world().checkout.operations > 0 {
        return Ok(Landed::Busy("a rebase is under way".to_owned()));
    }
    stage.act("try on a copy of the index").await?;
    let changed = stage.world().git.changed(&moving.old, &moving.new);
    if let Some(path) = changed.iter().find(|path| stage.world().checkout.edited.contains(*path)) {
        return Ok(Landed::Busy(format!("`{path}` is edited")));
    }
    stage.act("lock the index and write the move down").await?;
    if stage.world().checkout.gits > 0 {
        return Ok(Landed::Locked("another git command works in the checkout".to_owned()));
    }
    if stage.world().git.at(&heads(&moving.branch)).as_ref() != Some(&moving.old) {
        return Ok(Landed::TargetMoved);
    }
    stage.world().checkout.locked = true;
    stage.world().moving = Some(moving.clone());
    for path in changed {
        stage.act("move a file").await?;
        move_file(&mut stage.world(), &path, &moving.new);
    }
    stage.act("move the branch").await?;
    let moved = move_branch(&mut stage.world(), whose, moving);
    if !moved {
        finish_or_undo(stage).await;
        return Ok(Landed::TargetMoved);
    }
    stage.act("install the index").await?;
    end_move(&mut stage.world());
    Ok(Landed::Moved)
}

fn move_file(world: &mut World, path: &str, to: &Oid) {
    if world.checkout.edited.contains(path) {
        return;
    }
    match world.git.files(to).get(path) {
        Some(content) => drop(world.checkout.files.insert(path.to_owned(), content.clone())),
        None => drop(world.checkout.files.remove(path)),
    }
}

fn end_move(world: &mut World) {
    world.checkout.locked = false;
    world.moving = None;
}

/// Finishes or undoes a move that is on record: the branch says in which direction.
async fn finish_or_undo(stage: &Stage) {
    let Some(moving) = stage.world().moving.clone() else { return };
    stage.step("read the record of a move").await;
    let head = stage.world().git.at(&heads(&moving.branch)).unwrap_or_default();
    if stage.world().checkout.branch == moving.branch {
        let to = if head == moving.new { &moving.new } else { &moving.old };
        let changed = stage.world().git.changed(&moving.old, &moving.new);
        for path in changed {
            stage.step("put a file right").await;
            move_file(&mut stage.world(), &path, to);
        }
    }
    stage.step("end the record").await;
    end_move(&mut stage.world());
}

/// What a daemon does before anything else.
pub(in super::super) async fn recover(stage: &Stage) {
    let _lander = lander(stage).await;
    finish_or_undo(stage).await;
}

pub(super) async fn check_off(stage: Stage, task: TaskId) -> Told {
    stage.act("check it off").await?;
    stage.world().checked_off.insert(task);
    Ok(Some(Command::ReportCheckedOff(ReportCheckedOff { task, problem: None })))
}
