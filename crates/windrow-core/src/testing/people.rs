//! What people do, chosen by dice.

use crate::command::{
    AddTask, AskPerson, CloseTask, Command, DrainRun, DropKept, EditTask, EndSession, ForgetTree,
    ImportTasks, ImportedTask, ReleaseHold, ResumeRun, SendMessage, StartRun, StopRun,
};
use crate::ids::TaskId;
use crate::scope::Scope;
use crate::spec::{Kind, Leftovers, RunSpec, TaskSpec, TextRef, WhenBusy};
use crate::state::{ClosedAs, StopReason};

use super::World;
use super::dice::Dice;

const SCOPES: [&str; 7] = ["src/**", "src/a.rs", "src/b", "docs/*.md", "api/**", "api/z", "**"];

/// A task that depends on some of `known`.
fn any_spec(known: &[TaskId], dice: &mut Dice) -> TaskSpec {
    let title = format!("task {}", dice.below(100));
    let mut spec = TaskSpec { title, run: Some("true".to_owned()), ..TaskSpec::default() };
    for _ in 0..dice.below(3) {
        spec.depends.extend(dice.pick(known.iter().copied()));
    }
    for _ in 0..dice.below(3) {
        spec.scopes.extend(dice.pick(SCOPES).and_then(|text| Scope::parse(text).ok()));
    }
    spec.priority = u8::try_from(dice.below(5)).unwrap_or(0);
    spec.kind = dice.pick([Kind::Feature, Kind::Foundation, Kind::Polish]).unwrap_or_default();
    spec.gate = dice.once_in(4).then(|| "own gate".to_owned());
    let waves = [None, Some(0), Some(1), Some(2)];
    spec.wave = dice.pick(waves).flatten();
    spec
}

fn any_run(dice: &mut Dice) -> RunSpec {
    let gates = if dice.below(3) == 0 { Vec::new() } else { vec!["check".to_owned()] };
    RunSpec {
        branch: dice.pick(["main", "next"]).unwrap_or("main").to_owned(),
        pool: 1 + u32::try_from(dice.below(3)).unwrap_or(0),
        gates,
        busy: if dice.once_in(2) { WhenBusy::Ahead } else { WhenBusy::Wait },
        hold: dice.once_in(5),
        barrier: dice.once_in(4),
        tries: 1 + u32::try_from(dice.below(3)).unwrap_or(0),
        interruptions: u32::try_from(dice.below(3)).unwrap_or(0),
        leftovers: Leftovers::Refuse,
        lease_ms: 100_000,
        ..RunSpec::default()
    }
}

impl World {
    /// Something a person might do at this moment, sensible or not.
    pub(crate) fn wish_of_person(&self, dice: &mut Dice) -> Command {
        let state = &self.state;
        let tasks: Vec<TaskId> = state.tasks.keys().copied().collect();
        let task = |dice: &mut Dice| dice.pick(tasks.iter().copied()).unwrap_or(TaskId(1));
        let run = dice.pick(state.runs.keys().copied()).unwrap_or(crate::ids::RunId(1));
        let reason = "a person says so".to_owned();
        match dice.below(16) {
            0 => self.new_task(dice),
            1 | 2 => self.new_run(dice),
            3 => Command::EditTask(EditTask { task: task(dice), spec: any_spec(&tasks, dice) }),
            4 => {
                let how = dice.pick([ClosedAs::Cancelled, ClosedAs::Done]);
                let how = how.unwrap_or(ClosedAs::Done);
                Command::CloseTask(CloseTask { task: task(dice), how, reason })
            }
            5 => Command::DrainRun(DrainRun { run }),
            6 => Command::StopRun(StopRun { run }),
            7 => Command::ResumeRun(ResumeRun { run, pool: dice.once_in(3).then_some(2) }),
            8 | 9 => {
                let reasons = [StopReason::Close, StopReason::Kill, StopReason::KillAndDrop];
                let why = dice.pick(reasons).unwrap_or(StopReason::Kill);
                let session = dice.pick(state.sessions.keys().copied());
                let session = session.unwrap_or(crate::ids::SessionId(1));
                Command::EndSession(EndSession { session, why })
            }
            10 => {
                let landing = dice.pick(state.landings.keys().copied());
                let landing = landing.unwrap_or(crate::ids::LandingId(1));
                Command::ReleaseHold(ReleaseHold { landing })
            }
            11 => match dice.pick(state.trees.keys().copied()) {
                Some(tree) => Command::ForgetTree(ForgetTree { tree }),
                None => {
                    let refname = "refs/windrow/kept/s-1/1".to_owned();
                    Command::DropKept(DropKept { refname, why: reason })
                }
            },
            12 => self.import(dice),
            _ => self.talk(dice),
        }
    }

    /// A worker asks, or the person says something to one.
    fn talk(&self, dice: &mut Dice) -> Command {
        let open = self.state.sessions.values().filter(|session| session.is_open());
        let Some(session) = dice.pick(open) else { return self.new_task(dice) };
        let id = session.id;
        let text = TextRef(format!("text-{}", dice.below(6)));
        let summary = "a line".to_owned();
        if dice.once_in(2) {
            let generation = session.generation;
            let options = Vec::new();
            return Command::AskPerson(AskPerson {
                session: id,
                generation,
                text,
                summary,
                options,
                permission: dice.once_in(3),
            });
        }
        let asked = dice.pick(session.open_questions()).map(|question| question.id);
        let answers = asked.filter(|_| dice.below(4) > 0);
        Command::SendMessage(SendMessage { session: id, text, summary, answers })
    }

    /// The answers to everything that was asked and is still waited for.
    pub(crate) fn answers(&self) -> Vec<Command> {
        let open = self.state.sessions.values().filter(|session| session.hears());
        let asked = open
            .flat_map(|session| session.open_questions().map(|question| (session.id, question.id)));
        asked
            .map(|(session, question)| {
                let (text, summary) = (TextRef("yes".to_owned()), "yes".to_owned());
                let answers = Some(question);
                Command::SendMessage(SendMessage { session, text, summary, answers })
            })
            .collect()
    }

    /// A new task, on whatever there is.
    pub(crate) fn new_task(&self, dice: &mut Dice) -> Command {
        let known: Vec<TaskId> = self.state.tasks.keys().copied().collect();
        Command::AddTask(AddTask { spec: any_spec(&known, dice) })
    }

    /// A run over all or some tasks that no other run has.
    pub(crate) fn new_run(&self, dice: &mut Dice) -> Command {
        let some = dice.once_in(2);
        let live = |run| matches!(self.state.runs.get(&run), Some(run) if run.ended_at.is_none());
        let free = self.state.tasks.values().filter(|task| !task.run.is_some_and(live));
        let mut tasks: Vec<TaskId> = free.map(|task| task.id).collect();
        if some {
            tasks.retain(|_| dice.below(3) > 0);
        }
        Command::StartRun(StartRun { spec: any_run(dice), tasks })
    }

    #[expect(clippy::unused_self, reason = "reads as something that happens in the world")]
    fn import(&self, dice: &mut Dice) -> Command {
        let tasks = (0..1 + dice.below(4)).map(|n| {
            let depends = (0..n).filter(|_| dice.once_in(3)).map(|on| on.to_string()).collect();
            ImportedTask {
                key: n.to_string(),
                spec: any_spec(&[], dice),
                depends,
                reads: Vec::new(),
                done: dice.once_in(6),
            }
        });
        Command::ImportTasks(ImportTasks { file: "TASKS.md".to_owned(), tasks: tasks.collect() })
    }
}
