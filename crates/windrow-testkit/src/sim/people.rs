//! Commands that people type; what else they do is in `deeds`.

use std::cell::RefCell;
use std::rc::Rc;

use windrow_core::command::{
    AddTask, AskPerson, CloseTask, DrainRun, EditTask, EndSession, ReleaseHold, ResumeRun,
    SendMessage, StartRun, StopRun,
};
use windrow_core::ids::TaskId;
use windrow_core::spec::{Leftovers, RunSpec, Source, TaskSpec, TextRef};
use windrow_core::state::{ClosedAs, EntryState, Message, RunPhase, Session, StopReason};
use windrow_core::{Command, State};

use super::daemon::{self, Mail, Slot};
use super::stage::{Ms, Stage};

/// How often a command is typed: longer than any disk stays full.
const MORE: u32 = 100;

/// How long a command waits for its answer.
const PATIENCE: Ms = 900_000;

/// A task somebody wants; what it depends on is named by place among all tasks.
#[derive(Clone, Debug)]
pub(super) struct TaskPlan {
    pub(super) spec: TaskSpec,
    pub(super) depends: Vec<usize>,
}

/// Something that is asked of the daemon. Numbers name one of what is there at that moment.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    Add(TaskPlan),
    Start(Box<RunSpec>),
    Stop(usize),
    Drain(usize),
    Resume(usize, Option<u32>),
    End(usize, StopReason),
    Close(usize, ClosedAs),
    Edit(usize, TaskPlan),
    Release(usize),
    /// A worker asks the person something.
    Ask(usize),
    /// A person answers a worker, or says something to one that asked nothing.
    Say(usize),
    /// Everything that waits for a person goes on.
    GoOn,
}

fn nth<T>(mut of: impl Iterator<Item = T> + Clone, n: usize) -> Option<T> {
    let count = of.clone().count();
    of.nth(n.checked_rem(count)?)
}

impl TaskPlan {
    fn spec(&self, state: &State, own: TaskId) -> TaskSpec {
        let mut spec = self.spec.clone();
        let known = state.tasks.keys().filter(|id| **id < own);
        spec.depends.extend(self.depends.iter().filter_map(|n| nth(known.clone(), *n)));
        if spec.title.contains("filed") {
            spec.source = Some(Source { file: "TASKS.md".to_owned(), key: own.to_string() });
        }
        spec
    }
}

impl Wish {
    /// The commands that it comes to; all of them or none in one batch, and the last is answered.
    pub(super) fn commands(&self, state: &State) -> Vec<Command> {
        let reason = "a person says so".to_owned();
        let run = |n: usize| nth(state.runs.keys().copied(), n);
        let task = |n: usize| nth(state.tasks.keys().copied(), n);
        let one = match self {
            Self::Add(plan) => {
                let own = TaskId(state.tasks.last_key_value().map_or(1, |(last, _)| last.0 + 1));
                Some(Command::AddTask(AddTask { spec: plan.spec(state, own) }))
            }
            Self::Start(spec) => Some(start(state, spec)),
            Self::Stop(n) => run(*n).map(|run| Command::StopRun(StopRun { run })),
            Self::Drain(n) => run(*n).map(|run| Command::DrainRun(DrainRun { run })),
            Self::Resume(n, pool) => {
                run(*n).map(|run| Command::ResumeRun(ResumeRun { run, pool: *pool }))
            }
            Self::End(n, why) => {
                let live = state.sessions.values().filter(|session| session.is_open());
                nth(live.map(|session| session.id), *n)
                    .map(|session| Command::EndSession(EndSession { session, why: *why }))
            }
            Self::Close(n, how) => {
                task(*n).map(|task| Command::CloseTask(CloseTask { task, how: *how, reason }))
            }
            Self::Edit(n, plan) => task(*n)
                .map(|task| Command::EditTask(EditTask { task, spec: plan.spec(state, task) })),
            Self::Release(n) => {
                let held = state.landings.values().filter(|l| l.state == EntryState::Held);
                nth(held.map(|entry| entry.id), *n)
                    .map(|landing| Command::ReleaseHold(ReleaseHold { landing }))
            }
            Self::Ask(n) => nth(at_work(state), *n).map(|session| ask(session, *n)),
            Self::Say(n) => {
                let hears = state.sessions.values().filter(|session| session.hears());
                nth(hears, *n).map(|session| say(session, session.open_questions().next()))
            }
            Self::GoOn => return go_on(state),
        };
        one.into_iter().collect()
    }
}

fn at_work(state: &State) -> impl Iterator<Item = &Session> + Clone {
    state.sessions.values().filter(|session| session.keeper.is_some() && session.exit.is_none())
}

fn ask(session: &Session, n: usize) -> Command {
    let text = TextRef(format!("question {}", n % 4));
    let (summary, options) = (text.0.clone(), Vec::new());
    let (session, generation) = (session.id, session.generation);
    Command::AskPerson(AskPerson { session, generation, text, summary, options, permission: false })
}

fn say(session: &Session, question: Option<&Message>) -> Command {
    let (text, summary) = (TextRef("yes".to_owned()), "yes".to_owned());
    let answers = question.map(|question| question.id);
    Command::SendMessage(SendMessage { session: session.id, text, summary, answers })
}

/// An answer to everything that was asked and is still waited for.
fn answers(state: &State) -> impl Iterator<Item = Command> {
    let hears = state.sessions.values().filter(|session| session.hears());
    hears.flat_map(|session| session.open_questions().map(move |asked| say(session, Some(asked))))
}

fn start(state: &State, spec: &RunSpec) -> Command {
    let live = |task: &windrow_core::state::Task| {
        let run = task.run.and_then(|run| state.runs.get(&run));
        run.is_some_and(|run| !matches!(run.phase, RunPhase::Ended(_)))
    };
    let free = state.tasks.values().filter(|task| !live(task));
    let tasks = free.map(|task| task.id).collect();
    Command::StartRun(StartRun { spec: spec.clone(), tasks })
}

fn go_on(state: &State) -> Vec<Command> {
    let held = state.landings.values().filter(|entry| entry.state == EntryState::Held);
    let release = held.map(|entry| Command::ReleaseHold(ReleaseHold { landing: entry.id }));
    let resume =
        state.runs.keys().map(|run| Command::ResumeRun(ResumeRun { run: *run, pool: None }));
    answers(state).chain(release).chain(resume).collect()
}

/// Types a command, and again when the daemon died before it answered or could not write it down.
pub(super) async fn caller(stage: Stage, at: Ms, wish: Wish) {
    stage.pause("think of a command", at).await;
    for _ in 0..MORE {
        daemon::start(&stage);
        stage.step("ask").await;
        let told: Slot<bool> = Rc::new(RefCell::new(None));
        let daemon = stage.world().daemons;
        daemon::tell(&stage, Mail::Call(wish.clone(), Rc::clone(&told)));
        let heard = Rc::clone(&told);
        let until = stage.now() + PATIENCE;
        let done = move |world: &super::world::World| {
            heard.borrow().is_some() || world.daemon.is_none() || world.daemons != daemon
        };
        stage.until("wait for an answer", until, done).await;
        let told = told.borrow_mut().take();
        if told == Some(true) || stage.now() >= until {
            return;
        }
        stage.pause("type it again", 2_000).await;
    }
}

/// What runs are like that nobody described.
pub(super) fn plain_run(branch: &str) -> RunSpec {
    RunSpec {
        branch: branch.to_owned(),
        trees: "/trees".to_owned(),
        leftovers: Leftovers::Commit,
        ..RunSpec::default()
    }
}
