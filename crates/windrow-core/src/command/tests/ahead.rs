//! Work that lands ahead of a branch whose checkout is in the way, and the branch that follows.

use crate::command::{
    Command, FollowReport, MergeReport, MoveReport, ReportFollowed, ReportGate, ReportMerged,
    ReportMoved, ReportSetback, ResumeRun, Sides,
};
use crate::effect::Effect;
use crate::event::Event;
use crate::ids::LandingId;
use crate::reject::Rejection;
use crate::spec::{RunSpec, WhenBusy};
use crate::state::{EntryState, RunPhase, TaskPhase, Verdict};
use crate::testing::{World, check, given, refused};

const L: LandingId = LandingId(1);
const PERSON: LandingId = LandingId(2);

fn ahead() -> RunSpec {
    RunSpec { busy: WhenBusy::Ahead, gates: vec!["check".to_owned()], ..RunSpec::default() }
}

fn moved(landing: LandingId, report: MoveReport) -> Command {
    Command::ReportMoved(ReportMoved { landing, round: 1, report })
}

/// A report of the try that is under way.
fn followed(world: &World, report: FollowReport) -> Command {
    let look = world.state.ahead.get("main").map_or(0, |ahead| ahead.looks);
    Command::ReportFollowed(ReportFollowed { landing: L, look, report })
}

fn give_follow(world: &mut World, report: FollowReport) -> Result<Vec<Event>, Rejection> {
    let command = followed(world, report);
    world.give(&command)
}

fn follow(world: &World) -> Effect {
    Effect::FollowTarget(L, world.state.ahead["main"].looks)
}

fn busy() -> MoveReport {
    MoveReport::Busy("`a` is edited".to_owned())
}

/// A verified entry that wants to move the branch.
fn verified(lines: &[&str], run: RunSpec) -> World {
    let mut world = given(lines, Some(run));
    world.until(|effect| matches!(effect, Effect::MoveTarget(..)));
    world
}

/// The first task's work landed ahead.
fn landed_ahead(lines: &[&str]) -> World {
    let mut world = verified(lines, ahead());
    world.give(&moved(L, busy())).unwrap();
    world.well(Effect::MoveAhead(L, 1));
    world
}

/// Everything goes well, but the branch is in use; until an effect is wanted.
fn in_use_until(world: &mut World, stop: impl Fn(&Effect) -> bool) -> Effect {
    for _ in 0..200 {
        let mut wanted = world.wanted();
        wanted.retain(|effect| !matches!(effect, Effect::FollowTarget(..)));
        wanted.sort_by_key(|effect| (matches!(effect, Effect::WatchAgent(..)), *effect));
        match wanted.iter().find(|effect| stop(effect)) {
            Some(effect) => return *effect,
            None => world.well(wanted[0]),
        }
    }
    panic!("it never came to that");
}

/// A person's commit that waits to be merged with what landed ahead.
fn committed(lines: &[&str]) -> World {
    let mut world = landed_ahead(lines);
    world.git.person_commits("main");
    let head = world.git.head("main").unwrap();
    give_follow(&mut world, FollowReport::Commits { head }).unwrap();
    world
}

#[test]
fn what_is_in_the_way_lets_a_verified_entry_land_ahead_and_the_run_end() {
    let mut world = verified(&["one"], ahead());
    check(&mut world, &moved(L, busy()), "entry_goes_ahead landing=1 reason=\"`a` is edited\"");
    assert!(world.wanted().contains(&Effect::MoveAhead(L, 1)));
    let late = "queue entry `l-1` is not waiting for that report (round 1)";
    refused(&mut world, &moved(L, busy()), late);
    world.well(Effect::MoveAhead(L, 1));
    let task = &world.state.tasks[&crate::ids::TaskId(1)];
    assert!(matches!(task.phase, TaskPhase::Landed { .. }), "what depends on it may start");
    assert!(world.wanted().contains(&follow(&world)), "whatever becomes of the run");
    world.well(follow(&world));
    assert!(world.state.ahead.is_empty());
    let command = followed(&world, FollowReport::Gone);
    refused(&mut world, &command, "no branch is to follow to the commit of queue entry `l-1`");
}

