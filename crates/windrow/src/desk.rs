//! What commands ask about one project, with answers of the right kind.

use std::time::Duration;

use windrow_api::client::ClientError;
use windrow_api::talk::MessageView;
use windrow_api::view::{
    Explanation, KeptRow, Moment, PruneRow, RunRow, RunView, SessionRow, TaskRow, TaskView, TreeRow,
};
use windrow_api::{Call, ProjectCall, ProjectRef, Reply};
use windrow_core::ids::{RunId, SessionId, TaskId};

use crate::daemon::{Daemon, Launcher};
use crate::error::CliError;

/// One project's side of the daemon.
#[derive(Debug)]
pub(crate) struct Desk {
    daemon: Daemon,
    project: ProjectRef,
    /// The moment that is asked about, when it is not now.
    then: Option<Moment>,
}

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*): $call:expr => $reply:ident, $answer:ty;)*) => {
        impl Desk {$(
            $(#[$doc])*
            pub(crate) fn $name(&mut self, $($arg: $type),*) -> Result<$answer, CliError> {
                match self.ask($call)? {
                    Reply::$reply(answer) => Ok(answer),
                    other => Err(unexpected(&other)),
                }
            }
        )*}
    };
}

answers! {
    /// Every task.
    tasks(): ProjectCall::Tasks => Tasks, Vec<TaskRow>;
    /// Open tasks without open dependencies, best first.
    ready(): ProjectCall::Ready => Tasks, Vec<TaskRow>;
    /// Work that is held for a person, and open tasks that wait for it.
    held(): ProjectCall::Held => Tasks, Vec<TaskRow>;
    /// One task with everything.
    task(task: TaskId): ProjectCall::Task { task } => Task, Box<TaskView>;
    /// Why a task stands where it stands.
    explain(task: TaskId): ProjectCall::Explain { task } => Explanation, Box<Explanation>;
    /// Sessions, live ones or all.
    sessions(all: bool): ProjectCall::Sessions { all } => Sessions, Vec<SessionRow>;
    /// Every run, newest last.
    runs(): ProjectCall::Runs => Runs, Vec<RunRow>;
    /// One run, the newest when none is named.
    run(run: Option<RunId>): ProjectCall::Run { run } => Run, Box<RunView>;
    /// Everything that a worker and the person said to each other.
    talk(session: SessionId): ProjectCall::Talk { session } => Messages, Vec<MessageView>;
    /// A long text.
    text(hash: String): ProjectCall::Text { hash } => Text, Option<String>;
    /// Kept work.
    kept(): ProjectCall::Kept => Kept, Vec<KeptRow>;
    /// Worktrees windrow made.
    trees(): ProjectCall::Trees => Trees, Vec<TreeRow>;
    /// Removes what is not needed any more, or says what would go.
    prune(dry_run: bool, unlanded: bool):
        ProjectCall::Prune { dry_run, unlanded } => Pruned, Vec<PruneRow>;
}

impl Desk {
    pub(crate) fn new(daemon: Daemon, project: ProjectRef) -> Self {
        Self { daemon, project, then: None }
    }

    /// The same about a moment of the past, if one is named.
    pub(crate) fn at(mut self, then: Option<Moment>) -> Self {
        self.then = then;
        self
    }

    /// The long text behind a task's last failed try, if there is one.
    pub(crate) fn evidence(&mut self, task: &TaskView) -> Result<Option<String>, CliError> {
        match task.failures.last().and_then(|failure| failure.detail.clone()) {
            Some(hash) => self.text(hash),
            None => Ok(None),
        }
    }

    /// The daemon behind the desk.
    pub(crate) fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    /// The way to more connections to that daemon.
    pub(crate) fn launcher(&self) -> &Launcher {
        self.daemon.launcher()
    }

    /// Asks something that may be asked twice.
    pub(crate) fn ask(&mut self, call: ProjectCall) -> Result<Reply, CliError> {
        let call = self.call(call);
        self.daemon.ask_again(&call)
    }

    /// Asks something once; whether it was done is not known when the daemon goes away.
    pub(crate) fn ask_once(&mut self, call: ProjectCall) -> Result<Reply, ClientError> {
        self.daemon.ask_once(self.call(call))
    }

    /// Asks something that is answered when it is so, over as many daemons as that takes.
    pub(crate) fn ask_patiently(&mut self, call: &ProjectCall) -> Result<Reply, CliError> {
        loop {
            match self.ask_within(call, None) {
                Err(ClientError::Gone(_)) => self.daemon.reconnect()?,
                answered => return Ok(answered?),
            }
        }
    }

    /// Asks something that is answered when it is so; gone when it is not by then.
    pub(crate) fn ask_within(
        &mut self,
        call: &ProjectCall,
        patience: Option<Duration>,
    ) -> Result<Reply, ClientError> {
        let call = self.call(call.clone());
        self.daemon.ask_within(call, patience)
    }

    /// Does something once, whose answer says nothing more.
    pub(crate) fn do_once(&mut self, call: ProjectCall) -> Result<(), CliError> {
        match self.ask_once(call)? {
            Reply::Done => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    /// A call to the daemon about this project.
    pub(crate) fn call(&self, call: ProjectCall) -> Call {
        let call = match self.then {
            Some(moment) => ProjectCall::At { moment, call: Box::new(call) },
            None => call,
        };
        Call::Project { project: self.project.clone(), call: Box::new(call) }
    }
}

/// An answer to something else than was asked.
pub(crate) fn unexpected(reply: &Reply) -> CliError {
    let text = format!("{reply:?}");
    let start: String = text.chars().take(80).collect();
    CliError::internal(format!("the daemon answered something else than was asked: {start}"))
}
