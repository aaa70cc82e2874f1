//! A required filter of the checkout that fails, at any moment, costs nobody anything.

use std::path::PathBuf;

use super::child::{self, Dies, Verb};
use super::ground::{Ground, put};
use crate::git::{Busy, Direction, LandError, Landed, Move, Oid};

const SMUDGE: &str = "sed 's/^pointer /content of /'";
const CLEAN: &str = "sed 's/^content of /pointer /'";

/// A checkout whose `*.big` go through a filter, and work that changes one of them and more.
fn ground() -> (Ground, Oid) {
    let ground = Ground::new();
    set(&ground, "required", "true");
    mend(&ground);
    ground.put(".gitattributes", "*.big filter=own\n");
    ground.put("x.big", "content of x\n");
    ground.git(["add", "-A"]);
    ground.git(["commit", "-qm", "filtered"]);
    let new = ground.work(|at| {
        put(&at.join("a"), "a: landed\n");
        put(&at.join("x.big"), "content of y\n");
        put(&at.join("z"), "z: landed\n");
    });
    (ground, new)
}

fn set(ground: &Ground, what: &str, value: &str) {
    ground.git(["config", &format!("filter.own.{what}"), value]);
}

fn mend(ground: &Ground) {
    set(ground, "smudge", SMUDGE);
    set(ground, "clean", CLEAN);
}

fn breaks(ground: &Ground, ways: &[&str]) {
    for way in ways {
        set(ground, way, "/gone/program");
    }
}

/// The failed filter is told with its file, and what helps.
fn assert_named(ground: &Ground, busy: &Busy, file: &str, when: &str) {
    let Busy::Unreadable { worktree, reason } = busy else { panic!("{when}: {busy:?}") };
    assert_eq!(worktree, &ground.main, "{when}");
    let start = format!("the filter `own` failed for `{file}`: ");
    assert!(reason.starts_with(&start) && reason.contains("git config filter.own."), "{reason}");
}

#[test]
fn a_filter_that_fails_holds_a_landing_up_and_nothing_is_touched() {
    for way in ["smudge", "clean"] {
        let (ground, new) = ground();
        // Touched, so that git asks the clean filter whether it was changed.
        ground.put("x.big", "content of x\n");
        breaks(&ground, &[way]);
        let Landed::Busy(busy) = ground.refused(&new) else { panic!("{way}") };
        assert_named(&ground, &busy, "x.big", way);
        ground.assert_tidy();
        mend(&ground);
        let landed = ground.land(&new);
        ground.assert_landed(&landed, &new, "");
        assert_eq!(ground.text("x.big"), "content of y\n");
    }
}

#[test]
fn a_filter_that_comes_with_the_work_is_tried_out_too() {
    let (ground, _) = ground();
    let new = ground.work(|at| {
        put(&at.join("a"), "a: landed\n");
        put(&at.join(".gitattributes"), "*.big filter=own\nfull/* filter=own\n");
        put(&at.join("full/one"), "content of one\n");
    });
    breaks(&ground, &["smudge"]);
    let Landed::Busy(busy) = ground.refused(&new) else { panic!("it is held up") };
    assert_named(&ground, &busy, "full/one", "new attributes");
    ground.assert_tidy();
}

#[test]
fn a_filter_that_fails_in_a_recovery_loses_nothing_and_is_tried_again() {
    for step in ["noted", "files", "moved"] {
        let (ground, new) = ground();
        ground.put("b", "b: edited\n");
        let old = ground.head();
        let done = child::run(&ground, Verb::Land, &new, step, Dies::All);
        assert!(!done.status.success(), "`{step}` was not reached");
        breaks(&ground, &["smudge", "clean"]);
        let before = ground.everything();
        for _ in 0..2 {
            let error = ground.lander().recover().unwrap_err();
            let LandError::Held(busy) = error else { panic!("{step}: {error:?}") };
            assert_named(&ground, &busy, "x.big", step);
        }
        let request = Move { old, ..ground.request(&new) };
        let landed = ground.lander().land(&request).unwrap();
        assert!(matches!(landed, Landed::Busy(Busy::Unreadable { .. })), "{step}: {landed:?}");
        assert_eq!(ground.everything(), before, "{step}");
        mend(&ground);
        let finished = ground.lander().recover().unwrap().finished.unwrap();
        assert_eq!(
            (finished.direction, finished.left),
            (Direction::Forward, Vec::<PathBuf>::new())
        );
        assert_eq!(ground.head(), new, "{step}");
        assert_eq!(ground.status(), " M b\n", "{step}");
        assert_eq!(ground.text("x.big"), "content of y\n", "{step}");
        ground.assert_tidy();
    }
}

#[test]
fn a_filter_that_breaks_in_the_middle_of_a_move_is_waited_for() {
    let (ground, new) = ground();
    let request = ground.request(&new);
    let git_dir = ground.main.join(".git");
    let lander = ground.lander().probe(move |step| {
        if step == "prepared" {
            let config = ["config", "filter.own.smudge", "/gone/program"];
            super::ground::git(&git_dir, config);
        }
    });
    let Landed::Busy(busy) = lander.land(&request).unwrap() else { panic!("it is held up") };
    assert_named(&ground, &busy, "x.big", "undoing");
    assert_eq!(ground.head(), request.old);
    mend(&ground);
    let landed = ground.lander().land(&request).unwrap();
    assert_eq!(landed, Landed::Already { head: new.clone() });
    assert_eq!(ground.head(), new);
    assert_eq!(ground.status(), "");
    assert_eq!(ground.text("x.big"), "content of y\n");
    ground.assert_tidy();
}