#[test]
fn a_run_that_waits_never_lands_ahead() {
    let mut world = verified(&["one"], RunSpec { busy: WhenBusy::Wait, ..ahead() });
    check(
        &mut world,
        &moved(L, busy()),
        "delayed key={\"landing\":1} reason=\"`a` is edited\" until=1500 waits=true",
    );
}

#[test]
fn a_lock_is_waited_for_before_anything_goes_ahead() {
    let mut world = verified(&["one"], ahead());
    for round in 1..=3 {
        let locked = MoveReport::Locked("git works there".to_owned());
        world
            .give(&Command::ReportMoved(ReportMoved { landing: L, round, report: locked }))
            .unwrap();
        world.wait(20_000);
        world.until(|effect| matches!(effect, Effect::MoveTarget(..)));
        assert_eq!(world.state.landings[&L].round, round + 1, "it steps aside and merges anew");
    }
    let locked = MoveReport::Locked("git works there".to_owned());
    let last = Command::ReportMoved(ReportMoved { landing: L, round: 4, report: locked });
    check(&mut world, &last, "entry_goes_ahead landing=1 reason=\"git works there\"");
}

#[test]
fn the_branch_is_tried_again_later_and_never_given_up() {
    let mut world = landed_ahead(&["one"]);
    let expected = "delayed key={\"landing\":1} reason=\"`a` is edited\" until=1500 waits=true";
    let command = followed(&world, FollowReport::Busy("`a` is edited".to_owned()));
    check(&mut world, &command, expected);
    let command = followed(&world, FollowReport::Busy("twice".to_owned()));
    refused(&mut world, &command, "no branch is to follow to the commit of queue entry `l-1`");
    for _ in 0..20 {
        world.wait(20_000);
        let effect = follow(&world);
        let reason = "git failed".to_owned();
        world.give(&Command::ReportSetback(ReportSetback { effect, reason })).unwrap();
    }
    world.wait(20_000);
    let run = &world.state.runs[&crate::ids::RunId(1)];
    assert!(world.wanted().contains(&follow(&world)), "{:?}", run.phase);
}

#[test]
fn an_entry_that_is_on_its_way_ahead_goes_on_when_the_branch_follows_meanwhile() {
    let mut world = landed_ahead(&["one", "two"]);
    let second = LandingId(2);
    let is_move = |effect: &Effect| matches!(effect, Effect::MoveAhead(id, _) if *id == second);
    let wanted = in_use_until(&mut world, is_move);
    give_follow(&mut world, FollowReport::Followed { head: "one".to_owned() }).unwrap();
    assert!(world.state.ahead.is_empty());
    let moves: Vec<Effect> = world.wanted().into_iter().filter(|e| *e != wanted).collect();
    assert!(world.wanted().contains(&wanted), "its move may be under way");
    assert!(!moves.contains(&Effect::MoveTarget(second, 1)), "and no other beside it: {moves:?}");
    let known = "one".to_owned();
    world.git.moved.insert(second, "m".to_owned());
    world.give(&moved(second, MoveReport::MovedAhead { branch: known })).unwrap();
    let ahead = &world.state.ahead["main"];
    assert_eq!((ahead.last, ahead.known.as_str()), (second, "one"));
    assert!(world.wanted().contains(&Effect::FollowTarget(second, 0)), "so the ref is looked at");
}

