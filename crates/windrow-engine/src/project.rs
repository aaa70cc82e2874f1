//! One open project in the loop: its ledger, what is under way, and who waits for what.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use windrow_api::request::{Call, Request};
use windrow_api::view::SessionRow;
use windrow_api::{ExitKind, Reply};
use windrow_core::command::Advance;
use windrow_core::effect::{Key, all_keys};
use windrow_core::ids::{RunId, SessionId};
use windrow_core::{Command, Effect, Event, Rejection, State, next_deadline, wanted_of};
use windrow_journal::{SqliteJournal, Text};

use crate::acts::{self, Outcome, Tools};
use crate::calls;
use crate::hub::{HubHandle, Input, failed, in_ms, reply};
use crate::ledger::Ledger;
use crate::place::{Place, now};
use crate::summaries::Summaries;
use crate::views;

/// Milliseconds between two looks that a watcher gets.
const WATCH_MS: u64 = 50;

/// Milliseconds after which a failed append, or an act whose report was refused, is tried again.
const RETRY_MS: u64 = 1_000;

/// An answer that waits for the append.
pub(crate) type Answer = Box<dyn FnOnce(&Project) -> Reply + Send>;

/// One open project.
pub(crate) struct Project {
    ledger: Ledger<State, SqliteJournal>,
    tools: Tools,
    wanted: BTreeMap<Key, Vec<Effect>>,
    /// Acts that are under way (true), or are over and left no trace in the state (false).
    in_flight: BTreeMap<Effect, bool>,
    answers: Vec<(mpsc::Sender<Reply>, Answer)>,
    ending: Vec<(SessionId, mpsc::Sender<Reply>)>,
    watchers: Vec<Watcher>,
    watch_at: Option<Instant>,
    retry_at: Option<Instant>,
    summaries: Summaries,
    fresh: bool,
}

struct Watcher {
    run: RunId,
    replies: mpsc::Sender<Reply>,
    last: Option<Box<windrow_api::view::RunView>>,
}

impl Project {
    pub(crate) fn new(
        ledger: Ledger<State, SqliteJournal>,
        place: Arc<Place>,
        hub: HubHandle,
    ) -> Self {
        let texts = ledger.reader();
        let summaries = Summaries::new(&place);
        let mut project = Self {
            ledger,
            tools: Tools { place, hub, texts },
            wanted: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            answers: Vec::new(),
            ending: Vec::new(),
            watchers: Vec::new(),
            watch_at: None,
            retry_at: None,
            summaries,
            fresh: true,
        };
        project.want_everything();
        project
    }

    pub(crate) const fn state(&self) -> &State {
        self.ledger.state()
    }

    pub(crate) fn name(&self) -> &str {
        &self.tools.place.name
    }

    pub(crate) const fn tools(&self) -> &Tools {
        &self.tools
    }

    pub(crate) fn session_rows(&self, all: bool) -> Vec<SessionRow> {
        views::session_rows(self.state(), &self.tools.place, all)
    }

    /// Decides a command; its events count when the batch is appended.
    pub(crate) fn apply(
        &mut self,
        command: &Command,
        actor: &str,
    ) -> Result<Vec<Event>, Rejection> {
        self.fresh = true;
        self.ledger.apply(command, actor, now())
    }

    /// Keeps a long text with the batch.
    pub(crate) fn keep_text(&mut self, text: Text) {
        self.ledger.keep_texts([text]);
    }

    /// Decides a command nobody waits for.
    pub(crate) fn tell(&mut self, command: &Command, actor: &str) {
        if let Err(rejection) = self.apply(command, actor) {
            tracing::debug!("{command:?} is refused: {rejection}");
        }
    }

    /// Answers after the append.
    pub(crate) fn answer(&mut self, replies: mpsc::Sender<Reply>, answer: Answer) {
        self.fresh = true;
        self.answers.push((replies, answer));
    }

    /// Answers once the session's work is safe.
    pub(crate) fn answer_at_end(&mut self, session: SessionId, replies: mpsc::Sender<Reply>) {
        self.fresh = true;
        self.ending.push((session, replies));
    }

    /// Shows a run again and again until it is over.
    pub(crate) fn watch(&mut self, run: RunId, replies: mpsc::Sender<Reply>) {
        self.watchers.push(Watcher { run, replies, last: None });
        self.watch_at = Some(Instant::now());
        self.fresh = true;
    }

    pub(crate) fn call(&mut self, request: Request, replies: mpsc::Sender<Reply>) {
        if let Call::Project { call, .. } = request.call {
            calls::handle(self, *call, &request.actor, replies);
        }
    }

