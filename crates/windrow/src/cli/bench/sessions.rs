//! The sessions: an ordinary run, started and watched as `windrow run` does.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use windrow_api::client::{Client, ClientError};
use windrow_api::view::{RunView, TaskView};
use windrow_api::{Call, ExitKind, ProjectCall, Reply};

use super::super::daemon;
use super::super::interrupt::Interrupts;
use super::super::run::{self, RunArgs};
use super::super::scratch::run_id;
use super::ground::{Ground, TASKS};
use super::memory::Memory;
use crate::approval;
use crate::context::Context;
use crate::desk::{Desk, unexpected};
use crate::error::CliError;
use crate::select::task_id;
use crate::source;
use crate::watch::is_over;

/// Between two looks at the memory.
const LOOK: Duration = Duration::from_millis(250);

/// A run that came to its end.
pub(super) struct Ran {
    pub(super) tasks: Vec<TaskView>,
    pub(super) memory: Memory,
}

/// Runs every task.
pub(super) fn run(
    context: &Context,
    ground: &Ground,
    interrupts: &Interrupts,
) -> Result<Ran, CliError> {
    approve(context)?;
    let args = RunArgs {
        sources: vec![TASKS.into()],
        pool: std::num::NonZeroU32::new(ground.load.pool),
        ..RunArgs::default()
    };
    let Some((mut desk, view)) = run::begin(context, &args)? else {
        return Err(CliError::internal("the bench's list has no open task"));
    };
    let id = run_id(&view.row.id)?;
    let pid = daemon::ping(desk.daemon())?.pid;
    let mut memory = Memory::default();
    let client = desk.daemon().launcher().connect()?;
    let views = subscribe(client, desk.call(ProjectCall::WatchRun { run: id }));
    loop {
        match views.recv_timeout(LOOK) {
            Ok(view) => {
                if is_over(&view?.row.phase) {
                    break;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(CliError::new(ExitKind::World, "the daemon went away"));
            }
        }
        if interrupts.came() {
            return Err(CliError::user("interrupted"));
        }
        memory.look(pid, &ground.scratch.home());
    }
    let tasks = tasks(&mut desk, id)?;
    Ok(Ran { tasks, memory })
}

/// Records consent to what windrow itself has written there a moment ago.
fn approve(context: &Context) -> Result<(), CliError> {
    let project = context.project()?;
    let tasks = source::read(context, &project, TASKS.as_ref())?;
    approval::record(&mut context.daemon()?, &[&tasks.content])
}

/// The run's views from now on.
fn subscribe(
    mut client: Client,
    call: Call,
) -> std::sync::mpsc::Receiver<Result<RunView, CliError>> {
    let (sender, views) = channel();
    thread::spawn(move || {
        let mut answer = client.send(call).and_then(|()| client.answer());
        loop {
            let view = match answer {
                Ok(Reply::Run(view)) => Ok(*view),
                Ok(other) => Err(unexpected(&other)),
                Err(ClientError::Gone(_)) => return,
                Err(error) => Err(error.into()),
            };
            let last = view.is_err();
            if sender.send(view).is_err() || last {
                return;
            }
            answer = client.answer();
        }
    });
    views
}

fn tasks(desk: &mut Desk, run: windrow_core::ids::RunId) -> Result<Vec<TaskView>, CliError> {
    let rows = desk.run(Some(run))?.tasks;
    rows.iter().map(|row| desk.task(task_id(row)?).map(|task| *task)).collect()
}
