//! A landing is killed after each of its steps, and a recovery after each of its own.

use super::child::{self, Dies, Verb};
use super::ground::Ground;
use crate::git::{Direction, Landed, Oid};

const LANDING: [&str; 9] = [
    "locked",
    "checked",
    "recorded",
    "prepared",
    "noted",
    "files",
    "moved",
    "written",
    "installed",
];
const RECOVERY: [&str; 9] = [
    "judging",
    "judged",
    "prepared",
    "noted",
    "settled",
    "moved",
    "undone",
    "rewritten",
    "reinstalled",
];

/// A checkout with edits beside the landing, and the work that lands.
fn ground() -> (Ground, Oid, String) {
    let ground = Ground::new();
    let new = ground.usual();
    ground.put("b", "b: edited\n");
    ground.put("d", "d: staged\n");
    ground.git(["add", "d"]);
    ground.put("d", "d: staged, then edited\n");
    ground.put("x.log", "ignored\n");
    let status = ground.status();
    (ground, new, status)
}

/// Whatever was left of the move, it is whole now: at `new`, or at `old` and can be made.
fn assert_whole(ground: &Ground, old: &Oid, new: &Oid, status: &str, when: &str) {
    let recovered = ground.lander().recover().unwrap();
    assert_eq!(ground.status(), status, "{when}: {recovered:?}");
    assert_eq!(ground.text("d"), "d: staged, then edited\n", "{when}");
    assert_eq!(ground.text("x.log"), "ignored\n", "{when}");
    ground.assert_tidy();
    let head = ground.head();
    assert!(head == *old || head == *new, "{when}");
    if let Some(finished) = recovered.finished {
        let direction = if head == *new { Direction::Forward } else { Direction::Back };
        assert_eq!(finished.direction, direction, "{when}");
        assert!(finished.left.is_empty(), "{when}");
    }
    assert_eq!(ground.lander().recover().unwrap(), crate::git::Recovered::default(), "{when}");
    let request = crate::git::Move { old: old.clone(), ..ground.request(new) };
    let landed = ground.lander().land(&request).unwrap();
    if head == *old {
        ground.assert_landed(&landed, new, status);
    } else {
        assert_eq!(landed, Landed::Already { head: new.clone() }, "{when}");
    }
    assert_eq!(ground.text("a"), "a: landed\n", "{when}");
    assert_eq!(ground.text("new/file"), "new: landed\n", "{when}");
    assert!(!ground.main.join("c").exists(), "{when}");
    ground.git(["fsck", "--strict"]);
}

#[test]
fn a_landing_killed_after_any_step_is_finished() {
    for dies in [Dies::Lander, Dies::All] {
        for step in LANDING {
            let (ground, new, status) = ground();
            let old = ground.head();
            let done = child::run(&ground, Verb::Land, &new, step, dies);
            assert!(!done.status.success(), "`{step}` was not reached: {done:?}");
            assert_whole(&ground, &old, &new, &status, &format!("{dies:?} at {step}"));
        }
    }
}

#[test]
fn a_recovery_killed_after_any_step_is_finished() {
    let mut reached = Vec::new();
    for (first, dies) in [("noted", Dies::All), ("files", Dies::Lander), ("moved", Dies::All)] {
        for step in RECOVERY {
            let (ground, new, status) = ground();
            let old = ground.head();
            child::run(&ground, Verb::Land, &new, first, dies);
            let done = child::run(&ground, Verb::Recover, &new, step, dies);
            if !done.status.success() {
                reached.push(step);
            }
            let when = format!("{dies:?} at {first}, then at {step}");
            assert_whole(&ground, &old, &new, &status, &when);
        }
    }
    for step in RECOVERY {
        assert!(step == "undone" || reached.contains(&step), "`{step}` was never reached");
    }
}

#[test]
fn a_free_branch_killed_after_any_step_is_whole() {
    for dies in [Dies::Lander, Dies::All] {
        for step in ["recorded", "prepared", "noted", "moved"] {
            let ground = Ground::new();
            let new = ground.usual();
            let old = ground.head();
            ground.git(["checkout", "-q", "--detach"]);
            let done = child::run(&ground, Verb::Land, &new, step, dies);
            assert!(!done.status.success(), "`{step}` was not reached");
            let recovered = ground.lander().recover().unwrap().finished.unwrap();
            let moved = if step == "moved" { &new } else { &old };
            assert_eq!(&ground.head(), moved, "{dies:?} at {step}");
            assert_eq!(recovered.request.id, "7");
            ground.assert_tidy();
            assert_eq!(ground.status(), "");
            let request = crate::git::Move { old, ..ground.request(&new) };
            ground.lander().land(&request).unwrap();
            assert_eq!(ground.head(), new);
        }
    }
}
