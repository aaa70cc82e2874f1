//! The stage: processes that advance one small step at a time, in an order that the dice choose.
//!
//! A process is a future that stops at every [`Stage::step`]; ending it there is dropping it, which
//! is what `kill -9` does to a real one: what it wrote stays, what it had in mind is gone. When
//! nobody can go on, the clock moves to the next moment that somebody waits for.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::Dice;

use super::faults::{Fault, Faults};
use super::world::World;

/// Milliseconds of the clock that nobody sets.
pub(super) type Ms = u64;

/// The number of a process; never used again.
pub(super) type Pid = u32;

/// What a process is; faults and counts go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// The daemon's loop.
    Daemon,
    /// An act of the daemon: it dies with it.
    Act(&'static str),
    /// What brings the daemon back.
    Guard,
    /// A keeper.
    Keeper,
    /// An agent, or a gate's command.
    Agent,
    /// A command that a person typed.
    Caller,
    /// The person, at their own checkout.
    Person,
}

/// Why a step of an act does not work.
pub(super) type Broke = String;

type Condition = Box<dyn Fn(&World) -> bool>;

/// What a process waits for.
enum Wait {
    Nothing,
    Time(Ms),
    Either(Ms, Condition),
}

struct Proc {
    role: Role,
    about: Rc<str>,
    /// Nothing while it is being advanced.
    future: Option<Pin<Box<dyn Future<Output = ()>>>>,
    wait: Wait,
    label: &'static str,
    /// The next step does not work, for this reason.
    breaks: Option<Broke>,
}

/// Everything that happens happens here.
#[derive(Clone)]
pub(super) struct Stage(Rc<Inner>);

struct Inner {
    world: RefCell<World>,
    procs: RefCell<BTreeMap<Pid, Proc>>,
    faults: RefCell<Faults>,
    dice: RefCell<Dice>,
    now: Cell<Ms>,
    steps: Cell<u64>,
    next_pid: Cell<Pid>,
    current: Cell<Pid>,
    trace: Option<RefCell<Vec<String>>>,
}

impl Stage {
    pub(super) fn new(seed: u64, world: World, faults: Faults, traced: bool) -> Self {
        Self(Rc::new(Inner {
            world: RefCell::new(world),
            procs: RefCell::default(),
            faults: RefCell::new(faults),
            dice: RefCell::new(Dice::seeded(seed)),
            now: Cell::new(0),
            steps: Cell::new(0),
            next_pid: Cell::new(1),
            current: Cell::new(0),
            trace: traced.then(RefCell::default),
        }))
    }

