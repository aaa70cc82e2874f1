//! Runs: started, drained, stopped, resumed.

use crate::command::{
    AddTask, CloseTask, Command, DrainRun, ReportSetback, ResumeRun, StartRun, StopRun,
};
use crate::effect::Effect;
use crate::ids::{RunId, SessionId, TaskId};
use crate::spec::{RunSpec, TaskSpec};
use crate::state::{ClosedAs, RunEnd, RunPhase, TaskPhase};
use crate::testing::{World, check, given, refused, spec};

fn start(spec: RunSpec, tasks: &[u64]) -> Command {
    let tasks = tasks.iter().copied().map(TaskId).collect();
    Command::StartRun(StartRun { spec: RunSpec { branch: "main".to_owned(), ..spec }, tasks })
}

fn drain(run: u64) -> Command {
    Command::DrainRun(DrainRun { run: RunId(run) })
}

fn stop(run: u64) -> Command {
    Command::StopRun(StopRun { run: RunId(run) })
}

fn resume(run: u64, pool: Option<u32>) -> Command {
    Command::ResumeRun(ResumeRun { run: RunId(run), pool })
}

fn phase(world: &World, run: u64) -> RunPhase {
    world.state.runs[&RunId(run)].phase
}

fn finish(world: &mut World) {
    while let Some(effect) = world.wanted().last().copied() {
        world.well(effect);
    }
}

#[test]
fn a_run_takes_what_is_open_and_reopens_what_is_stuck() {
    let mut world = given(&["one", "two", "three"], None);
    let cancel = CloseTask { task: TaskId(2), how: ClosedAs::Cancelled, reason: "no".to_owned() };
    world.give(&Command::CloseTask(cancel)).unwrap();
    check(&mut world, &start(RunSpec::default(), &[1, 2, 3]), "run_started run=1 tasks=[1,3]");
    refused(
        &mut world,
        &start(RunSpec::default(), &[1]),
        "task `t-1` belongs to run `r-1`, which is not over",
    );
    let nothing = "there is nothing to run: no open task among those named";
    refused(&mut world, &start(RunSpec::default(), &[2]), nothing);
    refused(&mut world, &start(RunSpec::default(), &[8]), "there is no task `t-8`");
    let empty = RunSpec { pool: 0, ..RunSpec::default() };
    refused(&mut world, &start(empty, &[1]), "the pool must have at least one worker");
}

#[test]
fn a_run_knows_the_agent_of_every_task() {
    let mut world = World::default();
    for agent in [None, Some("smith")] {
        let spec = TaskSpec { run: None, agent: agent.map(str::to_owned), ..spec("one") };
        world.give(&Command::AddTask(AddTask { spec })).unwrap();
    }
    let message = "task `t-1` has no command and the run has no agent for it";
    refused(&mut world, &start(RunSpec::default(), &[1]), message);
    let message = "task `t-2` names the agent `smith`, which is not defined";
    refused(&mut world, &start(RunSpec::default(), &[2]), message);
}

#[test]
fn a_drained_run_finishes_what_runs_and_starts_nothing() {
    let pool = RunSpec { pool: 1, ..RunSpec::default() };
    let mut world = given(&["one", "two"], Some(pool));
    check(&mut world, &drain(1), "run_draining run=1");
    check(&mut world, &drain(1), "");
    finish(&mut world);
    assert_eq!(phase(&world, 1), RunPhase::Ended(RunEnd::Interrupted));
    assert!(matches!(world.state.tasks[&TaskId(1)].phase, TaskPhase::Landed { .. }));
    assert_eq!(world.state.tasks[&TaskId(2)].phase, TaskPhase::Open);
    refused(&mut world, &drain(1), "run `r-1` is over");
    refused(&mut world, &stop(1), "run `r-1` is over");
    refused(&mut world, &stop(2), "there is no run `r-2`");
    refused(&mut world, &drain(2), "there is no run `r-2`");
}

#[test]
fn a_stopped_run_that_is_resumed_while_its_workers_end_starts_them_anew() {
    let mut world = given(&["one", "two"], Some(RunSpec::default()));
    world.until(|effect| matches!(effect, Effect::WatchAgent(..)));
    check(
        &mut world,
        &stop(1),
        r#"
        run_stopping run=1
        stop_requested session=1 why="run_stopped"
        stop_requested session=2 why="run_stopped"
    "#,
    );
    check(&mut world, &stop(1), "");
    check(
        &mut world,
        &resume(1, Some(5)),
        r"
        run_resized pool=5 run=1
        run_resumed run=1
    ",
    );
    finish(&mut world);
    assert_eq!(phase(&world, 1), RunPhase::Ended(RunEnd::Finished));
    for task in world.state.tasks.values() {
        assert!(matches!(task.phase, TaskPhase::Landed { .. }), "{}: {:?}", task.id, task.phase);
        assert_eq!(task.failed_tries, 0, "being stopped is no failed try");
    }
}

