//! The loop: one closed enum of inputs, one `select!`, and the order that makes promises true.
//!
//! Take everything that waits; decide each on the state as the batch leaves it; append the batch
//! durably; only then answer and act. Outcomes of acts come back as inputs like everything else.
//!
//! Invariant: nothing is answered, shown or performed before its events are in the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use windrow_api::request::{Call, ProjectCall, ProjectRef, Request};
use windrow_api::{ExitKind, Failure, Reply};
use windrow_core::ids::SessionId;
use windrow_core::machine::{Machine, MachineCommand, MachineLease};
use windrow_core::{Command, Effect, State};
use windrow_journal::SqliteJournal;

use crate::acts::Outcome;
use crate::home::Home;
use crate::hooks;
use crate::opening;
use crate::place::{Windrow, now, project_id};
use crate::project::Project;
use crate::register::Register;
use crate::repairing;

/// Inputs taken into one batch at most.
const BATCH: usize = 512;

/// The longest sleep while a deadline is pending, so that a clock that was set is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// The longest that the end of the daemon waits for a landing under way.
const LONGEST_MOVE: Duration = Duration::from_secs(10);

/// Everything that can wake the loop.
pub(crate) enum Input {
    /// A window asks something.
    Call(Request, mpsc::Sender<Reply>),
    /// An act came to its end.
    Outcome(String, Effect, Outcome),
    /// An act tells something on the way.
    Tell(String, Command),
    /// A session needs a name and ports.
    Lease(LeaseRequest),
    /// Something is asked of the machine's state.
    Machine(MachineCommand, oneshot::Sender<Result<(), String>>),
    /// A project is open, or cannot be opened.
    Opened(String, Result<Box<opening::Opened>, Failure>),
    /// The daemon is to end.
    Shutdown,
}

/// What is needed to find a name and ports.
pub(crate) struct LeaseRequest {
    project: String,
    session: SessionId,
    ports: Vec<u16>,
    listening: BTreeSet<u16>,
    reply: oneshot::Sender<Result<MachineLease, String>>,
}

/// The way into the loop.
#[derive(Clone)]
pub(crate) struct HubHandle(mpsc::UnboundedSender<Input>);

impl HubHandle {
    /// Hands an input to the loop; one that has ended takes nothing.
    pub(crate) fn send(&self, input: Input) {
        let _ended_is_fine = self.0.send(input);
    }

    /// Tells the core something about a project.
    pub(crate) fn tell(&self, project: &str, command: Command) {
        self.send(Input::Tell(project.to_owned(), command));
    }

    pub(crate) async fn lease(
        &self,
        project: String,
        session: SessionId,
        ports: Vec<u16>,
        listening: BTreeSet<u16>,
    ) -> Result<MachineLease, String> {
        let (reply, answer) = oneshot::channel();
        self.send(Input::Lease(LeaseRequest { project, session, ports, listening, reply }));
        answer.await.unwrap_or_else(|_| Err("the daemon is ending".to_owned()))
    }

    pub(crate) async fn machine(&self, command: MachineCommand) -> Result<(), String> {
        let (reply, answer) = oneshot::channel();
        self.send(Input::Machine(command, reply));
        answer.await.unwrap_or_else(|_| Err("the daemon is ending".to_owned()))
    }
}

/// A project that is open, or on the way.
enum Slot {
    Opening(Vec<(Request, mpsc::Sender<Reply>)>),
    Open(Box<Project>),
}

/// An answer that waits for the machine's journal.
type MachineAnswer = Box<dyn FnOnce(Result<&Machine, String>) + Send>;

/// The machine's register as the loop has it.
pub(crate) type Machines = Register<SqliteJournal, MachineAnswer>;

/// The loop's own memory.
pub(crate) struct Hub {
    home: Home,
    windrow: Windrow,
    handle: HubHandle,
    inputs: mpsc::UnboundedReceiver<Input>,
    machine: Machines,
    projects: BTreeMap<String, Slot>,
    started_ms: i64,
    troubles: Vec<String>,
}

