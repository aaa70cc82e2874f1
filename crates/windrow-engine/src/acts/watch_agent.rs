//! Waits for an agent's end, whoever started its keeper: this is also how a new daemon adopts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use windrow_core::command::{RenewClaim, ReportEnded};
use windrow_core::ids::SessionId;
use windrow_core::{Command, Effect, State};
use windrow_world::proc::ProcessId;

use super::agent::client_of;
use super::exit::exit_of;
use super::receipt::Told;
use super::{Act, Outcome, Tools, blocking, chain};
use crate::keeper::{self, JobState};

/// Pause before looking again at a keeper that is just starting or ending.
const SETTLE: Duration = Duration::from_millis(20);

pub(super) fn prepare(state: &State, id: SessionId, effect: Effect, tools: &Tools) -> Option<Act> {
    let session = state.sessions.get(&id)?;
    let lease_ms = state.runs.get(&session.run)?.spec.lease_ms;
    let generation = session.generation;
    let folder = tools.place.agent_job(id, generation);
    let client = client_of(state, session);
    let told = Told::at_start(session, true);
    let (hub, project) = (tools.hub.clone(), tools.place.id.clone());
    Some(Box::pin(async move {
        let alive = || {
            let renew = RenewClaim { session: id, generation };
            hub.tell(&project, Command::RenewClaim(renew));
        };
        let every = Duration::from_millis((lease_ms / 2).max(1_000));
        match wait_for_exit(&folder, every, alive).await {
            Ok(exit) => {
                let read = move || Ok(exit_of(&exit, client, &folder));
                let (exit, tail, is_begun) = match blocking(effect, read).await {
                    Ok(read) => read,
                    Err(outcome) => return outcome,
                };
                if is_begun {
                    told.tell(&hub, &project);
                }
                let report = ReportEnded { session: id, generation, exit };
                Outcome::with_text(Command::ReportEnded(report), Some(tail))
            }
            Err(reason) => Outcome::setback(effect, reason),
        }
    }))
}

/// Pause before asking again after a look that did not work.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// How often a keeper is asked before the question is left to its deadline: longer than that.
const ASKS: u32 = 90;

/// Looks whether the keeper is there, and renews the claim if it is.
///
/// A look that does not work is no answer, so it is taken again: the core asks but once, and would
/// end a living worker for want of one.
pub(super) fn probe(state: &State, id: SessionId, tools: &Tools) -> Option<Act> {
    let generation = state.sessions.get(&id)?.generation;
    let folder = tools.place.agent_job(id, generation);
    Some(Box::pin(async move {
        match answer(|| look(&folder), ASK_AGAIN).await {
            Some(JobState::Running { .. }) => {
                Outcome::report(Command::RenewClaim(RenewClaim { session: id, generation }))
            }
            // Not being seen is no proof of being gone: the watch finds that out.
            Some(_) | None => Outcome::default(),
        }
    }))
}

/// The first look that works.
async fn answer<F: Future<Output = Result<JobState, String>>>(
    look: impl Fn() -> F,
    pause: Duration,
) -> Option<JobState> {
    for _ in 0..ASKS {
        match look().await {
            Ok(state) => return Some(state),
            Err(reason) => tracing::warn!("a keeper could not be looked at: {reason}"),
        }
        tokio::time::sleep(pause).await;
    }
    None
}

/// Where a job stands, however often that cannot be seen at first.
///
/// A look that does not work says nothing of the job; what may still run is not given up for it.
pub(super) async fn stands(folder: &Path) -> Result<JobState, String> {
    let seen = answer(|| look(folder), ASK_AGAIN).await;
    seen.ok_or_else(|| format!("`{}` could not be read for a while", folder.display()))
}

/// The same for the end of a job.
pub(super) async fn surely_ended(folder: &Path, every: Duration) -> Result<keeper::Exit, String> {
    let mut asks = 0;
    loop {
        match wait_for_exit(folder, every, || {}).await {
            Err(reason) if asks < ASKS => {
                tracing::warn!("the end of a job could not be seen: {reason}");
                asks += 1;
                tokio::time::sleep(ASK_AGAIN).await;
            }
            ended => return ended,
        }
    }
}

/// Waits until nothing of a job runs any more; calls `alive` now and then while it does.
pub(super) async fn wait_for_exit(
    folder: &Path,
    every: Duration,
    alive: impl Fn(),
) -> Result<keeper::Exit, String> {
    loop {
        match look(folder).await? {
            JobState::Ended(exit) => return Ok(exit),
            JobState::Running { keeper: Some(keeper) } => gone(keeper, every, &alive).await?,
            JobState::Running { keeper: None } => tokio::time::sleep(SETTLE).await,
            JobState::Orphaned { .. } => {
                let folder = folder.to_owned();
                let ended = tokio::task::spawn_blocking(move || keeper::end_orphan(&folder)).await;
                return ended.map_err(|e| e.to_string())?.map_err(|e| chain(&e));
            }
            JobState::NotLaunched => {
                return Err(format!("`{}` was never launched", folder.display()));
            }
        }
    }
}

async fn look(folder: &Path) -> Result<JobState, String> {
    let folder: PathBuf = folder.to_owned();
    let looked = tokio::task::spawn_blocking(move || keeper::look(&folder)).await;
    looked.map_err(|e| e.to_string())?.map_err(|e| chain(&e))
}

/// Waits until a keeper is gone.
async fn gone(keeper: ProcessId, every: Duration, alive: &impl Fn()) -> Result<(), String> {
    let Some(fd) = keeper::keeper_fd(keeper).map_err(|e| chain(&e))? else {
        keeper.reap();
        return Ok(());
    };
    #[expect(
        deprecated,
        reason = "the replacement is unsafe; the descriptor is owned, so this holds"
    )]
    let fd = AsyncFd::with_interest(fd, Interest::READABLE).map_err(|e| e.to_string())?;
    loop {
        match tokio::time::timeout(every, fd.readable()).await {
            Ok(ready) => {
                drop(ready.map_err(|e| e.to_string())?);
                keeper.reap();
                return Ok(());
            }
            Err(_) => alive(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn a_look_that_does_not_work_is_taken_again() {
        let looks = Cell::new(0);
        let look = async || {
            looks.set(looks.get() + 1);
            if looks.get() < 3 {
                Err("too many open files".to_owned())
            } else {
                Ok(JobState::Running { keeper: None })
            }
        };
        let seen = answer(look, Duration::ZERO).await;
        assert!(matches!(seen, Some(JobState::Running { .. })), "{seen:?}");
        looks.set(i32::MIN);
        assert!(answer(look, Duration::ZERO).await.is_none(), "the question has an end");
    }
}
