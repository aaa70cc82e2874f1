//! Jobs on the stage: the engine's own course of a job, over folders and processes that are made up.

use std::rc::Rc;

use windrow_engine::keeper::job::{Hands, Job, Launcher, Refusal, Step, keep};
use windrow_engine::keeper::{Exit, FROM_OUTSIDE, How, Over, job::Cause};
use windrow_world::proc::{ProcessId, Reaped};

use super::agent::agent;
use super::daemon;
use super::stage::{Ms, Pid, Role, Stage};
use super::world::{Alive, Folder, Process, Program, World};

/// How long a lock is asked for.
const PATIENCE: Ms = 2_000;

/// A job by its name.
#[derive(Clone)]
pub(super) struct SimJob {
    pub(super) stage: Stage,
    pub(super) name: Rc<str>,
}

/// Held, it says that somebody keeps the job.
pub(super) struct Lock(SimJob);

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.with(|folder| folder.locked = false);
    }
}

fn id(pid: Pid) -> ProcessId {
    ProcessId { pid: i32::try_from(pid).unwrap(), start_time: u64::from(pid) }
}

fn pid(id: ProcessId) -> Pid {
    Pid::try_from(id.pid).unwrap()
}

impl SimJob {
    pub(super) fn new(stage: &Stage, name: impl Into<Rc<str>>) -> Self {
        Self { stage: stage.clone(), name: name.into() }
    }

    fn with<T>(&self, what: impl FnOnce(&mut Folder) -> T) -> T {
        what(self.stage.world().folder(&self.name))
    }

    /// Writes a record, if anything can be written.
    fn write(&self, what: impl FnOnce(&mut Folder, u32)) -> Result<(), String> {
        let mut world = self.stage.world();
        if world.is_full() {
            return Err("there is no space".to_owned());
        }
        let boot = world.boot;
        what(world.folder(&self.name), boot);
        Ok(())
    }

    fn living(&self, which: impl FnOnce(&Folder) -> Option<Process>) -> Option<ProcessId> {
        let mut world = self.stage.world();
        let process = which(world.folder(&self.name));
        world.living(process).map(id)
    }

    fn refused(&self, why: Refusal) -> String {
        format!("{}: {why:?}", self.name)
    }

    async fn lock(&self, whether: bool) -> Option<Lock> {
        let until = self.stage.now() + PATIENCE;
        let name = Rc::clone(&self.name);
        let free = move |world: &World| {
            let Some(folder) = world.jobs.get(&*name) else { return true };
            !folder.locked || (whether && world.living(folder.keeper).is_some())
        };
        self.stage.until("take the lock", until, free).await;
        let taken = self.with(|folder| !std::mem::replace(&mut folder.locked, true));
        taken.then(|| Lock(self.clone()))
    }

    fn exit_now(&self, how: How, ran: bool) -> Exit {
        let ended_ms = i64::try_from(self.stage.now()).unwrap();
        let started_ms = ran.then_some(ended_ms);
        Exit { version: 1, how, started_ms, ended_ms, last_output_ms: None, tail: String::new() }
    }

    fn put_exit(&self, exit: &Exit) -> Result<(), String> {
        let mut world = self.stage.world();
        let full = world.is_full();
        let folder = world.folder(&self.name);
        if full && !folder.reserve {
            return Err("there is no space".to_owned());
        }
        let again = folder.exit.replace(exit.clone()).is_some();
        if again {
            world.check.broken(format!("a second exit of {} is written", self.name));
        }
        let left =
            world.alive.values().any(|alive| *alive.job == *self.name && alive.parent.is_some());
        if left {
            world.check.broken(format!("the exit of {} is written while it runs", self.name));
        }
        Ok(())
    }
}

impl Job for SimJob {
    type Error = String;
    type Lock = Lock;

    fn refused(&self, why: Refusal) -> String {
        Self::refused(self, why)
    }

    async fn exit(&self) -> Result<Option<Exit>, String> {
        self.stage.act("read the exit").await?;
        Ok(self.with(|folder| folder.exit.clone()))
    }

    async fn has_exit(&self) -> bool {
        self.stage.step("look for an exit").await;
        self.with(|folder| folder.exit.is_some())
    }

    async fn is_launched(&self) -> bool {
        self.stage.step("look for a launch").await;
        self.with(|folder| folder.launch.is_some())
    }

    async fn living_keeper(&self) -> Result<Option<ProcessId>, String> {
        self.stage.act("look for the keeper").await?;
        Ok(self.living(|folder| folder.keeper))
    }

    async fn lock(&self, whether: bool) -> Result<Option<Lock>, String> {
        Ok(Self::lock(self, whether).await)
    }

    async fn is_kept(&self) -> Result<bool, String> {
        Ok(self.with(|folder| folder.locked))
    }

