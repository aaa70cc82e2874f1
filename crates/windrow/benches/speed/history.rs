//! A long history made by the core itself, in a world in which everything works at once.
//!
//! Each task runs for an hour or so: its claim is renewed now and then, as a keeper that lives does.

use std::collections::BTreeSet;

use windrow_core::command::{
    AddTask, Advance, MergeReport, MoveReport, RenewClaim, ReportEnded, ReportFreed, ReportLeased,
    ReportMerged, ReportMoved, ReportReleased, ReportSealed, ReportStarted, ReportTree, SealedWork,
    StartRun,
};
use windrow_core::spec::{RunSpec, TaskSpec};
use windrow_core::state::{Exit, ExitHow, OpenTree, Process};
use windrow_core::{
    Command, Effect, Envelope, Event, Stamp, State, Timestamp, decide, evolve, wanted_of,
};
use windrow_journal::{Draft, Journal as _, Seq, SqliteJournal, Stream};

/// Records appended at once.
const BATCH: usize = 5_000;

/// Tasks of one run.
const TASKS_OF_A_RUN: u32 = 50;

/// Makes a journal of at least that many records; returns how many tasks landed in how many runs.
pub(crate) fn make(
    journal: SqliteJournal,
    spec: &RunSpec,
    events: u64,
    renewals: u32,
) -> (usize, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut world = World {
        journal,
        runtime,
        state: State::default(),
        drafts: Vec::new(),
        head: Seq::EMPTY,
        now: 1_700_000_000_000,
        commits: 0,
    };
    while world.state.seq < events {
        world.one_run(spec, renewals);
    }
    world.flush();
    (world.state.landings.len(), world.state.runs.len())
}

struct World {
    journal: SqliteJournal,
    runtime: tokio::runtime::Runtime,
    state: State,
    drafts: Vec<Draft>,
    head: Seq,
    now: i64,
    commits: u64,
}

impl World {
    fn one_run(&mut self, spec: &RunSpec, renewals: u32) {
        let mut tasks = Vec::new();
        for n in 0..TASKS_OF_A_RUN {
            let title = format!("Take care of matter {n} of many");
            let spec =
                TaskSpec { title, run: Some("make it so".to_owned()), ..TaskSpec::default() };
            for event in self.give(&Command::AddTask(AddTask { spec })) {
                if let Event::TaskAdded { task, .. } = event {
                    tasks.push(task);
                }
            }
        }
        self.give(&Command::StartRun(StartRun { spec: spec.clone(), tasks }));
        loop {
            let effects: BTreeSet<Effect> = self
                .state
                .take_dirty()
                .iter()
                .flat_map(|key| wanted_of(&self.state, key))
                .collect();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                if let Effect::WatchAgent(session, generation) = effect {
                    for _ in 0..renewals {
                        self.now += 60_000;
                        self.give(&Command::RenewClaim(RenewClaim { session, generation }));
                    }
                }
                if let Some(report) = self.perform(effect) {
                    self.give(&report);
                }
            }
        }
    }

    /// What comes of an effect when all goes well.
    fn perform(&mut self, effect: Effect) -> Option<Command> {
        Some(match effect {
            Effect::LeaseName(session, generation) => Command::ReportLeased(ReportLeased {
                session,
                generation,
                name: format!("name{}", session.0 % 50),
                port_offset: 100,
            }),
            Effect::OpenTree(session, generation) => {
                let (lease, task) = {
                    let session = self.state.sessions.get(&session)?;
                    (session.lease.clone()?, session.task)
                };
                let tree = OpenTree {
                    id: lease.tree,
                    path: format!("/home/ann/field-worktrees/{}", lease.name),
                    git_dir: format!("/home/ann/field/.git/worktrees/{}", lease.name),
                    branch: format!("windrow/{task}-take-care-of-matter"),
                    base: self.commit(),
                };
                Command::ReportTree(ReportTree { session, generation, tree })
            }
            Effect::StartAgent(session, generation) => {
                let keeper = Process { pid: 4_000, start_time: 1 };
                Command::ReportStarted(ReportStarted { session, generation, keeper })
            }
            Effect::WatchAgent(session, generation) => {
                let exit = Exit::of(ExitHow::Code(0));
                Command::ReportEnded(ReportEnded { session, generation, exit })
            }
            Effect::SealWork(session, generation) => {
                let commit = self.commit();
                let kept = Some((format!("refs/windrow/kept/{session}/1"), commit.clone()));
                let touched = vec![format!("src/part-{}/file.rs", session.0 % 97)];
                let work = SealedWork::Commit { commit, touched };
                Command::ReportSealed(ReportSealed { session, generation, work, kept, stays: None })
            }
            Effect::ReleaseTree(session, generation) => Command::ReportReleased(ReportReleased {
                session,
                generation,
                gone: false,
                stays: None,
            }),
            Effect::FreeName(session, generation) => {
                Command::ReportFreed(ReportFreed { session, generation })
            }
            Effect::MergeEntry(landing, round) => {
                let report = MergeReport::Clean {
                    onto: self.commit(),
                    commit: self.commit(),
                    tree: self.commit(),
                };
                Command::ReportMerged(ReportMerged { landing, round, report })
            }
            Effect::MoveTarget(landing, round) => {
                let report = MoveReport::Moved;
                Command::ReportMoved(ReportMoved { landing, round, report })
            }
            Effect::StopAgent(..)
            | Effect::ProbeAgent(..)
            | Effect::RunGate(..)
            | Effect::MoveAhead(..)
            | Effect::FollowTarget(..)
            | Effect::CheckOff(..) => return None,
        })
    }

    fn commit(&mut self) -> String {
        self.commits += 1;
        format!("{:040x}", self.commits.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Decides one command and what follows from it, as the daemon's loop does.
    fn give(&mut self, command: &Command) -> Vec<Event> {
        let events = self.once(command);
        while !self.once(&Command::Advance(Advance)).is_empty() {}
        if self.drafts.len() >= BATCH {
            self.flush();
        }
        events
    }

    fn once(&mut self, command: &Command) -> Vec<Event> {
        self.now += 3;
        let now = Timestamp(self.now);
        let events = decide(&self.state, command, Stamp { now }).unwrap();
        for event in &events {
            let value = serde_json::to_value(event).unwrap();
            self.drafts.push(Draft {
                at_ms: self.now,
                actor: "windrow".to_owned(),
                stream: Stream::Work,
                cause: None,
                kind: value["kind"].as_str().unwrap().to_owned(),
                body: value["body"].to_string(),
            });
            let seq = self.state.seq + 1;
            evolve(&mut self.state, &Envelope { seq, at: now, event: event.clone() });
        }
        events
    }

    fn flush(&mut self) {
        let drafts = std::mem::take(&mut self.drafts);
        if let Some(last) =
            self.runtime.block_on(self.journal.append(self.head, drafts)).unwrap().last()
        {
            self.head = last.seq;
        }
    }
}
