//! What follows by itself, and why what does not start waits.

use crate::command::{AddTask, Command, EndSession, ReleaseHold, StartRun};
use crate::effect::Effect;
use crate::event::{Envelope, Event};
use crate::explain::{Standing, Wait, explain, ready};
use crate::ids::{LandingId, RunId, SessionId, TaskId};
use crate::schedule::next_deadline;
use crate::spec::{RunSpec, TaskSpec};
use crate::state::{DelayKey, EntryState, RunPhase, StopReason, TaskPhase};
use crate::testing::{World, given, spec};
use crate::time::Timestamp;
use crate::{decide, evolve};

fn pool(pool: u32) -> RunSpec {
    RunSpec { pool, ..RunSpec::default() }
}

fn standing(world: &World, task: u64) -> Standing {
    explain(&world.state, TaskId(task)).expect("the task is there")
}

fn working(world: &World) -> Vec<u64> {
    let active = |task: &&crate::state::Task| matches!(task.phase, TaskPhase::Active(_));
    world.state.tasks.values().filter(active).map(|task| task.id.0).collect()
}

fn finish(world: &mut World) {
    while let Some(effect) = world.wanted().last().copied() {
        world.well(effect);
    }
}

#[test]
fn the_best_tasks_start_first() {
    let lines = ["one P3", "two P1", "three P1", "four P2 <- 3", "five P0"];
    let world = given(&lines, Some(pool(2)));
    // Five is critical; three goes before two because four waits for it.
    assert_eq!(working(&world), [3, 5]);
    assert_eq!(standing(&world, 2), Standing::NextInLine { ahead: 0, used: 2, pool: 2 });
    assert_eq!(standing(&world, 1), Standing::NextInLine { ahead: 1, used: 2, pool: 2 });
    assert_eq!(standing(&world, 4), Standing::Depends(vec![TaskId(3)]));
    assert_eq!(standing(&world, 5), Standing::Working(SessionId(1)));
    assert_eq!(ready(&world.state).iter().map(|t| t.0).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(explain(&world.state, TaskId(9)), None);
}

#[test]
fn a_wide_task_is_not_starved_by_narrow_ones() {
    let lines = ["one @ src/a", "wide P0 @ src/**", "two @ src/b", "other @ docs/**"];
    let mut world = given(&lines[..1], Some(pool(3)));
    for line in &lines[1..] {
        world.give(&Command::AddTask(AddTask { spec: spec(line) })).unwrap();
    }
    let spec = RunSpec { branch: "main".to_owned(), ..pool(3) };
    let tasks = vec![TaskId(2), TaskId(3), TaskId(4)];
    world.give(&Command::StartRun(StartRun { spec, tasks })).unwrap();
    assert_eq!(working(&world), [1, 4]);
    let scope = || "src/**".to_owned();
    let held = Wait::Held { by: TaskId(1), scope: scope() };
    assert_eq!(standing(&world, 2), Standing::Waits(held));
    let reserved = Wait::Reserved { by: TaskId(2), scope: "src/b".to_owned() };
    assert_eq!(standing(&world, 3), Standing::Waits(reserved));
    world.until(|effect| matches!(effect, Effect::MoveTarget(..)));
    assert!(!working(&world).contains(&2), "its files are free only when the work landed");
    finish(&mut world);
    assert!(world.state.tasks.values().all(|task| task.phase.satisfies()));
}

#[test]
fn what_waits_for_a_person_reserves_nothing() {
    let lines = ["one P0 @ a", "two P1 @ a b", "three P2 @ b"];
    let mut world = given(&lines, Some(RunSpec { hold: true, ..pool(1) }));
    finish(&mut world);
    assert!(matches!(world.state.tasks[&TaskId(3)].phase, TaskPhase::Submitted(_)));
    assert_eq!(world.state.tasks[&TaskId(2)].phase, TaskPhase::Open);
    assert!(matches!(world.state.runs[&RunId(1)].phase, RunPhase::Ended(_)));
    assert_eq!(standing(&world, 2), Standing::NoRun);
    // Nor is it in the way of what lands.
    let queued = |state| Standing::InQueue { state, ahead: 0 };
    assert_eq!(standing(&world, 3), queued(EntryState::Held));
    let landing = LandingId(2);
    world.give(&Command::ReleaseHold(ReleaseHold { landing })).unwrap();
    assert_eq!(standing(&world, 3), queued(EntryState::Taken));
}

#[test]
fn a_barrier_keeps_a_wave_shut_until_the_one_before_is_over() {
    let mut world = World::default();
    for (title, wave) in [("one", Some(1)), ("two", Some(2)), ("none", None)] {
        let spec = TaskSpec { wave, ..spec(title) };
        world.give(&Command::AddTask(AddTask { spec })).unwrap();
    }
    let late = TaskSpec { depends: [TaskId(2)].into(), ..spec("late") };
    world.give(&Command::AddTask(AddTask { spec: late })).unwrap();
    let run = RunSpec { barrier: true, branch: "main".to_owned(), ..pool(4) };
    let tasks = [1, 2, 3, 4].map(TaskId).to_vec();
    world.give(&Command::StartRun(StartRun { spec: run, tasks })).unwrap();
    assert_eq!(working(&world), [1, 3]);
    assert_eq!(standing(&world, 2), Standing::Waits(Wait::Wave { own: 2, open: 1 }));
    finish(&mut world);
    // What has no wave keeps none shut, even if it waits for one itself.
    assert!(world.state.tasks.values().all(|task| task.phase.satisfies()));
}

#[test]
fn what_waits_for_a_lost_task_is_stuck_with_the_reason_and_a_reopened_one_is_not() {
    let mut world = given(&["one", "two <- 1", "three <- 2"], Some(pool(1)));
    let kill = EndSession { session: SessionId(1), why: StopReason::KillAndDrop };
    world.give(&Command::EndSession(kill)).unwrap();
    finish(&mut world);
    let reason = |world: &World, task| match &world.state.tasks[&TaskId(task)].phase {
        TaskPhase::Stuck(reason) => reason.summary.clone(),
        phase => format!("{phase:?}"),
    };
    assert_eq!(reason(&world, 2), "it depends on `t-1`, which did not land");
    assert_eq!(reason(&world, 3), "it depends on `t-2`, which did not land");
    assert_eq!(standing(&world, 3), Standing::Over);
    let again = crate::command::ResumeRun { run: RunId(1), pool: None };
    world.give(&Command::ResumeRun(again)).unwrap();
    finish(&mut world);
    assert!(world.state.tasks.values().all(|task| task.phase.satisfies()));
}

#[test]
fn a_delayed_task_starts_when_its_moment_comes() {
    let mut world = given(&["one"], None);
    let key = DelayKey::Task(TaskId(1));
    let until = Timestamp(9_000);
    let event = Event::Delayed { key, until, reason: "a limit".to_owned(), waits: false };
    let envelope = Envelope { seq: world.state.seq + 1, at: world.now, event };
    evolve(&mut world.state, &envelope);
    world.journal.push(envelope);
    let spec = RunSpec { branch: "main".to_owned(), ..pool(1) };
    world.give(&Command::StartRun(StartRun { spec, tasks: vec![TaskId(1)] })).unwrap();
    let wait = Wait::Delay { until, reason: "a limit".to_owned() };
    assert_eq!(standing(&world, 1), Standing::Waits(wait));
    assert_eq!(next_deadline(&world.state), Some(until));
    world.wait(8_000);
    assert_eq!(working(&world), [1]);
}

#[test]
fn a_run_that_hands_out_nothing_says_so() {
    let mut world = given(&["one", "two"], Some(pool(1)));
    let drain = crate::command::DrainRun { run: RunId(1) };
    world.give(&Command::DrainRun(drain)).unwrap();
    assert_eq!(standing(&world, 2), Standing::RunNotActive(RunId(1)));
    finish(&mut world);
    assert_eq!(standing(&world, 2), Standing::NoRun);
    assert_eq!(standing(&world, 1), Standing::Over);
}

#[test]
fn an_entry_that_was_overtaken_often_goes_first() {
    let is_merge = |effect: &&Effect| !matches!(effect, Effect::MergeEntry(..));
    let mut world = given(&["first P0", "slow P4"], Some(pool(2)));
    while let Some(effect) = world.wanted().iter().find(is_merge).copied() {
        world.well(effect);
    }
    for _ in 0..12 {
        world.give(&Command::AddTask(AddTask { spec: spec("quick P0") })).unwrap();
    }
    let run = RunSpec { branch: "main".to_owned(), ..pool(12) };
    let tasks = (3..15).map(TaskId).collect();
    world.give(&Command::StartRun(StartRun { spec: run, tasks })).unwrap();
    while let Some(effect) = world.wanted().iter().find(is_merge).copied() {
        world.well(effect);
    }
    assert_eq!(world.state.landings.len(), 14, "all are submitted, the first is in its turn");
    finish(&mut world);
    let landed = world.journal.iter().filter_map(|envelope| match &envelope.event {
        Event::WorkLanded { landing, .. } => Some(landing.0),
        _ => None,
    });
    assert_eq!(landed.take(10).collect::<Vec<_>>(), [1, 3, 4, 5, 6, 7, 8, 9, 10, 2]);
}

#[test]
fn deciding_twice_on_one_state_gives_the_same() {
    let world = given(&["one", "two <- 1"], Some(pool(1)));
    let stamp = crate::Stamp { now: Timestamp(99_999_999) };
    let command = Command::Advance(crate::command::Advance);
    assert_eq!(decide(&world.state, &command, stamp), decide(&world.state, &command, stamp));
}
