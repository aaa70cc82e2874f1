//! Promises that must hold whatever happens, in whatever order.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::command::{Advance, Command, ReleaseHold};
use crate::explain::{Standing, Wait, explain, explain_all};
use crate::ids::{RunId, TaskId};
use crate::schedule::next_deadline;
use crate::state::{EntryState, RunEnd, RunPhase, State, TaskPhase};
use crate::{Effect, Event, Rejection, Stamp, Timestamp, decide};

use super::dice::Dice;
use super::{Weather, World};

/// Rolls for a whole story: what there is, what happens, what goes wrong.
fn rolls() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 100..1_500)
}

/// Lives through a story until the dice are used up; reports may come late, twice or never.
fn live(dice: &mut Dice) -> World {
    let mut world = World { now: Timestamp(1_000_000), ..World::default() };
    let mut under_way: Vec<Command> = Vec::new();
    let mut past: Vec<Command> = Vec::new();
    for _ in 0..2 + dice.below(8) {
        let wish = world.new_task(dice);
        tell(&mut world, &wish);
    }
    let wish = world.new_run(dice);
    tell(&mut world, &wish);
    world.weather = dice.pick(Weather::ALL).unwrap_or_default();
    while dice.left() {
        match dice.below(26) {
            0..=8 => {
                if let Some(effect) = dice.pick(world.wanted()) {
                    let report = world.perform(effect, dice);
                    if dice.once_in(20) {
                        continue;
                    }
                    tell(&mut world, &report);
                    past.push(report);
                }
            }
            9..=12 => {
                if let Some(effect) = dice.pick(world.wanted()) {
                    under_way.push(world.perform(effect, dice));
                }
            }
            13..=16 if !under_way.is_empty() => {
                let report = under_way.swap_remove(dice.below(under_way.len()));
                tell(&mut world, &report);
                past.push(report);
            }
            17 => {
                if let Some(report) = dice.pick(past.iter()) {
                    tell_again(&mut world, report);
                }
            }
            18..=20 => {
                let far = [1, 20, 700].map(|far| far * (100 + dice.below(100)));
                world.now = world.now.plus(dice.pick(far).unwrap_or(0) as u64);
                world.settle();
            }
            21 if dice.once_in(4) => world.now = Timestamp(world.now.0 - 5_000),
            _ => {
                let wish = world.wish_of_person(dice);
                tell(&mut world, &wish);
            }
        }
    }
    world
}

/// Gives a command; when it is refused, nothing may have changed.
fn tell(world: &mut World, command: &Command) {
    let before = world.state.clone();
    if world.give(command).is_err() {
        assert_eq!(before, world.state, "a refusal changes nothing");
    }
}

/// Repeats a report that was heard already: it does nothing.
fn tell_again(world: &mut World, report: &Command) {
    let repeatable = matches!(report, Command::ReportSetback(_) | Command::RenewClaim(_));
    let answer = world.give(report);
    if !repeatable {
        let changed = answer.is_ok_and(|events| !events.is_empty());
        assert!(!changed, "a report counts once: {report:?}");
    }
}

/// Lets everything go well until nothing is wanted and no moment is waited for.
fn finish(world: &mut World) {
    let mut fair = Dice::default();
    world.weather = Weather::Fair;
    for _ in 0..4_000 {
        if let Some(effect) = next_effect(world) {
            let report = world.perform(effect, &mut fair);
            world.give(&report).unwrap_or_else(|why| panic!("{effect:?} is wanted: {why}"));
        } else if let Some(at) = next_deadline(&world.state) {
            world.now = world.now.max(at);
            world.settle();
        } else {
            let answers = world.answers();
            if answers.is_empty() {
                return;
            }
            for answer in answers {
                world.give(&answer).expect("what is asked may be answered");
            }
        }
    }
    let open: Vec<_> = world.wanted();
    panic!("no end in sight: {open:?}");
}

/// The most urgent effect: what was asked of a worker goes before waiting for it.
fn next_effect(world: &World) -> Option<Effect> {
    let mut wanted = world.wanted();
    wanted.sort_by_key(|effect| (matches!(effect, Effect::WatchAgent(..)), *effect));
    wanted.first().copied()
}

/// Why a task of an ended run may still be open.
fn may_rest(state: &State, id: TaskId, seen: &mut BTreeSet<TaskId>) -> bool {
    if !seen.insert(id) {
        return false;
    }
    let task = &state.tasks[&id];
    match &task.phase {
        TaskPhase::Landed { .. }
        | TaskPhase::Done { .. }
        | TaskPhase::Stuck(_)
        | TaskPhase::Cancelled { .. } => true,
        TaskPhase::Active(_) => false,
        TaskPhase::Submitted(landing) => state.landings[landing].state == EntryState::Held,
        TaskPhase::Open => open_may_rest(state, id),
    }
}

/// An open task of a finished run waits for a person, or for what is in no run.
fn open_may_rest(state: &State, id: TaskId) -> bool {
    let Some(run) = state.tasks[&id].run.and_then(|run| state.runs.get(&run)) else { return true };
    if run.phase == RunPhase::Ended(RunEnd::Interrupted) {
        return true;
    }
    matches!(explain(state, id), Some(Standing::Depends(_) | Standing::NoRun))
}

