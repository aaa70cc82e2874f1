//! Given a world, when a command, then these events or this refusal, as text.

use std::fmt::Write as _;

use crate::command::{AddTask, Command, StartRun};
use crate::effect::Effect;
use crate::event::Event;
use crate::ids::TaskId;
use crate::scope::Scope;
use crate::spec::{RunSpec, TaskSpec};
use crate::time::Timestamp;

use super::World;
use super::dice::Dice;

/// A task described in a line: `title <- 1 2 @ src/** P0`.
pub(crate) fn spec(line: &str) -> TaskSpec {
    let mut spec = TaskSpec { run: Some("work".to_owned()), priority: 2, ..TaskSpec::default() };
    let mut part = 't';
    for word in line.split_whitespace() {
        match (word, part) {
            ("<-", _) => part = 'd',
            ("@", _) => part = 's',
            (word, _) if word.len() == 2 && word.starts_with('P') => {
                spec.priority = word[1..].parse().expect("a priority is a digit");
            }
            (word, 'd') => {
                spec.depends.insert(TaskId(word.parse().expect("a dependency is a number")));
            }
            (word, 's') => spec.scopes.push(Scope::parse(word).expect("a scope is a glob")),
            (word, _) => {
                let gap = if spec.title.is_empty() { "" } else { " " };
                spec.title.extend([gap, word]);
            }
        }
    }
    spec
}

/// A world with these tasks, numbered from 1, and a run over all of them unless `run` is missing.
pub(crate) fn given(lines: &[&str], run: Option<RunSpec>) -> World {
    let mut world = World { now: Timestamp(1_000), ..World::default() };
    for line in lines {
        world.give(&Command::AddTask(AddTask { spec: spec(line) })).expect("a task is added");
    }
    if let Some(mut spec) = run {
        if spec.branch.is_empty() {
            "main".clone_into(&mut spec.branch);
        }
        let tasks = world.state.tasks.keys().copied().collect();
        world.give(&Command::StartRun(StartRun { spec, tasks })).expect("a run is started");
    }
    world
}

impl World {
    /// Lets all go well until an effect that `stop` names is wanted.
    pub(crate) fn until(&mut self, stop: impl Fn(&Effect) -> bool) -> Effect {
        let mut fair = Dice::default();
        for _ in 0..200 {
            let mut wanted = self.wanted();
            if let Some(effect) = wanted.iter().find(|effect| stop(effect)) {
                return *effect;
            }
            wanted.sort_by_key(|effect| (matches!(effect, Effect::WatchAgent(..)), *effect));
            let effect = *wanted.first().expect("something is wanted");
            let report = self.perform(effect, &mut fair);
            self.give(&report).expect("what is wanted may be reported");
        }
        panic!("it never came to that");
    }

    /// Performs `effect` with the good outcome.
    pub(crate) fn well(&mut self, effect: Effect) {
        let report = self.perform(effect, &mut Dice::default());
        self.give(&report).expect("what is wanted may be reported");
    }

    /// Lets `ms` milliseconds go by.
    pub(crate) fn wait(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
        self.settle();
    }
}

/// Events as lines: the kind, then the fields that say something.
pub(crate) fn render(events: &[Event]) -> String {
    let lines: Vec<String> = events.iter().map(line).collect();
    lines.join("\n")
}

fn line(event: &Event) -> String {
    let json = serde_json::to_value(event).expect("an event is stored");
    let mut line = json["kind"].as_str().expect("an event has a kind").to_owned();
    for (name, value) in json["body"].as_object().into_iter().flatten() {
        if name != "spec" && name != "imported" && !value.is_null() {
            let _never_fails = write!(line, " {name}={value}");
        }
    }
    line
}

/// What a command yields: its events, not what follows from them, or the refusal.
#[track_caller]
pub(crate) fn check(world: &mut World, command: &Command, expected: &str) {
    let got = match world.give(command) {
        Ok(events) => render(&events),
        Err(why) => format!("refused: {why}"),
    };
    let expected: Vec<&str> = expected.trim().lines().map(str::trim).collect();
    assert_eq!(got.lines().collect::<Vec<_>>(), expected, "{command:?}\n{got}\n");
}

/// That a command is refused with this message, and changes nothing.
#[track_caller]
pub(crate) fn refused(world: &mut World, command: &Command, message: &str) {
    let before = world.state.clone();
    check(world, command, &format!("refused: {message}"));
    assert_eq!(before, world.state);
}
