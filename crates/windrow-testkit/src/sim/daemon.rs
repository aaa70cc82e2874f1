//! The daemon on the stage: the engine's own heart and register, and the loop around them.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use windrow_core::ids::SessionId;
use windrow_core::machine::MachineCommand;
use windrow_core::{Command, Effect, Event, Timestamp};
use windrow_engine::heart::{Heart, Moment, Settled};
use windrow_engine::register::Register;
use windrow_journal::{
    AppendError, Draft, Fault, Head, Journal, MemoryJournal, MemoryReader, MemoryStore,
    Reader as _, Record, Seq, StoreError, Text,
};

use super::acts;
use super::people::Wish;
use super::stage::{Ms, Role, Stage, Yield};

/// The project's id in the machine's journal.
const PROJECT: &str = "p";

/// Records between two snapshots: few, so that they are used.
const SNAPSHOT_EVERY: u64 = 60;

/// Something that is told once.
pub(super) type Slot<T> = Rc<RefCell<Option<T>>>;

/// What waits for the daemon.
#[derive(Clone)]
pub(super) enum Mail {
    Call(Wish, Slot<bool>),
    Outcome(Effect, Option<Command>),
    Tell(Command),
    Lease(SessionId, Slot<Result<(String, u32), String>>),
    Free(SessionId, Slot<Result<(), String>>),
}

/// Who waits for a batch of the project, and what they will believe.
struct Waiting {
    told: Slot<bool>,
    seq: u64,
    events: Vec<Event>,
    ends: Option<SessionId>,
}

/// Who waits for a batch of the machine.
enum Asked {
    Lease(SessionId, Slot<Result<(String, u32), String>>, Result<(), String>),
    Free(Slot<Result<(), String>>, Result<(), String>),
}

/// A journal that may be cut off on either side of an append.
struct Cut {
    journal: MemoryJournal,
    store: MemoryStore,
    full: Arc<AtomicBool>,
}

impl Cut {
    fn of(store: &MemoryStore, full: &Arc<AtomicBool>) -> Self {
        Self { journal: store.open(), store: store.clone(), full: Arc::clone(full) }
    }
}

impl Journal for Cut {
    type Reader = MemoryReader;

    async fn append_with_texts(
        &mut self,
        expected: Seq,
        batch: Vec<Draft>,
        texts: Vec<Text>,
    ) -> Result<Vec<Record>, AppendError> {
        Yield::default().await;
        if self.full.load(Ordering::Relaxed) {
            self.store.fail_next(Fault::Full);
        }
        let answer = self.journal.append_with_texts(expected, batch, texts).await;
        Yield::default().await;
        answer
    }

    async fn head(&mut self) -> Result<Head, StoreError> {
        Yield::default().await;
        self.journal.head().await
    }

    async fn save_snapshot(
        &mut self,
        seq: Seq,
        schema: u32,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        Yield::default().await;
        self.journal.save_snapshot(seq, schema, bytes).await
    }

    fn reader(&self) -> MemoryReader {
        self.journal.reader()
    }
}

/// Every record behind the first `seen`.
pub(super) fn records_after(store: &MemoryStore, seen: usize) -> Vec<Record> {
    let reader = store.open().reader();
    let from = Seq(u64::try_from(seen).unwrap() + 1);
    let mut read = std::pin::pin!(reader.read(from, usize::MAX));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match read.as_mut().poll(&mut context) {
        std::task::Poll::Ready(records) => records.unwrap(),
        std::task::Poll::Pending => Vec::new(),
    }
}

/// Starts a daemon, unless there is one.
pub(super) fn start(stage: &Stage) {
    let mut world = stage.world();
    if world.daemon.is_some() {
        return;
    }
    world.daemon = Some(VecDeque::new());
    world.daemons += 1;
    let about: Rc<str> = format!("daemon {}", world.daemons).into();
    drop(world);
    keep_guard(stage);
    stage.spawn(Role::Daemon, about, run(stage.clone()));
}

/// Sees to it that somebody watches the daemon.
pub(super) fn keep_guard(stage: &Stage) {
    if !std::mem::replace(&mut stage.world().guarded, true) {
        stage.spawn(Role::Guard, "guard", guard(stage.clone()));
    }
}

/// Brings the daemon back whenever it is gone.
async fn guard(stage: Stage) {
    loop {
        stage.until("watch the daemon", Ms::MAX, |world| world.daemon.is_none()).await;
        stage.pause("start a daemon", 20).await;
        start(&stage);
    }
}

/// Puts something into the daemon's queue; lost when there is none.
pub(super) fn tell(stage: &Stage, mail: Mail) {
    if let Some(queue) = &mut stage.world().daemon {
        queue.push_back(mail);
    }
}

struct Daemon {
    stage: Stage,
    base: Instant,
    heart: Heart<Cut, Waiting>,
    register: Register<Cut, Asked>,
}

