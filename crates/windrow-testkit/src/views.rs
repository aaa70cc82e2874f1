//! Looking at windrow through its socket: the typed views behind every command's output.

use std::time::Duration;

use windrow_api::client::{Client, ClientError};
use windrow_api::view::{KeptRow, RunView, SessionRow, TaskRow, TaskStatus, TreeRow};
use windrow_api::{Call, ProjectCall, ProjectRef, Reply};

use crate::env::TestEnv;
use crate::patience::{patiently, wait_until};

/// How long a daemon that was killed may take until a keeper has brought one back.
const BACK: Duration = Duration::from_secs(60);

impl TestEnv {
    /// The repository as windrow knows it.
    #[must_use]
    pub fn project(&self) -> ProjectRef {
        let root = self.repo().path().to_owned();
        ProjectRef { git_dir: root.join(".git"), root }
    }

    /// Asks the daemon about the repository; waits for a daemon if there is none right now.
    ///
    /// # Panics
    /// When none comes or it refuses.
    #[track_caller]
    pub fn ask(&self, call: &ProjectCall) -> Reply {
        let answer = patiently(BACK, || match self.ask_once(call.clone()) {
            Ok(reply) => Some(Ok(reply)),
            Err(ClientError::Absent { .. } | ClientError::Gone(_)) => None,
            Err(other) => Some(Err(other)),
        });
        match answer {
            Some(Ok(reply)) => reply,
            Some(Err(error)) => panic!("{call:?}: {error}"),
            None => panic!("no daemon came to answer {call:?}"),
        }
    }

    /// Asks the daemon that is there.
    ///
    /// # Errors
    /// When there is none, or it refuses.
    pub fn ask_once(&self, call: ProjectCall) -> Result<Reply, ClientError> {
        let mut client = Client::connect(&self.state().join("socket"), "person")?;
        client.ask(Call::Project { project: self.project(), call: Box::new(call) })
    }

    /// The newest run, if there was one and a daemon answers.
    #[must_use]
    pub fn try_run(&self) -> Option<RunView> {
        match self.ask_once(ProjectCall::Run { run: None }) {
            Ok(Reply::Run(run)) => Some(*run),
            _ => None,
        }
    }

    /// The newest run.
    #[track_caller]
    #[must_use]
    pub fn run(&self) -> RunView {
        match self.ask(&ProjectCall::Run { run: None }) {
            Reply::Run(run) => *run,
            other => panic!("{other:?}"),
        }
    }

    /// One task of the newest run, by its key in its file.
    #[track_caller]
    #[must_use]
    pub fn task(&self, key: &str) -> TaskRow {
        let tasks = self.run().tasks;
        let found = tasks.iter().find(|task| task.key.as_deref() == Some(key) || task.id == key);
        found.cloned().unwrap_or_else(|| panic!("no task `{key}` in {tasks:#?}"))
    }

    /// The statuses of tasks of the newest run, by their keys.
    #[track_caller]
    #[must_use]
    pub fn statuses(&self) -> Vec<(String, TaskStatus)> {
        let key = |task: &TaskRow| task.key.clone().unwrap_or_else(|| task.id.clone());
        self.run().tasks.iter().map(|task| (key(task), task.status)).collect()
    }

    /// Requires the status of a task of the newest run.
    #[track_caller]
    pub fn expect_status(&self, key: &str, wanted: TaskStatus) -> TaskRow {
        let task = self.task(key);
        assert_eq!(task.status, wanted, "{task:#?}\n{}", self.daemon_log());
        task
    }

    /// Waits until a task of the newest run has a status.
    #[track_caller]
    pub fn await_status(&self, key: &str, wanted: TaskStatus) -> TaskRow {
        let mut seen = None;
        wait_until(&format!("task {key} is {}", wanted.word()), || {
            seen = self.try_run().and_then(|run| {
                let found = run.tasks.into_iter().find(|task| task.key.as_deref() == Some(key));
                found.filter(|task| task.status == wanted)
            });
            seen.is_some()
        });
        seen.unwrap()
    }

    /// Waits until the newest run has ended and its sessions are closed.
    #[track_caller]
    pub fn await_run_end(&self) -> RunView {
        self.await_run(|run| run.row.ended_ms.is_some() && run.sessions.is_empty())
    }

    /// Waits until the newest run is as `holds` wants it; as long as something happens in it, it may
    /// take its time.
    #[track_caller]
    pub fn await_run(&self, holds: impl Fn(&RunView) -> bool) -> RunView {
        let mut last: Option<RunView> = None;
        loop {
            let seen = last.as_ref().map(|run| run.seq);
            let news = patiently(Duration::from_secs(150), || {
                self.try_run().filter(|run| Some(run.seq) != seen || holds(run))
            });
            let run = news.unwrap_or_else(|| panic!("the run stands still: {last:#?}"));
            if holds(&run) {
                return run;
            }
            last = Some(run);
        }
    }

    /// Sessions of the repository, those that are over as well.
    #[track_caller]
    #[must_use]
    pub fn sessions(&self) -> Vec<SessionRow> {
        match self.ask(&ProjectCall::Sessions { all: true }) {
            Reply::Sessions(rows) => rows,
            other => panic!("{other:?}"),
        }
    }

    /// The worktrees that windrow made.
    #[track_caller]
    #[must_use]
    pub fn known_trees(&self) -> Vec<TreeRow> {
        match self.ask(&ProjectCall::Trees) {
            Reply::Trees(rows) => rows,
            other => panic!("{other:?}"),
        }
    }

    /// The kept refs as windrow lists them.
    #[track_caller]
    #[must_use]
    pub fn kept(&self) -> Vec<KeptRow> {
        match self.ask(&ProjectCall::Kept) {
            Reply::Kept(rows) => rows,
            other => panic!("{other:?}"),
        }
    }
}
