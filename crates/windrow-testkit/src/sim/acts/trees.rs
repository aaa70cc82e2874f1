//! Acts on a session's worktree: making it ready, keeping the work in it, giving it back.

use std::rc::Rc;

use windrow_core::Command;
use windrow_core::State;
use windrow_core::command::{
    ReportReleased, ReportSealed, ReportTree, SealMode, SealedWork, seal_mode,
};
use windrow_core::ids::SessionId;
use windrow_core::spec::Leftovers;
use windrow_core::state::{OpenTree, StopReason};

use super::super::git::{Oid, ahead_ref, heads};
use super::super::stage::{Broke, Stage};
use super::super::world::{Tree, World};
use super::{Act, ahead};

pub(super) fn open(stage: Stage, state: &State, id: SessionId) -> Option<Act> {
    let session = state.sessions.get(&id)?;
    let run = &state.runs.get(&session.run)?.spec;
    let lease = session.lease.clone()?;
    let generation = session.generation;
    let name = run.tree_names.folder(&lease.name, session.task, session.attempt);
    let path = format!("{}/{name}", run.trees);
    let taken = state.trees.iter().any(|(id, tree)| *id != lease.tree && tree.path == path);
    let path = if taken { format!("{path}-{}", lease.tree) } else { path };
    let record = state.trees.get(&lease.tree).filter(|tree| lease.reuse && !tree.path.is_empty());
    let warm = record.map(|tree| tree.path.clone());
    let branch = format!("windrow/{}-{id}", session.task);
    let target = run.branch.clone();
    let landed = ahead::landed(state, &target);
    Some(Box::pin(async move {
        stage.act("read the target").await?;
        let tip = stage.world().git.tip(&target, landed.as_ref());
        let base = tip.ok_or("there is no target")?.commit;
        let here = stage.world().trees.contains_key(&path);
        if here {
            set_aside(&stage, &path, &target, &format!("{}", lease.tree)).await?;
            reset(&stage, &path, &base, false).await?;
        }
        let branch = free_branch(&stage, &branch, &base).await?;
        let old = if here { Some(path.clone()) } else { warm };
        let old = old.filter(|old| stage.world().trees.contains_key(old));
        match old {
            Some(old) => reuse(&stage, &old, &path, &branch, &base).await?,
            None => cold(&stage, &path, &branch, &base).await?,
        }
        let git_dir = format!("/p/.git/worktrees/{path}");
        let tree = OpenTree { id: lease.tree, path, git_dir, branch, base };
        Ok(Some(Command::ReportTree(ReportTree { session: id, generation, tree })))
    }))
}

/// The name under which a branch can be made; an old one goes when all of it is on the target.
async fn free_branch(stage: &Stage, wanted: &str, target: &Oid) -> Result<String, Broke> {
    for n in 1.. {
        let name = if n == 1 { wanted.to_owned() } else { format!("{wanted}-{n}") };
        stage.act("look for a free branch").await?;
        let mut world = stage.world();
        match world.git.at(&heads(&name)) {
            None => return Ok(name),
            Some(at) if world.git.is_ancestor(&at, target) && !world.is_out(&heads(&name)) => {
                world.git.swap(&heads(&name), None, Some(&at));
                return Ok(name);
            }
            Some(_) => {}
        }
    }
    Ok(wanted.to_owned())
}

async fn cold(stage: &Stage, path: &str, branch: &str, base: &Oid) -> Result<(), Broke> {
    stage.act("make the branch").await?;
    stage.world().git.set(&heads(branch), Some(base));
    stage.act("add the worktree").await?;
    let tree = Tree { branch: Some(heads(branch)), head: base.clone(), ..Tree::default() };
    stage.world().trees.insert(path.to_owned(), tree);
    stage.act("check it out").await?;
    fill(&mut stage.world(), path, base, false)
}

async fn reuse(
    stage: &Stage,
    old: &str,
    path: &str,
    branch: &str,
    base: &Oid,
) -> Result<(), Broke> {
    stage.act("move the worktree").await?;
    {
        let mut world = stage.world();
        world.nobody_in(old, "a tree is moved");
        let tree = world.trees.remove(old).ok_or("the tree is gone")?;
        world.trees.insert(path.to_owned(), tree);
    }
    stage.act("make the branch").await?;
    stage.world().git.set(&heads(branch), Some(base));
    stage.act("check it out").await?;
    fill(&mut stage.world(), path, base, false)?;
    if let Some(tree) = stage.world().trees.get_mut(path) {
        tree.branch = Some(heads(branch));
    }
    Ok(())
}