    pub(crate) fn take_outcome(&mut self, effect: Effect, outcome: Outcome) {
        let Some(command) = outcome.command else {
            self.in_flight.insert(effect, false);
            return;
        };
        match self.apply(&command, "windrow") {
            Ok(_) => {
                self.in_flight.remove(&effect);
                self.ledger.keep_texts(outcome.texts);
            }
            Err(rejection) => {
                tracing::debug!("{effect:?} reported in vain: {rejection}");
                // If it is still wanted it is done again, but not at once.
                self.in_flight.insert(effect, false);
                let (hub, project) = (self.tools.hub.clone(), self.tools.place.id.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
                    hub.send(Input::Again(project, effect));
                });
            }
        }
    }

    /// Lets an act be done again if it is still wanted.
    pub(crate) fn again(&mut self, effect: Effect) {
        if self.in_flight.get(&effect) == Some(&false) {
            self.in_flight.remove(&effect);
            self.fresh = true;
        }
    }

    /// How long the loop may sleep as far as this project goes.
    pub(crate) fn sleep(&self) -> Option<Duration> {
        if let Some(retry) = self.retry_at {
            // Nothing can be written: what is due by time waits for the next try.
            return Some(retry.saturating_duration_since(Instant::now()));
        }
        let deadline = next_deadline(self.state()).map(|at| Duration::from_millis(at.since(now())));
        let until = |at: Option<Instant>| at.map(|at| at.saturating_duration_since(Instant::now()));
        [deadline, until(self.watch_at), until(self.retry_at)].into_iter().flatten().min()
    }

    /// Ends the batch: advance, append, answer, act, show.
    pub(crate) async fn settle(&mut self) {
        let due = next_deadline(self.state()).is_some_and(|at| at <= now());
        let retry = self.retry_at.is_some_and(|at| at <= Instant::now());
        if self.fresh || (due && self.retry_at.is_none()) || retry {
            self.fresh = false;
            self.advance();
            self.append().await;
        }
        if self.watch_at.is_some_and(|at| at <= Instant::now()) {
            self.watch_at = None;
            self.show();
        }
    }

    fn advance(&mut self) {
        loop {
            match self.ledger.apply(&Command::Advance(Advance), "windrow", now()) {
                Ok(events) if events.is_empty() => break,
                Ok(_) => {}
                Err(rejection) => {
                    tracing::error!("advancing was refused: {rejection}");
                    break;
                }
            }
        }
    }

    async fn append(&mut self) {
        let changed = self.ledger.has_pending();
        match self.ledger.commit().await {
            Ok(()) => {
                self.retry_at = None;
                for (replies, answer) in std::mem::take(&mut self.answers) {
                    reply(&replies, answer(self));
                }
                self.answer_ended();
                self.act();
                if changed && self.watch_at.is_none() {
                    self.watch_at = Some(in_ms(WATCH_MS));
                }
            }
            Err(error) => {
                let reason = crate::chain(&error);
                tracing::error!("nothing of a batch counts: {reason}");
                for (replies, _) in std::mem::take(&mut self.answers) {
                    reply(&replies, failed(ExitKind::World, reason.clone()));
                }
                for (_, replies) in std::mem::take(&mut self.ending) {
                    reply(&replies, failed(ExitKind::World, reason.clone()));
                }
                self.want_everything();
                self.retry_at = Some(in_ms(RETRY_MS));
            }
        }
    }

    fn answer_ended(&mut self) {
        let waiting = std::mem::take(&mut self.ending);
        for (session, replies) in waiting {
            match self.state().sessions.get(&session) {
                Some(session) if session.takes_slot() => {
                    self.ending.push((session.id, replies));
                }
                _ => reply(&replies, Reply::Done),
            }
        }
    }

    /// Derives everything anew: after a start, and after a failed append.
    fn want_everything(&mut self) {
        self.ledger.state_mut().dirty = all_keys(self.ledger.state());
        self.wanted.clear();
        self.fresh = true;
    }

    /// Begins what is wanted and not under way.
    fn act(&mut self) {
        for key in self.ledger.state_mut().take_dirty() {
            let effects = wanted_of(self.ledger.state(), &key);
            let before = if effects.is_empty() {
                self.wanted.remove(&key)
            } else {
                self.wanted.insert(key, effects.clone())
            };
            for gone in before.into_iter().flatten().filter(|old| !effects.contains(old)) {
                if self.in_flight.get(&gone) == Some(&false) {
                    self.in_flight.remove(&gone);
                }
            }
        }
        let begin: Vec<Effect> = self
            .wanted
            .values()
            .flatten()
            .filter(|effect| !self.in_flight.contains_key(effect))
            .copied()
            .collect();
        for effect in begin {
            if let Some(act) = acts::prepare(self.ledger.state(), effect, &self.tools) {
                self.in_flight.insert(effect, true);
                let (hub, project) = (self.tools.hub.clone(), self.tools.place.id.clone());
                tokio::spawn(async move {
                    let outcome = act.await;
                    hub.send(Input::Outcome(project, effect, outcome));
                });
            } else {
                tracing::error!("{effect:?} is wanted and cannot be prepared");
                self.in_flight.insert(effect, false);
            }
        }
    }

    /// Shows every watcher what changed, and writes the summaries of runs that changed.
    fn show(&mut self) {
        let state = self.ledger.state();
        let place = &self.tools.place;
        self.summaries.write(state, place);
        self.watchers.retain_mut(|watcher| {
            let Some(run) = state.runs.get(&watcher.run) else { return false };
            let view = Box::new(views::run_view(state, place, run));
            let ended = view.row.ended_ms.is_some() && view.sessions.is_empty();
            if watcher.last.as_ref() == Some(&view) && !ended {
                return !watcher.replies.is_closed();
            }
            match watcher.replies.try_send(Reply::Run(view.clone())) {
                Ok(()) => {
                    watcher.last = Some(view);
                    !ended
                }
                // A slow window gets the next look.
                Err(mpsc::error::TrySendError::Full(_)) => {
                    self.watch_at = Some(in_ms(WATCH_MS));
                    true
                }
                Err(mpsc::error::TrySendError::Closed(_)) => false,
            }
        });
    }
}
