//! The real program dies at every named step of what it does, and what comes after finishes or
//! undoes it.
//!
//! A story is a small repository that is played to its end; a sweep plays its story once for every
//! death it names, and checks the same promises after each. What came of every death stands in
//! `target/tmp/crash-points/<sweep>.txt` afterwards.
//! Invariant: every point of `windrow_world::crash::POINTS` is in a sweep, and a death in a sweep
//! that is never died fails it.

mod scene;
mod stories;
mod sweep;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use windrow_world::crash::POINTS;

use self::sweep::sweep;

/// Deaths of one story, one death or several after each other, separated by commas.
type Deaths = &'static [&'static str];

const APPENDING: Deaths = &[
    "append.decided 1",
    "append.decided 2",
    "append.decided 3",
    "append.decided 5",
    "append.decided 8",
    "append.durable 1",
    "append.durable 2",
    "append.durable 3",
    "append.durable 5",
    "append.durable 8",
    "open.recovered 1",
    "open.folded 1",
];

const OPENING: Deaths = &[
    "spawn.leased 1",
    "tree.branched 1",
    "tree.registered 1",
    "tree.marked 1",
    "tree.filled 1",
    "tree.headed 1",
    "spawn.opened 1",
];

const STARTING: Deaths = &[
    "spawn.briefed 1",
    "spawn.launched 1",
    "spawn.kept 1",
    "spawn.begun 1",
    "keeper.recorded 1",
    "keeper.held 1",
    "keeper.on-record 1",
    "keeper.let-go 1",
    "keeper.ending 1",
    "keeper.all-gone 1",
    "keeper.written 1",
];

const SUBMITTING: Deaths = &[
    "seal.staged 1",
    "seal.indexed 1",
    "seal.committed 1",
    "seal.headed 1",
    "seal.pinned 1",
    "seal.sealed 1",
    "merge.committed 1",
    "merge.pinned 1",
    "check-off.written 1",
];

const LANDING: Deaths = &[
    "land.locked 1",
    "land.checked 1",
    "land.recorded 1",
    "land.prepared 1",
    "land.noted 1",
    "land.files 1",
    "land.moved 1",
    "land.written 1",
    "land.installed 1",
    "land.landed 1",
    "land.unpinned 1",
];

const RECOVERING: Deaths = &[
    "land.noted 1,land.judging 1",
    "land.noted 1,land.judged 1",
    "land.files 1,land.settled 1",
    "land.files 1,open.recovered 1",
    "land.files 1,open.folded 1",
    "land.moved 1,land.rewritten 1",
    "land.moved 1,land.reinstalled 1",
];

const RELEASING: Deaths = &[
    "release.saved 1",
    "reset.marked 1",
    "reset.cleared 1",
    "reset.detached 1",
    "reset.filled 1",
    "reset.cleaned 1",
    "reset.warm 1",
    "release.reset 1",
    "release.unbranched 1",
    "release.freed 1",
];

const LANDING_FREE: Deaths = &[
    "land.recorded 1",
    "land.prepared 1",
    "land.noted 1",
    "land.moved 1",
    "land.landed 1",
    "land.moved 1,land.judging 1",
];

const TRYING_AGAIN: Deaths = &[
    "capture.written 1",
    "capture.committed 1",
    "capture.kept 1",
    "capture.listed 1",
    "capture.trashed 1",
    "seal.sealed 1",
    "release.saved 1",
    "reset.cleared 1",
    "spawn.opened 2",
    "spawn.launched 2",
];

const REUSING: Deaths = &[
    "spawn.leased 1",
    "reuse.marked 1",
    "reuse.moved 1",
    "tree.marked 1",
    "tree.filled 1",
    "tree.headed 1",
    "spawn.opened 1",
];

const CHECKING: Deaths = &[
    "gate.laned 1",
    "gate.launched 1",
    "gate.ended 1",
    "gate.judged 1",
    "spawn.launched 2",
    "spawn.kept 2",
    "gate.laned 2",
    "gate.judged 2",
];

const KILLING: Deaths = &[
    "keeper.ending 1",
    "keeper.all-gone 1",
    "keeper.written 1",
    "capture.written 1",
    "capture.committed 1",
    "capture.kept 1",
    "capture.listed 1",
    "capture.trashed 1",
    "seal.sealed 1",
    "release.saved 1",
    "reset.cleared 1",
    "release.reset 1",
];

const CLOSING: Deaths = &[
    "keeper.all-gone 1",
    "seal.staged 1",
    "seal.headed 1",
    "seal.pinned 1",
    "seal.sealed 1",
    "merge.pinned 1",
    "land.moved 1",
];

const RESTORING: Deaths = &[
    "restore.begun 1",
    "restore.marked 1",
    "restore.filled 1",
    "restore.headed 1",
    "restore.restored 1",
    "restore.struck 1",
    "restore.filled 1,restore.filled 1",
];

const PRUNING: Deaths = &[
    "prune.forgotten 1",
    "remove.marked 1",
    "remove.aside 1",
    "remove.unregistered 1",
    "remove.marked 2",
    "prune.dropped 1",
    "prune.pruned 1",
];

