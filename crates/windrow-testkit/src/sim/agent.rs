//! What runs under a keeper: workers that edit, commit, fail and hang, and the commands of gates.
//!
//! What one does is drawn from the seed and the job's name alone, so that dropping something else
//! from a schedule does not change it.

use std::rc::Rc;

use crate::Dice;

use super::git::{name_of, tree_name};
use super::job::REFUSED;
use super::stage::{Pid, Stage};
use super::world::{Program, What};

pub(super) async fn agent(stage: Stage, pid: Pid, job: Rc<str>, program: Program) {
    let seed = stage.world().seed;
    let roll = u64::from_str_radix(&name_of(&(seed, &job)), 16).unwrap();
    let mut dice = Dice::seeded(roll);
    let code = match &program.what {
        What::Work(paths) => work(&stage, &job, &program.tree, paths, &mut dice).await,
        What::Gate(command) => gate(&stage, &program.tree, command, &mut dice).await,
    };
    let mut world = stage.world();
    world.alive.remove(&pid);
    world.ended.insert(pid, code);
}

async fn work(
    stage: &Stage,
    job: &str,
    tree: &str,
    paths: &[String],
    dice: &mut Dice,
) -> (Option<i32>, Option<i32>) {
    let mood = if stage.world().calm { 0 } else { dice.within(0..24) };
    if mood == 23 {
        return (Some(REFUSED), None);
    }
    let mut last = false;
    for (n, path) in paths.iter().enumerate() {
        let pace = [50, 400, 3_000, 20_000];
        stage.pause("think", *dice.pick(&pace).unwrap() + dice.within(0..100)).await;
        if mood == 22 {
            break;
        }
        let red = if mood == 21 { "red " } else { "" };
        // Work of a worker begins with the name of its job.
        write(stage, tree, path, &format!("{job} {red}{n}"));
        last = n + 1 == paths.len();
        if dice.within(0..3) > 0 {
            stage.step("commit").await;
            commit(stage, tree, job);
        }
    }
    let leaves = mood == 20;
    if last && !leaves {
        stage.step("commit").await;
        commit(stage, tree, job);
    }
    match mood {
        19 => {
            stage.pause("hang", 400_000).await;
            (Some(0), None)
        }
        18 => (None, Some(11)),
        17 | 16 => (Some(1), None),
        15 => (Some(137), None),
        _ => (Some(0), None),
    }
}

fn write(stage: &Stage, tree: &str, path: &str, content: &str) {
    if let Some(tree) = stage.world().trees.get_mut(tree) {
        tree.files.insert(path.to_owned(), content.to_owned());
    }
}

fn commit(stage: &Stage, path: &str, job: &str) {
    let (mut world, now) = (stage.world(), stage.now());
    let Some(tree) = world.trees.get(path).cloned() else { return };
    let head = world.head_of(&tree);
    if *world.git.files(&head) == tree.files {
        return;
    }
    let at = world.wall(now) / 1_000;
    let new = world.git.commit(&[head], tree.files, job, at);
    match &tree.branch {
        Some(branch) => world.git.set(branch, Some(&new)),
        None => drop(world.trees.get_mut(path).map(|tree| tree.head = new)),
    }
}

/// Says what it says of the tree as it is: red work fails, and some gates are moody besides.
async fn gate(
    stage: &Stage,
    tree: &str,
    command: &str,
    dice: &mut Dice,
) -> (Option<i32>, Option<i32>) {
    let before = stage.world().trees.get(tree).map(|tree| tree.files.clone());
    let pace = [10, 200, 2_000, 90_000];
    stage.pause("check", *dice.pick(&pace).unwrap() + dice.within(0..100)).await;
    let mood = if stage.world().calm { 0 } else { dice.within(0..20) };
    let mut world = stage.world();
    let after = world.trees.get(tree).map(|tree| tree.files.clone()).unwrap_or_default();
    if before.as_ref() != Some(&after) {
        world.check.broken(format!("the files in {tree} changed while `{command}` ran"));
    }
    let red = after.values().any(|content| content.contains("red "));
    match mood {
        19 => (Some(127), None),
        18 => (None, Some(15)),
        17 => (Some(1), None),
        _ if red => (Some(1), None),
        _ => {
            world.check.gate_passed(tree_name(&after), command);
            (Some(0), None)
        }
    }
}