    /// The world as it is; not to be kept over a step.
    pub(super) fn world(&self) -> RefMut<'_, World> {
        self.0.world.borrow_mut()
    }

    pub(super) fn now(&self) -> Ms {
        self.0.now.get()
    }

    pub(super) fn steps(&self) -> u64 {
        self.0.steps.get()
    }

    pub(super) fn new_pid(&self) -> Pid {
        self.0.next_pid.replace(self.0.next_pid.get() + 1)
    }

    /// The process that takes a step.
    pub(super) fn current(&self) -> Pid {
        self.0.current.get()
    }

    pub(super) fn is_act(&self, pid: Pid) -> bool {
        self.0.procs.borrow().get(&pid).is_some_and(|proc| matches!(proc.role, Role::Act(_)))
    }

    /// Begins a process.
    pub(super) fn spawn(
        &self,
        role: Role,
        about: impl Into<Rc<str>>,
        future: impl Future<Output = ()> + 'static,
    ) -> Pid {
        let pid = self.new_pid();
        self.spawn_as(pid, role, about, future);
        pid
    }

    /// Begins a process whose number is known already.
    pub(super) fn spawn_as(
        &self,
        pid: Pid,
        role: Role,
        about: impl Into<Rc<str>>,
        future: impl Future<Output = ()> + 'static,
    ) {
        let (about, future) = (about.into(), Some(Box::pin(future) as _));
        let (wait, label, breaks) = (Wait::Nothing, "begin", None);
        let proc = Proc { role, about, future, wait, label, breaks };
        self.0.procs.borrow_mut().insert(pid, proc);
    }

    /// Ends every process that `which` names, at once.
    pub(super) fn end(&self, which: impl Fn(Pid, Role) -> bool) {
        let mut procs = self.0.procs.borrow_mut();
        let gone: Vec<Pid> = procs
            .iter()
            .filter(|(pid, proc)| which(**pid, proc.role))
            .map(|(pid, _)| *pid)
            .collect();
        let gone: Vec<Proc> = gone.iter().filter_map(|pid| procs.remove(pid)).collect();
        // What is dropped may look at the stage.
        drop(procs);
        drop(gone);
    }

    pub(super) fn say(&self, line: impl FnOnce() -> String) {
        if let Some(trace) = &self.0.trace {
            trace.borrow_mut().push(format!("{:>9} {}", self.now(), line()));
        }
    }

    pub(super) fn state(&self) -> windrow_core::State {
        self.world().check.state.clone()
    }

    pub(super) fn counts(&self) -> super::counts::Counts {
        // A simulation that panicked may have left the world in somebody's hands.
        self.0.world.try_borrow().map(|world| world.counts.clone()).unwrap_or_default()
    }

    pub(super) fn trace(&self) -> Vec<String> {
        self.0.trace.as_ref().map(|trace| trace.borrow().clone()).unwrap_or_default()
    }

    /// Stops before a step that cannot fail.
    pub(super) async fn step(&self, label: &'static str) {
        let _cannot_fail = Step { stage: self, label, wait: Some(Wait::Nothing) }.await;
    }

    /// Stops before a step of an act; it may be made to fail.
    pub(super) async fn act(&self, label: &'static str) -> Result<(), Broke> {
        Step { stage: self, label, wait: Some(Wait::Nothing) }.await
    }

    /// Lets time go by.
    pub(super) async fn pause(&self, label: &'static str, ms: Ms) {
        let until = self.now().saturating_add(ms);
        let _cannot_fail = Step { stage: self, label, wait: Some(Wait::Time(until)) }.await;
    }

    /// Waits until `condition` holds, or until a moment.
    pub(super) async fn until(
        &self,
        label: &'static str,
        until: Ms,
        condition: impl Fn(&World) -> bool + 'static,
    ) {
        let wait = Wait::Either(until, Box::new(condition));
        let _cannot_fail = Step { stage: self, label, wait: Some(wait) }.await;
    }

    /// Lets faults no longer happen.
    pub(super) fn end_faults(&self) {
        self.0.faults.borrow_mut().end();
    }

    /// Advances one process by one step; false when nobody will ever go on.
    pub(super) fn advance(&self) -> bool {
        let Some(pid) = self.choose() else { return false };
        self.0.steps.set(self.steps() + 1);
        self.0.now.set(self.now() + self.0.dice.borrow_mut().within(0..3));
        let role = {
            let procs = self.0.procs.borrow();
            let Some(proc) = procs.get(&pid) else { return true };
            self.say(|| format!("{pid:>4} {}: {}", proc.about, proc.label));
            proc.role
        };
        let due = self.0.faults.borrow_mut().due(role);
        for fault in due {
            self.say(|| format!("     !! {fault:?}"));
            self.world().counts.note_fault(&fault);
            self.strike(pid, fault);
        }
        self.poll(pid);
        true
    }

    fn strike(&self, pid: Pid, fault: Fault) {
        if let Fault::Setback = fault {
            if let Some(proc) = self.0.procs.borrow_mut().get_mut(&pid) {
                proc.breaks = Some("a fault of the simulator".to_owned());
            }
        } else {
            super::faults::strike(self, pid, fault);
        }
    }

    fn poll(&self, pid: Pid) {
        let taken = self.0.procs.borrow_mut().get_mut(&pid).and_then(|proc| proc.future.take());
        let Some(mut future) = taken else { return };
        self.0.current.set(pid);
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        self.0.current.set(0);
        let mut procs = self.0.procs.borrow_mut();
        match (polled, procs.get_mut(&pid)) {
            (Poll::Pending, Some(proc)) => proc.future = Some(future),
            (Poll::Ready(()), Some(_)) => drop(procs.remove(&pid)),
            // It ended itself, or its daemon.
            (_, None) => {}
        }
    }

    /// A process that can go on; moves the clock when there is none yet.
    fn choose(&self) -> Option<Pid> {
        let procs = self.0.procs.borrow();
        let world = self.0.world.borrow();
        loop {
            let now = self.now();
            let ready: Vec<Pid> = procs
                .iter()
                .filter(|(_, proc)| match &proc.wait {
                    Wait::Nothing => true,
                    Wait::Time(at) => *at <= now,
                    Wait::Either(at, condition) => *at <= now || condition(&world),
                })
                .map(|(pid, _)| *pid)
                .collect();
            if let Some(pid) = self.0.dice.borrow_mut().pick(&ready) {
                return Some(*pid);
            }
            let moments = procs.values().filter_map(|proc| match &proc.wait {
                Wait::Nothing => None,
                Wait::Time(at) | Wait::Either(at, _) => Some(*at).filter(|at| *at < Ms::MAX),
            });
            self.0.now.set(moments.min()?);
        }
    }
}

/// One stop of a process.
struct Step<'a> {
    stage: &'a Stage,
    label: &'static str,
    wait: Option<Wait>,
}

impl Future for Step<'_> {
    type Output = Result<(), Broke>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let inner = &self.stage.0;
        let mut procs = inner.procs.borrow_mut();
        let Some(proc) = procs.get_mut(&inner.current.get()) else { return Poll::Pending };
        let label = self.label;
        match self.wait.take() {
            Some(wait) => {
                proc.wait = wait;
                proc.label = label;
                Poll::Pending
            }
            None => {
                proc.wait = Wait::Nothing;
                Poll::Ready(proc.breaks.take().map_or(Ok(()), Err))
            }
        }
    }
}

/// Stops once, without a word to the stage: for what must not know it.
#[derive(Default)]
pub(super) struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}
