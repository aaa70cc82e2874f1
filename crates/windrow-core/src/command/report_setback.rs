//! One of windrow's own acts failed: it is tried again later, and given up after a while.

use crate::effect::{Effect, Key, wanted_of};
use crate::event::Event;
use crate::ids::{Generation, LandingId, SessionId};
use crate::reject::Rejection;
use crate::state::{DelayKey, SealOutcome, Session, State, TaskPhase, TryKind, TryReason, Wish};
use crate::time::Stamp;

use super::rules;

/// How often an act is tried before it is given up.
const ACT_TRIES: u32 = 6;

/// Reports an act that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSetback {
    /// The act.
    pub effect: Effect,
    /// Why it failed.
    pub reason: String,
}

/// Milliseconds to wait after `count` earlier setbacks: from half a second to a quarter of a minute.
pub(super) const fn backoff(count: u32) -> u64 {
    let ms = 500_u64 << if count > 5 { 5 } else { count };
    if ms > 15_000 { 15_000 } else { ms }
}

impl ReportSetback {
    pub(super) fn decide(&self, state: &State, stamp: Stamp) -> Result<Vec<Event>, Rejection> {
        // A setback that is told late or twice must not count against what comes after.
        match self.effect {
            Effect::MergeEntry(landing, round)
            | Effect::RunGate(landing, round)
            | Effect::MoveTarget(landing, round)
            | Effect::MoveAhead(landing, round) => self.of_entry(state, landing, round, stamp),
            Effect::FollowTarget(landing, look) => {
                super::report_followed::require_follow(state, landing, look)?;
                // Never given up: nothing else brings the branch to what landed ahead of it.
                let key = DelayKey::Landing(landing);
                let until = stamp.now.plus(backoff(state.setbacks(key)));
                let reason = self.reason.clone();
                Ok(vec![Event::Delayed { key, until, reason, waits: false }])
            }
            Effect::CheckOff(task) => {
                rules::require_check_off(state, task)?;
                let problem = Some(self.reason.clone());
                Ok(vec![Event::TaskCheckedOff { task, problem }])
            }
            Effect::LeaseName(session, generation)
            | Effect::OpenTree(session, generation)
            | Effect::StartAgent(session, generation)
            | Effect::SealWork(session, generation)
            | Effect::ReleaseTree(session, generation)
            | Effect::FreeName(session, generation)
            | Effect::WatchAgent(session, generation)
            | Effect::StopAgent(session, generation)
            | Effect::ProbeAgent(session, generation) => {
                self.of_session(state, session, generation, stamp)
            }
        }
    }

    fn of_entry(
        &self,
        state: &State,
        landing: LandingId,
        round: u32,
        stamp: Stamp,
    ) -> Result<Vec<Event>, Rejection> {
        let entry = rules::require_turn(state, landing, round)?;
        if !wanted_of(state, &Key::Queue(entry.branch.clone())).contains(&self.effect) {
            return Err(Rejection::EntryNotAwaited { landing, round });
        }
        let key = DelayKey::Landing(landing);
        let count = state.setbacks(key);
        if count + 1 < ACT_TRIES {
            let until = stamp.now.plus(backoff(count));
            return Ok(vec![Event::Delayed {
                key,
                until,
                reason: self.reason.clone(),
                waits: false,
            }]);
        }
        let kept = super::report_merged::kept_ref(state, entry);
        let kept_in = kept.as_ref().map_or_else(String::new, |name| format!(" in `{name}`"));
        let mut reason = self.stuck(&format!("the work is kept{kept_in}"), kept);
        if entry.is_persons() {
            reason.summary =
                rules::for_person(entry, reason.kind, self.reason.trim_end_matches('.'));
        }
        Ok(rules::give_up(entry, self.reason.clone(), reason))
    }