async fn run(stage: Stage) {
    stage.step("open the machine's journal").await;
    let (project, machine) = {
        let world = stage.world();
        (Cut::of(&world.project, &world.full), Cut::of(&world.machine, &world.full))
    };
    let Ok(mut register) = Register::open(machine).await else { return };
    acts::recover(&stage).await;
    stage.step("open the journal").await;
    let Ok(mut heart) = Heart::open(project).await else { return };
    heart.snapshot_every(SNAPSHOT_EVERY);
    let about = windrow_core::machine::Project {
        name: PROJECT.to_owned(),
        git_dir: "/p/.git".to_owned(),
        root: "/p".to_owned(),
    };
    let open = MachineCommand::OpenProject { project: PROJECT.to_owned(), about };
    let _never_refused = register.apply(&open, "windrow", Timestamp(0));
    {
        let mut world = stage.world();
        world.counts.refolds += 1;
        super::check::look(&mut world);
        world.check.live(heart.state());
    }
    // All daemons of a simulation measure from one instant: the stage's clock is what counts.
    let base = Instant::now();
    Daemon { stage, base, heart, register }.serve().await;
}

impl Daemon {
    fn moment(&self) -> Moment {
        let now = self.stage.now();
        let wall = Timestamp(self.stage.world().wall(now));
        Moment { wall, steady: self.base + Duration::from_millis(now) }
    }

    async fn serve(mut self) {
        loop {
            let batch = self.take_batch();
            for mail in batch {
                self.take(mail);
            }
            self.settle().await;
            let sleep = self.heart.sleep(self.moment());
            let sleep = sleep.map(|sleep| sleep.min(Duration::from_secs(60)).as_millis());
            let until = sleep.map_or(Ms::MAX, |ms| self.stage.now() + Ms::try_from(ms).unwrap());
            let waits = |world: &super::world::World| {
                world.daemon.as_ref().is_some_and(|queue| !queue.is_empty())
            };
            self.stage.until("wait for inputs", until, waits).await;
        }
    }

    /// Everything that waits, or a first part of it.
    fn take_batch(&self) -> Vec<Mail> {
        let mut world = self.stage.world();
        let Some(queue) = &mut world.daemon else { return Vec::new() };
        let take =
            if self.stage.now().is_multiple_of(3) { queue.len().min(1) } else { queue.len() };
        queue.drain(..take).collect()
    }

    fn take(&mut self, mail: Mail) {
        let now = self.moment();
        match mail {
            Mail::Call(wish, told) => self.call(&wish, told),
            Mail::Outcome(effect, command) => {
                self.heart.take_outcome(effect, command.as_ref(), Vec::new(), now);
            }
            Mail::Tell(command) => drop(self.heart.apply(&command, "windrow", now)),
            Mail::Lease(session, slot) => {
                let asked = (PROJECT, session);
                let applied = self.register.lease(asked, &[3000], &BTreeSet::new(), now.wall);
                self.register.answer(Asked::Lease(session, slot, applied));
            }
            Mail::Free(session, slot) => {
                let free = MachineCommand::FreeName { project: PROJECT.to_owned(), session };
                let applied = self.register.apply(&free, "windrow", now.wall);
                self.register.answer(Asked::Free(slot, applied));
            }
        }
    }

    fn call(&mut self, wish: &Wish, told: Slot<bool>) {
        let mut commands = wish.commands(self.heart.state());
        let last = commands.pop();
        for command in commands {
            let _some_are_refused = self.heart.apply(&command, "person", self.moment());
        }
        let seq = self.heart.state().seq;
        let applied = last.as_ref().map(|last| self.heart.apply(last, "person", self.moment()));
        let Some(Ok(events)) = applied else {
            // A refusal is an answer, too.
            *told.borrow_mut() = Some(true);
            return;
        };
        match last {
            Some(Command::EndSession(end)) => {
                let ends = Some(end.session);
                self.heart.answer_at_end(end.session, Waiting { told, seq, events, ends });
            }
            _ => self.heart.answer(Waiting { told, seq, events, ends: None }),
        }
    }

    async fn settle(&mut self) {
        let (asked, committed) = self.register.settle().await;
        for asked in asked {
            self.stage.step("answer about the machine").await;
            self.answer_asked(asked, committed.clone());
        }
        let settled = self.heart.settle(self.moment()).await;
        match settled {
            None => {}
            Some(Settled::Durable { answers, begin, .. }) => {
                {
                    let mut world = self.stage.world();
                    super::check::look(&mut world);
                    world.check.live(self.heart.state());
                }
                for waiting in answers {
                    self.stage.step("answer").await;
                    self.answer(&waiting);
                }
                for effect in begin {
                    acts::begin(&self.stage, self.heart.state(), effect);
                }
            }
            Some(Settled::Failed { answers, .. }) => {
                for waiting in answers {
                    *waiting.told.borrow_mut() = Some(false);
                }
                let mut world = self.stage.world();
                world.counts.refolds += 1;
                super::check::look(&mut world);
                world.check.live(self.heart.state());
            }
        }
    }

    fn answer(&self, waiting: &Waiting) {
        let mut world = self.stage.world();
        world.check.acknowledged(waiting.seq, &waiting.events);
        if let Some(session) = waiting.ends {
            world.check.acknowledged_end(session);
        }
        world.counts.acknowledged += 1;
        *waiting.told.borrow_mut() = Some(true);
    }

    fn answer_asked(&self, asked: Asked, committed: Result<(), String>) {
        match asked {
            Asked::Lease(session, slot, applied) => {
                let lease = self.register.state().lease(PROJECT, session);
                let lease = lease.map(|lease| (lease.name.clone(), lease.port_offset));
                let lease = committed.and(applied).and(lease.ok_or_else(|| "no lease".to_owned()));
                *slot.borrow_mut() = Some(lease);
            }
            Asked::Free(slot, applied) => *slot.borrow_mut() = Some(committed.and(applied)),
        }
    }
}
