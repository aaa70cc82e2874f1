//! Ending processes that are not this process's own children.
//!
//! Once a parent dies, its children belong to init and no walk leads to them. So everything is
//! stopped first, round by round until nothing unstopped is found (a stopped process forks no
//! more), and only then killed.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::Signal;

use super::id::ProcessId;
use super::tree::{descendants, lineage};

/// How an ending went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// How often something was found and killed.
    pub rounds: u32,
    /// What still lived when patience was over: processes that cannot be killed at the moment.
    pub survivors: Vec<ProcessId>,
}

/// How long killed processes may take to go before they count as survivors. A process inside an
/// uninterruptible wait (a dead network file system) does not go at all.
const PATIENCE: Duration = Duration::from_secs(20);

/// Ends `roots` and all their descendants: asks them to end, gives them `grace`, then kills.
///
/// A descendant that breaks away while it is being asked can escape; where that must not happen
/// give no grace, or use [`end_found`] with something that finds it again.
#[must_use]
pub fn end_tree(roots: &[ProcessId], grace: Duration) -> Ended {
    let mut known: BTreeSet<ProcessId> = with_descendants(roots);
    if !grace.is_zero() {
        for process in &known {
            let _gone_is_fine = process.signal(Signal::TERM);
            let _gone_is_fine = process.signal(Signal::CONT);
        }
        await_end(known.iter().copied(), Instant::now() + grace);
    }
    end_found(|| {
        let living: Vec<ProcessId> = known.iter().copied().filter(|one| one.alive()).collect();
        known.extend(with_descendants(&living));
        living
    })
}

/// Kills everything that `find` finds, and what descends from it, until it finds nothing more.
///
/// The calling process and its ancestors are never touched.
#[must_use]
pub fn end_found(mut find: impl FnMut() -> Vec<ProcessId>) -> Ended {
    let spared = lineage();
    let until = Instant::now() + PATIENCE;
    let mut rounds = 0;
    loop {
        let frozen = freeze(&mut find, &spared);
        if frozen.is_empty() {
            return Ended { rounds, survivors: Vec::new() };
        }
        rounds += 1;
        for process in &frozen {
            let _gone_is_fine = process.signal(Signal::KILL);
        }
        await_end(frozen.iter().copied(), until);
        if Instant::now() >= until {
            let survivors = frozen.into_iter().filter(|process| process.alive()).collect();
            return Ended { rounds, survivors };
        }
    }
}

/// Stops everything found, until a look finds nothing new.
fn freeze(find: &mut impl FnMut() -> Vec<ProcessId>, spared: &[i32]) -> BTreeSet<ProcessId> {
    let mut frozen = BTreeSet::new();
    loop {
        let found = with_descendants(&find());
        let fresh: Vec<ProcessId> = found
            .into_iter()
            .filter(|process| !spared.contains(&process.pid) && frozen.insert(*process))
            .collect();
        if fresh.is_empty() {
            return frozen;
        }
        for process in fresh {
            let _gone_is_fine = process.signal(Signal::STOP);
        }
    }
}

fn with_descendants(roots: &[ProcessId]) -> BTreeSet<ProcessId> {
    let mut all: BTreeSet<ProcessId> =
        roots.iter().copied().filter(|process| process.alive()).collect();
    let pids: Vec<i32> = all.iter().map(|process| process.pid).collect();
    all.extend(descendants(&pids));
    all
}

/// Waits until all of `processes` have ended, or `until`.
fn await_end(processes: impl Iterator<Item = ProcessId>, until: Instant) {
    let mut running: Vec<OwnedFd> = processes.filter_map(|one| one.pidfd().ok()?).collect();
    while !running.is_empty() {
        let left = until.saturating_duration_since(Instant::now());
        let mut polled: Vec<PollFd<'_>> =
            running.iter().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
        let timeout = Timespec::try_from(left).ok();
        if left.is_zero() || rustix::event::poll(&mut polled, timeout.as_ref()) == Ok(0) {
            return;
        }
        let ended: Vec<bool> = polled.iter().map(|fd| !fd.revents().is_empty()).collect();
        let mut ended = ended.into_iter();
        running.retain(|_| !ended.next().unwrap_or(false));
    }
}
