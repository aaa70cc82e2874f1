//! The course of a job: what is read and written in which order, and what follows from it.
//!
//! Written over traits, so that it can be stopped between any two of its steps: the simulator of
//! `windrow-testkit` runs it over folders and processes that are made up. On real ones no step ever
//! waits for a wake-up, and `at_once` goes through all of them.
//!
//! Invariants: a process is on record before it may run; whether a stop was asked for is looked at
//! between the two; an exit is written when nothing of the job is left, once.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use windrow_world::proc::{ProcessId, Reaped};

use super::exit::{Exit, How};
use super::limits::Over;

/// Where a job stands, by its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobState {
    /// No `launch.json`: nothing was started.
    NotLaunched,
    /// A keeper has it.
    Running {
        /// The keeper; nothing while it has not yet written down who it is.
        keeper: Option<ProcessId>,
    },
    /// It is over and nothing of it runs.
    Ended(Exit),
    /// Launched, but nobody keeps it: [`end_orphan`](super::end_orphan()) must end what is left.
    Orphaned {
        /// The recorded agent, if it still runs. Others of the job may run all the same.
        agent: Option<ProcessId>,
    },
}

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

/// What ended, or has to end, the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It ended by itself, or somebody ended it.
    Ended(Reaped),
    /// A limit was passed.
    Over(Over),
    /// Somebody asked for it.
    Stop,
}

/// Why nothing is done with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It was launched before.
    AlreadyLaunched,
    /// Somebody keeps it.
    StillKept,
}

/// A job's folder, and its processes as far as the records name them.
pub trait Job {
    /// What can go wrong.
    type Error;
    /// Held, it says that somebody keeps the job; dropped, it is free.
    type Lock;

    /// A refusal as an error.
    fn refused(&self, why: Refusal) -> Self::Error;
    /// How it ended, if that is written.
    fn exit(&self) -> impl Future<Output = Result<Option<Exit>, Self::Error>>;
    /// Whether it is written how it ended, legible or not.
    fn has_exit(&self) -> impl Future<Output = bool>;
    /// Whether it was launched.
    fn is_launched(&self) -> impl Future<Output = bool>;
    /// The keeper on record, if it lives.
    fn living_keeper(&self) -> impl Future<Output = Result<Option<ProcessId>, Self::Error>>;
    /// Takes the lock; waits a moment for it, but, if it is only asked `whether` it is free, no
    /// longer than until a keeper has written down who it is.
    fn lock(&self, whether: bool) -> impl Future<Output = Result<Option<Self::Lock>, Self::Error>>;
    /// Whether somebody has the lock at this instant.
    fn is_kept(&self) -> impl Future<Output = Result<bool, Self::Error>>;
    /// Whether a process was put on record.
    fn has_agent(&self) -> impl Future<Output = Result<bool, Self::Error>>;
    /// That process, if it lives.
    fn living_agent(&self) -> impl Future<Output = Result<Option<ProcessId>, Self::Error>>;
    /// Writes down that it is to end; the first reason stays.
    fn record_stop(&self, reason: &str) -> impl Future<Output = Result<(), Self::Error>>;
    /// Tells the keeper that there is something to read; whether it is there to hear it.
    fn signal(&self, keeper: ProcessId) -> impl Future<Output = Result<bool, Self::Error>>;
    /// Ends every process of the job.
    fn end_remains(&self) -> impl Future<Output = Result<(), Self::Error>>;
    /// Writes how a job ended whose keeper cannot.
    fn store_exit(&self, how: How) -> impl Future<Output = Result<Exit, Self::Error>>;
}

/// What it takes to launch a job.
pub trait Launcher {
    /// What can go wrong.
    type Error;

