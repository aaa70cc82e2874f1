//! A session from its name to its end, and every report of it.

use crate::command::{
    Command, EndSession, RenewClaim, ReportCheckedOff, ReportEnded, ReportFreed, ReportLeased,
    ReportReleased, ReportSealed, ReportSetback, ReportStarted, SealMode, SealedWork, StopRun,
    seal_mode,
};
use crate::effect::Effect;
use crate::ids::{RunId, SessionId, TaskId};
use crate::spec::{RunSpec, TaskSpec};
use crate::state::{Exit, ExitHow, Process, SealOutcome, StopReason, TaskPhase, TryKind};
use crate::testing::{World, check, given, refused, spec};

const S: SessionId = SessionId(1);

fn ended(generation: u32, how: ExitHow) -> Command {
    Command::ReportEnded(ReportEnded { session: S, generation, exit: Exit::of(how) })
}

fn sealed(generation: u32, work: SealedWork) -> Command {
    let kept = (work != SealedWork::Nothing)
        .then(|| (format!("refs/windrow/kept/s-1/{generation}"), "c1".to_owned()));
    Command::ReportSealed(ReportSealed { session: S, generation, work, kept, stays: None })
}

fn end(why: StopReason) -> Command {
    Command::EndSession(EndSession { session: S, why })
}

fn freed(generation: u32) -> Command {
    Command::ReportFreed(ReportFreed { session: S, generation })
}

fn released(generation: u32) -> ReportReleased {
    ReportReleased { session: S, generation, gone: false, stays: None }
}

/// A worker that runs, in a run with these rules.
fn running(run: RunSpec) -> World {
    let mut world = given(&["one"], Some(run));
    world.until(|effect| matches!(effect, Effect::WatchAgent(..)));
    world
}

/// A worker that ended like this.
fn over(how: ExitHow, run: RunSpec) -> World {
    let mut world = running(run);
    world.give(&ended(1, how)).unwrap();
    world
}

fn phase(world: &World) -> &TaskPhase {
    &world.state.tasks[&TaskId(1)].phase
}

#[test]
fn a_session_goes_from_its_name_to_its_end() {
    let mut world = given(&["one"], Some(RunSpec::default()));
    let lease = Command::ReportLeased(ReportLeased {
        session: S,
        generation: 1,
        name: "toast".to_owned(),
        port_offset: 100,
    });
    let started = Command::ReportStarted(ReportStarted {
        session: S,
        generation: 1,
        keeper: Process { pid: 4, start_time: 9 },
    });
    let early = "session `s-1` is not waiting for that report";
    refused(&mut world, &started, early);
    check(
        &mut world,
        &lease,
        r#"
        session_leased name="toast" port_offset=100 reuse=false session=1 tree=1
    "#,
    );
    refused(&mut world, &lease, early);
    refused(&mut world, &ended(1, ExitHow::Code(0)), early);
    world.well(Effect::OpenTree(S, 1));
    check(
        &mut world,
        &started,
        r#"
        agent_started generation=1 keeper={"pid":4,"start_time":9} session=1
    "#,
    );
    check(
        &mut world,
        &ended(1, ExitHow::Code(0)),
        r#"
        agent_ended exit={"how":{"code":0},"tail":null} generation=1 session=1
    "#,
    );
    refused(&mut world, &ended(1, ExitHow::Code(0)), early);
    let work = SealedWork::Commit { commit: "c1".to_owned(), touched: vec!["a".to_owned()] };
    check(
        &mut world,
        &sealed(1, work),
        r#"
        session_sealed generation=1 kept={"at":1000,"commit":"c1","generation":1,"refname":"refs/windrow/kept/s-1/1","submitted":true} outcome="submitted" session=1
        work_submitted base="base" commit="c1" generation=1 landing=1 session=1 task=1 touched=["a"]
    "#,
    );
    assert!(world.state.runs[&RunId(1)].slots.is_empty(), "the slot is free with the submission");
    refused(&mut world, &freed(1), early);
    check(
        &mut world,
        &Command::ReportReleased(released(1)),
        "tree_released generation=1 session=1",
    );
    check(&mut world, &freed(1), "session_closed session=1");
    refused(&mut world, &freed(1), early);
}