fn fill(world: &mut World, path: &str, commit: &Oid, dropped: bool) -> Result<(), Broke> {
    if world.is_full() {
        return Err("there is no space".to_owned());
    }
    let files = world.git.files(commit);
    world.fill(path, &files, dropped);
    Ok(())
}

/// Puts a tree into the state of a fresh one, on no branch.
async fn reset(stage: &Stage, path: &str, base: &Oid, dropped: bool) -> Result<(), Broke> {
    stage.act("reset the files").await?;
    fill(&mut stage.world(), path, base, dropped)?;
    if let Some(tree) = stage.world().trees.get_mut(path) {
        tree.apart = true;
    }
    stage.act("leave the branch").await?;
    if let Some(tree) = stage.world().trees.get_mut(path) {
        (tree.branch, tree.head, tree.apart) = (None, base.clone(), false);
    }
    Ok(())
}

/// Keeps whatever is in a tree that nobody should have been in.
async fn set_aside(stage: &Stage, path: &str, target: &str, id: &str) -> Result<(), Broke> {
    let refname = format!("refs/windrow/kept/{id}/{}", stage.now());
    capture(stage, path, &refname, &safe_refs(target)).await.map(drop)
}

/// The refs beside kept ones that hold work.
fn safe_refs(branch: &str) -> [String; 2] {
    [heads(branch), ahead_ref(branch)]
}

/// Captures a tree into a kept ref; nothing when all of it is under a safe one.
async fn capture(
    stage: &Stage,
    path: &str,
    refname: &str,
    safe: &[String],
) -> Result<Option<Oid>, Broke> {
    stage.act("scan the tree").await?;
    let made = {
        let (mut world, now) = (stage.world(), stage.now());
        world.nobody_in(path, "a tree is captured");
        let before = world.git.at(refname);
        let Some(tree) = world.trees.get(path).cloned() else { return Ok(before) };
        if tree.apart {
            // It was captured before windrow began to take it apart.
            return Ok(before);
        }
        let head = world.head_of(&tree);
        let held = safe.iter().filter_map(|name| world.git.at(name));
        let held = held.collect::<Vec<_>>().iter().any(|at| world.git.is_ancestor(&head, at));
        let clean = !tree.filled || *world.git.files(&head) == tree.files;
        if held && clean {
            return Ok(None);
        }
        if world.is_full() {
            return Err("there is no space".to_owned());
        }
        let files = if tree.filled { tree.files } else { (*world.git.files(&head)).clone() };
        let mut parents = vec![head];
        if let Some(before) = before {
            let same = world.git.commits.get(&before);
            if same.is_some_and(|c| c.parents.first() == parents.first() && *c.files == files) {
                return Ok(Some(before));
            }
            parents.push(before);
        }
        let at = world.wall(now) / 1_000;
        world.git.commit(&parents, files, "captured", at)
    };
    stage.act("pin what was captured").await?;
    stage.world().git.set(refname, Some(&made));
    Ok(Some(made))
}

