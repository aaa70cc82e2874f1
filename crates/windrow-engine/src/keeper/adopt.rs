//! The daemon's side of a job: launching it, finding it again, stopping it, ending its remains.
//!
//! Everything here is synchronous and short but [`end_orphan`], which waits until the last process
//! is gone. What is done in which order stands in `job`.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use windrow_world::cmd::Cmd;
use windrow_world::crash;
use windrow_world::proc::{
    Cgroup, ProcessId, end_found, find_by_token, find_in_session, find_writers,
};

use super::end::{lock_unless, pause, store_exit};
use super::exit::{Exit, How};
use super::folder::{Folder, KeeperError, StopRecord};
use super::job::{self, Job, JobState, Launcher, Refusal, at_once};
use super::launch::{Launch, TOKEN};
/// Between two looks for a keeper that is starting.
const TAKEOVER_PAUSE: Duration = Duration::from_millis(1);

/// How many looks it gets: ten seconds.
const TAKEOVER_LOOKS: u32 = 10_000;

/// Says where a job stands.
///
/// Takes a moment (2 s at most) while a keeper is between taking the lock and writing down who it
/// is, or while a process that a dead one was just starting still shares its lock.
///
/// # Errors
/// When a record cannot be read.
pub fn look(job_dir: &Path) -> Result<JobState, KeeperError> {
    at_once(job::look(&Folder::at(job_dir)))
}

/// Writes down what to run and starts a keeper for it: `keeper_argv` followed by the folder.
///
/// The folder must be new or empty. The keeper is a child of the caller: when its
/// [`keeper_fd`] polls readable, call [`ProcessId::reap`].
///
/// # Errors
/// When the folder was used before, cannot be written, or the keeper cannot be started. What was
/// written stays, so that the same job cannot be launched twice.
pub fn launch(
    job_dir: &Path,
    launch: &Launch,
    keeper_argv: &[OsString],
) -> Result<ProcessId, KeeperError> {
    let folder = Folder::at(job_dir);
    at_once(job::launch(&mut Launching { folder, dir: job_dir, launch, keeper_argv }))
}

/// A descriptor that polls readable when the keeper is gone; nothing when it is gone already.
///
/// # Errors
/// When the system refuses a descriptor.
pub fn keeper_fd(keeper: ProcessId) -> Result<Option<OwnedFd>, KeeperError> {
    Ok(keeper.pidfd()?)
}

/// Asks a job to end; says whether there was anybody to ask. The first reason given stays.
///
/// Without a keeper yet (just launched), the request waits for it in the folder.
///
/// # Errors
/// When the request cannot be written or sent.
pub fn request_stop(job_dir: &Path, reason: &str) -> Result<bool, KeeperError> {
    at_once(job::request_stop(&Folder::at(job_dir), reason))
}

/// Ends what a dead keeper left behind and writes `exit.json` for it; a job that has one already
/// is returned as it ended.
///
/// Found and ended: every member of the job's control group; without one, the recorded agent, its
/// session, whatever carries the job's token in its environment or holds the transcript open for
/// writing, and all descendants of these.
///
/// # Errors
/// When a keeper is there after all, or something cannot be ended: then no exit is written and the
/// call should be made again later.
pub fn end_orphan(job_dir: &Path) -> Result<Exit, KeeperError> {
    at_once(job::end_orphan(&Folder::at(job_dir)))
}

impl Job for Folder {
    type Error = KeeperError;
    type Lock = File;

    fn refused(&self, why: Refusal) -> KeeperError {
        self.refusal(why)
    }

    async fn exit(&self) -> Result<Option<Exit>, KeeperError> {
        Self::exit(self)
    }

    async fn has_exit(&self) -> bool {
        self.file("exit.json").exists()
    }

    async fn is_launched(&self) -> bool {
        self.file("launch.json").exists()
    }

    async fn living_keeper(&self) -> Result<Option<ProcessId>, KeeperError> {
        living_keeper(self)
    }

    async fn lock(&self, whether: bool) -> Result<Option<File>, KeeperError> {
        lock_unless(self, || whether && matches!(living_keeper(self), Ok(Some(_))))
    }

    async fn is_kept(&self) -> Result<bool, KeeperError> {
        Ok(self.try_lock()?.is_none())
    }

    async fn has_agent(&self) -> Result<bool, KeeperError> {
        Ok(self.agent()?.is_some())
    }

    async fn living_agent(&self) -> Result<Option<ProcessId>, KeeperError> {
        let agent = self.agent()?.and_then(|record| record.process());
        Ok(agent.filter(|agent| agent.alive()))
    }

    async fn record_stop(&self, reason: &str) -> Result<(), KeeperError> {
        if self.stop()?.is_none() {
            self.write("stop.json", &StopRecord { reason: reason.to_owned() })?;
        }
        Ok(())
    }

    async fn signal(&self, keeper: ProcessId) -> Result<bool, KeeperError> {
        let asked = keeper.signal(Signal::TERM)?;
        // Somebody may have stopped it; it has to run to end its agent.
        keeper.signal(Signal::CONT)?;
        Ok(asked)
    }

