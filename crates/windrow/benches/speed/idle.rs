//! Sessions in which nothing happens, and a daemon that has to find them again.

use std::time::{Duration, Instant};

use windrow_api::view::{SessionRow, TaskRow};
use windrow_api::{ProjectCall, Reply};
use windrow_testkit::{Role, Running, pause, wait_until};

use crate::Size;
use crate::field::{Field, id_of, ms};
use crate::process::{Counted, counted, grown, watched_processes};
use crate::row::{Reach, Row};

/// Longer than a thread of the daemon waits for more to do.
const SETTLED: Duration = Duration::from_secs(12);

/// A worker that does nothing for longer than anything here takes.
const NOTHING: &str = "exec sleep 3600";

pub(crate) fn measure(size: Size) -> Vec<Row> {
    let field = Field::new(20);
    start_sessions(&field, size.sessions);
    let idle = idle(&field, size);
    let adopted = adopt(&field, size);
    end_sessions(&field);
    vec![idle, adopted]
}

/// Starts workers that do nothing and waits until all of them run; their tasks.
pub(crate) fn start_sessions(field: &Field, count: u32) -> Vec<TaskRow> {
    let tasks: Vec<_> =
        (0..count).map(|n| field.add(&format!("Wait {n}"), Some(NOTHING))).collect();
    field.start(field.spec("main", count), tasks);
    let wanted = usize::try_from(count).unwrap();
    let working = || sessions(field).iter().filter(|row| row.status == "working").count();
    wait_until("every worker runs", || {
        working() == wanted && field.env.playing(Role::Worker).len() >= wanted
    });
    let tasks = field.tasks_of(ProjectCall::Tasks);
    assert!(tasks.iter().all(|task| id_of(task).to_string() == task.id));
    tasks
}

/// Stops the workers' run and waits until nobody is left.
pub(crate) fn end_sessions(field: &Field) {
    field.env.windrow(["daemon", "start"]).ok();
    let runs = match field.ask(ProjectCall::Runs) {
        Reply::Runs(runs) => runs,
        other => panic!("{other:?}"),
    };
    for run in runs.iter().filter(|run| run.ended_ms.is_none()) {
        field.ask(ProjectCall::StopRun { run: run.id.parse().unwrap() });
    }
    wait_until("every worker ended", || sessions(field).is_empty());
}

fn sessions(field: &Field) -> Vec<SessionRow> {
    match field.ask(ProjectCall::Sessions { all: false }) {
        Reply::Sessions(rows) => rows,
        other => panic!("{other:?}"),
    }
}

/// The share of a core that daemon, guard and keepers take while nothing happens.
fn idle(field: &Field, size: Size) -> Row {
    let ours: Vec<i32> = field
        .env
        .running()
        .into_iter()
        .filter(|one| matches!(one.role, Role::Daemon | Role::Guard | Role::Keeper))
        .map(|one| one.process.pid)
        .collect();
    // What the last command left to do is over by then, and threads that waited for more have ended:
    // what they did would be gone with them.
    pause(if size.idle_s > 10 { SETTLED } else { Duration::from_secs(1) });
    let counts = || ours.iter().map(|pid| counted(*pid)).collect::<Vec<_>>();
    let (before, since) = (counts(), Instant::now());
    pause(Duration::from_secs(size.idle_s));
    let (after, span) = (counts(), since.elapsed());
    let each: Vec<Counted> = before.iter().zip(&after).map(|(a, b)| grown(a, b)).collect();
    let cpu: u64 = each.iter().map(|one| one.on_core_ns).sum();
    let wakes: u64 = each.iter().map(|one| one.sleeps).sum();
    let most = each.iter().map(|one| one.sleeps).max().unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "a minute in nanoseconds fits")]
    let percent = cpu as f64 / span.as_nanos() as f64 * 100.0;
    let (count, seconds) = (ours.len(), span.as_secs());
    let name = "idle sessions: daemon, guard and keepers together";
    Row::alone(name, "% of a core", vec![percent], Reach::Below(0.2)).note(format!(
        "{} sessions, {count} processes, {seconds} s, {wakes} wake-ups in all, {most} at most in one",
        size.sessions
    ))
}

/// The daemon is killed; until the next one answers and watches every keeper.
fn adopt(field: &Field, size: Size) -> Row {
    let wanted = usize::try_from(size.sessions).unwrap();
    let mut times = Vec::new();
    for _ in 0..size.turns.min(5) {
        let old = daemon(field).expect("a daemon");
        wait_until("the daemon watches everybody", || watched_processes(old.process.pid) >= wanted);
        let since = Instant::now();
        old.kill();
        wait_until("another daemon watches everybody", || {
            let new = daemon(field).filter(|new| new.process.pid != old.process.pid);
            new.is_some_and(|new| watched_processes(new.process.pid) >= wanted)
        });
        let working = sessions(field).iter().filter(|row| row.status == "working").count();
        times.push(ms(since));
        assert_eq!(working, wanted, "every session goes on");
    }
    let name = "daemon killed -> the next one watches every session";
    Row::alone(name, "ms", times, Reach::Below(1_000.0))
        .note(format!("{} sessions; a look every 10 ms", size.sessions))
}

fn daemon(field: &Field) -> Option<Running> {
    field.env.playing(Role::Daemon).into_iter().next()
}
