//! One open project in the daemon's loop: its heart, its acts, and the windows that look at it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use windrow_api::request::{Call, Request};
use windrow_api::view::SessionRow;
use windrow_api::{ExitKind, Reply};
use windrow_core::ids::{RunId, SessionId};
use windrow_core::{Command, Effect, Event, Rejection, State};
use windrow_journal::{SqliteJournal, Text};

use crate::acts::{self, Outcome, Tools};
use crate::calls;
use crate::heart::{Heart, Settled};
use crate::history::Past;
use crate::hub::{HubHandle, Input, failed, in_ms, reply};
use crate::place::{Place, moment};
use crate::summaries::Summaries;
use crate::talk;
use crate::views;
use crate::waiting::Waiter;

/// Milliseconds between two looks that a watcher gets.
const WATCH_MS: u64 = 50;

/// Milliseconds until it is looked again whether the end of a run stands in its summary.
const END_MS: u64 = 5;

/// What is said once the batch is in the journal.
pub(crate) type Answer = Box<dyn FnOnce(&Project) -> Reply + Send>;

/// A window and the answer it waits for.
pub(crate) type Waiting = (mpsc::Sender<Reply>, Answer);

/// One open project.
pub(crate) struct Project {
    heart: Heart<SqliteJournal, Waiting>,
    tools: Tools,
    watchers: Vec<Watcher>,
    watch_at: Option<Instant>,
    summaries: Summaries,
    past: Past,
    waiting: Vec<Waiter>,
    /// Somebody waits since the last look.
    looks: bool,
}

struct Watcher {
    run: RunId,
    replies: mpsc::Sender<Reply>,
    last: Option<Box<windrow_api::view::RunView>>,
}

impl Project {
    pub(crate) fn new(
        heart: Heart<SqliteJournal, Waiting>,
        place: Arc<Place>,
        hub: HubHandle,
    ) -> Self {
        let texts = heart.reader();
        let summaries = Summaries::new(&place);
        for session in heart.state().sessions.values().filter(|session| !session.talk.is_empty()) {
            talk::mark(&place, session);
        }
        Self {
            heart,
            tools: Tools { place, hub, texts },
            watchers: Vec::new(),
            watch_at: None,
            summaries,
            past: Past::default(),
            waiting: Vec::new(),
            looks: false,
        }
    }

    pub(crate) const fn state(&self) -> &State {
        self.heart.state()
    }

    pub(crate) fn name(&self) -> &str {
        &self.tools.place.name
    }

    pub(crate) const fn tools(&self) -> &Tools {
        &self.tools
    }

    /// Whether nothing is under way, so that the daemon may let go of it.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.heart.is_at_rest()
    }

    pub(crate) const fn past(&self) -> &Past {
        &self.past
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
        self.heart.apply(command, actor, moment())
    }

    /// Keeps a long text with the batch.
    pub(crate) fn keep_text(&mut self, text: Text) {
        self.heart.keep_text(text);
    }

    /// Decides a command nobody waits for.
    pub(crate) fn tell(&mut self, command: &Command, actor: &str) {
        if let Err(rejection) = self.apply(command, actor) {
            tracing::debug!("{command:?} is refused: {rejection}");
        }
    }

    /// Answers after the append.
    pub(crate) fn answer(&mut self, replies: mpsc::Sender<Reply>, answer: Answer) {
        self.heart.answer((replies, answer));
    }

    /// Answers once the session's work is safe.
    pub(crate) fn answer_at_end(&mut self, session: SessionId, replies: mpsc::Sender<Reply>) {
        self.heart.answer_at_end(session, (replies, Box::new(|_| Reply::Done)));
    }

    /// Shows a run again and again until it is over.
    pub(crate) fn watch(&mut self, run: RunId, replies: mpsc::Sender<Reply>) {
        self.watchers.push(Watcher { run, replies, last: None });
        self.watch_at = Some(Instant::now());
    }

    /// Lets watchers see what a client reported.
    pub(crate) fn shows(&mut self) {
        if self.watch_at.is_none() {
            self.watch_at = Some(in_ms(WATCH_MS));
        }
    }

    /// Answers as soon as something in a session is so.
    pub(crate) fn wait(&mut self, waiter: Waiter) {
        self.waiting.push(waiter);
        self.looks = true;
    }

    pub(crate) fn call(&mut self, request: Request, replies: mpsc::Sender<Reply>) {
        if let Call::Project { call, .. } = request.call {
            calls::handle(self, *call, &request.actor, replies);
        }
    }

    pub(crate) fn take_outcome(&mut self, effect: Effect, outcome: Outcome) {
        let Outcome { command, texts } = outcome;
        self.heart.take_outcome(effect, command.as_ref(), texts, moment());
    }

    /// How long the loop may sleep as far as this project goes.
    pub(crate) fn sleep(&self) -> Option<Duration> {
        let watch = self.watch_at.map(|at| at.saturating_duration_since(Instant::now()));
        [self.heart.sleep(moment()), watch].into_iter().flatten().min()
    }

    /// Ends the batch: append, answer, act, show.
    pub(crate) async fn settle(&mut self) {
        match self.heart.settle(moment()).await {
            None => {}
            Some(Settled::Durable { answers, begin, changed }) => {
                for (replies, answer) in answers {
                    reply(&replies, answer(self));
                }
                for effect in begin {
                    self.begin(effect);
                }
                if changed {
                    self.shows();
                }
                self.looks |= changed;
            }
            Some(Settled::Failed { answers, reason }) => {
                tracing::error!("nothing of a batch counts: {reason}");
                for (replies, _) in answers {
                    reply(&replies, failed(ExitKind::World, reason.clone()));
                }
            }
        }
        if std::mem::take(&mut self.looks) && !self.waiting.is_empty() {
            let waiting = std::mem::take(&mut self.waiting);
            self.waiting = waiting.into_iter().filter(|waiter| !waiter.look(self)).collect();
        }
        if self.watch_at.is_some_and(|at| at <= Instant::now()) {
            self.watch_at = None;
            self.show();
        }
    }

    /// Begins an act; its outcome comes back as an input.
    fn begin(&mut self, effect: Effect) {
        if let Some(act) = acts::prepare(self.heart.state(), effect, &self.tools) {
            let (hub, project) = (self.tools.hub.clone(), self.tools.place.id.clone());
            tokio::spawn(async move {
                let outcome = act.await;
                hub.send(Input::Outcome(project, effect, outcome));
            });
        } else {
            tracing::error!("{effect:?} is wanted and cannot be prepared");
            self.take_outcome(effect, Outcome::default());
        }
    }

    /// Shows every watcher what changed, and writes the summaries of runs that changed.
    fn show(&mut self) {
        let state = self.heart.state();
        let place = &self.tools.place;
        self.summaries.write(state, place);
        let summaries = &self.summaries;
        self.watchers.retain_mut(|watcher| {
            let Some(run) = state.runs.get(&watcher.run) else { return false };
            let view = Box::new(views::run_view(state, place, run));
            let ended = view.row.ended_ms.is_some() && view.sessions.is_empty();
            if ended && !summaries.has_end(&view.row) && !watcher.replies.is_closed() {
                self.watch_at = Some(in_ms(END_MS));
                return true;
            }
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
