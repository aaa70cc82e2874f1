//! Acts on a session's name and agent.

use std::cell::RefCell;
use std::rc::Rc;

use windrow_core::command::{RenewClaim, ReportEnded, ReportFreed, ReportLeased, ReportStarted};
use windrow_core::ids::{Generation, SessionId};
use windrow_core::state::{Exit, ExitHow, Process, Session};
use windrow_core::{Command, State};
use windrow_engine::jobs::{self, Beginning};
use windrow_engine::keeper::{JobState, job};
use windrow_world::proc::ProcessId;

use super::super::daemon::{Mail, Slot, tell};
use super::super::job::{Launching, SimJob};
use super::super::stage::{Broke, Ms, Stage};
use super::super::world::{Program, What};
use super::{Act, Told};

/// Asks the loop and waits for its word.
async fn ask<T: 'static>(stage: &Stage, mail: impl FnOnce(Slot<T>) -> Mail) -> Result<T, Broke> {
    stage.act("ask the loop").await?;
    let slot: Slot<T> = Rc::new(RefCell::new(None));
    tell(stage, mail(Rc::clone(&slot)));
    let told = Rc::clone(&slot);
    stage.until("wait for the loop", Ms::MAX, move |_| told.borrow().is_some()).await;
    let told = slot.borrow_mut().take();
    told.ok_or_else(|| "the daemon is ending".to_owned())
}

pub(super) async fn lease(stage: Stage, session: SessionId, generation: Generation) -> Told {
    let leased = ask(&stage, |slot| Mail::Lease(session, slot)).await??;
    let (name, port_offset) = leased;
    Ok(Some(Command::ReportLeased(ReportLeased { session, generation, name, port_offset })))
}

pub(super) async fn free(stage: Stage, session: SessionId, generation: Generation) -> Told {
    ask(&stage, |slot| Mail::Free(session, slot)).await??;
    Ok(Some(Command::ReportFreed(ReportFreed { session, generation })))
}

fn job_of(stage: &Stage, session: &Session) -> SimJob {
    SimJob::new(stage, format!("{}.{}", session.id, session.generation))
}

fn ended(session: SessionId, generation: Generation, how: ExitHow) -> Command {
    let exit = Exit::of(how);
    Command::ReportEnded(ReportEnded { session, generation, exit })
}

pub(super) fn start(stage: Stage, state: &State, id: SessionId) -> Option<Act> {
    let session = state.sessions.get(&id)?;
    let generation = session.generation;
    let job = job_of(&stage, session);
    let is_to_end = session.stop.is_some();
    let task = state.tasks.get(&session.task)?;
    let run = &state.runs.get(&session.run)?.spec;
    let limits = task.spec.limits.or(run.limits);
    let program = Program {
        tree: session.tree.as_ref()?.path.clone(),
        what: What::Work(paths_of(task)),
        time_ms: limits.time_ms,
        silence_ms: limits.silence_ms,
    };
    Some(Box::pin(async move {
        let running = |keeper: ProcessId| {
            let pid = u32::try_from(keeper.pid).unwrap_or(0);
            let keeper = Process { pid, start_time: keeper.start_time };
            Command::ReportStarted(ReportStarted { session: id, generation, keeper })
        };
        let over = |exit: &windrow_engine::keeper::Exit| {
            ended(id, generation, jobs::agent_exit(&exit.how))
        };
        let stands = stands(&stage, &job).await?;
        Ok(Some(match jobs::beginning(stands, is_to_end) {
            Beginning::Never => ended(id, generation, ExitHow::Stopped),
            Beginning::Runs(keeper) => running(keeper),
            Beginning::Later => return Err("its keeper is just starting".into()),
            Beginning::Over(exit) => over(&exit),
            Beginning::EndOrphan => over(&job::end_orphan(&job).await?),
            Beginning::Launch => {
                stage.act("write the brief").await?;
                running(job::launch(&mut Launching { job, program }).await?)
            }
        }))
    }))
}

