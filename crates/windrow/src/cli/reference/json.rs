//! `docs/reference/json.md` and the schemas: the form of everything that `--format json` prints.

use std::fmt::Write as _;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use windrow_api::talk::MessageView;
use windrow_api::view::{
    DaemonView, Explanation, KeptRow, LogCheck, LogRow, PruneRow, RepairView, RunView, SessionRow,
    TaskRow, TaskView,
};

use super::super::agents::AgentRow;
use super::super::approve::Approval;
use super::super::bench::Figures;
use super::super::daemon::Absent;
use super::super::demo::Ended;
use super::super::diff::Difference;
use super::super::doctor::Finding;
use super::super::explain::Doing;
use super::super::log::Export;
use super::super::next::Needy;
use super::super::restore::Restored;
use super::super::run::Plan;
use super::super::status::Status;
use super::commands::every;
use crate::watch::{Change, End};

const HEAD: &str = "\
# JSON

What `--format json` prints, as [JSON Schema](https://json-schema.org/draft/2020-12). One value each,
but for commands that print one on each line as things happen.
Fields are only ever added.

| command | prints | schema |
|---|---|---|
";

/// A line of a run that is watched.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum RunLine {
    Change(Change),
    End(End<'static>),
}

/// A line of the demo.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum DemoLine {
    Change(Change),
    End(End<'static>),
    Demo(Ended<'static>),
}

/// The daemon, or that it is not there.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum DaemonState {
    There(DaemonView),
    Absent(Absent<'static>),
}

/// A task, or the sessions of that name.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Shown {
    Task(Box<TaskView>),
    Sessions(Vec<SessionRow>),
}

/// A task, or a worker and what was said.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Explained {
    Task(Box<Explanation>),
    Worker(Box<Doing>),
}

/// What a walk along the journal found, or along an export.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Verified {
    Journal(LogCheck),
    Export(Export),
}

/// What would run: of files the plan, of the project's own tasks their rows.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum DryRun {
    Plan(Plan),
    Own(Vec<TaskRow>),
}

/// What one way to call a command prints.
struct Answer {
    /// The command with the flags that matter, without `windrow`.
    call: &'static str,
    /// One value on each line rather than one in all.
    lines: bool,
    schema: Schema,
}

fn answer<T: JsonSchema>(call: &'static str) -> Answer {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    Answer { call, lines: false, schema: settings.into_generator().into_root_schema_for::<T>() }
}

fn lines<T: JsonSchema>(call: &'static str) -> Answer {
    Answer { lines: true, ..answer::<T>(call) }
}

/// Every answer, in the order of the help.
fn answers() -> Vec<Answer> {
    vec![
        answer::<Vec<SessionRow>>(""),
        lines::<DemoLine>("demo"),
        answer::<Figures>("bench"),
        lines::<RunLine>("run"),
        answer::<RunView>("run --detach"),
        answer::<DryRun>("run --dry-run"),
        answer::<Status>("status"),
        answer::<Vec<TaskRow>>("task add"),
        answer::<Vec<TaskRow>>("task import"),
        answer::<Vec<TaskRow>>("task list"),
        answer::<TaskView>("task show"),
        answer::<Vec<TaskRow>>("task edit"),
        answer::<Vec<TaskRow>>("ready"),
        answer::<Shown>("show"),
        answer::<Difference<'static>>("diff"),
        answer::<Explained>("explain"),
        answer::<Option<Needy>>("next"),
        answer::<MessageView>("answer"),
        answer::<SessionRow>("wait"),
        answer::<MessageView>("ask"),
        answer::<Vec<MessageView>>("inbox"),
        lines::<LogRow>("log"),
        answer::<Verified>("log verify"),
        answer::<RepairView>("log repair"),
        answer::<Vec<SessionRow>>("at"),
        answer::<Status>("at status"),
        answer::<Shown>("at show"),
        answer::<Vec<TaskRow>>("at ready"),
        answer::<Explained>("at explain"),
        answer::<Vec<TaskRow>>("at task list"),
        answer::<TaskView>("at task show"),
        answer::<RunView>("report"),
        answer::<Restored<'static>>("restore"),
        answer::<Vec<KeptRow>>("restore --list"),
        answer::<Vec<AgentRow>>("agents"),
        answer::<Vec<Approval<'static>>>("approve"),
        answer::<Vec<PruneRow>>("prune"),
        answer::<Vec<Finding>>("doctor"),
        answer::<DaemonView>("daemon start"),
        answer::<DaemonState>("daemon status"),
    ]
}

impl Answer {
    /// `run --dry-run` is `run-dry-run.json`, and the bare command `windrow.json`.
    fn file(&self) -> String {
        let words: Vec<&str> =
            self.call.split(' ').map(|word| word.trim_start_matches('-')).collect();
        if self.call.is_empty() { "windrow.json".to_owned() } else { words.join("-") + ".json" }
    }

    fn line(&self) -> String {
        let words = ["windrow", self.call, "--format json"];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// The command that prints it, without flags.
    fn command(&self) -> String {
        let words = self.call.split(' ').filter(|word| !word.starts_with('-') && !word.is_empty());
        std::iter::once("windrow").chain(words).collect::<Vec<_>>().join(" ")
    }
}

pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    for answer in answers() {
        let (line, file) = (answer.line(), answer.file());
        let prints = if answer.lines { "lines" } else { "one value" };
        let _never_fails = writeln!(page, "| `{line}` | {prints} | [{file}](schemas/{file}) |");
    }
    page
}

/// The schemas by their file names.
pub(super) fn schemas() -> Vec<(String, String)> {
    let of = |answer: Answer| {
        let (file, line) = (answer.file(), answer.line());
        let what = if answer.lines { "Each line of" } else { "The answer of" };
        let mut schema = answer.schema;
        schema.insert("title".to_owned(), format!("{what} `{line}`").into());
        let text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
        (file, text + "\n")
    };
    answers().into_iter().map(of).collect()
}

#[test]
fn every_command_that_prints_json_has_a_schema() {
    let described: Vec<String> = answers().iter().map(Answer::command).collect();
    for (name, command) in every() {
        let prints = command.get_arguments().any(|arg| arg.get_id() == "format");
        assert_eq!(described.contains(&name), prints, "{name}");
    }
}