    async fn end_remains(&self) -> Result<(), KeeperError> {
        end_remains(self, self.launch()?.as_ref())
    }

    async fn store_exit(&self, how: How) -> Result<Exit, KeeperError> {
        let transcript = self.launch()?.map(|launch| launch.transcript);
        let started_ms = self.agent()?.map(|agent| agent.recorded_ms);
        let exit = Exit::now(how, started_ms, transcript.as_deref());
        store_exit(self, &exit)?;
        Ok(exit)
    }
}

/// A job that is about to be launched.
struct Launching<'a> {
    folder: Folder,
    dir: &'a Path,
    launch: &'a Launch,
    keeper_argv: &'a [OsString],
}

impl Launcher for Launching<'_> {
    type Error = KeeperError;

    fn refused(&self, why: Refusal) -> KeeperError {
        self.folder.refusal(why)
    }

    async fn make(&mut self) -> Result<(), KeeperError> {
        self.folder.make()
    }

    async fn is_launched(&self) -> bool {
        self.folder.file("launch.json").exists()
    }

    async fn record_launch(&mut self) -> Result<(), KeeperError> {
        let dir = self.real_dir()?;
        let mut marked = self.launch.clone();
        marked.env.retain(|(key, _)| key != TOKEN);
        marked.env.push((TOKEN.to_owned(), token(&dir, &self.launch.job)));
        self.folder.write("launch.json", &marked)?;
        crash::point("spawn", "launched");
        Ok(())
    }

    async fn start_keeper(&mut self) -> Result<ProcessId, KeeperError> {
        let folder = &self.folder;
        let (program, args) = self.keeper_argv.split_first().ok_or_else(|| {
            folder.failed("start a keeper for", "", std::io::ErrorKind::InvalidInput.into())
        })?;
        let log = OpenOptions::new().append(true).create(true).open(folder.file("keeper.log"));
        let log = log.map_err(|source| folder.failed("open", "keeper.log", source))?;
        let dir = self.real_dir()?;
        let child = Cmd::new(program).args(args).arg(&dir).dir("/").detach(Some(&log))?;
        crash::point("spawn", "kept");
        let pid = i32::try_from(child.id()).unwrap_or(0);
        // Invariant: an unreaped child keeps its id, so this is the keeper even if it ended already.
        ProcessId::of(pid).ok_or_else(|| {
            folder.failed("find the keeper of", "", std::io::ErrorKind::Unsupported.into())
        })
    }

    /// So that nobody who looks meanwhile takes the job for an orphan; a keeper that died, or is
    /// slower than that, is found out by the next look.
    async fn wait_for_takeover(&self, keeper: ProcessId) {
        for _ in 0..TAKEOVER_LOOKS {
            if self.folder.file("keeper.json").exists() || !keeper.alive() {
                return;
            }
            pause(TAKEOVER_PAUSE);
        }
    }
}

impl Launching<'_> {
    fn real_dir(&self) -> Result<PathBuf, KeeperError> {
        self.dir.canonicalize().map_err(|source| self.folder.failed("find", "", source))
    }
}

fn end_remains(folder: &Folder, launch: Option<&Launch>) -> Result<(), KeeperError> {
    let keeper = folder.keeper()?;
    // Nothing outlives a reboot.
    let this_boot = keeper.as_ref().is_some_and(|keeper| keeper.process().is_some());
    let group = keeper.and_then(|keeper| keeper.cgroup).filter(|_| this_boot).map(Cgroup::at);
    let agent = folder.agent()?.and_then(|record| record.process());
    if let Some(group) = &group {
        let _older_kernels_are_walked = group.kill();
    }
    let ended = end_found(|| {
        let mut found: Vec<ProcessId> = group.iter().flat_map(Cgroup::members).collect();
        found.extend(agent);
        found.extend(agent.map(find_in_session).unwrap_or_default());
        if let Some(launch) = launch {
            found.extend(
                launch.token().map(|token| find_by_token(TOKEN, token)).unwrap_or_default(),
            );
            found.extend(find_writers(&launch.transcript));
        }
        found.retain(|process| process.alive());
        found
    });
    if let Some(group) = &group {
        group.remove();
    }
    match ended.survivors.len() {
        0 => Ok(()),
        count => Err(KeeperError::Unkillable { job: folder.job(), count }),
    }
}

fn living_keeper(folder: &Folder) -> Result<Option<ProcessId>, KeeperError> {
    let keeper = folder.keeper()?.and_then(|record| record.process());
    Ok(keeper.filter(|keeper| keeper.alive()))
}

/// Marks the processes of the job in this very folder: a name alone may be borne by another
/// project's job too. FNV-1a, which stays the same over versions and machines.
fn token(job_dir: &Path, job: &str) -> String {
    let bytes = job_dir.as_os_str().as_encoded_bytes();
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}/{job}")
}
