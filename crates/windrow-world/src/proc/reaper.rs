//! Ending everything below this process, which is the parent of every orphan there.
//!
//! Invariant: while orphans are adopted, "no children" means that every descendant is gone, since
//! each one that loses its parent becomes a child of this process.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions};

use super::cgroup::Cgroup;
use super::id::{ProcError, ProcessId};
use super::signals::Signals;
use super::tree::visit_descendants;
use super::{descendants, os};

/// The longest wait between two looks while descendants are being killed. A look comes at once
/// whenever a child ends; this bound is for what ends further below.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The same for what does not end although it was killed.
const LOOK_AGAIN_AT_MOST: Duration = Duration::from_secs(1);

/// The right to wait for and end every descendant of this process. One per process: it takes the
/// exit status of every child, whoever started it.
#[derive(Debug)]
pub struct Reaper {
    _one: (),
}

/// A child that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reaped {
    /// Its process id, free for reuse from now on.
    pub pid: i32,
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Whether it left a core dump.
    pub core: bool,
}

impl Reaper {
    /// Adopts every orphan below this process from now on.
    ///
    /// # Errors
    /// Where the system has no such thing.
    pub fn new() -> Result<Self, ProcError> {
        os::adopt_orphans(true).map_err(ProcError::system("adopt orphaned processes"))?;
        Ok(Self { _one: () })
    }

    /// Takes the children that have ended.
    #[must_use]
    pub fn reap(&self) -> Vec<Reaped> {
        let mut reaped = Vec::new();
        while let Some(one) = reap_one() {
            reaped.push(one);
        }
        reaped
    }

    /// Runs `leave`, during which orphans are not adopted, so that a process may be let go for
    /// good. Keep it to microseconds: what the agent orphans meanwhile is let go as well.
    pub fn let_go<T>(&self, leave: impl FnOnce() -> T) -> T {
        let _adopts_on_then = os::adopt_orphans(false);
        let done = leave();
        let _worked_before = os::adopt_orphans(true);
        done
    }

    /// Ends every descendant: asks them to end, gives them `grace`, then kills until none is left.
    /// `group` is the control group they were put into, if any; it is removed.
    ///
    /// Returns what was reaped, and how often something had to be killed. Does not return while a
    /// descendant lives. `signals` must watch `SIGCHLD`.
    pub fn end_all(
        &self,
        group: Option<&Cgroup>,
        grace: Duration,
        signals: &Signals,
    ) -> (Vec<Reaped>, u32) {
        let mut reaped = self.reap();
        if has_children() && !grace.is_zero() {
            ask(group);
            let until = Instant::now() + grace;
            while has_children() && Instant::now() < until {
                wait(signals, until.saturating_duration_since(Instant::now()));
                reaped.extend(self.reap());
            }
        }
        let (mut rounds, mut look_again) = (0, LOOK_AGAIN);
        while has_children() || group.is_some_and(|group| !group.members().is_empty()) {
            kill(group);
            rounds += 1;
            reaped.extend(self.reap());
            let gone = !has_children() && group.is_none();
            if gone || wait(signals, look_again) {
                look_again = LOOK_AGAIN;
            } else {
                // Nothing ended meanwhile: it cannot be killed at the moment.
                look_again = (look_again * 2).min(LOOK_AGAIN_AT_MOST);
            }
            reaped.extend(self.reap());
        }
        if let Some(group) = group {
            group.remove();
        }
        (reaped, rounds)
    }
}

fn reap_one() -> Option<Reaped> {
    loop {
        return match rustix::process::wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) => Some(Reaped {
                pid: pid.as_raw_nonzero().get(),
                code: status.exit_status(),
                signal: status.terminating_signal(),
                // WCOREDUMP: bit 7 beside a terminating signal (wait(2)).
                core: status.signaled() && status.as_raw() & 0x80 != 0,
            }),
            Err(Errno::INTR) => continue,
            Ok(None) | Err(_) => None,
        };
    }
}

/// Whether any child, ended or not, is left to wait for.
fn has_children() -> bool {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::All, look), Err(Errno::CHILD))
}

fn ask(group: Option<&Cgroup>) {
    let mut all = descendants(&[own_pid()]);
    all.extend(group.map(Cgroup::members).unwrap_or_default());
    all.sort();
    all.dedup();
    for process in all {
        let _gone_is_fine = process.signal(Signal::TERM);
        // A stopped process acts on the request only when it goes on.
        let _gone_is_fine = process.signal(Signal::CONT);
    }
}

fn kill(group: Option<&Cgroup>) {
    let members = group.map(|group| if group.kill() { Vec::new() } else { group.members() });
    for process in members.unwrap_or_default() {
        let _gone_is_fine = process.signal(Signal::KILL);
    }
    let session = os::stat(own_pid()).map(|own| own.session);
    visit_descendants(&[own_pid()], &mut |process| {
        kill_group_of(process, session);
        let _gone_is_fine = process.signal(Signal::KILL);
    });
}

/// Kills the process group of a descendant at once: a fork cannot slip through that, as it can
/// through a walk.
///
/// Only in sessions founded below us, whose members are all descendants. The group is read and
/// used within microseconds, and its number stays taken while a member lives.
fn kill_group_of(process: ProcessId, own_session: Option<i32>) {
    let Some(stat) = os::stat(process.pid) else { return };
    if stat.start_time != process.start_time || Some(stat.session) == own_session {
        return;
    }
    if let Some(group) = Pid::from_raw(stat.group).filter(|group| group.as_raw_nonzero().get() > 1)
    {
        let _gone_is_fine = rustix::process::kill_process_group(group, Signal::KILL);
    }
}

/// Waits for a signal; says whether one came.
fn wait(signals: &Signals, at_most: Duration) -> bool {
    let mut polled = [PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN)];
    let timeout = Timespec::try_from(at_most).ok();
    let woken = rustix::event::poll(&mut polled, timeout.as_ref()) != Ok(0);
    signals.drain();
    woken
}

fn own_pid() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}
