//! What goes wrong, and when: at the n-th step of a kind of process, so that a schedule with fewer
//! faults still has the others at the same places.

use std::collections::BTreeMap;
use std::fmt;

use windrow_journal::Fault as Append;

use super::daemon;
use super::job::kill;
use super::stage::{Ms, Pid, Role, Stage};

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// `kill -9` of the daemon; its acts die with it.
    KillDaemon,
    /// `kill -9` of the daemon and of what would bring it back.
    KillBoth,
    /// `kill -9` of the guard.
    KillGuard,
    /// `kill -9` of a keeper: the one that steps, else any.
    KillKeeper,
    /// `kill -9` of an agent or a gate's command.
    KillAgent,
    /// Somebody else sends a keeper SIGTERM.
    Terminate,
    /// Every process is gone, and process ids mean nothing any more.
    Reboot,
    /// The step does not work.
    Setback,
    /// The next append to the project's journal fails.
    Append(Append),
    /// The next append to the machine's journal fails.
    Machine(Append),
    /// Nothing can be written for a while.
    DiskFull(Ms),
    /// Somebody sets the clock on the wall.
    ClockJump(i64),
    /// The next report is told once more, later.
    Echo(Ms),
    /// The next report is late.
    Late(Ms),
}

impl Fault {
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::KillDaemon => "daemon-killed",
            Self::KillBoth => "daemon-and-guard-killed",
            Self::KillGuard => "guard-killed",
            Self::KillKeeper => "keeper-killed",
            Self::KillAgent => "agent-killed",
            Self::Terminate => "keeper-terminated",
            Self::Reboot => "reboot",
            Self::Setback => "setback",
            Self::Append(_) => "append-failed",
            Self::Machine(_) => "machine-append-failed",
            Self::DiskFull(_) => "disk-full",
            Self::ClockJump(_) => "clock-set",
            Self::Echo(_) => "report-doubled",
            Self::Late(_) => "report-late",
        }
    }
}

/// At which step a fault strikes: the n-th of a role, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct On {
    pub(super) role: Option<Role>,
    pub(super) nth: u64,
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.role {
            Some(role) => write!(f, "step {} of {role:?}", self.nth),
            None => write!(f, "step {}", self.nth),
        }
    }
}

/// The faults that are still to come.
#[derive(Default)]
pub(super) struct Faults {
    planned: BTreeMap<On, Vec<Fault>>,
    seen: BTreeMap<Option<Role>, u64>,
}

impl Faults {
    pub(super) fn plan(&mut self, on: On, fault: Fault) {
        self.planned.entry(on).or_default().push(fault);
    }

    /// What strikes at the next step of `role`.
    pub(super) fn due(&mut self, role: Role) -> Vec<Fault> {
        let mut due = Vec::new();
        for role in [Some(role), None] {
            let nth = self.seen.entry(role).or_default();
            *nth += 1;
            due.extend(self.planned.remove(&On { role, nth: *nth }).unwrap_or_default());
        }
        due
    }

    pub(super) fn end(&mut self) {
        self.planned.clear();
    }
}

/// Lets a fault strike while `pid` is about to take a step.
pub(super) fn strike(stage: &Stage, pid: Pid, fault: Fault) {
    match fault {
        Fault::KillDaemon => kill_daemon(stage),
        Fault::KillBoth => {
            kill_guard(stage);
            kill_daemon(stage);
        }
        Fault::KillGuard => {
            kill_guard(stage);
            let again = stage.clone();
            // The daemon misses it, and dies with this wish if it dies first.
            stage.spawn(Role::Act("guard"), "daemon", async move {
                again.pause("miss the guard", 50).await;
                daemon::keep_guard(&again);
            });
        }
        Fault::KillKeeper | Fault::KillAgent | Fault::Terminate => strike_job(stage, pid, fault),
        Fault::Reboot => reboot(stage),
        Fault::Append(fault) => stage.world().project.fail_next(fault),
        Fault::Machine(fault) => stage.world().machine.fail_next(fault),
        Fault::DiskFull(ms) => {
            stage.world().set_full(true);
            let later = stage.clone();
            stage.spawn(Role::Person, "person", async move {
                later.pause("free the disk", ms).await;
                later.world().set_full(false);
            });
        }
        Fault::ClockJump(ms) => stage.world().wall_offset += ms,
        Fault::Echo(ms) => {
            let of = stage.is_act(pid).then_some(pid);
            stage.world().echo = Some((of, ms));
        }
        Fault::Late(ms) => stage.world().late = Some(ms),
        Fault::Setback => {}
    }
}

fn kill_daemon(stage: &Stage) {
    stage.world().daemon = None;
    stage.end(|_, role| matches!(role, Role::Daemon | Role::Act(_)));
    stage.world().counts.crashes += 1;
}

fn kill_guard(stage: &Stage) {
    stage.end(|_, role| role == Role::Guard);
    let mut world = stage.world();
    world.guarded = false;
    world.counts.crashes += 1;
}

/// Strikes the keeper or agent that steps, or else the first there is.
fn strike_job(stage: &Stage, pid: Pid, fault: Fault) {
    let found = {
        let world = stage.world();
        let fits = |alive: &super::world::Alive| match fault {
            Fault::KillAgent => alive.tree.is_some(),
            _ => alive.parent.is_none(),
        };
        let own = world.alive.get(&pid).is_some_and(fits).then_some(pid);
        own.or_else(|| world.alive.iter().find(|(_, alive)| fits(alive)).map(|(pid, _)| *pid))
    };
    let Some(pid) = found else { return };
    if fault == Fault::Terminate {
        stage.world().signalled.insert(pid);
    } else {
        kill(stage, pid);
        stage.world().counts.crashes += 1;
    }
}

fn reboot(stage: &Stage) {
    kill_guard(stage);
    kill_daemon(stage);
    let all: Vec<Pid> = stage.world().alive.keys().copied().collect();
    for pid in all {
        kill(stage, pid);
        stage.world().counts.crashes += 1;
    }
    stage.world().boot += 1;
    let later = stage.clone();
    stage.spawn(Role::Person, "person", async move {
        later.pause("log in again", 5_000).await;
        daemon::keep_guard(&later);
    });
}
