//! The person's own work in the repository: what they edit, commit, take back and put together.

use super::git::{Files, Merge, Oid, ahead_ref, heads};
use super::plan::BRANCHES;
use super::stage::{Ms, Stage};
use super::world::World;

/// How long a person waits for something to land ahead.
const MEANWHILE: Ms = 60_000;

/// Something the person does in the repository.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// Commits a change of a file to a target branch.
    Commit(String, String),
    /// Has a file open in the checkout, changed and not committed, for a while.
    Edit(String, Ms),
    /// Stops in the middle of a rebase, or of something like it, for a while.
    Stop(Ms),
    /// Has the index of the checkout for a while.
    Lock(Ms),
    /// Takes the last commits from a branch.
    Rewind(String, u64),
    /// Makes the last commit of a branch anew.
    Amend(String),
    /// Merges what is ahead of a branch; with the branch's own files, if so.
    Settle(String, bool),
    /// Deletes a branch, and makes it again after a while.
    Delete(String, Ms),
    /// Deletes the ref that is ahead of a branch.
    TakeAhead(String),
    /// Puts that ref back to where the branch is.
    BendAhead(String),
    /// Waits until something is ahead of a branch, and then does something else, after a while.
    Meanwhile(Ms, Box<Self>),
}

pub(super) async fn person(stage: Stage, at: Ms, deed: Deed) {
    stage.pause("do something else", at).await;
    let deed = match deed {
        Deed::Meanwhile(ms, deed) => {
            let there = |world: &World| !world.check.state.ahead.is_empty();
            stage.until("see something land ahead", stage.now() + MEANWHILE, there).await;
            stage.pause("do something meanwhile", ms).await;
            *deed
        }
        deed => deed,
    };
    match deed {
        Deed::Commit(branch, path) => commit(&stage, &branch, &path),
        Deed::Edit(path, ms) => edit(&stage, path, ms).await,
        Deed::Stop(ms) => {
            stage.world().counts.person += 1;
            stage.world().checkout.operations += 1;
            stage.pause("go on with the rebase", ms).await;
            stage.world().checkout.operations -= 1;
        }
        Deed::Lock(ms) => {
            if !stage.world().checkout.locked {
                stage.world().counts.person += 1;
                stage.world().checkout.gits += 1;
                stage.pause("let go of the index", ms).await;
                stage.world().checkout.gits -= 1;
            }
        }
        Deed::Rewind(branch, n) => rewind(&stage, &branch, n, false),
        Deed::Amend(branch) => rewind(&stage, &branch, 1, true),
        Deed::Settle(branch, ours) => {
            settle(&stage, &branch, ours);
        }
        Deed::Delete(branch, ms) => {
            let old = {
                let mut world = stage.world();
                let old = world.git.at(&heads(&branch));
                if world.checkout.branch != branch && old.is_some() {
                    world.person_moves(&branch, None);
                }
                old
            };
            stage.pause("make the branch again", ms).await;
            let mut world = stage.world();
            if world.git.at(&heads(&branch)).is_none() {
                let back = world.git.at(&ahead_ref(&branch)).or(old);
                world.person_moves(&branch, back.as_ref());
            }
        }
        Deed::Meanwhile(..) => {}
        Deed::TakeAhead(branch) => stage.world().take_ahead(&branch, None),
        Deed::BendAhead(branch) => {
            let mut world = stage.world();
            let to = world.git.at(&heads(&branch));
            world.take_ahead(&branch, to.as_ref());
        }
    }
}

async fn edit(stage: &Stage, path: String, ms: Ms) {
    stage.world().counts.person += 1;
    stage.world().checkout.edited.insert(path.clone());
    stage.pause("edit", ms).await;
    let mut world = stage.world();
    world.checkout.edited.remove(&path);
    // The person takes the file as the branch has it by now.
    let head = world.git.at(&heads(&world.checkout.branch)).unwrap_or_default();
    let files = world.git.files(&head);
    match files.get(&path) {
        Some(content) => drop(world.checkout.files.insert(path, content.clone())),
        None => drop(world.checkout.files.remove(&path)),
    }
}