#[test]
fn what_is_found_within_what_is_ahead_is_not_its_end() {
    let mut world = landed_ahead(&["one", "two"]);
    in_use_until(&mut world, |effect| matches!(effect, Effect::MergeEntry(LandingId(2), 1)));
    let found = MergeReport::Landed { commit: "under".to_owned(), ahead: Some("a".to_owned()) };
    let end = world.state.ahead["main"].head.clone();
    let report = ReportMerged { landing: LandingId(2), round: 1, report: found };
    world.git.moved.insert(LandingId(2), "under".to_owned());
    world.give(&Command::ReportMerged(report)).unwrap();
    let ahead = &world.state.ahead["main"];
    assert_eq!((ahead.head.as_str(), ahead.last), (end.as_str(), L), "the branch follows to that");
    assert!(ahead.landings.contains(&LandingId(2)), "and its task waits for it");
}

#[test]
fn a_persons_commits_are_merged_and_checked_before_any_other_work() {
    let mut world = landed_ahead(&["one", "two"]);
    world.git.person_commits("main");
    let head = world.git.head("main").unwrap();
    let expected = format!("commits_submitted branch=\"main\" commit=\"{head}\" landing=2");
    let command = followed(&world, FollowReport::Commits { head });
    check(&mut world, &command, &expected);
    assert!(!world.wanted().contains(&follow(&world)), "it has them already");
    assert!(world.wanted().contains(&Effect::MergeEntry(PERSON, 1)));
    let clean = MergeReport::Clean { onto: "a".into(), commit: "m".into(), tree: "t".into() };
    world
        .give(&Command::ReportMerged(ReportMerged { landing: PERSON, round: 1, report: clean }))
        .unwrap();
    assert!(world.wanted().contains(&Effect::RunGate(PERSON, 1)), "it is gated like work");
}

#[test]
fn a_collision_with_a_persons_commits_is_told_with_both_sides_and_stops_the_queue() {
    let mut world = committed(&["one", "two"]);
    let sides = Some(Sides { branch: vec!["aa mine".into()], ahead: vec!["bb one".into()] });
    let report = MergeReport::Conflict { files: vec!["a".into()], detail: None, sides };
    let report = Command::ReportMerged(ReportMerged { landing: PERSON, round: 1, report });
    let summary = "commits on `main` collide with what landed ahead of it, in a; on `main`: aa mine; \
                   ahead: bb one; on `main`, `git merge refs/windrow/target/main` brings both \
                   together, and landing goes on by itself";
    let reason = format!(
        "entry_rejected landing=2 \
         reason={{\"detail\":null,\"kept\":null,\"kind\":\"conflict\",\"summary\":\"{summary}\"}}"
    );
    check(&mut world, &report, &reason);
    let wanted = world.until(|effect| matches!(effect, Effect::FollowTarget(..)));
    let head = world.git.head("main").unwrap();
    let again = give_follow(&mut world, FollowReport::Commits { head }).unwrap();
    assert!(matches!(again[..], [Event::Delayed { .. }]), "{wanted:?}: {again:?}");
    while let Some(effect) = world.wanted().first().copied() {
        world.well(effect);
        assert!(world.state.landings.len() < 4);
    }
    let second = &world.state.landings[&LandingId(3)];
    assert_eq!(second.state, EntryState::Queued, "nothing is built on what may not stay");
    assert_eq!(world.state.runs[&crate::ids::RunId(1)].phase, RunPhase::Active);
    world.wait(20_000);
    let head = "settled".to_owned();
    let command = followed(&world, FollowReport::Followed { head });
    check(&mut world, &command, "target_followed branch=\"main\" commit=\"settled\"");
    assert!(world.wanted().contains(&Effect::MergeEntry(LandingId(3), 1)), "the queue goes on");
}