#[test]
fn reports_of_another_generation_or_session_are_refused() {
    let mut world = over(ExitHow::Signal(9), RunSpec::default());
    world.give(&sealed(1, SealedWork::Captured)).unwrap();
    world.well(Effect::ReleaseTree(S, 1));
    assert_eq!(world.state.sessions[&S].generation, 2);
    let old = "session `s-1` is at generation 2, the report is of 1";
    refused(&mut world, &ended(1, ExitHow::Code(0)), old);
    refused(&mut world, &sealed(1, SealedWork::Nothing), old);
    refused(&mut world, &freed(1), old);
    refused(&mut world, &Command::ReportReleased(released(1)), old);
    let renew = |session, generation| Command::RenewClaim(RenewClaim { session, generation });
    refused(&mut world, &renew(S, 1), old);
    refused(&mut world, &renew(SessionId(9), 1), "there is no session `s-9`");
    refused(&mut world, &renew(S, 2), "session `s-1` is not waiting for that report");
}

#[test]
fn an_interrupted_worker_keeps_its_slot_and_starts_again_without_a_failed_try() {
    let mut world = over(ExitHow::Signal(9), RunSpec { interruptions: 1, ..RunSpec::default() });
    check(
        &mut world,
        &sealed(1, SealedWork::Captured),
        r#"
        session_sealed generation=1 kept={"at":1000,"commit":"c1","generation":1,"refname":"refs/windrow/kept/s-1/1","submitted":false} outcome="interrupted" session=1
    "#,
    );
    assert!(world.state.runs[&RunId(1)].slots.contains(&S));
    check(
        &mut world,
        &Command::ReportReleased(released(1)),
        r"
        tree_released generation=1 session=1
        session_restarted generation=2 session=1
    ",
    );
    world.until(|effect| matches!(effect, Effect::WatchAgent(..)));
    world.give(&ended(2, ExitHow::Code(143))).unwrap();
    check(
        &mut world,
        &sealed(2, SealedWork::Captured),
        r#"
        session_sealed generation=2 kept={"at":1000,"commit":"c1","generation":2,"refname":"refs/windrow/kept/s-1/2","submitted":false} outcome={"failed":{"detail":null,"kept":"refs/windrow/kept/s-1/2","kind":"interrupted","summary":"the worker was ended by signal 15 again and again"}} session=1
        task_requeued reason={"detail":null,"kept":"refs/windrow/kept/s-1/2","kind":"interrupted","summary":"the worker was ended by signal 15 again and again"} task=1
    "#,
    );
}

#[test]
fn an_interrupted_worker_that_is_to_end_does_not_start_again() {
    for (why, expected) in [
        (StopReason::Kill, TryKind::Person),
        (StopReason::Close, TryKind::Person),
        (StopReason::RunStopped, TryKind::RunStopped),
    ] {
        let mut world = over(ExitHow::Signal(9), RunSpec::default());
        world.give(&sealed(1, SealedWork::Captured)).unwrap();
        match why {
            StopReason::RunStopped => {
                world.give(&Command::StopRun(StopRun { run: RunId(1) })).unwrap();
            }
            why => drop(world.give(&end(why)).unwrap()),
        }
        world.well(Effect::ReleaseTree(S, 1));
        world.well(Effect::FreeName(S, 1));
        assert_eq!(world.state.sessions[&S].generation, 1);
        assert_eq!(world.wanted(), [], "{why:?}");
        match phase(&world) {
            TaskPhase::Stuck(reason) => {
                assert_eq!(reason.kind, expected);
                assert_eq!(reason.kept.as_deref(), Some("refs/windrow/kept/s-1/1"));
            }
            phase => assert_eq!((phase, why), (&TaskPhase::Open, StopReason::RunStopped)),
        }
    }
}