pub(super) fn seal(stage: Stage, state: &State, id: SessionId) -> Option<Act> {
    let session = state.sessions.get(&id)?;
    let run = &state.runs.get(&session.run)?.spec;
    let (generation, mode) = (session.generation, seal_mode(session));
    let tree = session.tree.clone();
    let refname = format!("refs/windrow/kept/{id}/{generation}");
    let safe = safe_refs(&run.branch);
    let refuse = run.leftovers == Leftovers::Refuse;
    Some(Box::pin(async move {
        let report = |work, kept: Option<Oid>| {
            let kept = kept.map(|commit| (refname.clone(), commit));
            let stays = None;
            let report = ReportSealed { session: id, generation, work, kept, stays };
            Ok(Some(Command::ReportSealed(report)))
        };
        let Some(tree) = tree else { return report(SealedWork::Captured, None) };
        if mode == SealMode::Drop {
            return report(SealedWork::Captured, None);
        }
        if mode == SealMode::Capture {
            let kept = capture(&stage, &tree.path, &refname, &safe).await?;
            return report(SealedWork::Captured, kept);
        }
        stage.act("look for leftovers").await?;
        if leftovers(&mut stage.world(), &tree.path) {
            if refuse {
                let kept = capture(&stage, &tree.path, &refname, &safe).await?;
                return report(SealedWork::Refused("changes are left".to_owned()), kept);
            }
            stage.act("commit the leftovers").await?;
            commit_leftovers(&mut stage.world(), &tree.path, stage.now())?;
        }
        stage.act("read the head").await?;
        let head = {
            let world = stage.world();
            world.trees.get(&tree.path).map(|tree| world.head_of(tree))
        };
        let Some(head) = head.filter(|head| *head != tree.base) else {
            return report(SealedWork::Nothing, None);
        };
        stage.act("pin the work").await?;
        if stage.world().is_full() {
            return Err("there is no space".to_owned());
        }
        stage.world().git.set(&refname, Some(&head));
        stage.act("list what it touches").await?;
        let touched = stage.world().git.changed(&tree.base, &head);
        report(SealedWork::Commit { commit: head.clone(), touched }, Some(head))
    }))
}

fn leftovers(world: &mut World, path: &str) -> bool {
    world.nobody_in(path, "work is submitted");
    let Some(tree) = world.trees.get(path) else { return false };
    *world.git.files(&world.head_of(tree)) != tree.files
}

fn commit_leftovers(world: &mut World, path: &str, now: u64) -> Result<(), Broke> {
    if world.is_full() {
        return Err("there is no space".to_owned());
    }
    let Some(tree) = world.trees.get(path).cloned() else { return Ok(()) };
    let head = world.head_of(&tree);
    let at = world.wall(now) / 1_000;
    let new = world.git.commit(&[head], tree.files, "leftovers", at);
    match &tree.branch {
        Some(branch) => world.git.set(branch, Some(&new)),
        None => drop(world.trees.get_mut(path).map(|tree| tree.head = new)),
    }
    Ok(())
}

pub(super) fn release(stage: Stage, state: &State, id: SessionId) -> Option<Act> {
    let session = state.sessions.get(&id)?;
    let run = &state.runs.get(&session.run)?.spec;
    let generation = session.generation;
    let tree = session.tree.clone();
    let pinned = session.kept.iter().any(|kept| kept.generation == generation && kept.submitted);
    let rest = if pinned { ".rest" } else { "" };
    let refname = format!("refs/windrow/kept/{id}/{generation}{rest}");
    let kept = session.kept.iter().map(|kept| kept.refname.clone());
    let safe: Vec<String> = kept.chain(safe_refs(&run.branch)).collect();
    let dropped = session.stop == Some(StopReason::KillAndDrop);
    Some(Box::pin(async move {
        let report = |gone| {
            let report = ReportReleased { session: id, generation, gone, stays: None };
            Ok(Some(Command::ReportReleased(report)))
        };
        let Some(tree) = tree else { return report(true) };
        if !dropped {
            capture(&stage, &tree.path, &refname, &safe).await?;
        }
        reset(&stage, &tree.path, &tree.base, dropped).await?;
        stage.act("delete the branch").await?;
        let mut world = stage.world();
        let full = heads(&tree.branch);
        if let Some(at) = world.git.at(&full) {
            let held: Vec<Oid> = safe.iter().filter_map(|name| world.git.at(name)).collect();
            let held = dropped || held.iter().any(|held| world.git.is_ancestor(&at, held));
            if held && !world.is_out(&full) {
                world.git.swap(&full, None, Some(&at));
            }
        }
        drop(world);
        report(false)
    }))
}

/// Where gates of a branch run.
pub(super) fn lane(branch: &str) -> String {
    format!("lanes/{branch}")
}

/// Puts exactly a commit into a lane.
pub(super) async fn fill_lane(stage: &Stage, branch: &str, commit: &Oid) -> Result<(), Broke> {
    let path = lane(branch);
    stage.act("prepare the lane").await?;
    let mut world = stage.world();
    let files = world.git.files(commit);
    let tree = Tree { head: commit.clone(), ..Tree::default() };
    world.trees.entry(path.clone()).or_insert(tree).head.clone_from(commit);
    world.fill(&path, &Rc::clone(&files), true);
    Ok(())
}
