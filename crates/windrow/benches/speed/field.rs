//! A place with a repository, a daemon, and a way to ask it without a command in between.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use windrow_api::client::Client;
use windrow_api::request::LogQuery;
use windrow_api::view::{LogRow, RunView, TaskRow};
use windrow_api::{Call, ProjectCall, ProjectRef, Reply, TaskDraft};
use windrow_core::ids::{RunId, TaskId};
use windrow_core::spec::{AgentCommand, AgentSpec, Identity, RunSpec, TaskSpec};
use windrow_testkit::{TestEnv, wait_until};
use windrow_world::cmd::Cmd;

use crate::process::STAMP;

/// Files that change between one session and the next.
const CHANGED: u32 = 5;

/// Where something is measured.
pub(crate) struct Field {
    pub(crate) env: TestEnv,
    project: ProjectRef,
    files: u32,
}

impl Field {
    /// A repository of `files` files and a daemon that knows it.
    pub(crate) fn new(files: u32) -> Self {
        let env = TestEnv::bare(env!("CARGO_BIN_EXE_windrow"));
        for n in 0..files {
            let path = env.repo().file(&file(n));
            if n % 50 == 0 {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
            }
            put(&path, &text(n, 0));
        }
        env.repo().commit("base");
        let root = env.repo().path().canonicalize().unwrap();
        let project = ProjectRef { git_dir: root.join(".git"), root };
        let field = Self { env, project, files };
        field.env.windrow(["daemon", "start"]).ok();
        field
    }

    /// A connection of its own.
    pub(crate) fn client(&self) -> Client {
        Client::connect(&self.env.state().join("socket"), "person").unwrap()
    }

    /// A call about this project.
    pub(crate) fn call(&self, call: ProjectCall) -> Call {
        Call::Project { project: self.project.clone(), call: Box::new(call) }
    }

    /// The folder of the project in windrow's home.
    pub(crate) fn folder(&self) -> PathBuf {
        let bytes = self.project.git_dir.as_os_str().as_encoded_bytes();
        let id: String = windrow_journal::Hash::of(bytes).to_string().chars().take(12).collect();
        self.env.state().join("projects").join(id)
    }

    /// Asks and takes the one answer.
    pub(crate) fn ask(&self, call: ProjectCall) -> Reply {
        self.client().ask(self.call(call)).unwrap()
    }

    /// How the benches run: by a worker that stamps the time, or by the tasks' own lines.
    pub(crate) fn spec(&self, branch: &str, pool: u32) -> RunSpec {
        let own = std::env::current_exe().unwrap().to_str().unwrap().to_owned();
        let command = AgentCommand::Argv(vec![own, STAMP.to_owned()]);
        let agent = AgentSpec::of(command);
        RunSpec {
            sources: vec!["ready".to_owned()],
            branch: branch.to_owned(),
            pool,
            identity: Identity { name: "Bench".to_owned(), email: "bench@example.org".to_owned() },
            trees: self.env.trees().to_str().unwrap().to_owned(),
            agent: Some("stamp".to_owned()),
            agents: BTreeMap::from([("stamp".to_owned(), agent)]),
            ..RunSpec::default()
        }
    }

    /// Adds a task; without a line the stamping worker does it.
    pub(crate) fn add(&self, title: &str, line: Option<&str>) -> TaskId {
        let run = line.map(str::to_owned);
        let spec = TaskSpec { title: title.to_owned(), run, ..TaskSpec::default() };
        let task = TaskDraft { spec, body: None };
        id_of(&self.tasks_of(ProjectCall::AddTask { task })[0])
    }

    /// The tasks that a call answers with.
    pub(crate) fn tasks_of(&self, call: ProjectCall) -> Vec<TaskRow> {
        match self.ask(call) {
            Reply::Tasks(rows) => rows,
            other => panic!("{other:?}"),
        }
    }

