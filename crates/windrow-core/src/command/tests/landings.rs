//! The way of submitted work to the target branch.

use crate::command::{
    Command, MergeReport, MoveReport, ReleaseHold, ReportGate, ReportMerged, ReportMoved,
    ReportSealed, ReportSetback, SealedWork,
};
use crate::effect::Effect;
use crate::explain::{Standing, Wait, explain};
use crate::ids::{LandingId, SessionId, TaskId};
use crate::spec::RunSpec;
use crate::state::{EntryState, TaskPhase, Verdict};
use crate::testing::{World, check, given, refused};

const L: LandingId = LandingId(1);

fn gated() -> RunSpec {
    RunSpec { gates: vec!["check".to_owned()], ..RunSpec::default() }
}

fn merged(round: u32, report: MergeReport) -> Command {
    Command::ReportMerged(ReportMerged { landing: L, round, report })
}

fn clean() -> MergeReport {
    let (onto, commit, tree) = ("m0".to_owned(), "m1".to_owned(), "t1".to_owned());
    MergeReport::Clean { onto, commit, tree }
}

fn gate(round: u32, verdict: Verdict) -> Command {
    let summary = "`check` ended with 1".to_owned();
    Command::ReportGate(ReportGate { landing: L, round, verdict, summary, detail: None })
}

fn moved(round: u32, report: MoveReport) -> Command {
    Command::ReportMoved(ReportMoved { landing: L, round, report })
}

/// Work of the first task that waits to be merged.
fn submitted(lines: &[&str], run: RunSpec) -> World {
    let mut world = given(lines, Some(run));
    world.until(|effect| matches!(effect, Effect::MergeEntry(..)));
    world
}

#[test]
fn work_is_merged_verified_and_landed() {
    let mut world = submitted(&["one"], gated());
    let early = "queue entry `l-1` is not waiting for that report (round 1)";
    refused(&mut world, &gate(1, Verdict::Passed), early);
    refused(&mut world, &moved(1, MoveReport::Moved), early);
    check(
        &mut world,
        &merged(1, clean()),
        r#"entry_merged commit="m1" landing=1 onto="m0" tree="t1""#,
    );
    refused(&mut world, &merged(1, clean()), early);
    check(
        &mut world,
        &gate(1, Verdict::Passed),
        r#"
        entry_verified gate="check" landing=1 tree="t1" verdict="passed"
    "#,
    );
    refused(&mut world, &gate(1, Verdict::Passed), early);
    world.git.moved.insert(L, "m1".to_owned());
    check(
        &mut world,
        &moved(1, MoveReport::Moved),
        r#"work_landed commit="m1" landing=1 onto="m0""#,
    );
    refused(&mut world, &moved(1, MoveReport::Moved), early);
    let none = ReportMoved { landing: LandingId(9), round: 1, report: MoveReport::Moved };
    refused(&mut world, &Command::ReportMoved(none), "there is no queue entry `l-9`");
}

