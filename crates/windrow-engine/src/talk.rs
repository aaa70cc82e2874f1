//! Requests of workers that ask, and of the person who answers and tells.

use tokio::sync::mpsc;
use windrow_api::request::ProjectCall;
use windrow_api::talk::MessageView;
use windrow_api::{ExitKind, Failure, Reply};
use windrow_core::command::{AskPerson, NoteReceipt, SendMessage};
use windrow_core::ids::{MessageId, SessionId};
use windrow_core::spec::TextRef;
use windrow_core::state::{Message, Session, Way};
use windrow_core::{Command, Rejection, State};
use windrow_journal::{Hash, Reader as _, SqliteReader, Text};

use crate::acts::quoted;
use crate::hub::{failed, reply};
use crate::keeper;
use crate::kept::after_append;
use crate::place::Place;
use crate::project::Project;
use crate::views;
use crate::waiting::{Waiter, What};

/// The longest text that is taken, in KiB.
const LONGEST_KIB: usize = 256;

/// How many letters of a text stand in a line about it.
const SUMMARY: usize = 120;

/// Takes one request.
pub(crate) fn handle(
    project: &mut Project,
    call: ProjectCall,
    actor: &str,
    replies: mpsc::Sender<Reply>,
) {
    match call {
        ProjectCall::Ask { session, generation, text, options } => {
            let (summary, reference, text) = match taken(text) {
                Ok(taken) => taken,
                Err(failure) => return reply(&replies, Reply::Failed(failure)),
            };
            let asked = reference.clone();
            let ask = AskPerson {
                session,
                generation,
                text: reference,
                summary,
                options,
                permission: false,
            };
            let said = (session, Which::Asked(asked));
            say(project, &Command::AskPerson(ask), (text, said), actor, replies);
        }
        ProjectCall::Tell { session, text } => send(project, session, text, None, actor, replies),
        ProjectCall::Answer { session, question, text } => {
            let found = project.state().sessions.get(&session);
            let oldest = found.and_then(|session| session.open_questions().next());
            match question.or(oldest.map(|message| message.id)) {
                Some(question) => send(project, session, text, Some(question), actor, replies),
                None => reply(&replies, asked_nothing(project.state(), session)),
            }
        }
        ProjectCall::AwaitAnswer { session, generation, question } => {
            project.wait(Waiter::new(session, What::Answer { generation, question }, replies));
        }
        ProjectCall::Inbox { session, generation, wait } => {
            project.wait(Waiter::new(session, What::Inbox { generation, wait }, replies));
        }
        ProjectCall::WaitFor { session, words } => {
            project.wait(Waiter::new(session, What::Activity(words), replies));
        }
        ProjectCall::Seen { session, generation, messages } => {
            let by = Way::Command;
            let note = NoteReceipt { session, generation, messages, by, seen: true };
            match project.apply(&Command::NoteReceipt(note), actor) {
                Ok(_) => project.answer(replies, Box::new(|_| Reply::Done)),
                Err(rejection) => reply(&replies, refused(&rejection)),
            }
        }
        ProjectCall::Talk { session } => after_append(project, replies, move |project, replies| {
            match project.state().sessions.get(&session) {
                Some(found) => show(project, with_refs(found, |_| true), replies),
                None => reply(&replies, refused(&Rejection::NoSession(session))),
            }
        }),
        _ => reply(&replies, failed(ExitKind::Internal, "this is nothing that is said")),
    }
}

/// Which message is shown once it counts.
enum Which {
    /// The question with that text.
    Asked(TextRef),
    /// The newest one.
    Newest,
}

fn send(
    project: &mut Project,
    session: SessionId,
    text: String,
    answers: Option<MessageId>,
    actor: &str,
    replies: mpsc::Sender<Reply>,
) {
    let (summary, reference, text) = match taken(text) {
        Ok(taken) => taken,
        Err(failure) => return reply(&replies, Reply::Failed(failure)),
    };
    let message = SendMessage { session, text: reference, summary, answers };
    let said = (session, Which::Newest);
    say(project, &Command::SendMessage(message), (text, said), actor, replies);
}

/// Decides a command that says something, and shows the message once it counts.
fn say(
    project: &mut Project,
    command: &Command,
    (text, (session, which)): (Text, (SessionId, Which)),
    actor: &str,
    replies: mpsc::Sender<Reply>,
) {
    match project.apply(command, actor) {
        Ok(events) => {
            if !events.is_empty() {
                project.keep_text(text);
            }
            let newest = project.state().last_message;
            after_append(project, replies, move |project, replies| {
                let Some(found) = project.state().sessions.get(&session) else {
                    return reply(&replies, refused(&Rejection::NoSession(session)));
                };
                mark(&project.tools().place, found);
                let message = match which {
                    Which::Asked(text) => found.question(&text),
                    Which::Newest => found.message(MessageId(newest)),
                };
                match message {
                    Some(message) => show_one(project, found, message, replies),
                    None => reply(&replies, failed(ExitKind::Internal, "it was not said")),
                }
            });
        }
        Err(rejection) => reply(&replies, refused(&rejection)),
    }
}

