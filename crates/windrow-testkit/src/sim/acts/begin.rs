//! Beginning an act, and telling what came of it: once, late or twice.

use windrow_core::command::ReportSetback;
use windrow_core::ids::LandingId;
use windrow_core::{Command, Effect, State};

use super::super::daemon::{Mail, tell};
use super::super::stage::{Broke, Role, Stage};
use super::{ahead, landings, sessions, trees};

/// What an act comes to: what to tell the core, or nothing when it leaves no trace.
pub(super) type Told = Result<Option<Command>, Broke>;

/// Begins an act.
pub(in super::super) fn begin(stage: &Stage, state: &State, effect: Effect) {
    let act = prepare(stage, state, effect);
    let Some(act) = act else {
        return tell(stage, Mail::Outcome(effect, None));
    };
    let (stage, name) = (stage.clone(), name_of(effect));
    let on = stage.clone();
    stage.spawn(Role::Act(name), format!("{effect:?}"), async move {
        let _moving = MoveUnderWay::of(&on, effect);
        let told = act.await;
        let command = told.unwrap_or_else(|reason| {
            Some(Command::ReportSetback(ReportSetback { effect, reason }))
        });
        let late = on.world().late.take();
        if let Some(late) = late {
            on.pause("be late", late).await;
        }
        on.step("report").await;
        let own = on.current();
        let echo = on.world().echo.take_if(|(of, _)| of.is_none_or(|of| of == own));
        if let Some((_, echo)) = echo {
            let (again, mail) = (on.clone(), Mail::Outcome(effect, command.clone()));
            on.spawn(Role::Person, "echo", async move {
                again.pause("wait to report again", echo).await;
                tell(&again, mail);
            });
        }
        tell(&on, Mail::Outcome(effect, command));
    });
}

/// A move of an entry, from its beginning until it was told of or its process died.
struct MoveUnderWay<'a>(&'a Stage, LandingId);

impl<'a> MoveUnderWay<'a> {
    fn of(stage: &'a Stage, effect: Effect) -> Option<Self> {
        let (Effect::MoveTarget(id, _) | Effect::MoveAhead(id, _)) = effect else { return None };
        let mut world = stage.world();
        if !world.check.books.begin(id) {
            world.check.broken(format!("two moves of {id} are under way"));
        }
        Some(Self(stage, id))
    }
}

impl Drop for MoveUnderWay<'_> {
    fn drop(&mut self) {
        self.0.world().check.books.end(self.1);
    }
}

/// An act that is prepared and not yet begun.
pub(super) type Act = std::pin::Pin<Box<dyn Future<Output = Told>>>;

fn prepare(stage: &Stage, state: &State, effect: Effect) -> Option<Act> {
    let stage = stage.clone();
    match effect {
        Effect::LeaseName(id, generation) => Some(Box::pin(sessions::lease(stage, id, generation))),
        Effect::FreeName(id, generation) => Some(Box::pin(sessions::free(stage, id, generation))),
        Effect::OpenTree(id, _) => trees::open(stage, state, id),
        Effect::StartAgent(id, _) => sessions::start(stage, state, id),
        Effect::WatchAgent(id, _) => sessions::watch(stage, state, id),
        Effect::StopAgent(id, _) => sessions::stop(stage, state, id),
        Effect::ProbeAgent(id, _) => sessions::probe(stage, state, id),
        Effect::SealWork(id, _) => trees::seal(stage, state, id),
        Effect::ReleaseTree(id, _) => trees::release(stage, state, id),
        Effect::MergeEntry(id, _) => landings::merge(stage, state, id),
        Effect::RunGate(id, _) => landings::gate(stage, state, id),
        Effect::MoveTarget(id, _) => landings::move_target(stage, state, id),
        Effect::MoveAhead(id, _) => ahead::move_ahead(stage, state, id),
        Effect::FollowTarget(id, _) => ahead::follow_target(stage, state, id),
        Effect::CheckOff(task) => Some(Box::pin(landings::check_off(stage, task))),
    }
}

const fn name_of(effect: Effect) -> &'static str {
    match effect {
        Effect::LeaseName(..) => "lease",
        Effect::OpenTree(..) => "open",
        Effect::StartAgent(..) => "start",
        Effect::WatchAgent(..) => "watch",
        Effect::StopAgent(..) => "stop",
        Effect::ProbeAgent(..) => "probe",
        Effect::SealWork(..) => "seal",
        Effect::ReleaseTree(..) => "release",
        Effect::FreeName(..) => "free",
        Effect::MergeEntry(..) => "merge",
        Effect::RunGate(..) => "gate",
        Effect::MoveTarget(..) => "move",
        Effect::MoveAhead(..) => "move ahead",
        Effect::FollowTarget(..) => "follow",
        Effect::CheckOff(_) => "check off",
    }
}

/// The names of all acts, for faults that strike one.
pub(in super::super) const NAMES: &[&str] = &[
    "lease",
    "open",
    "start",
    "watch",
    "stop",
    "probe",
    "seal",
    "release",
    "free",
    "merge",
    "gate",
    "move",
    "move ahead",
    "follow",
    "check off",
];
