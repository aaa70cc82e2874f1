//! `windrow __keeper DIR`: one job from its launch to its exit.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use windrow_world::proc::{Cgroup, ProcessId, Reaped, Reaper, Signals, boot_id};

use super::bell::Bell;
use super::end::{lock_patiently, reserve, store_exit_for_certain};
use super::exit::{Exit, How};
use super::folder::{Folder, KeeperError, KeeperRecord, chain};
use super::launch::Launch;
use super::limits::Over;
use super::start::{Agent, hold};
use super::watch::{Cause, watch};

/// Where a keeper is; told to whoever observes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It holds the lock and has written down who it is.
    Recorded,
    /// A process waits to become the program; it is not on record yet.
    Held,
    /// That process is on record but has not been let go.
    BeforeGo,
    /// The program was let go.
    Gone,
    /// The program ended or has to end.
    Ending,
    /// Everything is gone; no exit is written yet.
    BeforeExit,
    /// The exit is written; the daemon does not know yet.
    BeforeRing,
}

/// The main of `windrow __keeper DIR`.
#[must_use]
pub fn keeper_main(job_dir: &Path) -> ExitCode {
    keeper_main_observed(job_dir, |_| {})
}

/// The same, telling each step before it goes on from there.
#[must_use]
pub fn keeper_main_observed(job_dir: &Path, mut observe: impl FnMut(Step)) -> ExitCode {
    let _started_as_a_leader_already = rustix::process::setsid();
    let job_dir = job_dir.canonicalize().unwrap_or_else(|_| job_dir.to_owned());
    let folder = Folder::at(&job_dir);
    match keep(&folder, &mut observe) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            folder.complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Everything a keeper has from the moment it knows that the job is its own.
struct Keeper<'a> {
    folder: &'a Folder,
    reaper: Reaper,
    signals: Signals,
    group: Option<PathBuf>,
}

fn keep(folder: &Folder, observe: &mut dyn FnMut(Step)) -> Result<(), KeeperError> {
    let Some(_lock) = lock_patiently(folder)? else {
        return Err(KeeperError::StillKept { job: folder.job() });
    };
    // Ended by an adopter, or kept before by one that died: both are the daemon's to settle.
    if folder.file("exit.json").exists() || folder.file("keeper.json").exists() {
        return Err(KeeperError::AlreadyLaunched { job: folder.job() });
    }
    let keeper = take_over(folder)?;
    observe(Step::Recorded);
    reserve(folder);
    let launch = match folder.launch() {
        Ok(Some(launch)) => launch,
        Ok(None) => return keeper.refuse("failed to find `launch.json`".to_owned(), None),
        Err(error) => return keeper.refuse(chain(&error), None),
    };
    let spec = launch.daemon.as_ref();
    let mut bell = spec.map(|spec| Bell::new(folder, spec, &keeper.reaper, Instant::now()));
    let exit = keeper.run(&launch, &mut bell, observe);
    observe(Step::BeforeExit);
    store_exit_for_certain(folder, &exit);
    observe(Step::BeforeRing);
    if let Some(bell) = bell {
        bell.ring(&keeper.signals);
    }
    Ok(())
}

/// Makes this process the one that keeps the job.
fn take_over(folder: &Folder) -> Result<Keeper<'_>, KeeperError> {
    // Interrupts and hangups are meant for terminals; watched, they do nothing here.
    let signals = [Signal::CHILD, Signal::TERM, Signal::HUP, Signal::INT];
    let signals = Signals::watch(&signals)?;
    let reaper = Reaper::new()?;
    let own = ProcessId::current()?;
    let group = Cgroup::place(&format!("windrow-{}-{}", own.pid, own.start_time));
    folder.write(
        "keeper.json",
        &KeeperRecord {
            pid: own.pid,
            start_time: own.start_time,
            boot_id: boot_id()?,
            cgroup: group.clone(),
        },
    )?;
    Ok(Keeper { folder, reaper, signals, group })
}

impl Keeper<'_> {
    /// Starts the program, waits for its end and ends whatever it leaves.
    fn run(
        &self,
        launch: &Launch,
        bell: &mut Option<Bell<'_>>,
        observe: &mut dyn FnMut(Step),
    ) -> Exit {
        let transcript = Some(launch.transcript.as_path());
        // Where it could not be made, it has no members and nothing to remove.
        let group = self.group.as_ref().map(Cgroup::at);
        let agent = match self.start(launch, observe) {
            Ok(agent) => agent,
            Err(how) => {
                self.reaper.end_all(group.as_ref(), Duration::ZERO, &self.signals);
                return Exit::now(how, None, transcript);
            }
        };
        let cause = watch(launch, agent.process.pid, &self.reaper, &self.signals, bell);
        observe(Step::Ending);
        let grace = Duration::from_millis(launch.grace_ms);
        let _last_of_them = self.reaper.end_all(group.as_ref(), grace, &self.signals);
        let started_ms = agent.started_ms;
        let how = self.judge(cause, agent);
        let ran = !matches!(how, How::CouldNotStart { .. });
        Exit::now(how, ran.then_some(started_ms), transcript)
    }

    fn start(&self, launch: &Launch, observe: &mut dyn FnMut(Step)) -> Result<Agent, How> {
        let refused = |error: KeeperError| How::CouldNotStart { error: chain(&error) };
        let held = hold(self.folder, launch, self.group.as_ref()).map_err(refused)?;
        observe(Step::Held);
        held.record(self.folder).map_err(refused)?;
        observe(Step::BeforeGo);
        // A stop that came before there was anyone to tell waits in the folder.
        if self.signals.take(Signal::TERM) || self.folder.file("stop.json").exists() {
            return Err(How::Stopped { reason: self.stop_reason() });
        }
        let agent = held.go();
        observe(Step::Gone);
        Ok(agent)
    }

    fn judge(&self, cause: Cause, mut agent: Agent) -> How {
        match cause {
            Cause::Over(Over::Time) => How::TimeOver,
            Cause::Over(Over::Silence) => How::SilenceOver,
            Cause::Stop => How::Stopped { reason: self.stop_reason() },
            Cause::Ended(reaped) => match agent.refusal() {
                Some(error) => How::CouldNotStart { error },
                None => ended(reaped),
            },
        }
    }

    fn stop_reason(&self) -> String {
        match self.folder.stop() {
            Ok(Some(stop)) => stop.reason,
            Ok(None) | Err(_) => "terminated".to_owned(),
        }
    }

    /// Ends the job before there was a launch to run.
    fn refuse(&self, error: String, transcript: Option<&Path>) -> Result<(), KeeperError> {
        let exit = Exit::now(How::CouldNotStart { error }, None, transcript);
        store_exit_for_certain(self.folder, &exit);
        Ok(())
    }
}

fn ended(reaped: Reaped) -> How {
    match (reaped.code, reaped.signal) {
        (Some(code), _) => How::Exited { code },
        (None, signal) => How::Signaled { signal: signal.unwrap_or(0), core: reaped.core },
    }
}