/// The files a worker will touch: below its scopes, and now and then elsewhere.
fn paths_of(task: &windrow_core::state::Task) -> Vec<String> {
    let scopes = task.spec.scopes.iter().map(|scope| {
        let plain = scope.as_str().trim_end_matches("/**");
        if plain.contains('.') { plain.to_owned() } else { format!("{plain}/{}.rs", task.id) }
    });
    // The title says what else it touches, after a plus sign: scopes may lie.
    let beside = task.spec.title.split('+').skip(1).map(|path| path.trim().to_owned());
    scopes.chain(beside).collect()
}

/// How often a job is looked at that cannot be seen.
const ASKS: u32 = 90;

/// Where a job stands, however often that cannot be seen at first.
pub(super) async fn stands(stage: &Stage, job: &SimJob) -> Result<JobState, Broke> {
    for _ in 0..ASKS {
        match job::look(job).await {
            Ok(stands) => return Ok(stands),
            Err(_) => stage.pause("look again", 1_000).await,
        }
    }
    Err(format!("{} could not be read for a while", job.name))
}

/// The same for the end of a job.
pub(super) async fn surely_ended(
    stage: &Stage,
    job: &SimJob,
) -> Result<windrow_engine::keeper::Exit, Broke> {
    let mut asks = 0;
    loop {
        match wait_for_exit(stage, job, 3_600_000, || {}).await {
            Err(_) if asks < ASKS => {
                asks += 1;
                stage.pause("wait again", 1_000).await;
            }
            ended => return ended,
        }
    }
}

/// Waits until nothing of a job runs any more.
async fn wait_for_exit(
    stage: &Stage,
    job: &SimJob,
    every: Ms,
    alive: impl Fn(),
) -> Result<windrow_engine::keeper::Exit, Broke> {
    loop {
        match job::look(job).await? {
            JobState::Ended(exit) => return Ok(exit),
            JobState::Running { keeper: Some(keeper) } => {
                let pid = u32::try_from(keeper.pid).unwrap_or(0);
                loop {
                    let until = stage.now() + every;
                    let gone =
                        move |world: &super::super::world::World| !world.alive.contains_key(&pid);
                    stage.until("wait for the keeper's end", until, gone).await;
                    if !stage.world().alive.contains_key(&pid) {
                        break;
                    }
                    alive();
                }
            }
            JobState::Running { keeper: None } => stage.pause("let it settle", 20).await,
            JobState::Orphaned { .. } => return job::end_orphan(job).await,
            JobState::NotLaunched => return Err(format!("{} was never launched", job.name)),
        }
    }
}

pub(super) fn watch(stage: Stage, state: &State, id: SessionId) -> Option<Act> {
    let session = state.sessions.get(&id)?;
    let every = (state.runs.get(&session.run)?.spec.lease_ms / 2).max(1_000);
    let (job, generation) = (job_of(&stage, session), session.generation);
    Some(Box::pin(async move {
        let renew = || {
            let renew = RenewClaim { session: id, generation };
            tell(&stage, Mail::Tell(Command::RenewClaim(renew)));
        };
        let exit = wait_for_exit(&stage, &job, every, renew).await?;
        Ok(Some(ended(id, generation, jobs::agent_exit(&exit.how))))
    }))
}

pub(super) fn probe(stage: Stage, state: &State, id: SessionId) -> Option<Act> {
    let session = state.sessions.get(&id)?;
    let (job, generation) = (job_of(&stage, session), session.generation);
    Some(Box::pin(async move {
        Ok(match stands(&stage, &job).await {
            Ok(JobState::Running { .. }) => {
                Some(Command::RenewClaim(RenewClaim { session: id, generation }))
            }
            Ok(_) | Err(_) => None,
        })
    }))
}

pub(super) fn stop(stage: Stage, state: &State, id: SessionId) -> Option<Act> {
    let job = job_of(&stage, state.sessions.get(&id)?);
    Some(Box::pin(async move {
        while job::request_stop(&job, "asked by windrow").await.is_err() {
            stage.pause("ask again", 1_000).await;
        }
        Ok(None)
    }))
}