impl Hub {
    /// Prepares the loop and opens every known project: work may be waiting in it.
    #[must_use]
    pub(crate) fn new(
        home: Home,
        windrow: Windrow,
        machine: Machines,
        trouble: Option<String>,
    ) -> (Self, HubHandle) {
        let (sender, inputs) = mpsc::unbounded_channel();
        let handle = HubHandle(sender);
        let mut hub = Self {
            home,
            windrow,
            handle: handle.clone(),
            inputs,
            machine,
            projects: BTreeMap::new(),
            started_ms: now().0,
            troubles: trouble.into_iter().collect(),
        };
        let known: Vec<ProjectRef> = hub
            .machine
            .state()
            .projects
            .values()
            .map(|p| ProjectRef { git_dir: p.git_dir.clone().into(), root: p.root.clone().into() })
            .collect();
        for project in known {
            if project.git_dir.is_dir() {
                hub.open(&project);
            } else {
                let gone = project.root.display();
                hub.troubles.push(format!("the repository `{gone}` is gone; its work is kept"));
            }
        }
        (hub, handle)
    }

    /// Runs until somebody says that it is enough.
    pub(crate) async fn run(mut self) {
        loop {
            let sleep = self.sleep();
            let first = tokio::select! {
                input = self.inputs.recv() => input,
                () = tokio::time::sleep(sleep.unwrap_or(LONGEST_SLEEP)), if sleep.is_some() => None,
            };
            let mut left = BATCH;
            let mut next = first;
            while let Some(input) = next.take() {
                if matches!(input, Input::Shutdown) {
                    self.let_moves_finish().await;
                    tracing::info!("the daemon ends; workers go on");
                    return;
                }
                self.take(input);
                left -= 1;
                if left > 0 {
                    next = self.inputs.try_recv().ok();
                }
            }
            self.settle().await;
        }
    }

    /// Lets a move of a branch that is under way come to its end, and no other begin: cut short, it
    /// leaves the lock of the person's index behind until the next daemon starts.
    async fn let_moves_finish(&self) {
        for slot in self.projects.values() {
            let Slot::Open(project) = slot else { continue };
            let place = Arc::clone(&project.tools().place);
            let held = tokio::task::spawn_blocking(move || {
                let lander = place.lander.lock().unwrap_or_else(PoisonError::into_inner);
                let _until_the_process_ends = std::mem::ManuallyDrop::new(lander);
            });
            if tokio::time::timeout(LONGEST_MOVE, held).await.is_err() {
                tracing::warn!("a landing in `{}` is cut short", project.name());
            }
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Call(request, replies) => self.call(request, replies),
            Input::Outcome(project, effect, outcome) => {
                if let Some(project) = self.project(&project) {
                    project.take_outcome(effect, outcome);
                }
            }
            Input::Tell(project, command) => {
                if let Some(project) = self.project(&project) {
                    project.tell(&command, "windrow");
                }
            }
            Input::Lease(request) => self.lease(request),
            Input::Machine(command, reply) => {
                let applied = self.machine.apply(&command, "windrow", now());
                self.machine.answer(Box::new(move |committed| {
                    let _gone_is_fine = reply.send(committed.and(applied));
                }));
            }
            Input::Opened(id, opened) => self.opened(&id, opened),
            Input::Shutdown => {}
        }
    }

    /// Ends the batch: advance, append, answer, act.
    async fn settle(&mut self) {
        let (answers, committed) = self.machine.settle().await;
        if let Err(reason) = &committed {
            tracing::error!("the machine's journal: {reason}");
        }
        for answer in answers {
            answer(committed.as_ref().map(|()| self.machine.state()).map_err(Clone::clone));
        }
        for slot in self.projects.values_mut() {
            if let Slot::Open(project) = slot {
                project.settle().await;
            }
        }
    }

    fn sleep(&self) -> Option<Duration> {
        let open = self.projects.values().filter_map(|slot| match slot {
            Slot::Open(project) => project.sleep(),
            Slot::Opening(_) => None,
        });
        open.min().map(|sleep| sleep.min(LONGEST_SLEEP))
    }

    fn project(&mut self, id: &str) -> Option<&mut Project> {
        match self.projects.get_mut(id) {
            Some(Slot::Open(project)) => Some(project),
            Some(Slot::Opening(_)) | None => None,
        }
    }