    async fn has_agent(&self) -> Result<bool, String> {
        self.stage.act("look for an agent").await?;
        Ok(self.with(|folder| folder.agent.is_some()))
    }

    async fn living_agent(&self) -> Result<Option<ProcessId>, String> {
        self.stage.act("look whether the agent lives").await?;
        Ok(self.living(|folder| folder.agent))
    }

    async fn record_stop(&self, reason: &str) -> Result<(), String> {
        self.stage.act("write the stop").await?;
        self.write(|folder, _| {
            folder.stop.get_or_insert_with(|| reason.to_owned());
        })
    }

    async fn signal(&self, keeper: ProcessId) -> Result<bool, String> {
        self.stage.act("signal the keeper").await?;
        let mut world = self.stage.world();
        let there = world.alive.contains_key(&pid(keeper));
        if there {
            world.signalled.insert(pid(keeper));
        }
        Ok(there)
    }

    async fn end_remains(&self) -> Result<(), String> {
        self.stage.act("end what is left").await?;
        end_below(&self.stage, &self.name);
        Ok(())
    }

    async fn store_exit(&self, how: How) -> Result<Exit, String> {
        self.stage.act("write the exit of an orphan").await?;
        let ran = self.with(|folder| folder.agent.is_some());
        let exit = self.exit_now(how, ran);
        self.put_exit(&exit)?;
        Ok(exit)
    }
}

/// A job that is about to be launched.
pub(super) struct Launching {
    pub(super) job: SimJob,
    pub(super) program: Program,
}

impl Launcher for Launching {
    type Error = String;

    fn refused(&self, why: Refusal) -> String {
        self.job.refused(why)
    }

    async fn make(&mut self) -> Result<(), String> {
        self.job.stage.act("make the folder").await
    }

    async fn is_launched(&self) -> bool {
        self.job.with(|folder| folder.launch.is_some())
    }

    async fn record_launch(&mut self) -> Result<(), String> {
        self.job.stage.act("write the launch").await?;
        let program = self.program.clone();
        self.job.write(|folder, _| folder.launch = Some(program))
    }

    async fn start_keeper(&mut self) -> Result<ProcessId, String> {
        self.job.stage.act("start the keeper").await?;
        Ok(id(start_keeper(&self.job)))
    }

    async fn wait_for_takeover(&self, keeper: ProcessId) {
        let name = Rc::clone(&self.job.name);
        let until = self.job.stage.now() + 10_000;
        let done = move |world: &World| {
            let folder = world.jobs.get(&*name);
            folder.is_some_and(|folder| folder.keeper.is_some())
                || !world.alive.contains_key(&pid(keeper))
        };
        self.job.stage.until("wait for the keeper", until, done).await;
    }
}

fn start_keeper(job: &SimJob) -> Pid {
    let pid = job.stage.new_pid();
    let alive = Alive { job: job.name.to_string(), tree: None, parent: None };
    job.stage.world().alive.insert(pid, alive);
    let mut keeper = Keeper { job: job.clone(), pid, program: None };
    let about: Rc<str> = format!("keeper of {}", job.name).into();
    job.stage.spawn_as(pid, Role::Keeper, about, async move {
        let _it_complains_into_its_log = keep(&mut keeper).await;
        keeper.job.stage.world().alive.remove(&pid);
    });
    pid
}

/// Ends a process as `kill -9` does, and what cannot live without it.
pub(super) fn kill(stage: &Stage, pid: Pid) {
    stage.end(|other, _| other == pid);
    let mut world = stage.world();
    if world.alive.remove(&pid).is_some() {
        world.ended.entry(pid).or_insert((None, Some(9)));
        world.signalled.remove(&pid);
    }
    // What is only held runs as soon as, and only if, its keeper lets it go.
    let held: Vec<Pid> = world
        .alive
        .iter()
        .filter(|(_, alive)| alive.parent == Some(pid) && alive.tree.is_none())
        .map(|(pid, _)| *pid)
        .collect();
    for pid in held {
        world.alive.remove(&pid);
    }
}

/// Ends every process of a job but its keeper.
fn end_below(stage: &Stage, job: &str) {
    let world = stage.world();
    let left = world.alive.iter().filter(|(_, alive)| alive.job == job && alive.parent.is_some());
    let left: Vec<Pid> = left.map(|(pid, _)| *pid).collect();
    drop(world);
    for pid in left {
        kill(stage, pid);
    }
}

/// A keeper with its own hands.
struct Keeper {
    job: SimJob,
    pid: Pid,
    program: Option<Program>,
}

impl Keeper {
    fn retryable(&self) -> bool {
        self.job.with(|folder| folder.exit.is_none())
    }
}

impl Hands for Keeper {
    type Error = String;
    type Lock = Lock;
    type Held = Pid;
    type Agent = Pid;

    fn refused(&self, why: Refusal) -> String {
        self.job.refused(why)
    }

