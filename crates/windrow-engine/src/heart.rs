//! The heart of a project: in which order things are decided, appended, answered and begun.
//!
//! It has no clock, no threads and no socket. Whoever drives it says what time it is, hands inputs
//! in, carries out what [`Settled`] hands out, and brings the outcomes back. There are two drivers:
//! the daemon (`project`), and the simulator of `windrow-testkit`, which stops it anywhere.
//!
//! Invariant: an answer and an effect leave it only with a batch that is in the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use windrow_core::command::Advance;
use windrow_core::effect::{Key, all_keys};
use windrow_core::ids::SessionId;
use windrow_core::{Command, Effect, Event, Rejection, State, Timestamp, next_deadline, wanted_of};
use windrow_journal::{Journal, Text};

use crate::ledger::{Ledger, LedgerError};

/// Time after which a failed append, or an act whose report was refused, is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What time it is: by the clock on the wall, which people set, and by one that only goes on.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The time that decisions see.
    pub wall: Timestamp,
    /// The time that pauses are measured by.
    pub steady: Instant,
}

/// What came of a batch.
#[derive(Debug)]
#[must_use]
pub enum Settled<A> {
    /// It is in the journal.
    Durable {
        /// Whoever waited for it.
        answers: Vec<A>,
        /// What is wanted and not under way. The driver begins each, and tells the outcome.
        begin: Vec<Effect>,
        /// Something happened.
        changed: bool,
    },
    /// It could not be written, and nothing of it counts.
    Failed {
        /// Whoever waited for it, or for the end of a session.
        answers: Vec<A>,
        /// Why.
        reason: String,
    },
}

/// Where an act stands that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flight {
    UnderWay,
    /// It is over and left no trace in the state; tried again at that moment, if there is one.
    Over(Option<Instant>),
}

/// One project's state and journal, what is under way, and who waits for what.
pub struct Heart<J: Journal, A> {
    ledger: Ledger<State, J>,
    wanted: BTreeMap<Key, Vec<Effect>>,
    flights: BTreeMap<Effect, Flight>,
    /// Flights that are tried again, by moment.
    again: BTreeSet<(Instant, Effect)>,
    answers: Vec<A>,
    ending: Vec<(SessionId, A)>,
    retry_at: Option<Instant>,
    fresh: bool,
}

impl<J: Journal, A> Heart<J, A> {
    /// Folds what the journal holds; everything that it asks for is wanted.
    ///
    /// # Errors
    /// When it cannot be read, or a newer windrow wrote it.
    pub async fn open(journal: J) -> Result<Self, LedgerError> {
        let mut heart = Self {
            ledger: Ledger::open(journal).await?,
            wanted: BTreeMap::new(),
            flights: BTreeMap::new(),
            again: BTreeSet::new(),
            answers: Vec::new(),
            ending: Vec::new(),
            retry_at: None,
            fresh: true,
        };
        heart.want_everything();
        Ok(heart)
    }

    /// The state as the batch leaves it.
    pub const fn state(&self) -> &State {
        self.ledger.state()
    }

    /// Reads the journal beside the writer.
    pub fn reader(&self) -> J::Reader {
        self.ledger.reader()
    }

    /// Makes snapshots oftener, or more rarely, than the daemon does.
    pub const fn snapshot_every(&mut self, records: u64) {
        self.ledger.snapshot_every(records);
    }

    /// Whether nothing is under way and nobody waits, so that it may be let go of.
    pub fn is_at_rest(&self) -> bool {
        self.flights.values().all(|flight| *flight != Flight::UnderWay)
            && self.answers.is_empty()
            && self.ending.is_empty()
            && self.state().sessions.values().all(|session| session.closed)
    }

    /// Decides a command; its events count when the batch is in the journal.
    ///
    /// # Errors
    /// The rule that the command broke; nothing changed.
    pub fn apply(
        &mut self,
        command: &Command,
        actor: &str,
        now: Moment,
    ) -> Result<Vec<Event>, Rejection> {
        self.fresh = true;
        self.ledger.apply(command, actor, now.wall)
    }

    /// Keeps a long text with the batch.
    pub fn keep_text(&mut self, text: Text) {
        self.ledger.keep_texts([text]);
    }

    /// Answers when the batch is in the journal.
    pub fn answer(&mut self, answer: A) {
        self.fresh = true;
        self.answers.push(answer);
    }

    /// Answers once the session's work is safe.
    pub fn answer_at_end(&mut self, session: SessionId, answer: A) {
        self.fresh = true;
        self.ending.push((session, answer));
    }

