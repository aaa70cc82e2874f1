//! The journal, the clock and the loop of the engine, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::command::{Advance, Command};
use crate::effect::{Effect, Key, wanted, wanted_of};
use crate::event::{Envelope, Event};
use crate::ids::{SessionId, TaskId};
use crate::reject::Rejection;
use crate::spec::WhenBusy;
use crate::state::{EntryState, Quiet, State};
use crate::time::{Stamp, Timestamp};
use crate::{decide, evolve};

use super::git::Git;
use super::{indexes, oracle};

/// What goes wrong more often than the rest in a story.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Nothing in particular.
    #[default]
    Fair,
    /// Gates cannot run.
    NoGates,
    /// Windrow's own acts fail.
    NoLuck,
    /// The target branch is in the way.
    Busy,
    /// Workers are ended from outside.
    Killer,
}

impl Weather {
    pub(crate) const ALL: [Self; 5] =
        [Self::Fair, Self::NoGates, Self::NoLuck, Self::Busy, Self::Killer];
}

/// State, journal and what the tests know of the world outside.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) now: Timestamp,
    pub(crate) journal: Vec<Envelope>,
    /// Wishes by key, recomputed for dirty keys only.
    pub(super) wishes: BTreeMap<Key, Vec<Effect>>,
    /// The target branches, what is ahead of them, and which entries they took in.
    pub(crate) git: Git,
    /// Trees and gates that passed when they were run.
    pub(crate) passed: BTreeSet<(String, String)>,
    /// Sessions that have a name and ports from the machine.
    pub(crate) leases: BTreeSet<SessionId>,
    pub(crate) weather: Weather,
}

impl World {
    /// Decides one command, folds what follows, and lets happen what follows from that.
    pub(crate) fn give(&mut self, command: &Command) -> Result<Vec<Event>, Rejection> {
        let told = catch_unwind(AssertUnwindSafe(|| {
            let events = self.once(command)?;
            self.settle();
            Ok(events)
        }));
        told.unwrap_or_else(|failure| {
            eprintln!("{}\n-> {command:?}\n", self.tale());
            resume_unwind(failure)
        })
    }

    /// The last events as text, for a person who looks into a failure.
    fn tale(&self) -> String {
        let last = self.journal.len().saturating_sub(60);
        let events: Vec<_> = self.journal.iter().skip(last).map(|e| e.event.clone()).collect();
        super::render(&events)
    }

    /// Decides and folds one command alone.
    pub(crate) fn once(&mut self, command: &Command) -> Result<Vec<Event>, Rejection> {
        let stamp = Stamp { now: self.now };
        let events = decide(&self.state, command, stamp);
        assert_eq!(events, decide(&self.state, command, stamp), "a decision is a function");
        let events = events?;
        for event in &events {
            self.fold(event.clone());
        }
        Ok(events)
    }

    /// Goes on until nothing follows any more, as the engine does after every batch.
    pub(crate) fn settle(&mut self) {
        for _ in 0..1_000 {
            let events = self.once(&Command::Advance(Advance)).expect("time is never refused");
            if events.is_empty() {
                self.check();
                return;
            }
        }
        panic!("advance does not come to rest");
    }

    fn fold(&mut self, event: Event) {
        self.watch(&event);
        let seq = self.state.seq + 1;
        let envelope = Envelope { seq, at: self.now, event };
        evolve(&mut self.state, &envelope);
        self.journal.push(envelope);
    }

    /// What must hold at the moment an event happens.
    fn watch(&self, event: &Event) {
        let state = &self.state;
        if let Event::SessionRequested { task, fence, .. } = event {
            oracle::check_start(state, *task);
            assert!(*fence > state.fence, "fences grow");
        }
        if let Event::RunEnded { run, .. } = event {
            oracle::check_end(state, *run);
        }
        if let Event::WorkLanded { landing, commit, .. } = event {
            assert!(self.git.moved.contains_key(landing), "{landing} never reached the branch");
            if let Some(task) = state.landings[landing].task {
                assert!(self.landed(task).is_none(), "{task} lands twice as {commit}");
            }
        }
        if let Event::EntryTaken { landing, .. } = event {
            let entry = &state.landings[landing];
            if let Some(ahead) = state.ahead.get(&entry.branch)
                && entry.state == EntryState::Queued
                && !entry.is_persons()
            {
                assert_eq!(ahead.trouble, None, "{landing} is taken while a person must settle");
                let busy = state.runs[&entry.run].spec.busy;
                assert_eq!(busy, WhenBusy::Ahead, "{landing} is taken and may not go ahead");
            }
        }
    }

    /// The commit by which a task landed.
    pub(crate) fn landed(&self, task: TaskId) -> Option<&str> {
        self.journal.iter().find_map(|envelope| match &envelope.event {
            Event::WorkLanded { landing, commit, .. }
                if self.state.landings[landing].task == Some(task) =>
            {
                Some(commit.as_str())
            }
            _ => None,
        })
    }

    /// What must hold whenever everything came to rest.
    fn check(&mut self) {
        for key in self.state.take_dirty() {
            let wishes = wanted_of(&self.state, &key);
            self.wishes.insert(key, wishes);
        }
        let kept: BTreeSet<Effect> = self.wishes.values().flatten().copied().collect();
        let full = wanted(&self.state);
        assert_eq!(full.len(), full.iter().collect::<BTreeSet<_>>().len(), "a wish twice");
        assert_eq!(kept, full.into_iter().collect(), "wishes of dirty keys against all");
        let mut wary = self.state.clone();
        wary.quiet = Quiet::default();
        let stamp = Stamp { now: self.now };
        let follows = decide(&wary, &Command::Advance(Advance), stamp);
        assert_eq!(follows, Ok(Vec::new()), "what is known to be quiet is");
        indexes::check(&self.state);
        oracle::check_no_idle_slot(&self.state);
        for id in &self.leases {
            assert!(!self.state.sessions[id].closed, "{id} is over and holds a name and ports");
        }
    }

    pub(crate) fn wanted(&self) -> Vec<Effect> {
        self.wishes.values().flatten().copied().collect()
    }

    /// A state folded anew from the journal, by way of a stored snapshot at `at`.
    pub(crate) fn replay(&self, at: usize) -> State {
        let (head, tail) = self.journal.split_at(at.min(self.journal.len()));
        let mut state = State::default();
        for envelope in head {
            evolve(&mut state, envelope);
        }
        let stored = serde_json::to_string(&state).expect("a state is stored");
        let mut state: State = serde_json::from_str(&stored).expect("a state is read");
        for envelope in tail {
            evolve(&mut state, envelope);
        }
        state.take_dirty();
        state
    }
}