    async fn lock(&self) -> Result<Option<Lock>, String> {
        Ok(self.job.lock(false).await)
    }

    fn at(&mut self, _: Step) {}

    async fn is_taken(&self) -> bool {
        self.job.stage.step("look for another keeper").await;
        self.job.with(|folder| folder.exit.is_some() || folder.keeper.is_some())
    }

    async fn record_keeper(&mut self) -> Result<(), String> {
        self.job.stage.step("write who keeps it").await;
        let pid = self.pid;
        self.job.write(|folder, boot| folder.keeper = Some(Process { pid, boot }))
    }

    async fn read_launch(&mut self) -> Result<(), String> {
        self.job.stage.step("read the launch").await;
        let _a_full_disk_shows_later = self.job.write(|folder, _| folder.reserve = true);
        self.program = self.job.with(|folder| folder.launch.clone());
        self.program.as_ref().map(drop).ok_or_else(|| "there is no launch".to_owned())
    }

    async fn hold(&mut self) -> Result<Pid, String> {
        self.job.stage.step("hold a process").await;
        let pid = self.job.stage.new_pid();
        let parent = Some(self.pid);
        let alive = Alive { job: self.job.name.to_string(), tree: None, parent };
        self.job.stage.world().alive.insert(pid, alive);
        Ok(pid)
    }

    async fn record_agent(&mut self, held: &Pid) -> Result<(), String> {
        self.job.stage.step("write who will run").await;
        let pid = *held;
        self.job.write(|folder, boot| folder.agent = Some(Process { pid, boot }))
    }

    async fn is_stopped(&mut self) -> bool {
        self.job.stage.step("look for a stop").await;
        let told = self.job.stage.world().signalled.remove(&self.pid);
        told || self.job.with(|folder| folder.stop.is_some())
    }

    async fn stop_reason(&self) -> String {
        self.job.with(|folder| folder.stop.clone()).unwrap_or_else(|| FROM_OUTSIDE.to_owned())
    }

    async fn go(&mut self, held: Pid) -> Pid {
        self.job.stage.step("let it go").await;
        let Some(program) = self.program.clone() else { return held };
        let stage = &self.job.stage;
        if stage.world().alive.contains_key(&held) {
            stage.world().counts.started += 1;
            stage.world().started(&self.job.name, held, &program.tree);
            let about: Rc<str> = format!("agent of {}", self.job.name).into();
            let run = agent(stage.clone(), held, Rc::clone(&self.job.name), program);
            stage.spawn_as(held, Role::Agent, about, run);
        }
        held
    }

    async fn watch(&mut self, agent: &Pid) -> Cause {
        let (agent, own) = (*agent, self.pid);
        let stage = self.job.stage.clone();
        let begun = stage.now();
        let limit = |ms: Option<Ms>| ms.map_or(Ms::MAX, |ms| begun + ms);
        let time = limit(self.program.as_ref().and_then(|program| program.time_ms));
        let silence = limit(self.program.as_ref().and_then(|program| program.silence_ms));
        loop {
            let over = move |world: &World| {
                world.ended.contains_key(&agent)
                    || world.signalled.contains(&own)
                    || world.daemon.is_none()
            };
            stage.until("watch", time.min(silence), over).await;
            let ended = stage.world().ended.get(&agent).copied();
            if let Some((code, signal)) = ended {
                let pid = id(agent).pid;
                return Cause::Ended(Reaped { pid, code, signal, core: false });
            }
            if stage.world().signalled.remove(&own) {
                return Cause::Stop;
            }
            let now = stage.now();
            if now >= time {
                return Cause::Over(Over::Time);
            }
            if now >= silence {
                return Cause::Over(Over::Silence);
            }
            stage.pause("miss the daemon", 100).await;
            daemon::start(&stage);
        }
    }

    async fn end_all(&mut self, _: bool) {
        self.job.stage.step("end everything below").await;
        end_below(&self.job.stage, &self.job.name);
    }

    async fn refusal(&mut self, agent: &mut Pid) -> Option<String> {
        let world = self.job.stage.world();
        let refused = world.ended.get(agent).is_some_and(|(code, _)| *code == Some(REFUSED));
        refused.then(|| "no such program".to_owned())
    }

    async fn store_certainly(&mut self, how: How, ran: Option<Pid>) {
        let exit = self.job.exit_now(how, ran.is_some());
        loop {
            self.job.stage.step("write the exit").await;
            if self.job.put_exit(&exit).is_ok() || !self.retryable() {
                return;
            }
            self.job.stage.pause("wait for space", 1_000).await;
        }
    }

    async fn ring(&mut self) {
        self.job.stage.step("ring").await;
        daemon::start(&self.job.stage);
    }
}

/// The code of a process that could not become its program.
pub(super) const REFUSED: i32 = 256;