    /// Takes the outcome of an act: what to tell the core, or nothing when it left no trace.
    pub fn take_outcome(
        &mut self,
        effect: Effect,
        command: Option<&Command>,
        texts: Vec<Text>,
        now: Moment,
    ) {
        let Some(command) = command else {
            self.flights.insert(effect, Flight::Over(None));
            return;
        };
        match self.apply(command, "windrow", now) {
            Ok(_) => {
                self.flights.remove(&effect);
                self.ledger.keep_texts(texts);
            }
            Err(rejection) => {
                tracing::debug!("{effect:?} reported in vain: {rejection}");
                // If it is still wanted it is done again, but not at once.
                let at = now.steady + RETRY;
                self.flights.insert(effect, Flight::Over(Some(at)));
                self.again.insert((at, effect));
            }
        }
    }

    /// How long the driver may sleep as far as this project goes; for good when it says nothing.
    pub fn sleep(&self, now: Moment) -> Option<Duration> {
        let until = |at: Instant| at.saturating_duration_since(now.steady);
        if let Some(retry) = self.retry_at {
            // Nothing can be written: what is due by time waits for the next try.
            return Some(until(retry));
        }
        let deadline = next_deadline(self.state());
        let deadline = deadline.map(|at| Duration::from_millis(at.since(now.wall)));
        let again = self.again.first().map(|(at, _)| until(*at));
        [deadline, again].into_iter().flatten().min()
    }

    /// Ends the batch: advance, append, and only then hand out answers and effects. Nothing when
    /// there was nothing to do.
    pub async fn settle(&mut self, now: Moment) -> Option<Settled<A>> {
        self.let_again(now);
        let due = next_deadline(self.state()).is_some_and(|at| at <= now.wall);
        let retry = self.retry_at.is_some_and(|at| at <= now.steady);
        if !(self.fresh || (due && self.retry_at.is_none()) || retry) {
            return None;
        }
        self.fresh = false;
        self.advance(now);
        let changed = self.ledger.has_pending();
        Some(match self.ledger.commit().await {
            Ok(()) => {
                self.retry_at = None;
                let mut answers = std::mem::take(&mut self.answers);
                answers.extend(self.ended());
                Settled::Durable { answers, begin: self.begin(), changed }
            }
            Err(error) => {
                let mut answers = std::mem::take(&mut self.answers);
                answers.extend(std::mem::take(&mut self.ending).into_iter().map(|(_, a)| a));
                self.want_everything();
                self.retry_at = Some(now.steady + RETRY);
                Settled::Failed { answers, reason: crate::chain(&error) }
            }
        })
    }

    /// Lets acts whose report was refused be done again if they are still wanted.
    fn let_again(&mut self, now: Moment) {
        while let Some((at, effect)) = self.again.first().copied()
            && at <= now.steady
        {
            self.again.pop_first();
            if self.flights.get(&effect) == Some(&Flight::Over(Some(at))) {
                self.flights.remove(&effect);
                self.fresh = true;
            }
        }
    }

    fn advance(&mut self, now: Moment) {
        loop {
            match self.ledger.apply(&Command::Advance(Advance), "windrow", now.wall) {
                Ok(events) if events.is_empty() => break,
                Ok(_) => {}
                Err(rejection) => {
                    tracing::error!("advancing was refused: {rejection}");
                    break;
                }
            }
        }
    }

    /// Those who waited for the end of a session that is over.
    fn ended(&mut self) -> Vec<A> {
        let waiting = std::mem::take(&mut self.ending);
        let mut over = Vec::new();
        for (id, answer) in waiting {
            match self.state().sessions.get(&id) {
                Some(session) if session.is_open() => self.ending.push((id, answer)),
                _ => over.push(answer),
            }
        }
        over
    }

    /// Derives everything anew: after a start, and after a failed append.
    fn want_everything(&mut self) {
        self.ledger.state_mut().dirty = all_keys(self.ledger.state());
        self.wanted.clear();
        self.fresh = true;
    }

    /// What is wanted and not under way; it is under way from here on.
    fn begin(&mut self) -> Vec<Effect> {
        for key in self.ledger.state_mut().take_dirty() {
            let effects = wanted_of(self.ledger.state(), &key);
            let before = if effects.is_empty() {
                self.wanted.remove(&key)
            } else {
                self.wanted.insert(key, effects.clone())
            };
            for gone in before.into_iter().flatten().filter(|old| !effects.contains(old)) {
                if matches!(self.flights.get(&gone), Some(Flight::Over(_))) {
                    self.flights.remove(&gone);
                }
            }
        }
        let wanted = self.wanted.values().flatten();
        let begin: Vec<Effect> =
            wanted.filter(|effect| !self.flights.contains_key(effect)).copied().collect();
        self.flights.extend(begin.iter().map(|effect| (*effect, Flight::UnderWay)));
        begin
    }
}

#[cfg(test)]
mod tests;