    /// A refusal as an error.
    fn refused(&self, why: Refusal) -> Self::Error;
    /// Makes the folder.
    fn make(&mut self) -> impl Future<Output = Result<(), Self::Error>>;
    /// Whether it was launched before.
    fn is_launched(&self) -> impl Future<Output = bool>;
    /// Writes down what is to run.
    fn record_launch(&mut self) -> impl Future<Output = Result<(), Self::Error>>;
    /// Starts a keeper.
    fn start_keeper(&mut self) -> impl Future<Output = Result<ProcessId, Self::Error>>;
    /// Waits until the keeper has written down who it is, or is gone.
    fn wait_for_takeover(&self, keeper: ProcessId) -> impl Future<Output = ()>;
}

/// What a keeper does with its own hands.
pub trait Hands {
    /// What can go wrong before the job is its own.
    type Error;
    /// Held, it says that somebody keeps the job; dropped, it is free.
    type Lock;
    /// A process that waits to become the program.
    type Held;
    /// The program.
    type Agent;

    /// A refusal as an error.
    fn refused(&self, why: Refusal) -> Self::Error;
    /// Takes the lock; waits a moment for it.
    fn lock(&self) -> impl Future<Output = Result<Option<Self::Lock>, Self::Error>>;
    /// Tells where it is.
    fn at(&mut self, step: Step);
    /// Whether there is an exit or a keeper on record already.
    fn is_taken(&self) -> impl Future<Output = bool>;
    /// Writes down who keeps the job.
    fn record_keeper(&mut self) -> impl Future<Output = Result<(), Self::Error>>;
    /// Reads what is to run, or says why that cannot be.
    fn read_launch(&mut self) -> impl Future<Output = Result<(), String>>;
    /// Starts the process that will become the program.
    fn hold(&mut self) -> impl Future<Output = Result<Self::Held, String>>;
    /// Puts it on record.
    fn record_agent(&mut self, held: &Self::Held) -> impl Future<Output = Result<(), String>>;
    /// Whether somebody asked for the job's end.
    fn is_stopped(&mut self) -> impl Future<Output = bool>;
    /// Why it was asked for.
    fn stop_reason(&self) -> impl Future<Output = String>;
    /// Lets the process become the program.
    fn go(&mut self, held: Self::Held) -> impl Future<Output = Self::Agent>;
    /// Waits until the program ended or has to end.
    fn watch(&mut self, agent: &Self::Agent) -> impl Future<Output = Cause>;
    /// Ends everything below the keeper; politely at first, if there was a program.
    fn end_all(&mut self, politely: bool) -> impl Future<Output = ()>;
    /// Why it never became the program, if so.
    fn refusal(&mut self, agent: &mut Self::Agent) -> impl Future<Output = Option<String>>;
    /// Writes how it ended, again and again until that stands.
    fn store_certainly(&mut self, how: How, ran: Option<Self::Agent>) -> impl Future<Output = ()>;
    /// Tells the daemon that there is an exit to read.
    fn ring(&mut self) -> impl Future<Output = ()>;
}

/// Says where a job stands.
pub async fn look<J: Job>(job: &J) -> Result<JobState, J::Error> {
    if let Some(exit) = job.exit().await? {
        return Ok(JobState::Ended(exit));
    }
    if !job.is_launched().await {
        return Ok(JobState::NotLaunched);
    }
    let keeper = job.living_keeper().await?;
    if keeper.is_some() {
        return Ok(JobState::Running { keeper });
    }
    let lock = job.lock(true).await?;
    // Who held the lock may have come to its end, or to its name, meanwhile.
    if let Some(exit) = job.exit().await? {
        return Ok(JobState::Ended(exit));
    }
    if lock.is_none() {
        return Ok(JobState::Running { keeper: job.living_keeper().await? });
    }
    Ok(JobState::Orphaned { agent: job.living_agent().await? })
}

/// Writes down what to run and starts a keeper for it.
pub async fn launch<L: Launcher>(job: &mut L) -> Result<ProcessId, L::Error> {
    job.make().await?;
    if job.is_launched().await {
        return Err(job.refused(Refusal::AlreadyLaunched));
    }
    job.record_launch().await?;
    let keeper = job.start_keeper().await?;
    job.wait_for_takeover(keeper).await;
    Ok(keeper)
}

