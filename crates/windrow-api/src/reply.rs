//! What the daemon answers.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::exit::ExitKind;
use crate::talk::MessageView;
use crate::view::{
    DaemonView, Explanation, KeptRow, LogCheck, LogRow, Moment, PruneRow, RepairView, RunRow,
    RunView, SessionRow, TaskRow, TaskView, TreeRow,
};

/// One line from the daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", content = "value", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the requests say which answer they get")]
pub enum Reply {
    Done,
    Failed(Failure),
    Daemon(DaemonView),
    Approved(Vec<bool>),
    Tasks(Vec<TaskRow>),
    Task(Box<TaskView>),
    Explanation(Box<Explanation>),
    Sessions(Vec<SessionRow>),
    Runs(Vec<RunRow>),
    Run(Box<RunView>),
    Log(Vec<LogRow>),
    Moment(Moment),
    Verified(LogCheck),
    Repaired(Box<RepairView>),
    Text(Option<String>),
    Kept(Vec<KeptRow>),
    Restored { path: PathBuf, branch: Option<String>, left: Vec<String> },
    Trees(Vec<TreeRow>),
    Pruned(Vec<PruneRow>),
    Message(Box<MessageView>),
    Messages(Vec<MessageView>),
    Hook(serde_json::Value),
}

/// A request that could not be done; nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct Failure {
    /// Which exit code fits.
    pub kind: ExitKind,
    /// What went wrong, a fragment without a period.
    pub message: String,
    /// What helps, one command or sentence each.
    pub hints: Vec<String>,
}
