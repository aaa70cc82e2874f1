//! The fate of a session's work: submitted, nothing, failed, interrupted or ended on purpose.
//!
//! This is the atomic "done": the work is pinned under a ref before the report, and the slot is free
//! with the event.

use crate::event::Event;
use crate::ids::{Generation, SessionId};
use crate::reject::Rejection;
use crate::state::{
    Exit, ExitHow, Kept, SealOutcome, Session, State, StopReason, Task, TaskPhase, TryKind,
    TryReason, Wish,
};
use crate::time::Stamp;

use super::rules;

/// Reports what was done with a session's work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSealed {
    /// Whose.
    pub session: SessionId,
    /// Its generation.
    pub generation: Generation,
    /// What was found and done.
    pub work: SealedWork,
    /// The ref and commit that now keep it.
    pub kept: Option<(String, String)>,
    /// Why the worktree must stay as it is, when it must.
    pub stays: Option<String>,
}

/// What was found in a worktree at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealedWork {
    /// A commit to land, pinned.
    Commit {
        /// The commit.
        commit: String,
        /// The files it changes against its base.
        touched: Vec<String>,
    },
    /// Nothing to land.
    Nothing,
    /// It was captured, or dropped where a person said so.
    Captured,
    /// It could not be submitted and was captured instead.
    Refused(String),
    /// The worktree itself was found broken; what was still in it was captured.
    Broken(String),
}

/// What is to be done with a session's work, by the way it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealMode {
    /// Commit what is left over and submit.
    Submit,
    /// Keep it under a ref.
    Capture,
    /// Let it go: a person said so by name.
    Drop,
}

/// Says what is to be done with a session's work.
#[must_use]
pub fn seal_mode(session: &Session) -> SealMode {
    match session.stop {
        Some(StopReason::Close) => SealMode::Submit,
        Some(StopReason::KillAndDrop) => SealMode::Drop,
        // A worker that finished just before it was to be ended did finish, unless it asked.
        // One that did not show that it lives held its task all the while: nobody else began it.
        Some(StopReason::RunStopped | StopReason::ClaimExpired) | None if exited_well(session) => {
            SealMode::Submit
        }
        Some(StopReason::Kill | StopReason::RunStopped | StopReason::ClaimExpired) | None => {
            SealMode::Capture
        }
    }
}

fn exited_well(session: &Session) -> bool {
    let asks = session.paused || session.open_questions().next().is_some();
    !asks && matches!(session.exit, Some(Exit { how: ExitHow::Code(0), .. }))
}

/// The worker ended well, and nobody wanted its work gone.
fn went_well(session: &Session) -> bool {
    exited_well(session) && seal_mode(session) == SealMode::Submit
}

impl ReportSealed {
    pub(super) fn decide(&self, state: &State, stamp: Stamp) -> Result<Vec<Event>, Rejection> {
        let session = rules::require_session(state, self.session, self.generation)?;
        if session.wish() != Wish::Seal {
            return Err(Rejection::NotAwaited { session: self.session });
        }
        let task = rules::require_task(state, session.task)?;
        let kept = self.kept.as_ref().map(|(refname, commit)| Kept {
            refname: refname.clone(),
            commit: commit.clone(),
            generation: self.generation,
            at: stamp.now,
            submitted: matches!(self.work, SealedWork::Commit { .. }),
        });
        let (outcome, follow) = self.outcome(state, session, task);
        let restarts = outcome == SealOutcome::Interrupted && session.stop.is_none();
        let mut events = vec![Event::SessionSealed {
            session: self.session,
            generation: self.generation,
            outcome,
            kept,
        }];
        // A task that was closed meanwhile is not touched again.
        if task.phase == TaskPhase::Active(self.session) {
            events.extend(follow);
        }
        if let Some(why) = &self.stays {
            let (session, generation) = (self.session, self.generation);
            events.push(Event::TreeStays { session, generation, why: why.clone() });
            if restarts {
                let generation = generation + 1;
                events.push(Event::SessionRestarted { session, generation });
            }
        }
        Ok(events)
    }

    fn outcome(&self, state: &State, session: &Session, task: &Task) -> (SealOutcome, Vec<Event>) {
        match &self.work {
            // A person ended it while its work was being submitted: the pin keeps it.
            SealedWork::Commit { .. }
                if matches!(session.stop, Some(StopReason::Kill | StopReason::KillAndDrop)) =>
            {
                self.captured(state, session, task)
            }
            SealedWork::Commit { commit, touched } => {
                (SealOutcome::Submitted, submit(state, session, commit, touched))
            }
            SealedWork::Nothing if went_well(session) => {
                let why = "the worker ended well and changed nothing".to_owned();
                (SealOutcome::Nothing, vec![Event::TaskDone { task: task.id, why }])
            }
            // A worker that failed, or was ended, without a change has not done its task.
            SealedWork::Nothing => self.captured(state, session, task),
            SealedWork::Refused(why) => match session.stop {
                // Whoever ended it does not want it to start again.
                Some(StopReason::Kill | StopReason::KillAndDrop) => {
                    self.captured(state, session, task)
                }
                Some(StopReason::Close) => {
                    let reason = self.reason(TryKind::Leftovers, why.clone());
                    let stuck = Event::TaskStuck { task: task.id, reason: reason.clone() };
                    (SealOutcome::Ended(reason), vec![stuck])
                }
                Some(StopReason::RunStopped | StopReason::ClaimExpired) | None => {
                    self.failed(state, session, task, TryKind::Leftovers, why.clone())
                }
            },
            // Whoever ended it does not want it to start again; a fresh tree helps all others.
            SealedWork::Broken(_) if session.stop.is_some() => self.captured(state, session, task),
            SealedWork::Broken(why) => {
                let why = match &self.kept {
                    Some((refname, _)) => format!("{why}; what was left is kept in `{refname}`"),
                    None => format!("{why}; nothing was left to keep"),
                };
                self.failed(state, session, task, TryKind::World, why)
            }
            SealedWork::Captured => self.captured(state, session, task),
        }
    }