#[test]
fn a_conflict_or_a_red_gate_sends_the_work_back_until_the_tries_are_used_up() {
    let files = vec!["a".to_owned(), "b".to_owned()];
    let conflict = MergeReport::Conflict { files, detail: None, sides: None };
    let mut world = submitted(&["one"], RunSpec { tries: 2, ..gated() });
    check(
        &mut world,
        &merged(1, conflict),
        r#"
        entry_rejected landing=1 reason={"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"conflict","summary":"it collides with `main` in a, b"}
        task_requeued reason={"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"conflict","summary":"it collides with `main` in a, b"} task=1
    "#,
    );
    let second = world.until(|effect| matches!(effect, Effect::MergeEntry(..)));
    assert_eq!(second, Effect::MergeEntry(LandingId(2), 1));
    world.well(second);
    let red = ReportGate {
        landing: LandingId(2),
        round: 1,
        verdict: Verdict::Failed,
        summary: "`check` ended with 1".to_owned(),
        detail: None,
    };
    check(
        &mut world,
        &Command::ReportGate(red),
        r#"
        entry_verified gate="check" landing=2 tree="tree-0" verdict="failed"
        entry_rejected landing=2 reason={"detail":null,"kept":"refs/windrow/kept/s-2/1","kind":"red_gate","summary":"`check` ended with 1"}
        task_stuck reason={"detail":null,"kept":"refs/windrow/kept/s-2/1","kind":"red_gate","summary":"`check` ended with 1"} task=1
    "#,
    );
}

#[test]
fn work_that_the_branch_has_already_is_done() {
    let mut world = submitted(&["one"], gated());
    check(
        &mut world,
        &merged(1, MergeReport::AlreadyIn),
        r#"
        entry_withdrawn landing=1 reason="`main` has the work already"
        task_done task=1 why="`main` has the work already"
    "#,
    );
}

#[test]
fn a_gate_that_cannot_run_lands_nothing_and_parks_the_work_in_the_end() {
    let mut world = submitted(&["one"], gated());
    let broken = Verdict::CouldNotRun("no shell".to_owned());
    world.give(&merged(1, clean())).unwrap();
    check(
        &mut world,
        &gate(1, broken.clone()),
        r#"
        entry_verified gate="check" landing=1 tree="t1" verdict={"could_not_run":"no shell"}
        delayed key={"landing":1} reason="no shell" until=1500 waits=false
    "#,
    );
    world.wait(500);
    world.give(&merged(2, clean())).unwrap();
    world.give(&gate(2, broken.clone())).unwrap();
    world.wait(1_000);
    world.give(&merged(3, clean())).unwrap();
    check(
        &mut world,
        &gate(3, broken),
        r#"
        entry_verified gate="check" landing=1 tree="t1" verdict={"could_not_run":"no shell"}
        entry_parked landing=1 reason="`check` ended with 1"
        task_stuck reason={"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"gate_could_not_run","summary":"`check` ended with 1"} task=1
    "#,
    );
    assert!(matches!(world.state.landings[&L].state, EntryState::Parked(_)));
    assert!(world.state.verified.is_empty());
}

#[test]
fn a_branch_that_moved_means_another_round() {
    let mut world = submitted(&["one"], RunSpec::default());
    world.give(&merged(1, clean())).unwrap();
    check(&mut world, &moved(1, MoveReport::TargetMoved), "entry_taken landing=1 round=2");
    let old = "queue entry `l-1` is not waiting for that report (round 1)";
    refused(&mut world, &merged(1, clean()), old);
    assert_eq!(
        world.until(|effect| matches!(effect, Effect::MergeEntry(..))),
        Effect::MergeEntry(L, 2)
    );
}

#[test]
fn a_branch_in_the_way_is_waited_for_and_is_no_failure() {
    let mut world = submitted(&["one"], gated());
    for round in 1..12 {
        world.give(&merged(round, clean())).unwrap();
        if round == 1 {
            world.give(&gate(1, Verdict::Passed)).unwrap();
        }
        assert!(world.wanted().contains(&Effect::MoveTarget(L, round)), "verified once is enough");
        let busy = MoveReport::Busy("a rebase is stopped".to_owned());
        world.give(&moved(round, busy)).unwrap();
        assert_eq!(world.state.landings[&L].state, EntryState::Queued, "others may go first");
        world.wait(20_000);
    }
    let setback = Effect::MergeEntry(L, 12);
    let reason = "no memory".to_owned();
    check(
        &mut world,
        &Command::ReportSetback(ReportSetback { effect: setback, reason }),
        r#"
        delayed key={"landing":1} reason="no memory" until=221500 waits=false
    "#,
    );
}

#[test]
fn a_tree_that_passed_on_one_branch_need_not_pass_again_on_another() {
    let mut world = given(&["one", "two"], None);
    for (task, branch) in [(1, "main"), (2, "next")] {
        let spec = RunSpec { branch: branch.to_owned(), ..gated() };
        let start = crate::command::StartRun { spec, tasks: vec![TaskId(task)] };
        world.give(&Command::StartRun(start)).unwrap();
    }
    let is_merge = |effect: &Effect| matches!(effect, Effect::MergeEntry(..));
    let in_turn = |world: &World| world.state.turn.len() == 2;
    while !in_turn(&world) {
        let effect = *world.wanted().iter().find(|effect| !is_merge(effect)).unwrap();
        world.well(effect);
    }
    for landing in [1, 2] {
        let landing = LandingId(landing);
        let report = ReportMerged { landing, round: 1, report: clean() };
        world.give(&Command::ReportMerged(report)).unwrap();
    }
    world.give(&gate(1, Verdict::Passed)).unwrap();
    assert!(world.wanted().contains(&Effect::MoveTarget(LandingId(2), 1)));
}

#[test]
fn held_work_lands_on_a_persons_word() {
    let mut world = given(&["one"], Some(RunSpec { hold: true, ..RunSpec::default() }));
    world.until(|effect| matches!(effect, Effect::ReleaseTree(..)));
    let release = |landing| Command::ReleaseHold(ReleaseHold { landing });
    check(&mut world, &release(L), "entry_released landing=1");
    refused(&mut world, &release(L), "queue entry `l-1` is not held for a person");
    refused(&mut world, &release(LandingId(4)), "there is no queue entry `l-4`");
    assert!(world.wanted().contains(&Effect::MergeEntry(L, 1)));
}

#[test]
fn a_conflict_names_what_landed_meanwhile_outside_its_files() {
    let mut world = given(&["one @ src/**", "two @ docs/**"], Some(RunSpec::default()));
    let is_merge = |effect: &Effect| matches!(effect, Effect::MergeEntry(..));
    while world.state.landings.len() < 2 {
        let effect = *world.wanted().iter().find(|effect| !is_merge(effect)).unwrap();
        world.well(effect);
    }
    let first = world.state.landings[&L].task.unwrap();
    world.well(Effect::MergeEntry(L, 1));
    world.well(Effect::MoveTarget(L, 1));
    assert!(matches!(world.state.tasks[&first].phase, TaskPhase::Landed { .. }));
    let files = world.state.landings[&L].touched.clone();
    let report = MergeReport::Conflict { files, detail: None, sides: None };
    let report = ReportMerged { landing: LandingId(2), round: 1, report };
    check(
        &mut world,
        &Command::ReportMerged(report),
        r#"
        entry_rejected landing=2 reason={"detail":null,"kept":"refs/windrow/kept/s-2/1","kind":"conflict","summary":"it collides with `main` in src/a.rs; t-1 (`one`) landed there meanwhile"}
        task_requeued reason={"detail":null,"kept":"refs/windrow/kept/s-2/1","kind":"conflict","summary":"it collides with `main` in src/a.rs; t-1 (`one`) landed there meanwhile"} task=2
    "#,
    );
}

#[test]
fn two_tasks_that_collided_once_take_turns_on_the_files_they_touched() {
    let two = RunSpec { pool: 2, ..RunSpec::default() };
    let mut world = given(&["one", "two"], Some(two));
    let sealing = |effect: &Effect| matches!(effect, Effect::SealWork(..));
    while let Some(effect) = world.wanted().into_iter().find(|effect| !sealing(effect)) {
        world.well(effect);
    }
    for n in [1, 2] {
        let commit = format!("work-{n}");
        let touched = vec!["src/a [1].rs".to_owned()];
        let kept = Some((format!("refs/windrow/kept/s-{n}/1"), commit.clone()));
        let work = SealedWork::Commit { commit, touched };
        let session = SessionId(n);
        let report = ReportSealed { session, generation: 1, work, kept, stays: None };
        world.give(&Command::ReportSealed(report)).unwrap();
    }
    for n in [1, 2] {
        let files = vec!["src/a [1].rs".to_owned()];
        let report = MergeReport::Conflict { files, detail: None, sides: None };
        let report = ReportMerged { landing: LandingId(n), round: 1, report };
        world.give(&Command::ReportMerged(report)).unwrap();
    }
    let slots = &world.state.runs[&crate::ids::RunId(1)].slots;
    assert_eq!(slots.len(), 1, "two slots are free, and one of the two tasks waits");
    let waits = explain(&world.state, TaskId(2));
    assert!(matches!(waits, Some(Standing::Waits(Wait::Held { by: TaskId(1), .. }))), "{waits:?}");
}