const MANY_EVENTS: Deaths = &[
    "snapshot.due 1",
    "snapshot.saved 1",
    "snapshot.saved 1,open.folded 1",
    "snapshot.due 1,snapshot.due 1",
];

const SWEEPS: &[Deaths] = &[
    APPENDING,
    OPENING,
    STARTING,
    SUBMITTING,
    LANDING,
    RECOVERING,
    RELEASING,
    LANDING_FREE,
    TRYING_AGAIN,
    REUSING,
    CHECKING,
    KILLING,
    CLOSING,
    RESTORING,
    PRUNING,
    MANY_EVENTS,
];

#[test]
fn n2_whoever_dies_while_a_batch_is_appended() {
    sweep("appending", APPENDING, stories::landing);
}

#[test]
fn n2_whoever_dies_while_a_worktree_is_opened() {
    sweep("opening", OPENING, stories::landing);
}

#[test]
fn n2_whoever_dies_while_a_worker_is_started() {
    sweep("starting", STARTING, stories::landing);
}

#[test]
fn n2_whoever_dies_while_work_lands_in_a_checkout() {
    sweep("landing", LANDING, stories::landing);
}

#[test]
fn n2_whoever_dies_while_work_is_submitted_and_merged() {
    sweep("submitting", SUBMITTING, stories::landing);
}

#[test]
fn n2_whoever_dies_again_while_a_landing_that_was_cut_short_is_recovered() {
    sweep("recovering", RECOVERING, stories::landing);
}

#[test]
fn n2_whoever_dies_while_a_tree_is_released() {
    sweep("releasing", RELEASING, stories::landing);
}

#[test]
fn n2_whoever_dies_while_work_lands_on_a_branch_that_is_not_checked_out() {
    sweep("landing-free", LANDING_FREE, stories::landing_free);
}

#[test]
fn n2_whoever_dies_while_a_failed_try_is_kept_and_another_begins() {
    sweep("trying-again", TRYING_AGAIN, stories::trying_again);
}

#[test]
fn n2_whoever_dies_while_a_worktree_is_used_again() {
    sweep("reusing", REUSING, stories::reusing);
}

#[test]
fn n2_whoever_dies_while_a_gate_runs() {
    sweep("checking", CHECKING, stories::checking);
}

#[test]
fn n2_whoever_dies_while_a_worker_is_killed() {
    sweep("killing", KILLING, stories::killing);
}

#[test]
fn n2_whoever_dies_while_a_worker_is_closed() {
    sweep("closing", CLOSING, stories::closing);
}

#[test]
fn n2_whoever_dies_while_kept_work_is_restored() {
    sweep("restoring", RESTORING, stories::restoring);
}

#[test]
fn n2_whoever_dies_while_worktrees_are_removed() {
    sweep("pruning", PRUNING, stories::pruning);
}

#[test]
fn n2_whoever_dies_around_a_snapshot() {
    sweep("many-events", MANY_EVENTS, stories::many_events);
}

/// `act.step`, for every step there is.
fn listed() -> BTreeSet<String> {
    let steps = |(act, steps): &(&str, &[&str])| {
        let named: Vec<String> = steps.iter().map(|step| format!("{act}.{step}")).collect();
        named
    };
    POINTS.iter().flat_map(steps).collect()
}

#[test]
fn every_crash_point_is_in_a_sweep() {
    let deaths = SWEEPS.iter().flat_map(|deaths| deaths.iter()).flat_map(|line| line.split(','));
    let swept: BTreeSet<String> =
        deaths.map(|death| death.split(' ').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(swept, listed());
}

/// Steps of a landing that need a person or a broken git in the same moment; `land/tests` has them.
const NOT_SWEPT: [&str; 2] = ["land.failed", "land.undone"];

#[test]
fn every_crash_point_in_the_code_is_listed_and_every_listed_one_is_in_the_code() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = BTreeSet::new();
    for room in ["windrow-world", "windrow-engine"] {
        collect(&crates.join(room).join("src"), &mut found);
    }
    for step in NOT_SWEPT {
        assert!(found.remove(step), "`{step}` is not in the code any more");
    }
    assert_eq!(found, listed());
}

fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.file_name().is_some_and(|name| name != "crash.rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.extend(literals(&text, "crash::point(", 2).map(|names| names.join(".")));
            found.extend(literals(&text, ".step(", 1).map(|names| format!("land.{}", names[0])));
        }
    }
}

/// The string literals that stand directly behind each `call`.
fn literals<'a>(text: &'a str, call: &'a str, count: usize) -> impl Iterator<Item = Vec<&'a str>> {
    text.split(call).skip(1).filter_map(move |rest| {
        let inside = rest.split([')', ';']).next()?;
        let names: Vec<&str> = inside.split('"').skip(1).step_by(2).take(count).collect();
        (names.len() == count && inside.trim_start().starts_with('"')).then_some(names)
    })
}