    fn of_session(
        &self,
        state: &State,
        id: SessionId,
        generation: Generation,
        stamp: Stamp,
    ) -> Result<Vec<Event>, Rejection> {
        let session = rules::require_session(state, id, generation)?;
        if !wanted_of(state, &Key::Session(id)).contains(&self.effect) {
            return Err(Rejection::NotAwaited { session: id });
        }
        let key = DelayKey::Session(id);
        let count = state.setbacks(key);
        let give_up = count + 1 >= ACT_TRIES;
        match session.wish() {
            // It has nothing yet and is to end: nobody waits for a name it will not use.
            Wish::Lease if session.stop.is_some() => Ok(end_unborn(state, session)),
            Wish::Tree | Wish::Agent | Wish::Seal if give_up => Ok(self.give_up(state, session)),
            Wish::Release if give_up => {
                let why = self.reason.clone();
                let mut events = vec![Event::TreeStays { session: id, generation, why }];
                events.extend(super::report_released::restart(session));
                Ok(events)
            }
            Wish::Word | Wish::Nothing => Err(Rejection::NotAwaited { session: id }),
            Wish::Lease
            | Wish::Tree
            | Wish::Agent
            | Wish::End
            | Wish::Seal
            | Wish::Release
            | Wish::Unlease => {
                let until = stamp.now.plus(backoff(count));
                let reason = self.reason.clone();
                Ok(vec![Event::Delayed { key, until, reason, waits: false }])
            }
        }
    }

    /// The session ends; a tree with work that could not be captured stays where it is.
    fn give_up(&self, state: &State, session: &Session) -> Vec<Event> {
        let stays = session.tree.as_ref();
        let stays = stays.map_or_else(
            || "nothing was lost".to_owned(),
            |tree| format!("the worktree stays as it is: `{}`", tree.path),
        );
        let kept = session.kept.last().map(|kept| kept.refname.clone());
        let reason = self.stuck(&stays, kept);
        let (id, generation) = (session.id, session.generation);
        let outcome = SealOutcome::Failed(reason.clone());
        let mut events =
            vec![Event::SessionSealed { session: id, generation, outcome, kept: None }];
        let active = |task: &&crate::state::Task| task.phase == TaskPhase::Active(id);
        if let Some(task) = state.tasks.get(&session.task).filter(active) {
            events.push(Event::TaskStuck { task: task.id, reason });
        }
        if session.tree.is_some() {
            let why = self.reason.clone();
            events.push(Event::TreeStays { session: id, generation, why });
        }
        events
    }

    /// What happened, where the work is, and the next step.
    fn stuck(&self, work: &str, kept: Option<String>) -> TryReason {
        let what = match self.effect {
            Effect::OpenTree(..) => "its worktree could not be made",
            Effect::StartAgent(..) => "its worker could not be started",
            Effect::SealWork(..) => "its work could not be kept",
            Effect::MergeEntry(..) => "its work could not be merged",
            Effect::RunGate(..) => "its gate could not be run",
            Effect::MoveTarget(..) | Effect::MoveAhead(..) => {
                "the target branch could not be moved"
            }
            Effect::LeaseName(..)
            | Effect::WatchAgent(..)
            | Effect::StopAgent(..)
            | Effect::ProbeAgent(..)
            | Effect::ReleaseTree(..)
            | Effect::FreeName(..)
            | Effect::FollowTarget(..)
            | Effect::CheckOff(_) => "windrow could not go on",
        };
        let reason = self.reason.trim_end_matches('.');
        let summary =
            format!("{what}: {reason}; {work}, and `windrow run --resume` tries it again");
        TryReason { kind: TryKind::World, summary, detail: None, kept }
    }
}

/// The session ends before it began; what the machine may have leased to it all the same is given
/// back next.
fn end_unborn(state: &State, session: &Session) -> Vec<Event> {
    let (id, generation) = (session.id, session.generation);
    let outcome = SealOutcome::Ended(rules::ended_reason(session));
    let sealed = Event::SessionSealed { session: id, generation, outcome, kept: None };
    let follow = rules::after_stop(state, session);
    [Some(sealed), follow].into_iter().flatten().collect()
}