fn check_ends(world: &World) {
    let state = &world.state;
    for run in state.runs.values() {
        assert!(matches!(run.phase, RunPhase::Ended(_)), "{} is {:?}", run.id, run.phase);
    }
    for session in state.sessions.values() {
        assert!(session.closed, "{} is not closed", session.id);
    }
    assert!(world.leases.is_empty(), "every name is given back: {:?}", world.leases);
    for entry in state.landings.values().filter(|entry| !entry.state.is_final()) {
        let rests = matches!(entry.state, EntryState::Held | EntryState::Parked(_));
        assert!(rests, "{} is {:?}", entry.id, entry.state);
    }
    for id in state.tasks.keys() {
        assert!(may_rest(state, *id, &mut BTreeSet::new()), "{id}: {:?}", explain(state, *id));
    }
    assert!(state.ahead.is_empty(), "branches did not follow: {:?}", state.ahead);
    for (landing, commit) in &world.git.moved {
        let (entry, branch) = (&state.landings[landing].state, &state.landings[landing].branch);
        let known = matches!(entry, EntryState::Landed(_) | EntryState::Withdrawn(_));
        assert!(known, "{landing} is on the branch and {entry:?}");
        if matches!(entry, EntryState::Landed(_)) {
            let there = world.git.has_or_was_replaced(branch, commit);
            assert!(there, "`{branch}` lacks {commit}, by which {landing} landed");
        }
    }
}

/// `wanted` and `decide` have no memory; explanations agree with what is chosen.
fn check_pure(world: &World) {
    let state = &world.state;
    let stamp = Stamp { now: world.now };
    let idle = decide(state, &Command::Advance(Advance), stamp);
    assert_eq!(idle, Ok(Vec::new()), "at rest nothing follows");
    let all = explain_all(state);
    for task in state.tasks.values() {
        assert_eq!(all.get(&task.id), explain(state, task.id).as_ref(), "{}", task.id);
        let standing = explain(state, task.id).expect("a task there is can be explained");
        let startable = super::oracle::startable(state).contains(&task.id);
        match standing {
            Standing::NextInLine { used, pool, .. } => {
                assert!(used >= pool, "{} could start", task.id);
            }
            Standing::Waits(wait) => check_wait(state, task.id, &wait),
            Standing::Working(_)
            | Standing::InQueue { .. }
            | Standing::Over
            | Standing::NoRun
            | Standing::RunNotActive(_)
            | Standing::Depends(_) => assert!(!startable, "{}: {standing:?}", task.id),
        }
    }
}

fn check_wait(state: &State, id: TaskId, wait: &Wait) {
    let task = &state.tasks[&id];
    match wait {
        Wait::Delay { .. } => {}
        Wait::Wave { own, open } => assert!(own > open, "{id} waits for its own wave"),
        Wait::Held { by, scope } | Wait::Reserved { by, scope } => {
            assert!(super::oracle::overlap(state, task, &state.tasks[by]), "{id} waits for {by}");
            assert!(task.scopes().any(|own| own.as_str() == scope));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    /// Everything that `World` checks after each step holds; replay and snapshot lead to the same state.
    #[test]
    fn any_story_keeps_the_promises_and_replays(rolls in rolls()) {
        let mut dice = Dice::new(rolls);
        let mut world = live(&mut dice);
        check_pure(&world);
        let at = world.journal.len() / 2;
        world.state.take_dirty();
        prop_assert_eq!(world.replay(at), world.state.clone());
        prop_assert_eq!(world.replay(0), world.state.clone());
    }

    /// Once everything goes well, every run ends and every task has an end or a reason.
    #[test]
    fn any_story_that_goes_on_well_ends(rolls in rolls()) {
        let mut dice = Dice::new(rolls);
        let mut world = live(&mut dice);
        finish(&mut world);
        check_ends(&world);
        release_all(&mut world);
        finish(&mut world);
        check_ends(&world);
    }

    /// What is no longer current can do nothing, whatever it reports.
    #[test]
    fn an_old_generation_and_an_old_round_do_nothing(rolls in rolls()) {
        let mut dice = Dice::new(rolls);
        let mut world = live(&mut dice);
        let effects: BTreeSet<Effect> = old_effects(&world);
        for effect in effects {
            let report = Command::ReportSetback(crate::command::ReportSetback {
                effect,
                reason: "late".to_owned(),
            });
            let answer = world.give(&report);
            let refused = matches!(
                answer,
                Err(Rejection::OldGeneration { .. } | Rejection::EntryNotAwaited { .. })
            );
            prop_assert!(refused, "{:?} got {:?}", effect, answer);
        }
    }
}

fn release_all(world: &mut World) {
    let held: Vec<_> = world.state.landings.keys().copied().collect();
    for landing in held {
        let command = Command::ReleaseHold(ReleaseHold { landing });
        tell(world, &command);
    }
}

fn old_effects(world: &World) -> BTreeSet<Effect> {
    let sessions =
        world.state.sessions.values().flat_map(|session| {
            (0..session.generation).map(|old| Effect::SealWork(session.id, old))
        });
    let entries = world
        .state
        .landings
        .values()
        .flat_map(|entry| (0..entry.round).map(|old| Effect::MoveTarget(entry.id, old)));
    sessions.chain(entries).collect()
}

/// A journal is data: events in an order that no decision ever gave must not break the fold.
#[test]
fn events_out_of_order_never_break_the_fold() {
    let rolls = (0..3_000_u32).map(|n| (n.wrapping_mul(0x9e37_79b9) >> 13) as u16);
    let mut dice = Dice::new(rolls.collect());
    let mut world = live(&mut dice);
    finish(&mut world);
    let events: Vec<Event> = world.journal.iter().map(|e| e.event.clone()).collect();
    assert!(events.len() > 100, "the story is long enough");
    for stride in [2, 3, 5, 7] {
        let mut state = State::default();
        for (seq, event) in (1..).zip(events.iter().rev().step_by(stride).chain(events.iter())) {
            let at = Timestamp(1_000);
            crate::evolve(&mut state, &crate::Envelope { seq, at, event: event.clone() });
            let _wanted = crate::wanted(&state);
        }
    }
    assert!(world.state.runs.contains_key(&RunId(1)));
}