    fn call(&mut self, request: Request, replies: mpsc::Sender<Reply>) {
        match request.call {
            Call::Ping => reply(&replies, Reply::Daemon(self.about())),
            Call::Shutdown => {
                reply(&replies, Reply::Done);
                self.handle.send(Input::Shutdown);
            }
            Call::Approve { hash, place } => {
                let command = MachineCommand::Approve { hash, place };
                let applied = self.machine.apply(&command, &request.actor, now());
                self.machine.answer(Box::new(move |committed| {
                    reply(
                        &replies,
                        match committed.and(applied) {
                            Ok(()) => Reply::Done,
                            Err(reason) => failed(ExitKind::World, reason),
                        },
                    );
                }));
            }
            Call::Approved { hashes } => self.machine.answer(Box::new(move |machine| {
                reply(
                    &replies,
                    match machine {
                        Ok(machine) => Reply::Approved(
                            hashes
                                .iter()
                                .map(|hash| machine.approvals.contains_key(hash))
                                .collect(),
                        ),
                        Err(reason) => failed(ExitKind::World, reason),
                    },
                );
            })),
            Call::Hook(hook) => match self.project(&hook.project) {
                Some(project) => hooks::take(project, &hook, replies),
                None => reply(&replies, failed(ExitKind::World, "the project is not open")),
            },
            Call::AllSessions => {
                let rows = self.projects.values().filter_map(|slot| match slot {
                    Slot::Open(project) => Some(project.session_rows(false)),
                    Slot::Opening(_) => None,
                });
                reply(&replies, Reply::Sessions(rows.flatten().collect()));
            }
            Call::Project { ref project, ref call } => {
                let id = project_id(&project.git_dir);
                if let ProjectCall::RepairLog { to } = **call
                    && !matches!(self.projects.get(&id), Some(Slot::Opening(_)))
                {
                    let project = project.clone();
                    return self.repair(&id, &project, to, replies);
                }
                if !self.projects.contains_key(&id) && !is_there(project) {
                    let gone = project.git_dir.display();
                    let failure = format!("there is no repository `{gone}`");
                    return reply(&replies, failed(ExitKind::User, failure));
                }
                if !self.projects.contains_key(&id) {
                    let project = project.clone();
                    self.open(&project);
                }
                match self.projects.get_mut(&id) {
                    Some(Slot::Opening(waiting)) => waiting.push((request, replies)),
                    Some(Slot::Open(project)) => project.call(request, replies),
                    None => {}
                }
            }
        }
    }

    /// Lets go of a project, has its journal repaired, and opens it again.
    fn repair(
        &mut self,
        id: &str,
        project: &ProjectRef,
        to: Option<u64>,
        replies: mpsc::Sender<Reply>,
    ) {
        if let Some(Slot::Open(open)) = self.projects.get(id)
            && !open.is_at_rest()
        {
            let message = "workers or landings are under way in this project";
            let hints =
                vec!["wait until its run is over, or end it with `windrow kill`".to_owned()];
            let failure = Failure { kind: ExitKind::Refused, message: message.to_owned(), hints };
            return reply(&replies, Reply::Failed(failure));
        }
        self.projects.insert(id.to_owned(), Slot::Opening(Vec::new()));
        let (home, windrow) = (self.home.clone(), self.windrow.clone());
        let (handle, project, id) = (self.handle.clone(), project.clone(), id.to_owned());
        tokio::spawn(async move {
            let done = repairing::repair(&home, &windrow, &project, to).await;
            reply(
                &replies,
                done.map_or_else(Reply::Failed, |done| Reply::Repaired(Box::new(done))),
            );
            let opened = opening::open(&home, &windrow, &project).await;
            handle.send(Input::Opened(id, opened.map(Box::new)));
        });
    }

    fn open(&mut self, project: &ProjectRef) {
        let id = project_id(&project.git_dir);
        self.projects.insert(id.clone(), Slot::Opening(Vec::new()));
        let (home, windrow) = (self.home.clone(), self.windrow.clone());
        let (handle, project) = (self.handle.clone(), project.clone());
        tokio::spawn(async move {
            let opened = opening::open(&home, &windrow, &project).await;
            handle.send(Input::Opened(id, opened.map(Box::new)));
        });
    }