/// Asks a job to end; says whether there was anybody to ask.
pub async fn request_stop<J: Job>(job: &J, reason: &str) -> Result<bool, J::Error> {
    if job.has_exit().await {
        return Ok(false);
    }
    job.record_stop(reason).await?;
    match job.living_keeper().await? {
        Some(keeper) => job.signal(keeper).await,
        None => job.is_kept().await,
    }
}

/// Ends what a dead keeper left behind and writes the exit for it.
pub async fn end_orphan<J: Job>(job: &J) -> Result<Exit, J::Error> {
    if let Some(exit) = job.exit().await? {
        return Ok(exit);
    }
    let Some(_lock) = job.lock(false).await? else {
        return Err(job.refused(Refusal::StillKept));
    };
    if let Some(exit) = job.exit().await? {
        return Ok(exit);
    }
    let why = if job.has_agent().await? {
        "its keeper died; what was left of it was ended"
    } else {
        "its keeper died before the program was started"
    };
    job.end_remains().await?;
    job.store_exit(How::Lost { why: why.to_owned() }).await
}

/// Keeps a job from its launch to its exit.
pub async fn keep<H: Hands>(hands: &mut H) -> Result<(), H::Error> {
    let Some(_lock) = hands.lock().await? else {
        return Err(hands.refused(Refusal::StillKept));
    };
    // Ended by an adopter, or kept before by one that died: both are the daemon's to settle.
    if hands.is_taken().await {
        return Err(hands.refused(Refusal::AlreadyLaunched));
    }
    hands.record_keeper().await?;
    hands.at(Step::Recorded);
    if let Err(error) = hands.read_launch().await {
        hands.store_certainly(How::CouldNotStart { error }, None).await;
        return Ok(());
    }
    let (how, ran) = run(hands).await;
    hands.at(Step::BeforeExit);
    hands.store_certainly(how, ran).await;
    hands.at(Step::BeforeRing);
    hands.ring().await;
    Ok(())
}

/// Starts the program, waits for its end and ends whatever it leaves.
async fn run<H: Hands>(hands: &mut H) -> (How, Option<H::Agent>) {
    let mut agent = match start(hands).await {
        Ok(agent) => agent,
        Err(how) => {
            hands.end_all(false).await;
            return (how, None);
        }
    };
    let cause = hands.watch(&agent).await;
    hands.at(Step::Ending);
    hands.end_all(true).await;
    let how = judge(hands, cause, &mut agent).await;
    let ran = !matches!(how, How::CouldNotStart { .. });
    (how, ran.then_some(agent))
}

async fn start<H: Hands>(hands: &mut H) -> Result<H::Agent, How> {
    let refused = |error| How::CouldNotStart { error };
    let held = hands.hold().await.map_err(refused)?;
    hands.at(Step::Held);
    hands.record_agent(&held).await.map_err(refused)?;
    hands.at(Step::BeforeGo);
    // A stop that came before there was anyone to tell waits in the folder.
    if hands.is_stopped().await {
        return Err(How::Stopped { reason: hands.stop_reason().await });
    }
    let agent = hands.go(held).await;
    hands.at(Step::Gone);
    Ok(agent)
}

async fn judge<H: Hands>(hands: &mut H, cause: Cause, agent: &mut H::Agent) -> How {
    match cause {
        Cause::Over(Over::Time) => How::TimeOver,
        Cause::Over(Over::Silence) => How::SilenceOver,
        Cause::Stop => How::Stopped { reason: hands.stop_reason().await },
        Cause::Ended(reaped) => match (hands.refusal(agent).await, reaped.code) {
            (Some(error), _) => How::CouldNotStart { error },
            (None, Some(code)) => How::Exited { code },
            (None, None) => How::Signaled { signal: reaped.signal.unwrap_or(0), core: reaped.core },
        },
    }
}

/// Goes through steps that never wait for a wake-up.
///
/// # Panics
/// When one of them does: such a step has no place on real folders.
pub(super) fn at_once<T>(steps: impl Future<Output = T>) -> T {
    match pin!(steps).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("a step on a real folder waits for a wake-up"),
    }
}