#[test]
fn what_does_not_pass_together_is_the_persons_and_their_next_commit_is_looked_at_anew() {
    let mut world = committed(&["one"]);
    world.well(Effect::MergeEntry(PERSON, 1));
    let report = ReportGate {
        landing: PERSON,
        round: 1,
        verdict: Verdict::Failed,
        summary: "`check` ended with 1".to_owned(),
        detail: None,
    };
    world.give(&Command::ReportGate(report)).unwrap();
    let trouble = world.state.ahead["main"].trouble.clone().unwrap();
    assert!(trouble.reason.summary.contains("`check` ended with 1"), "{trouble:?}");
    assert!(trouble.reason.summary.contains("commit what mends it"), "{trouble:?}");
    let head = "mended".to_owned();
    let command = followed(&world, FollowReport::Commits { head });
    check(&mut world, &command, "commits_submitted branch=\"main\" commit=\"mended\" landing=3");
    assert_eq!(world.state.ahead["main"].trouble, None);
}

/// A verdict about the person's commits.
fn gate(round: u32, verdict: Verdict) -> Command {
    let summary = "the gate `check` could not run".to_owned();
    Command::ReportGate(ReportGate { landing: PERSON, round, verdict, summary, detail: None })
}

fn resume() -> Command {
    Command::ResumeRun(ResumeRun { run: crate::ids::RunId(1), pool: None })
}

#[test]
fn a_persons_commits_that_could_not_be_checked_are_checked_again_on_resume() {
    for lines in [&["one"][..], &["one", "two"]] {
        let mut world = committed(lines);
        for round in 1..=3 {
            let report =
                MergeReport::Clean { onto: "a".into(), commit: "m".into(), tree: "t".into() };
            let merged = ReportMerged { landing: PERSON, round, report };
            world.give(&Command::ReportMerged(merged)).unwrap();
            let verdict = Verdict::CouldNotRun("no such program".to_owned());
            world.give(&gate(round, verdict)).unwrap();
            world.wait(20_000);
        }
        let trouble = world.state.ahead["main"].trouble.clone().unwrap();
        assert!(trouble.reason.summary.contains("could not be taken in"), "{trouble:?}");
        assert!(trouble.reason.summary.contains("`windrow run --resume`"), "{trouble:?}");
        let head = world.git.head("main").unwrap();
        let again = give_follow(&mut world, FollowReport::Commits { head: head.clone() }).unwrap();
        assert!(matches!(again[..], [Event::Delayed { .. }]), "by itself nothing goes on");
        let events = world.give(&resume()).unwrap();
        assert!(matches!(events[..], [Event::TargetSeen { trouble: None, .. }]), "{events:?}");
        assert!(world.wanted().contains(&follow(&world)), "and not only after the delay");
        give_follow(&mut world, FollowReport::Commits { head }).unwrap();
        let again = world.state.ahead["main"].intake.expect("it is under way");
        assert!(again != PERSON && world.wanted().contains(&Effect::MergeEntry(again, 1)));
        assert!(world.give(&resume()).unwrap().is_empty());
    }
}

#[test]
fn what_a_person_must_settle_stays_told_on_resume() {
    let mut world = committed(&["one"]);
    world.well(Effect::MergeEntry(PERSON, 1));
    world.give(&gate(1, Verdict::Failed)).unwrap();
    assert!(world.give(&resume()).unwrap().is_empty());
    assert!(world.state.ahead["main"].trouble.is_some());
}

#[test]
fn a_branch_that_lost_what_it_had_is_left_alone_and_told_once() {
    let mut world = landed_ahead(&["one"]);
    let rewritten = || FollowReport::Rewritten { head: "amended".to_owned() };
    let events = give_follow(&mut world, rewritten()).unwrap();
    assert!(matches!(events[..], [Event::TargetSeen { .. }, Event::Delayed { .. }]));
    world.wait(20_000);
    let events = give_follow(&mut world, rewritten()).unwrap();
    assert!(matches!(events[..], [Event::Delayed { .. }]), "{events:?}");
    world.wait(20_000);
    let back = give_follow(&mut world, FollowReport::Busy("edited".to_owned())).unwrap();
    assert!(matches!(back[..], [Event::TargetSeen { trouble: None, .. }, _]), "{back:?}");
    assert_eq!(world.state.ahead["main"].trouble, None);
}