    fn opened(&mut self, id: &str, opened: Result<Box<opening::Opened>, Failure>) {
        let waiting = match self.projects.remove(id) {
            Some(Slot::Opening(waiting)) => waiting,
            Some(Slot::Open(_)) | None => Vec::new(),
        };
        let is_repair = |(request, _): &(Request, mpsc::Sender<Reply>)| {
            let Call::Project { call, .. } = &request.call else { return false };
            matches!(**call, ProjectCall::RepairLog { .. })
        };
        // A repair does not need a project that is open.
        let (repairs, waiting): (Vec<_>, Vec<_>) = waiting.into_iter().partition(is_repair);
        for (request, replies) in repairs {
            self.handle.send(Input::Call(request, replies));
        }
        match opened {
            Ok(opened) => {
                // What was wrong with it before is mended.
                let folder = self.home.project(id).display().to_string();
                self.troubles.retain(|trouble| !trouble.contains(&folder));
                let command =
                    MachineCommand::OpenProject { project: id.to_owned(), about: opened.about };
                if let Err(error) = self.machine.apply(&command, "windrow", now()) {
                    tracing::error!("a project cannot be recorded: {error}");
                }
                self.keep_leases(id, opened.heart.state());
                let mut project =
                    Project::new(opened.heart, Arc::new(opened.place), self.handle.clone());
                for (request, replies) in waiting {
                    project.call(request, replies);
                }
                self.projects.insert(id.to_owned(), Slot::Open(Box::new(project)));
            }
            Err(failure) => {
                tracing::error!("a project cannot be opened: {failure}");
                if !self.troubles.contains(&failure.message) {
                    self.troubles.push(failure.message.clone());
                }
                for (_, replies) in waiting {
                    reply(&replies, Reply::Failed(failure.clone()));
                }
            }
        }
    }

    /// Makes names and ports known again that living sessions have and the machine's journal lost.
    fn keep_leases(&mut self, project: &str, state: &State) {
        let living = state.sessions.values().filter(|session| !session.closed);
        for session in living {
            let Some(lease) = &session.lease else { continue };
            let command = MachineCommand::KeepLease {
                project: project.to_owned(),
                session: session.id,
                lease: MachineLease { name: lease.name.clone(), port_offset: lease.port_offset },
            };
            if let Err(error) = self.machine.apply(&command, "windrow", now()) {
                tracing::error!("{} keeps its name and ports all the same: {error}", session.id);
            }
        }
    }

    fn lease(&mut self, request: LeaseRequest) {
        let LeaseRequest { project, session, ports, listening, reply } = request;
        let applied = self.machine.lease((&project, session), &ports, &listening, now());
        self.machine.answer(Box::new(move |committed| {
            let lease = committed.and_then(|machine| {
                applied?;
                machine.lease(&project, session).cloned().ok_or_else(|| "no lease".to_owned())
            });
            let _gone_is_fine = reply.send(lease);
        }));
    }

    fn about(&self) -> windrow_api::view::DaemonView {
        let names = self.projects.values().filter_map(|slot| match slot {
            Slot::Open(project) => Some(project.name().to_owned()),
            Slot::Opening(_) => None,
        });
        windrow_api::view::DaemonView {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_ms: self.started_ms,
            home: self.home.path().to_owned(),
            projects: names.collect(),
            troubles: self.troubles.clone(),
        }
    }
}

/// Whether a repository can be at the place that was named; nothing is made for one that cannot.
fn is_there(project: &ProjectRef) -> bool {
    project.git_dir.is_absolute() && project.git_dir.is_dir() && project.root.is_absolute()
}

/// Answers; a window that went away misses its answer.
pub(crate) fn reply(replies: &mpsc::Sender<Reply>, answer: Reply) {
    if replies.try_send(answer).is_err() {
        tracing::debug!("a window went away before its answer");
    }
}

/// A refusal in a reply.
pub(crate) fn failed(kind: ExitKind, message: impl Into<String>) -> Reply {
    Reply::Failed(Failure { kind, message: message.into(), hints: Vec::new() })
}

/// The moment `ms` from now.
pub(crate) fn in_ms(ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(ms)
}