fn commit(stage: &Stage, branch: &str, path: &str) {
    let (mut world, now) = (stage.world(), stage.now());
    let out = world.checkout.branch == branch;
    // git refuses while somebody has the index.
    if out && (world.checkout.locked || world.checkout.edited.contains(path)) {
        return;
    }
    let Some(head) = world.git.at(&heads(branch)) else { return };
    let mut files = (*world.git.files(&head)).clone();
    let content = format!("person {now}");
    files.insert(path.to_owned(), content.clone());
    let at = world.wall(now) / 1_000;
    let new = world.git.commit(&[head], files, "by the person", at);
    if out {
        world.checkout.files.insert(path.to_owned(), content);
    }
    world.person_commits(branch, &new);
}

/// Whether the person's git can bring the checkout of a branch to another commit now.
fn can_move(world: &World, branch: &str) -> bool {
    world.checkout.branch != branch
        || !(world.checkout.locked
            || world.checkout.operations > 0
            || !world.checkout.edited.is_empty())
}

fn check_out(world: &mut World, branch: &str, commit: &Oid) {
    if world.checkout.branch == branch {
        world.checkout.files = Files::clone(&world.git.files(commit));
    }
}

fn rewind(stage: &Stage, branch: &str, n: u64, amends: bool) {
    let (mut world, now) = (stage.world(), stage.now());
    let Some(head) = world.git.at(&heads(branch)).filter(|_| can_move(&world, branch)) else {
        return;
    };
    let mut to = head.clone();
    for _ in 0..n {
        let parent = world.git.commits.get(&to).and_then(|commit| commit.parents.first().cloned());
        to = parent.unwrap_or(to);
    }
    if to == head {
        return;
    }
    if amends {
        let (files, at) = ((*world.git.files(&head)).clone(), world.wall(now) / 1_000);
        to = world.git.commit(&[to], files, "amended by the person", at);
    }
    check_out(&mut world, branch, &to);
    world.person_moves(branch, Some(&to));
    world.counts.rewinds += 1;
}

/// Merges what is ahead of a branch into it; where both sides collide, the person's words stand.
fn settle(stage: &Stage, branch: &str, ours: bool) {
    let (mut world, now) = (stage.world(), stage.now());
    let Some(ahead) = world.git.at(&ahead_ref(branch)) else { return };
    let Some(head) = world.git.at(&heads(branch)) else {
        return world.person_moves(branch, Some(&ahead));
    };
    if !can_move(&world, branch) {
        return;
    }
    let mine = (*world.git.files(&head)).clone();
    let files = match world.git.merge(&head, &ahead) {
        Merge::AlreadyIn => return,
        Merge::Clean(_) | Merge::Conflict(_) if ours => mine,
        Merge::Clean(files) => files,
        Merge::Conflict(paths) => {
            let mut files = (*world.git.files(&ahead)).clone();
            files.extend(mine);
            files.extend(paths.into_iter().map(|path| (path, format!("person {now}"))));
            files
        }
    };
    let at = world.wall(now) / 1_000;
    let new = world.git.commit(&[head, ahead], files, "settled by the person", at);
    check_out(&mut world, branch, &new);
    world.person_moves(branch, Some(&new));
    world.counts.settled += 1;
}

/// A branch that a person has to settle, and can settle now.
fn to_settle(world: &World) -> Option<&'static str> {
    BRANCHES.into_iter().find(|branch| {
        let ahead = world.check.state.ahead.get(*branch);
        let trouble = ahead.is_some_and(|ahead| ahead.trouble.is_some());
        let at = world.git.at(&ahead_ref(branch));
        let lacks = at.is_some_and(|at| !world.git.is_on(branch, &at));
        world.calm && trouble && lacks && can_move(world, branch)
    })
}

/// Settles whatever there is to settle, once nothing goes wrong any more.
pub(super) async fn settler(stage: Stage) {
    loop {
        stage.until("see what to settle", Ms::MAX, |world| to_settle(world).is_some()).await;
        let branch = to_settle(&stage.world());
        if let Some(branch) = branch {
            settle(&stage, branch, false);
        }
    }
}

/// Is in the way until something landed ahead, commits, and is free again.
pub(super) async fn in_the_way(stage: Stage) {
    stage.world().checkout.operations += 1;
    let branch = BRANCHES[0];
    let there = |world: &World| world.check.state.ahead.contains_key(BRANCHES[0]);
    stage.until("stay in the way", Ms::MAX, there).await;
    commit(&stage, branch, "own/person.rs");
    stage.pause("go on with the rebase", 5_000).await;
    stage.world().checkout.operations -= 1;
}
