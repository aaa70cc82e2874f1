//! The floor: what the worktrees alone cost, made and removed by git, one call for each core at a
//! time.
//!
//! As many stand at once as workers would. Two `git worktree add` that meet each other can fail;
//! such a call is made again, as a person would, and counted.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use windrow_world::cmd::Cmd;

use super::super::interrupt::Interrupts;
use super::ground::Ground;
use crate::error::CliError;

/// How often one call may fail before the bench gives up.
const TRIES: u32 = 20;

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Floor {
    pub(super) trees: Duration,
    /// Calls of git that failed and were made again.
    pub(super) again: u32,
    pub(super) cores: usize,
}

impl Floor {
    /// The mean of two.
    pub(super) fn and(self, other: Self) -> Self {
        let trees = (self.trees + other.trees) / 2;
        Self { trees, again: self.again + other.again, cores: self.cores }
    }
}

/// Makes and removes every tree.
pub(super) fn measure(ground: &Ground, interrupts: &Interrupts) -> Result<Floor, CliError> {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let folder = ground.scratch.root().join("floor");
    let paths: Vec<PathBuf> =
        (1..=ground.load.sessions).map(|n| folder.join(n.to_string())).collect();
    let again = AtomicU32::new(0);
    let pool = usize::try_from(ground.load.pool).unwrap_or(usize::MAX);
    let since = Instant::now();
    for standing in paths.chunks(pool) {
        for act in [add, remove] {
            if interrupts.came() {
                return Err(CliError::user("interrupted"));
            }
            each(standing, cores, |path| {
                let mut tries = 0;
                while let Err(error) = act(ground.scratch.repository(), path) {
                    tries += 1;
                    again.fetch_add(1, Ordering::Relaxed);
                    if tries == TRIES {
                        return Err(error);
                    }
                }
                Ok(())
            })?;
        }
    }
    Ok(Floor { trees: since.elapsed(), again: again.into_inner(), cores })
}

fn add(repository: &Path, path: &Path) -> Result<(), CliError> {
    let call = Cmd::new("git").args(["worktree", "add", "-q", "--detach"]).arg(path).arg("main");
    Ok(call.dir(repository).success().map(drop)?)
}

fn remove(repository: &Path, path: &Path) -> Result<(), CliError> {
    let call = Cmd::new("git").args(["worktree", "remove", "--force"]).arg(path);
    Ok(call.dir(repository).success().map(drop)?)
}

/// Does the work for every path, `at_once` at a time; the first failure ends it.
fn each(
    paths: &[PathBuf],
    at_once: usize,
    work: impl Fn(&Path) -> Result<(), CliError> + Sync,
) -> Result<(), CliError> {
    let queue: Mutex<VecDeque<&PathBuf>> = Mutex::new(paths.iter().collect());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    thread::scope(|scope| {
        let worker = || {
            while let Some(path) = next() {
                work(path)?;
            }
            Ok(())
        };
        let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(worker)).collect();
        let joined = workers.into_iter().map(|worker| {
            worker.join().unwrap_or_else(|_| Err(CliError::internal("a thread of the floor died")))
        });
        joined.collect()
    })
}
