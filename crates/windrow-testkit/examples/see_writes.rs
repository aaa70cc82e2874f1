//! How soon others see what one process wrote: a watcher's frame, and another process's read.
//!
//! `cargo run -p windrow-testkit --example see_writes` starts a daemon in a home of its own with a
//! run that waits, lets one client watch it and another change it, and prints the delays from the
//! writer's answer to the watcher's frame and to another client's read, beside the bare round trip
//! through the socket in the same run. Nothing is judged: what is slow on one machine is not on
//! another, and the ratio to the round trip says more than any limit.

#![expect(clippy::print_stdout, reason = "a program talks to the person who started it")]
#![expect(clippy::unwrap_used, reason = "what breaks here ends the program, which is its verdict")]

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use windrow_api::client::{Client, ClientError};
use windrow_api::view::{RunView, TaskStatus};
use windrow_api::{Call, ProjectCall, ProjectRef, Reply, TaskDraft};
use windrow_testkit::{Dice, Plan, PlanTask, TestEnv, pause};
use windrow_world::cmd::Cmd;

const USAGE: &str = "\
usage: see_writes [OPTION VALUE]...
  --writes N         how many changes (500)
  --within MS        a pause of up to this before each, drawn at random (150)
  --windrow PATH     the program (built with cargo)";

/// What was asked for.
struct Wish {
    writes: usize,
    within: u64,
    windrow: Option<String>,
}

/// The delays of one kind.
#[derive(Default)]
struct Delays(Vec<Duration>);

impl Delays {
    /// The delay that this share of all does not exceed.
    fn at(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort();
        sorted[(sorted.len() * percent).div_ceil(100).saturating_sub(1)]
    }

    fn print(&self, what: &str, round_trip: Duration) {
        let ms = |span: Duration| span.as_secs_f64() * 1000.0;
        let (median, p99, max) = (self.at(50), self.at(99), self.at(100));
        println!(
            "{what:34} median {:8.3}  p99 {:8.3}  max {:8.3} ms  = {:7.1} round trips",
            ms(median),
            ms(p99),
            ms(max),
            median.as_secs_f64() / round_trip.as_secs_f64(),
        );
    }
}

/// Whom a person at another window is.
struct Window {
    client: Client,
    project: ProjectRef,
}

impl Window {
    fn open(env: &TestEnv) -> Self {
        let client = Client::connect(&env.state().join("socket"), "person").unwrap();
        Self { client, project: env.project() }
    }

    fn call(&self, call: ProjectCall) -> Call {
        Call::Project { project: self.project.clone(), call: Box::new(call) }
    }

    fn ask(&mut self, call: ProjectCall) -> Result<Reply, ClientError> {
        let call = self.call(call);
        self.client.ask(call)
    }

    fn run(&mut self) -> RunView {
        match self.ask(ProjectCall::Run { run: None }).unwrap() {
            Reply::Run(run) => *run,
            other => panic!("{other:?}"),
        }
    }
}

fn main() {
    let Some(wish) = wish(std::env::args().skip(1).collect()) else {
        println!("{USAGE}");
        return;
    };
    let exe = wish.windrow.clone().unwrap_or_else(built);
    let exe = std::path::Path::new(&exe).canonicalize().unwrap().display().to_string();
    let env = TestEnv::new(&exe);
    let signs = env.signs();
    let plan = Plan::new()
        .with("works", PlanTask::run("works", &signs.wait_line("go")))
        .with("waits", PlanTask::run("waits", "true").list("needs", &["works"]));
    let file = env.root().join("plan.json");
    windrow_world::files::replace(&file, plan.text().as_bytes()).unwrap();
    let _started = env.windrow(["run", "../plan.json", "--approve", "--detach"]).ok();
    let _works = env.await_status("works", TaskStatus::Working);
    measure(&env, &wish);
    signs.put("go");
    let _over = env.await_run_end();
}

fn measure(env: &TestEnv, wish: &Wish) {
    let frames = watch(env);
    let (mut writer, mut reader) = (Window::open(env), Window::open(env));
    let mut dice = Dice::seeded(1);
    let (mut trips, mut writes) = (Delays::default(), Delays::default());
    let (mut reads, mut shown) = (Delays::default(), Delays::default());
    for nth in 1..=wish.writes {
        pause(Duration::from_millis(dice.within(0..wish.within + 1)));
        let begun = Instant::now();
        let _pong = writer.client.ask(Call::Ping).unwrap();
        trips.0.push(begun.elapsed());

        let title = format!("change {nth}");
        let edit = edit(&mut writer, &title);
        let begun = Instant::now();
        let _edited = writer.ask(edit).unwrap();
        let answered = Instant::now();
        writes.0.push(answered - begun);

        assert!(has(&reader.run(), &title), "another process does not see an answered write");
        reads.0.push(answered.elapsed());
        loop {
            let (at, run) = frames.recv().unwrap();
            if has(&run, &title) {
                // A frame may even overtake the writer's own answer.
                shown.0.push(at.saturating_duration_since(answered));
                break;
            }
        }
    }
    println!("{} writes, pauses of up to {} ms", wish.writes, wish.within);
    let trip = trips.at(50);
    trips.print("a round trip (ping)", trip);
    writes.print("a write, until its answer", trip);
    reads.print("its answer until another's read", trip);
    shown.print("its answer until a watcher's frame", trip);
}

/// Every frame of a watcher, with the moment it was read.
fn watch(env: &TestEnv) -> Receiver<(Instant, Box<RunView>)> {
    let mut window = Window::open(env);
    let run = window.run().row.id.parse().unwrap();
    let call = window.call(ProjectCall::WatchRun { run });
    window.client.send(call).unwrap();
    let (sender, frames) = channel();
    thread::spawn(move || {
        while let Ok(Reply::Run(run)) = window.client.answer() {
            if sender.send((Instant::now(), run)).is_err() {
                return;
            }
        }
    });
    frames
}

/// The change: the waiting task gets another title.
fn edit(writer: &mut Window, title: &str) -> ProjectCall {
    let run = writer.run();
    let row = run.tasks.iter().find(|task| task.key.as_deref() == Some("waits")).unwrap();
    let task = row.id.parse().unwrap();
    let Reply::Task(view) = writer.ask(ProjectCall::Task { task }).unwrap() else {
        panic!("no task to change");
    };
    let mut spec = view.spec;
    title.clone_into(&mut spec.title);
    ProjectCall::EditTask { task, draft: TaskDraft { spec, body: None } }
}

fn has(run: &RunView, title: &str) -> bool {
    run.tasks.iter().any(|task| task.title == title)
}

/// The program, built the way this one was.
fn built() -> String {
    let cargo = Cmd::new("cargo").args(["build", "--quiet", "-p", "windrow"]).whole_env();
    cargo.success().unwrap();
    let own = std::env::current_exe().unwrap();
    let folder = own.parent().and_then(std::path::Path::parent).unwrap();
    folder.join("windrow").display().to_string()
}

fn wish(words: Vec<String>) -> Option<Wish> {
    let mut words = words.into_iter();
    let mut wish = Wish { writes: 500, within: 150, windrow: None };
    while let Some(option) = words.next() {
        let value = words.next()?;
        match option.as_str() {
            "--writes" => wish.writes = value.parse().ok().filter(|count| *count > 0)?,
            "--within" => wish.within = value.parse().ok()?,
            "--windrow" => wish.windrow = Some(value),
            _ => return None,
        }
    }
    Some(wish)
}
