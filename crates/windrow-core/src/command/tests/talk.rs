//! What workers ask, what the person says, and turns that wait for it.

use crate::command::{
    AskPerson, Command, EndSession, NoteReceipt, ReportEnded, SealMode, SendMessage, StopRun,
    seal_mode,
};
use crate::effect::Effect;
use crate::ids::{MessageId, RunId, SessionId, TaskId};
use crate::spec::{RunSpec, TextRef};
use crate::state::{ClientTurn, Exit, ExitHow, RunPhase, StopReason, TaskPhase, Way, Wish};
use crate::testing::{World, check, given, refused};

const S: SessionId = SessionId(1);

/// A worker that runs, in a run with `pool` workers over two tasks.
fn running(pool: u32) -> World {
    let mut world = given(&["one", "two"], Some(RunSpec { pool, ..RunSpec::default() }));
    world.until(|effect| *effect == Effect::WatchAgent(S, 1));
    world
}

fn ask(generation: u32, text: &str) -> Command {
    let (summary, text) = (text.to_owned(), TextRef(text.to_owned()));
    Command::AskPerson(AskPerson {
        session: S,
        generation,
        text,
        summary,
        options: Vec::new(),
        permission: false,
    })
}

fn say(text: &str, answers: Option<u64>) -> Command {
    let (summary, text) = (text.to_owned(), TextRef(text.to_owned()));
    let answers = answers.map(MessageId);
    Command::SendMessage(SendMessage { session: S, text, summary, answers })
}

fn ended(generation: u32, how: ExitHow) -> Command {
    Command::ReportEnded(ReportEnded { session: S, generation, exit: Exit::of(how) })
}

/// The end of a client's turn that can be taken up again.
fn turn_over(generation: u32) -> Command {
    let turn = ClientTurn { conversation: Some("c".to_owned()), ..ClientTurn::default() };
    let exit = Exit { turn: Some(turn), ..Exit::of(ExitHow::Code(0)) };
    Command::ReportEnded(ReportEnded { session: S, generation, exit })
}

fn handed(generation: u32, message: u64, seen: bool) -> Command {
    let messages = vec![MessageId(message)];
    Command::NoteReceipt(NoteReceipt { session: S, generation, messages, by: Way::Command, seen })
}

#[test]
fn p7_a_question_is_answered_and_each_step_of_the_answer_is_on_record() {
    let mut world = running(1);
    check(
        &mut world,
        &ask(1, "which?"),
        r#"question_asked generation=1 message=1 options=[] session=1 summary="which?" text="which?""#,
    );
    check(&mut world, &ask(1, "which?"), "");
    check(
        &mut world,
        &say("this", Some(1)),
        r#"message_sent answers=1 message=2 session=1 summary="this" text="this""#,
    );
    refused(&mut world, &say("that", Some(1)), "there is no open question `m-1`");
    check(&mut world, &ask(1, "which?"), "");
    let over = r#"messages_handed_over by="command" generation=1 messages=[2] session=1"#;
    check(&mut world, &handed(1, 2, false), over);
    check(&mut world, &handed(1, 2, false), "");
    let seen = r#"messages_seen by="command" generation=1 messages=[2] session=1"#;
    check(&mut world, &handed(1, 2, true), seen);
    check(&mut world, &handed(1, 1, true), "");
    let answer = world.state.sessions[&S].answer_to(MessageId(1)).unwrap();
    assert!(answer.handed.is_some() && answer.seen.is_some());
}

#[test]
fn p7_an_old_generation_neither_asks_nor_hears() {
    let mut world = running(1);
    world.give(&ask(1, "which?")).unwrap();
    world.give(&ended(1, ExitHow::Code(0))).unwrap();
    world.give(&say("this", Some(1))).unwrap();
    world.until(|effect| *effect == Effect::WatchAgent(S, 2));
    let old = "session `s-1` is at generation 2, the report is of 1";
    refused(&mut world, &ask(1, "another?"), old);
    refused(&mut world, &handed(1, 2, true), old);
}

#[test]
fn p7_work_whose_question_is_open_is_kept_and_not_submitted_when_its_run_is_stopped() {
    let mut world = running(1);
    world.give(&ask(1, "which?")).unwrap();
    world.give(&Command::StopRun(StopRun { run: RunId(1) })).unwrap();
    // It was over before anybody could end it.
    world.give(&ended(1, ExitHow::Code(0))).unwrap();
    assert_eq!(seal_mode(&world.state.sessions[&S]), SealMode::Capture);
}