#[test]
fn each_way_to_end_has_its_consequence() {
    let one_try = || RunSpec { tries: 1, ..RunSpec::default() };
    let mut world = over(ExitHow::Code(0), one_try());
    check(
        &mut world,
        &sealed(1, SealedWork::Nothing),
        r#"
        session_sealed generation=1 outcome="nothing" session=1
        task_done task=1 why="the worker ended well and changed nothing"
    "#,
    );
    let mut world = over(ExitHow::Code(1), RunSpec::default());
    check(
        &mut world,
        &sealed(1, SealedWork::Captured),
        r#"
        session_sealed generation=1 kept={"at":1000,"commit":"c1","generation":1,"refname":"refs/windrow/kept/s-1/1","submitted":false} outcome={"failed":{"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"failed","summary":"the worker ended with 1"}} session=1
        task_requeued reason={"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"failed","summary":"the worker ended with 1"} task=1
    "#,
    );
    let mut world = over(ExitHow::Signal(11), one_try());
    check(
        &mut world,
        &sealed(1, SealedWork::Captured),
        r#"
        session_sealed generation=1 kept={"at":1000,"commit":"c1","generation":1,"refname":"refs/windrow/kept/s-1/1","submitted":false} outcome={"failed":{"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"crashed","summary":"the worker crashed with signal 11"}} session=1
        task_stuck reason={"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"crashed","summary":"the worker crashed with signal 11"} task=1
    "#,
    );
    let mut world = over(ExitHow::Silent, one_try());
    check(
        &mut world,
        &sealed(1, SealedWork::Captured),
        r#"
        session_sealed generation=1 kept={"at":1000,"commit":"c1","generation":1,"refname":"refs/windrow/kept/s-1/1","submitted":false} outcome={"failed":{"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"silent","summary":"the worker was silent for too long and was ended"}} session=1
        task_stuck reason={"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"silent","summary":"the worker was silent for too long and was ended"} task=1
    "#,
    );
    let mut world = over(ExitHow::TimeOver, one_try());
    check(
        &mut world,
        &sealed(1, SealedWork::Captured),
        r#"
        session_sealed generation=1 kept={"at":1000,"commit":"c1","generation":1,"refname":"refs/windrow/kept/s-1/1","submitted":false} outcome={"failed":{"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"time_over","summary":"the worker's time was over and it was ended"}} session=1
        task_stuck reason={"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"time_over","summary":"the worker's time was over and it was ended"} task=1
    "#,
    );
    let mut world = over(ExitHow::Code(0), one_try());
    check(
        &mut world,
        &sealed(1, SealedWork::Refused("b is left over".to_owned())),
        r#"
        session_sealed generation=1 kept={"at":1000,"commit":"c1","generation":1,"refname":"refs/windrow/kept/s-1/1","submitted":false} outcome={"failed":{"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"leftovers","summary":"b is left over"}} session=1
        task_stuck reason={"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"leftovers","summary":"b is left over"} task=1
    "#,
    );
}

#[test]
fn a_worker_that_failed_without_a_change_has_not_done_its_task() {
    let mut world = over(ExitHow::Code(1), RunSpec { tries: 1, ..RunSpec::default() });
    world.give(&sealed(1, SealedWork::Nothing)).unwrap();
    assert!(matches!(phase(&world), TaskPhase::Stuck(reason) if reason.kind == TryKind::Failed));
    let mut world = running(RunSpec::default());
    world.give(&end(StopReason::Close)).unwrap();
    world.give(&ended(1, ExitHow::Stopped)).unwrap();
    assert_eq!(seal_mode(&world.state.sessions[&S]), SealMode::Submit);
    world.give(&sealed(1, SealedWork::Nothing)).unwrap();
    assert!(matches!(phase(&world), TaskPhase::Stuck(reason) if reason.kind == TryKind::Person));
}

#[test]
fn a_person_ends_a_session_once_for_each_reason() {
    let mut world = running(RunSpec::default());
    check(&mut world, &end(StopReason::Close), r#"stop_requested session=1 why="close""#);
    check(&mut world, &end(StopReason::Close), "");
    check(
        &mut world,
        &end(StopReason::KillAndDrop),
        r#"stop_requested session=1 why="kill_and_drop""#,
    );
    assert!(world.wanted().contains(&Effect::StopAgent(S, 1)));
    world.give(&ended(1, ExitHow::Code(0))).unwrap();
    assert_eq!(seal_mode(&world.state.sessions[&S]), SealMode::Drop);
    check(
        &mut world,
        &sealed(1, SealedWork::Captured),
        r#"
        session_sealed generation=1 kept={"at":1000,"commit":"c1","generation":1,"refname":"refs/windrow/kept/s-1/1","submitted":false} outcome={"ended":{"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"person","summary":"`name-1` was ended and its work dropped by a person"}} session=1
        task_stuck reason={"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"person","summary":"`name-1` was ended and its work dropped by a person"} task=1
    "#,
    );
    refused(&mut world, &end(StopReason::Kill), "session `s-1` is over");
    let other = Command::EndSession(EndSession { session: SessionId(8), why: StopReason::Kill });
    refused(&mut world, &other, "there is no session `s-8`");
}

#[test]
fn a_worker_that_a_person_ends_while_its_work_is_pinned_lands_nothing_and_is_kept() {
    for (why, verb) in
        [(StopReason::Kill, "ended"), (StopReason::KillAndDrop, "ended and its work dropped")]
    {
        let mut world = over(ExitHow::Code(0), RunSpec::default());
        assert_eq!(seal_mode(&world.state.sessions[&S]), SealMode::Submit, "the pin is under way");
        world.give(&end(why)).unwrap();
        let work = SealedWork::Commit { commit: "c1".to_owned(), touched: vec!["a".to_owned()] };
        let person = format!(
            r#"{{"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"person","summary":"`name-1` was {verb} by a person"}}"#
        );
        check(
            &mut world,
            &sealed(1, work),
            &format!(
                r#"
                session_sealed generation=1 kept={{"at":1000,"commit":"c1","generation":1,"refname":"refs/windrow/kept/s-1/1","submitted":true}} outcome={{"ended":{person}}} session=1
                task_stuck reason={person} task=1
            "#
            ),
        );
        assert!(world.state.landings.is_empty(), "{why:?}");
        world.until(|effect| matches!(effect, Effect::FreeName(..)));
        world.well(Effect::FreeName(S, 1));
        assert_eq!(world.wanted(), [], "{why:?}: nothing starts again");
    }
}

#[test]
fn a_run_that_is_stopped_while_work_is_pinned_lets_it_land() {
    let mut world = over(ExitHow::Code(0), RunSpec::default());
    world.give(&Command::StopRun(StopRun { run: RunId(1) })).unwrap();
    let work = SealedWork::Commit { commit: "c1".to_owned(), touched: vec!["a".to_owned()] };
    world.give(&sealed(1, work)).unwrap();
    assert!(matches!(phase(&world), TaskPhase::Submitted(_)), "{:?}", phase(&world));
}

#[test]
fn leftovers_of_a_worker_that_a_person_ended_start_nothing() {
    for why in [StopReason::Kill, StopReason::Close] {
        let mut world = over(ExitHow::Code(0), RunSpec::default());
        world.give(&end(why)).unwrap();
        world.give(&sealed(1, SealedWork::Refused("b is left over".to_owned()))).unwrap();
        assert!(matches!(phase(&world), TaskPhase::Stuck(_)), "{why:?}: {:?}", phase(&world));
    }
}

#[test]
fn a_tree_that_must_stay_is_not_used_again() {
    let mut world = over(ExitHow::Signal(9), RunSpec::default());
    let report = ReportSealed {
        session: S,
        generation: 1,
        work: SealedWork::Captured,
        kept: None,
        stays: Some("a file cannot be read".to_owned()),
    };
    check(
        &mut world,
        &Command::ReportSealed(report),
        r#"
        session_sealed generation=1 outcome="interrupted" session=1
        tree_stays generation=1 session=1 why="a file cannot be read"
        session_restarted generation=2 session=1
    "#,
    );
    world.well(Effect::LeaseName(S, 2));
    let lease = world.state.sessions[&S].lease.as_ref().expect("it has a name again");
    assert_eq!((lease.tree.0, lease.reuse), (2, false));
    let gone = ReportReleased { gone: true, ..released(2) };
    world.until(|effect| matches!(effect, Effect::ReleaseTree(..)));
    check(
        &mut world,
        &Command::ReportReleased(gone),
        r"
        tree_released generation=2 session=1
        tree_forgotten tree=2
    ",
    );
}

#[test]
fn an_act_that_fails_is_tried_again_and_given_up_in_the_end() {
    let mut world = over(ExitHow::Code(0), RunSpec::default());
    let effect = Effect::SealWork(S, 1);
    let setback = |effect| {
        let reason = "the disk is full".to_owned();
        Command::ReportSetback(ReportSetback { effect, reason })
    };
    let late = "session `s-1` is not waiting for that report";
    refused(&mut world, &setback(Effect::OpenTree(S, 1)), late);
    check(
        &mut world,
        &setback(effect),
        r#"
        delayed key={"session":1} reason="the disk is full" until=1500 waits=false
    "#,
    );
    assert_eq!(world.wanted(), [], "nothing is tried before its time");
    refused(&mut world, &setback(effect), late);
    for _ in 0..4 {
        world.wait(20_000);
        world.give(&setback(effect)).unwrap();
    }
    world.wait(20_000);
    check(
        &mut world,
        &setback(effect),
        r#"
        session_sealed generation=1 outcome={"failed":{"detail":null,"kept":null,"kind":"world","summary":"its work could not be kept: the disk is full; the worktree stays as it is: `/trees/w-1`, and `windrow run --resume` tries it again"}} session=1
        task_stuck reason={"detail":null,"kept":null,"kind":"world","summary":"its work could not be kept: the disk is full; the worktree stays as it is: `/trees/w-1`, and `windrow run --resume` tries it again"} task=1
        tree_stays generation=1 session=1 why="the disk is full"
    "#,
    );
    assert_eq!(world.state.sessions[&S].sealed.as_ref().map(SealOutcome::is_final), Some(true));
    assert_eq!(world.wanted(), [Effect::FreeName(S, 1)]);
}

#[test]
fn a_running_worker_is_watched_and_stopped_whatever_did_not_work_before() {
    let mut world = running(RunSpec::default());
    let effect = Effect::WatchAgent(S, 1);
    let reason = "the keeper does not answer".to_owned();
    world.give(&Command::ReportSetback(ReportSetback { effect, reason })).unwrap();
    assert_eq!(world.wanted(), [], "it is looked at again in a moment");
    world.give(&end(StopReason::Kill)).unwrap();
    assert_eq!(world.wanted(), [effect, Effect::StopAgent(S, 1)]);
}

#[test]
fn a_silent_claim_is_questioned_and_then_ends_the_worker() {
    let lease = RunSpec { lease_ms: 50_000, ..RunSpec::default() };
    let mut world = running(lease);
    world.wait(50_000);
    assert!(world.wanted().contains(&Effect::ProbeAgent(S, 1)));
    let renew = Command::RenewClaim(RenewClaim { session: S, generation: 1 });
    check(&mut world, &renew, "claim_renewed deadline=101000 generation=1 session=1");
    assert!(!world.wanted().contains(&Effect::ProbeAgent(S, 1)));
    world.wait(50_000);
    world.wait(60_000);
    assert_eq!(world.state.sessions[&S].stop, Some(StopReason::ClaimExpired));
    assert!(world.wanted().contains(&Effect::StopAgent(S, 1)));
    world.give(&ended(1, ExitHow::Stopped)).unwrap();
    check(
        &mut world,
        &sealed(1, SealedWork::Captured),
        r#"
        session_sealed generation=1 kept={"at":161000,"commit":"c1","generation":1,"refname":"refs/windrow/kept/s-1/1","submitted":false} outcome={"failed":{"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"claim_expired","summary":"no sign of life before its claim ran out"}} session=1
        task_requeued reason={"detail":null,"kept":"refs/windrow/kept/s-1/1","kind":"claim_expired","summary":"no sign of life before its claim ran out"} task=1
    "#,
    );
}

#[test]
fn a_worker_that_finished_while_its_claim_ran_out_did_finish() {
    let lease = RunSpec { lease_ms: 50_000, ..RunSpec::default() };
    let mut world = running(lease);
    world.wait(50_000);
    world.wait(60_000);
    assert_eq!(world.state.sessions[&S].stop, Some(StopReason::ClaimExpired));
    world.give(&ended(1, ExitHow::Code(0))).unwrap();
    assert_eq!(seal_mode(&world.state.sessions[&S]), SealMode::Submit);
    let mut nothing = world.clone();
    nothing.give(&sealed(1, SealedWork::Nothing)).unwrap();
    assert!(matches!(nothing.state.tasks[&TaskId(1)].phase, TaskPhase::Done { .. }));
    let commit = SealedWork::Commit { commit: "c1".to_owned(), touched: Vec::new() };
    world.give(&sealed(1, commit)).unwrap();
    assert!(matches!(world.state.tasks[&TaskId(1)].phase, TaskPhase::Submitted(_)));
}

#[test]
fn a_task_of_a_file_is_checked_off_once_after_it_landed() {
    let source = Some(crate::spec::Source { file: "TASKS.md".to_owned(), key: "1".to_owned() });
    let mut world = World::default();
    let one = TaskSpec { source, ..spec("one") };
    world.give(&Command::AddTask(crate::command::AddTask { spec: one })).unwrap();
    let run = RunSpec { branch: "main".to_owned(), ..RunSpec::default() };
    let run = crate::command::StartRun { spec: run, tasks: vec![TaskId(1)] };
    world.give(&Command::StartRun(run)).unwrap();
    let report = Command::ReportCheckedOff(ReportCheckedOff { task: TaskId(1), problem: None });
    let early = "task `t-1` is being worked on; no check-off is waited for";
    refused(&mut world, &report, early);
    let effect = world.until(|effect| matches!(effect, Effect::CheckOff(_)));
    let reason = "the file is gone".to_owned();
    check(
        &mut world,
        &Command::ReportSetback(ReportSetback { effect, reason }),
        r#"task_checked_off problem="the file is gone" task=1"#,
    );
    refused(&mut world, &report, "task `t-1` is landed; no check-off is waited for");
}