#[test]
fn a_resumed_run_reopens_what_is_stuck_and_nothing_that_is_over() {
    let mut world = given(&["one", "two <- 1"], Some(RunSpec { tries: 1, ..RunSpec::default() }));
    let effect = world.until(|effect| matches!(effect, Effect::OpenTree(..)));
    for _ in 0..6 {
        let reason = "the disk is full".to_owned();
        world.give(&Command::ReportSetback(ReportSetback { effect, reason })).unwrap();
        world.wait(20_000);
    }
    finish(&mut world);
    assert_eq!(phase(&world, 1), RunPhase::Ended(RunEnd::Finished));
    refused(&mut world, &resume(1, Some(0)), "the pool must have at least one worker");
    check(
        &mut world,
        &resume(1, None),
        r"
        run_resumed run=1
        task_reopened task=1
        task_reopened task=2
    ",
    );
    check(&mut world, &resume(1, None), "");
    check(&mut world, &resume(1, Some(2)), "run_resized pool=2 run=1");
    finish(&mut world);
    check(&mut world, &resume(1, None), "");
    refused(&mut world, &resume(2, None), "there is no run `r-2`");
}

#[test]
fn a_run_waits_for_a_task_of_another_run_and_not_for_one_of_none() {
    let mut world = given(&["one", "two <- 1", "three", "four <- 3"], None);
    world.give(&start(RunSpec::default(), &[1])).unwrap();
    world.give(&start(RunSpec::default(), &[2])).unwrap();
    assert_eq!(phase(&world, 2), RunPhase::Active);
    world.give(&start(RunSpec::default(), &[4])).unwrap();
    assert_eq!(phase(&world, 3), RunPhase::Ended(RunEnd::Finished));
    finish(&mut world);
    assert_eq!(phase(&world, 2), RunPhase::Ended(RunEnd::Finished));
    assert!(matches!(world.state.tasks[&TaskId(2)].phase, TaskPhase::Landed { .. }));
    // Once what it needs has landed, the third one can be resumed.
    world.give(&start(RunSpec::default(), &[3])).unwrap();
    finish(&mut world);
    world.give(&resume(3, None)).unwrap();
    finish(&mut world);
    assert!(matches!(world.state.tasks[&TaskId(4)].phase, TaskPhase::Landed { .. }));
}

#[test]
fn work_parked_in_one_run_lands_in_a_later_one_that_waits_for_it() {
    let gates = vec!["check".to_owned()];
    let run = || RunSpec { gates: gates.clone(), ..RunSpec::default() };
    let mut world = given(&["one"], Some(run()));
    for _ in 0..6 {
        let effect = world.until(|effect| matches!(effect, Effect::MergeEntry(..)));
        let reason = "the disk is full".to_owned();
        world.give(&Command::ReportSetback(ReportSetback { effect, reason })).unwrap();
        world.wait(20_000);
    }
    finish(&mut world);
    assert_eq!(phase(&world, 1), RunPhase::Ended(RunEnd::Finished));
    let mut closed = world.clone();
    let reason = "enough".to_owned();
    let close = CloseTask { task: TaskId(1), how: ClosedAs::Cancelled, reason };
    closed.give(&Command::CloseTask(close)).unwrap();
    assert!(closed.state.queues.is_empty(), "nobody waits for it any more");
    check(
        &mut world,
        &start(run(), &[1]),
        r"
        entry_requeued landing=1
        run_started run=2 tasks=[1]
    ",
    );
    assert_eq!(phase(&world, 2), RunPhase::Active, "its work is on its way");
    finish(&mut world);
    assert!(matches!(world.state.tasks[&TaskId(1)].phase, TaskPhase::Landed { .. }));
    assert_eq!(phase(&world, 2), RunPhase::Ended(RunEnd::Finished));
    assert_eq!(world.state.sessions.len(), 1, "nothing was done twice");
}

#[test]
fn a_worker_that_never_got_a_name_ends_at_once_when_it_is_to_end() {
    let mut world = given(&["one"], Some(RunSpec::default()));
    let effect = Effect::LeaseName(SessionId(1), 1);
    world.give(&stop(1)).unwrap();
    let reason = "no port is free".to_owned();
    check(
        &mut world,
        &Command::ReportSetback(ReportSetback { effect, reason }),
        r#"
        session_sealed generation=1 outcome={"ended":{"detail":null,"kept":null,"kind":"run_stopped","summary":"the run was stopped"}} session=1
        task_reopened task=1
    "#,
    );
    assert_eq!(phase(&world, 1), RunPhase::Ended(RunEnd::Interrupted));
    let free = Effect::FreeName(SessionId(1), 1);
    assert_eq!(world.wanted(), [free], "the machine may have given a name all the same");
    world.well(free);
    assert_eq!(world.wanted(), []);
}