    /// Starts a run.
    pub(crate) fn start(&self, spec: RunSpec, tasks: Vec<TaskId>) -> RunView {
        match self.ask(ProjectCall::StartRun { spec: Box::new(spec), tasks }) {
            Reply::Run(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    /// Runs tasks to their end and waits until every tree is tidied up; what was recorded.
    pub(crate) fn run(&self, spec: RunSpec, tasks: Vec<TaskId>) -> Vec<LogRow> {
        let view = self.start(spec, tasks);
        let run: RunId = view.row.id.parse().unwrap();
        let ended = || match self.ask(ProjectCall::Run { run: Some(run) }) {
            Reply::Run(view) => view.row.ended_ms.is_some() && view.sessions.is_empty(),
            other => panic!("{other:?}"),
        };
        wait_until("a run is over", ended);
        // The run was the last thing that was recorded before it began.
        self.log_from(view.seq.saturating_sub(5))
    }

    /// The log from a record on.
    pub(crate) fn log_from(&self, from: u64) -> Vec<LogRow> {
        let query = LogQuery { from: Some(from), ..LogQuery::default() };
        let mut client = self.client();
        client.send(self.call(ProjectCall::Log { query })).unwrap();
        let mut all = Vec::new();
        loop {
            match client.answer().unwrap() {
                Reply::Log(rows) => all.extend(rows),
                Reply::Done => return all,
                other => panic!("{other:?}"),
            }
        }
    }

    /// Changes a few files and commits that on the checked-out branch.
    pub(crate) fn commit_changes(&self, turn: u32) -> String {
        for n in 0..CHANGED.min(self.files) {
            let n = (n * 601 + turn * 7) % self.files;
            put(&self.env.repo().file(&file(n)), &text(n, turn + 1));
        }
        let repo = self.env.repo();
        repo.git(["commit", "-q", "-a", "-m", &format!("Change {turn}")]);
        repo.head()
    }

    /// Runs git in any folder as a person would, and how long it took in milliseconds.
    pub(crate) fn git_ms<const N: usize>(&self, dir: &Path, args: [&str; N]) -> f64 {
        let call = self.git(dir, args);
        let since = Instant::now();
        call.success().unwrap();
        ms(since)
    }

    /// A git call in any folder, as a person would make it.
    pub(crate) fn git<const N: usize>(&self, dir: &Path, args: [&str; N]) -> Cmd {
        self.env.command_of("git", dir, &args)
    }
}

/// The id of a task.
pub(crate) fn id_of(row: &TaskRow) -> TaskId {
    row.id.parse().unwrap()
}

/// Milliseconds since then.
pub(crate) fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}

/// When the last record of a kind was made.
pub(crate) fn last_at(log: &[LogRow], kind: &str) -> f64 {
    let row = log.iter().rfind(|row| row.kind == kind);
    let row = row.unwrap_or_else(|| panic!("no `{kind}` in {log:#?}"));
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century fit")]
    let at = row.at_ms as f64;
    at
}

/// The medians of steps that were measured again and again, in words.
pub(crate) fn steps<const N: usize>(names: [&str; N], times: &[[f64; N]]) -> String {
    let parts = names.iter().enumerate().map(|(at, name)| {
        let of_step: Vec<f64> = times.iter().map(|times| times[at]).collect();
        format!("{name} {:.0}", crate::row::median(&of_step))
    });
    format!("ms: {}", parts.collect::<Vec<_>>().join(", "))
}

fn file(n: u32) -> String {
    format!("src/part-{:03}/file-{n:05}.txt", n / 50)
}

fn put(path: &Path, text: &str) {
    use std::io::Write as _;
    fs::File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// 20 to 120 lines that differ from file to file and from turn to turn.
fn text(n: u32, turn: u32) -> String {
    let mut text = String::new();
    let mut word = n.wrapping_mul(2_654_435_761).wrapping_add(turn);
    for line in 0..20 + n % 101 {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        writeln!(text, "line {line} of file {n}: {word:08x}").unwrap();
    }
    text
}
