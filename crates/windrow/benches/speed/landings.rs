//! From finished work to the target branch, without a gate.
//!
//! It begins with the record that the work was submitted, and ends with the record that it landed.
//! Shown beside it: the same from the worker's end, which includes looking for what it left.

use std::path::Path;
use std::time::Instant;

use crate::Size;
use crate::field::{Field, last_at, ms, steps};
use crate::row::{Reach, Row};

/// What a worker does: one file, one commit.
const WORK: &str =
    "mkdir -p work && echo done > work/$WINDROW_TASK.txt && git add work && git commit -q -m Work";

pub(crate) fn measure(size: Size) -> Vec<Row> {
    let field = Field::new(size.files);
    field.env.repo().git(["branch", "trunk"]);
    field.env.repo().git(["branch", "by-hand"]);
    let twin = field.env.root().join("twin");
    let add = ["worktree", "add", "-q", twin.to_str().unwrap(), "by-hand"];
    field.env.repo().git(add);
    let free = rows(&field, size, "trunk", None);
    let followed = rows(&field, size, "main", Some(&twin));
    field.env.repo().git(["worktree", "remove", "--force", twin.to_str().unwrap()]);
    free.into_iter().chain(followed).collect()
}

fn rows(field: &Field, size: Size, branch: &str, twin: Option<&Path>) -> Vec<Row> {
    let (mut landed, mut ended, mut times) = (Vec::new(), Vec::new(), Vec::new());
    land(field, branch, "Warm up");
    for turn in 0..size.turns {
        let onto = field.env.repo().git(["rev-parse", branch]);
        let (ours, since_end, each) = land(field, branch, &format!("Land {turn}"));
        let work = field.env.repo().git(["rev-parse", &format!("{branch}^2")]);
        let floor = by_hand_ms(field, &onto, &work, twin);
        times.push(each);
        landed.push((ours, floor));
        ended.push((since_end, floor));
    }
    let beside = match twin {
        Some(_) => "by hand, and merge --ff-only in the checkout",
        None => "merge-tree, commit-tree, update-ref by hand",
    };
    let (name, reach, shown) = match twin {
        Some(_) => (
            "done -> landed, no gate, target checked out",
            Reach::AtMost(1.5),
            "worker ended -> landed, target checked out",
        ),
        None => (
            "done -> landed, no gate, target not checked out",
            Reach::AtMost(2.0),
            "worker ended -> landed, target not checked out",
        ),
    };
    vec![
        Row::pairs(name, beside, "ms", &landed, reach).note(steps(STEPS, &times)),
        Row::pairs(shown, beside, "ms", &ended, Reach::Shown),
    ]
}

/// What a landing is made of.
const STEPS: [&str; 3] = ["taken", "merged", "moved"];

/// Lets one worker commit and land; milliseconds since its work was submitted, since it ended, and
/// step by step.
fn land(field: &Field, branch: &str, title: &str) -> (f64, f64, [f64; 3]) {
    let task = field.add(title, Some(WORK));
    let log = field.run(field.spec(branch, 1), vec![task]);
    let landed = last_at(&log, "work_landed");
    let at = ["work_submitted", "entry_taken", "entry_merged"].map(|kind| last_at(&log, kind));
    let steps = [at[1] - at[0], at[2] - at[1], landed - at[2]];
    (landed - at[0], landed - last_at(&log, "agent_ended"), steps)
}

/// The same merge by hand; milliseconds.
fn by_hand_ms(field: &Field, onto: &str, work: &str, twin: Option<&Path>) -> f64 {
    let repo = field.env.repo().path();
    if let Some(twin) = twin {
        field.env.repo().git(["-C", twin.to_str().unwrap(), "reset", "-q", "--hard", onto]);
    }
    field.env.repo().git(["update-ref", "refs/hand/target", onto]);
    let say = |args: &[&str]| -> String {
        let said = field.env.command_of("git", repo, args).success().unwrap();
        String::from_utf8(said).unwrap().trim().to_owned()
    };
    let since = Instant::now();
    let tree = say(&["merge-tree", "--write-tree", onto, work]);
    let commit = say(&["commit-tree", "-p", onto, "-p", work, "-m", "Land by hand", &tree]);
    say(&["update-ref", "refs/hand/target", &commit, onto]);
    if let Some(twin) = twin {
        field.git(twin, ["merge", "-q", "--ff-only", &commit]).success().unwrap();
    }
    ms(since)
}
