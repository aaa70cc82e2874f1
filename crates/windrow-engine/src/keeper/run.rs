//! `windrow __keeper DIR`: one job from its launch to its exit, with real hands.
//!
//! What is done in which order stands in `job`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use windrow_world::crash;
use windrow_world::proc::{Cgroup, ProcessId, Reaper, Signals, boot_id};

use super::bell::Bell;
use super::end::{lock_patiently, reserve, store_exit_for_certain};
use super::exit::{Exit, FROM_OUTSIDE, How};
use super::folder::{Folder, KeeperError, KeeperRecord, chain};
use super::job::{Cause, Hands, Refusal, Step, at_once, keep};
use super::launch::Launch;
use super::start::{Agent, Held, hold};
use super::watch::watch;

/// Dies at a step if that is planned.
fn die_at(step: Step) {
    match step {
        Step::Recorded => crash::point("keeper", "recorded"),
        Step::Held => crash::point("keeper", "held"),
        Step::BeforeGo => crash::point("keeper", "on-record"),
        Step::Gone => crash::point("keeper", "let-go"),
        Step::Ending => crash::point("keeper", "ending"),
        Step::BeforeExit => crash::point("keeper", "all-gone"),
        Step::BeforeRing => crash::point("keeper", "written"),
    }
}

/// The main of `windrow __keeper DIR`.
#[must_use]
pub fn keeper_main(job_dir: &Path) -> ExitCode {
    // A job lies in `<home>/projects/<id>/jobs`.
    if let Some(home) = job_dir.ancestors().nth(4) {
        crash::arm(home);
    }
    keeper_main_observed(job_dir, die_at)
}

/// The same, telling each step before it goes on from there.
#[must_use]
pub fn keeper_main_observed(job_dir: &Path, mut observe: impl FnMut(Step)) -> ExitCode {
    let _started_as_a_leader_already = rustix::process::setsid();
    let job_dir = job_dir.canonicalize().unwrap_or_else(|_| job_dir.to_owned());
    let folder = Folder::at(&job_dir);
    match keep_at(&folder, &mut observe) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            folder.complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn keep_at(folder: &Folder, observe: &mut dyn FnMut(Step)) -> Result<(), KeeperError> {
    // Interrupts and hangups are meant for terminals; watched, they do nothing here.
    let signals = [Signal::CHILD, Signal::TERM, Signal::HUP, Signal::INT];
    let signals = Signals::watch(&signals)?;
    let reaper = Reaper::new()?;
    let (launch, bell, group) = (None, None, None);
    let mut keeper = Keeper { folder, observe, reaper: &reaper, signals, launch, bell, group };
    at_once(keep(&mut keeper))
}

/// A keeper and what it holds.
struct Keeper<'a> {
    folder: &'a Folder,
    observe: &'a mut dyn FnMut(Step),
    reaper: &'a Reaper,
    signals: Signals,
    /// What is to run; nothing as long as that was not read.
    launch: Option<Launch>,
    bell: Option<Bell<'a>>,
    /// Where the agent's control group is; where it could not be made, it has no members and
    /// nothing to remove.
    group: Option<PathBuf>,
}

impl Hands for Keeper<'_> {
    type Error = KeeperError;
    type Lock = std::fs::File;
    type Held = Held;
    type Agent = Agent;

    fn refused(&self, why: Refusal) -> KeeperError {
        self.folder.refusal(why)
    }

    async fn lock(&self) -> Result<Option<std::fs::File>, KeeperError> {
        lock_patiently(self.folder)
    }

    fn at(&mut self, step: Step) {
        (self.observe)(step);
    }

    async fn is_taken(&self) -> bool {
        self.folder.file("exit.json").exists() || self.folder.file("keeper.json").exists()
    }

    async fn record_keeper(&mut self) -> Result<(), KeeperError> {
        let own = ProcessId::current()?;
        self.group = Cgroup::place(&format!("windrow-{}-{}", own.pid, own.start_time));
        let record = KeeperRecord {
            pid: own.pid,
            start_time: own.start_time,
            boot_id: boot_id()?,
            cgroup: self.group.clone(),
        };
        self.folder.note("keeper.json", &record)
    }

    async fn read_launch(&mut self) -> Result<(), String> {
        reserve(self.folder);
        let launch = self.folder.launch().map_err(|error| chain(&error))?;
        let launch = launch.ok_or_else(|| "failed to find `launch.json`".to_owned())?;
        let spec = launch.daemon.clone();
        self.bell = spec.map(|spec| Bell::new(self.folder, spec, self.reaper, Instant::now()));
        self.launch = Some(launch);
        Ok(())
    }

    async fn hold(&mut self) -> Result<Held, String> {
        let launch = self.launch.as_ref().ok_or("there is nothing to run")?;
        hold(self.folder, launch, self.group.as_ref()).map_err(|error| chain(&error))
    }

    async fn record_agent(&mut self, held: &Held) -> Result<(), String> {
        held.record(self.folder).map_err(|error| chain(&error))
    }

    async fn is_stopped(&mut self) -> bool {
        self.signals.take(Signal::TERM) || self.folder.file("stop.json").exists()
    }

    async fn stop_reason(&self) -> String {
        match self.folder.stop() {
            Ok(Some(stop)) => stop.reason,
            Ok(None) | Err(_) => FROM_OUTSIDE.to_owned(),
        }
    }

    async fn go(&mut self, held: Held) -> Agent {
        held.go()
    }

    async fn watch(&mut self, agent: &Agent) -> Cause {
        let Some(launch) = &self.launch else { return Cause::Stop };
        watch(launch, agent.process.pid, self.reaper, &self.signals, &mut self.bell)
    }

    async fn end_all(&mut self, politely: bool) {
        let group = self.group.as_ref().map(Cgroup::at);
        let grace = self.launch.as_ref().filter(|_| politely).map_or(0, |launch| launch.grace_ms);
        let grace = Duration::from_millis(grace);
        let _last_of_them = self.reaper.end_all(group.as_ref(), grace, &self.signals);
    }

    async fn refusal(&mut self, agent: &mut Agent) -> Option<String> {
        agent.refusal()
    }

    async fn store_certainly(&mut self, how: How, ran: Option<Agent>) {
        let transcript = self.launch.as_ref().map(|launch| launch.transcript.as_path());
        let exit = Exit::now(how, ran.map(|agent| agent.started_ms), transcript);
        store_exit_for_certain(self.folder, &exit);
    }

    async fn ring(&mut self) {
        if let Some(bell) = self.bell.take() {
            bell.ring(&self.signals);
        }
    }
}