/// A text with its first line and its reference, or why it is not taken.
fn taken(text: String) -> Result<(String, TextRef, Text), Failure> {
    let refused = |message: String, hint: &str| {
        Err(Failure { kind: ExitKind::User, message, hints: vec![hint.to_owned()] })
    };
    if text.trim().is_empty() {
        return refused("there is nothing in it".to_owned(), "say something");
    }
    if text.len() > LONGEST_KIB << 10 {
        let message = format!("it is longer than {LONGEST_KIB} KiB");
        return refused(message, "write it into a file, and name the file");
    }
    let summary = summary(&text);
    let text = Text::new(text);
    Ok((summary, TextRef(text.hash().to_string()), text))
}

/// What the person said, for a client at work. What stands in it is the person's, and a block of its
/// own.
pub(crate) fn word(messages: &[MessageView]) -> String {
    let mut text = String::from("The person says, while the work goes on:\n");
    for message in messages {
        text.push('\n');
        text.push_str(&quoted(message.text.as_deref().unwrap_or_default()));
    }
    text
}

/// The first line of a text, plain and not too long.
fn summary(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let plain = line.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let mut short: String = plain.take(SUMMARY).collect();
    if line.chars().nth(SUMMARY).is_some() {
        short.push_str("...");
    }
    short
}

/// Says in the job's folder whether its worker waits for a person: then silence is no reason to end
/// it.
pub(crate) fn mark(place: &Place, session: &Session) {
    let file = place.agent_job(session.id, session.generation).join(keeper::ASKS);
    let runs = session.keeper.is_some() && session.exit.is_none();
    let asks = runs && session.open_questions().next().is_some();
    let done = if asks {
        std::fs::File::create(&file).map(drop)
    } else {
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    };
    if let Err(error) = done {
        tracing::warn!("`{}`: {error}", file.display());
    }
}

/// Messages with the references of their texts.
pub(crate) type WithRefs = Vec<(MessageView, TextRef)>;

/// The messages of a session that are wanted.
pub(crate) fn with_refs(session: &Session, wanted: impl Fn(&Message) -> bool) -> WithRefs {
    let talk = session.talk.iter().filter(|message| wanted(message));
    talk.map(|message| (views::message_view(session, message), message.text.clone())).collect()
}

/// Answers with messages and their texts.
pub(crate) fn show(project: &Project, messages: WithRefs, replies: mpsc::Sender<Reply>) {
    let reader = project.tools().texts.clone();
    tokio::spawn(async move {
        let loaded = load_all(&reader, messages).await;
        reply(&replies, loaded.map_or_else(|why| failed(ExitKind::World, why), Reply::Messages));
    });
}

fn show_one(project: &Project, session: &Session, message: &Message, replies: mpsc::Sender<Reply>) {
    let reader = project.tools().texts.clone();
    let one = vec![(views::message_view(session, message), message.text.clone())];
    tokio::spawn(async move {
        let answer = match load_all(&reader, one).await.map(|mut one| one.pop()) {
            Ok(Some(message)) => Reply::Message(Box::new(message)),
            Ok(None) => failed(ExitKind::Internal, "it was not said"),
            Err(why) => failed(ExitKind::World, why),
        };
        reply(&replies, answer);
    });
}

pub(crate) async fn load_all(
    reader: &SqliteReader,
    messages: WithRefs,
) -> Result<Vec<MessageView>, String> {
    let mut loaded = Vec::new();
    for (mut view, text) in messages {
        let hash: Hash = text.0.parse().map_err(|_| format!("`{}` is no hash", text.0))?;
        let bytes = reader.text(&hash).await.map_err(|error| crate::chain(&error))?;
        view.text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        loaded.push(view);
    }
    Ok(loaded)
}

pub(crate) fn refused(rejection: &Rejection) -> Reply {
    let hints = match rejection {
        Rejection::HearsNothing(session) => {
            vec![format!("`windrow show {session}` says what became of it")]
        }
        Rejection::NoQuestion(_) => vec!["`windrow next` names who waits for an answer".to_owned()],
        Rejection::OldGeneration { .. } => {
            vec!["another process of the same session goes on with its work".to_owned()]
        }
        _ => Vec::new(),
    };
    Reply::Failed(Failure { kind: ExitKind::User, message: rejection.to_string(), hints })
}

fn asked_nothing(state: &State, session: SessionId) -> Reply {
    let Some(found) = state.sessions.get(&session) else {
        return refused(&Rejection::NoSession(session));
    };
    let name = found.label();
    let message = format!("`{name}` asked nothing that is open");
    let hints = vec![format!("`windrow tell {name} TEXT` tells it something")];
    Reply::Failed(Failure { kind: ExitKind::User, message, hints })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_one_plain_line() {
        assert_eq!(summary("\n  which\tone?\nmore"), "which one?");
        let long = summary(&"ä".repeat(SUMMARY + 1));
        assert_eq!(long, format!("{}...", "ä".repeat(SUMMARY)));
    }
}
