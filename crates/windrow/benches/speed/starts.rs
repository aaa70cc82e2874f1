//! From a task that can run to a worker that runs.
//!
//! It begins with the record that the session was asked for, which is made in the same batch as what
//! made the task runnable, and ends with the worker's own first instruction.

use std::fs;

use windrow_api::{ProjectCall, Reply};
use windrow_testkit::wait_until;

use crate::Size;
use crate::field::{Field, last_at, steps};
use crate::row::{Reach, Row};

pub(crate) fn measure(size: Size) -> Vec<Row> {
    let field = Field::new(size.files);
    vec![warm(&field, size), cold(&field, size)]
}

/// A warm tree against `git checkout` of the same commit in its twin, in turns.
fn warm(field: &Field, size: Size) -> Row {
    let twin = field.env.root().join("twin");
    let repo = field.env.repo();
    repo.git(["worktree", "add", "-q", "--detach", twin.to_str().unwrap()]);
    started_ms(field, "Warm up");
    let (mut pairs, mut times) = (Vec::new(), Vec::new());
    for turn in 0..u32::try_from(size.turns).unwrap() {
        let commit = field.commit_changes(turn);
        all_are_warm(field);
        let (ours, each) = started_ms(field, &format!("Start warm {turn}"));
        times.push(each);
        pairs.push((ours, field.git_ms(&twin, ["checkout", "-q", "--detach", &commit])));
    }
    repo.git(["worktree", "remove", "--force", twin.to_str().unwrap()]);
    let name = "task runnable -> worker started, warm tree";
    Row::pairs(name, "git checkout of the same commit", "ms", &pairs, Reach::AtMost(1.3))
        .note(steps(STEPS, &times))
}

/// A new tree against `git worktree add`, in turns.
fn cold(field: &Field, size: Size) -> Row {
    let (mut pairs, mut times) = (Vec::new(), Vec::new());
    for turn in 0..size.turns {
        all_are_warm(field);
        field.ask(ProjectCall::Prune { dry_run: false, unlanded: true });
        let (ours, each) = started_ms(field, &format!("Start cold {turn}"));
        times.push(each);
        let path = field.env.root().join(format!("by-hand-{turn}"));
        let (path, branch) = (path.to_str().unwrap(), format!("by-hand-{turn}"));
        let add = ["worktree", "add", "-q", "-b", &branch, path, "main"];
        let floor = field.git_ms(field.env.repo().path(), add);
        field.env.repo().git(["worktree", "remove", "--force", path]);
        pairs.push((ours, floor));
    }
    let name = "task runnable -> worker started, new tree";
    Row::pairs(name, "git worktree add", "ms", &pairs, Reach::AtMost(1.15))
        .note(steps(STEPS, &times))
}

/// What a start is made of.
const STEPS: [&str; 3] = ["name and ports", "tree", "worker"];

/// Runs one task; milliseconds from the request of its session to its first instruction, in all and
/// step by step.
fn started_ms(field: &Field, title: &str) -> (f64, [f64; 3]) {
    let task = field.add(title, None);
    let log = field.run(field.spec("main", 1), vec![task]);
    let stamp = field.folder().join("outputs").join(task.to_string()).join("output.md");
    let stamp: f64 = fs::read_to_string(stamp).unwrap().trim().parse().unwrap();
    let at = ["session_requested", "session_leased", "tree_opened"].map(|kind| last_at(&log, kind));
    (stamp - at[0], [at[1] - at[0], at[2] - at[1], stamp - at[2]])
}

fn all_are_warm(field: &Field) {
    wait_until("every tree is warm", || match field.ask(ProjectCall::Trees) {
        Reply::Trees(trees) => trees.iter().all(|tree| tree.used == "warm"),
        other => panic!("{other:?}"),
    });
}