#[test]
fn p7_a_turn_that_ended_with_a_question_waits_and_frees_its_slot() {
    let mut world = running(1);
    world.give(&ask(1, "which?")).unwrap();
    let claims = world.state.claims.len();
    check(
        &mut world,
        &ended(1, ExitHow::Code(3)),
        r#"
        agent_ended exit={"how":{"code":3},"tail":null} generation=1 session=1
        turn_paused generation=1 session=1
    "#,
    );
    let session = &world.state.sessions[&S];
    assert_eq!((session.wish(), session.takes_slot()), (Wish::Word, false));
    assert_eq!(world.state.tasks[&TaskId(1)].phase, TaskPhase::Active(S), "it keeps its claim");
    assert_eq!(world.state.claims.len(), claims, "the other has one, this one no deadline");
    // The other task got the slot.
    assert_eq!(world.state.tasks[&TaskId(2)].phase, TaskPhase::Active(SessionId(2)));
    world.give(&say("this", Some(1))).unwrap();
    assert!(world.state.sessions[&S].paused, "it waits for a slot");
    world.until(|effect| matches!(effect, Effect::StartAgent(S, 2)));
    let session = &world.state.sessions[&S];
    assert!(session.goes_on && session.tree.is_some(), "it goes on in its worktree");
    assert_eq!(session.attempt, 1);
    assert_eq!(world.state.tasks[&TaskId(1)].failed_tries, 0);
}

#[test]
fn p7_a_run_is_not_over_while_somebody_waits_for_an_answer() {
    let mut world = given(&["one"], Some(RunSpec { pool: 1, ..RunSpec::default() }));
    world.until(|effect| *effect == Effect::WatchAgent(S, 1));
    world.give(&ask(1, "which?")).unwrap();
    world.give(&ended(1, ExitHow::Code(0))).unwrap();
    assert!(world.wanted().is_empty());
    world.wait(100 * 86_400_000);
    assert_eq!(world.state.runs[&RunId(1)].phase, RunPhase::Active);
    world.give(&say("this", Some(1))).unwrap();
    world.until(|effect| matches!(effect, Effect::SealWork(S, 2)));
    assert_eq!(seal_mode(&world.state.sessions[&S]), SealMode::Submit);
}

#[test]
fn p7_what_crashed_after_a_question_is_a_failed_try() {
    for how in [ExitHow::Signal(11), ExitHow::Silent, ExitHow::Reported("no".to_owned())] {
        let mut world = running(1);
        world.give(&ask(1, "which?")).unwrap();
        world.give(&ended(1, how)).unwrap();
        assert_eq!(world.state.sessions[&S].wish(), Wish::Seal);
        assert_eq!(seal_mode(&world.state.sessions[&S]), SealMode::Capture);
    }
}

#[test]
fn h14_a_client_that_did_not_get_a_message_goes_on_with_it() {
    let mut world = running(1);
    world.give(&say("mind the tests", None)).unwrap();
    let events = world.give(&turn_over(1)).unwrap();
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(world.wanted(), [Effect::StartAgent(S, 2)]);
    let told: Vec<MessageId> =
        world.state.sessions[&S].told_at_start().map(|message| message.id).collect();
    assert_eq!(told, [MessageId(1)]);
    world.until(|effect| *effect == Effect::WatchAgent(S, 2));
    world.give(&turn_over(2)).unwrap();
    assert_eq!(world.state.sessions[&S].wish(), Wish::Seal, "one message is one turn");
    // Once it was handed over it is not handed over again by guess.
    let mut world = running(1);
    world.give(&say("mind the tests", None)).unwrap();
    world.give(&handed(1, 1, false)).unwrap();
    world.give(&turn_over(1)).unwrap();
    assert_eq!(world.state.sessions[&S].wish(), Wish::Seal);
    // A command has no conversation that could go on.
    let mut world = running(1);
    world.give(&say("mind the tests", None)).unwrap();
    world.give(&ended(1, ExitHow::Code(0))).unwrap();
    assert_eq!(world.state.sessions[&S].wish(), Wish::Seal);
}

#[test]
fn h14_a_client_that_waits_goes_on_with_whatever_it_is_told() {
    let mut world = running(2);
    world.give(&ask(1, "which?")).unwrap();
    world.give(&turn_over(1)).unwrap();
    world.give(&say("look at the notes", None)).unwrap();
    assert!(world.wanted().contains(&Effect::StartAgent(S, 2)));
    // The question is still open, so the next turn waits again.
    world.until(|effect| *effect == Effect::WatchAgent(S, 2));
    world.give(&turn_over(2)).unwrap();
    assert_eq!(world.state.sessions[&S].wish(), Wish::Word);
}

#[test]
fn h14_a_worker_that_waits_can_be_ended_and_its_work_is_kept() {
    for (why, mode) in [
        (StopReason::Kill, SealMode::Capture),
        (StopReason::KillAndDrop, SealMode::Drop),
        (StopReason::Close, SealMode::Submit),
    ] {
        let mut world = running(1);
        world.give(&ask(1, "which?")).unwrap();
        world.give(&ended(1, ExitHow::Code(0))).unwrap();
        world.give(&Command::EndSession(EndSession { session: S, why })).unwrap();
        assert_eq!(seal_mode(&world.state.sessions[&S]), mode);
        assert!(world.wanted().contains(&Effect::SealWork(S, 1)));
        let over = "session `s-1` is coming to its end and hears nothing more";
        refused(&mut world, &say("this", Some(1)), over);
    }
    let mut world = running(1);
    world.give(&ask(1, "which?")).unwrap();
    world.give(&ended(1, ExitHow::Code(0))).unwrap();
    world.give(&Command::StopRun(StopRun { run: RunId(1) })).unwrap();
    assert_eq!(seal_mode(&world.state.sessions[&S]), SealMode::Capture, "it had not finished");
}