    fn captured(&self, state: &State, session: &Session, task: &Task) -> (SealOutcome, Vec<Event>) {
        let label = session.label();
        let by_person = |verb: &str| {
            let reason = self.reason(TryKind::Person, format!("`{label}` was {verb} by a person"));
            (SealOutcome::Ended(reason.clone()), vec![Event::TaskStuck { task: task.id, reason }])
        };
        match session.stop {
            Some(StopReason::Kill | StopReason::Close) => return by_person("ended"),
            Some(StopReason::KillAndDrop) => return by_person("ended and its work dropped"),
            Some(StopReason::RunStopped) => {
                let summary = "the run was stopped; the work is kept".to_owned();
                let reason = self.reason(TryKind::RunStopped, summary);
                let again = Event::TaskReopened { task: task.id };
                return (SealOutcome::Ended(reason), vec![again]);
            }
            Some(StopReason::ClaimExpired) => {
                let why = "no sign of life before its claim ran out".to_owned();
                return self.failed(state, session, task, TryKind::ClaimExpired, why);
            }
            None => {}
        }
        let how = session.exit.as_ref().map(|exit| &exit.how);
        let limit = state.runs.get(&session.run).map_or(0, |run| run.spec.interruptions);
        if how.is_some_and(ExitHow::is_interruption) && session.interruptions < limit {
            return (SealOutcome::Interrupted, Vec::new());
        }
        let (kind, summary) = describe(session.exit.as_ref());
        self.failed(state, session, task, kind, summary)
    }

    fn failed(
        &self,
        state: &State,
        session: &Session,
        task: &Task,
        kind: TryKind,
        summary: String,
    ) -> (SealOutcome, Vec<Event>) {
        let mut reason = self.reason(kind, summary);
        reason.detail = session.exit.as_ref().and_then(|exit| exit.tail.clone());
        let follow = rules::after_failure(state, task, session.run, reason.clone());
        (SealOutcome::Failed(reason), vec![follow])
    }

    fn reason(&self, kind: TryKind, summary: String) -> TryReason {
        let kept = self.kept.as_ref().map(|(refname, _)| refname.clone());
        TryReason { kind, summary, detail: None, kept }
    }
}

fn submit(state: &State, session: &Session, commit: &str, touched: &[String]) -> Vec<Event> {
    let landing = state.next_landing();
    let base = session.tree.as_ref().map(|tree| tree.base.clone()).unwrap_or_default();
    let mut events = vec![Event::WorkSubmitted {
        landing,
        task: session.task,
        session: session.id,
        generation: session.generation,
        commit: commit.to_owned(),
        base,
        touched: touched.to_vec(),
    }];
    if state.runs.get(&session.run).is_some_and(|run| run.spec.hold) {
        events.push(Event::EntryHeld { landing });
    }
    events
}

fn describe(exit: Option<&Exit>) -> (TryKind, String) {
    match exit.map(|exit| &exit.how) {
        Some(how @ ExitHow::Code(code)) if how.is_interruption() => {
            let signal = code - 128;
            let text = format!("the worker was ended by signal {signal} again and again");
            (TryKind::Interrupted, text)
        }
        Some(ExitHow::Code(code)) => {
            let said = exit.and_then(|exit| exit.said.as_ref());
            let said = said.map(|line| format!("; it said: {line}")).unwrap_or_default();
            (TryKind::Failed, format!("the worker ended with {code}{said}"))
        }
        Some(how @ ExitHow::Signal(signal)) if how.is_interruption() => {
            let text = format!("the worker was ended by signal {signal} again and again");
            (TryKind::Interrupted, text)
        }
        Some(ExitHow::Signal(signal)) => {
            (TryKind::Crashed, format!("the worker crashed with signal {signal}"))
        }
        Some(ExitHow::Silent) => {
            (TryKind::Silent, "the worker was silent for too long and was ended".to_owned())
        }
        Some(ExitHow::TimeOver) => {
            (TryKind::TimeOver, "the worker's time was over and it was ended".to_owned())
        }
        Some(ExitHow::CouldNotStart(why)) => {
            (TryKind::CouldNotStart, format!("the worker could not be started: {why}"))
        }
        Some(ExitHow::Lost(why)) => {
            (TryKind::Interrupted, format!("the worker was lost again and again: {why}"))
        }
        Some(ExitHow::Reported(why)) => (TryKind::Failed, format!("the worker failed: {why}")),
        Some(ExitHow::Stopped) => (TryKind::Interrupted, "the worker was ended".to_owned()),
        None => (TryKind::World, "the worker never ran".to_owned()),
    }
}
