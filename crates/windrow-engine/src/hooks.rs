//! What clients report while they work: the last report of each is kept in memory, messages are
//! given with the answer, and a permission is asked of the person.
//!
//! A report proves its agent process by a token that only windrow can make: the hash of a secret of
//! this home with the process's name, so that nothing is to be remembered.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use windrow_api::request::HookCall;
use windrow_api::{ExitKind, Reply};
use windrow_core::Command;
use windrow_core::command::{AskPerson, NoteReceipt};
use windrow_core::ids::{Generation, MessageId, SessionId};
use windrow_core::spec::TextRef;
use windrow_core::state::{Message, Session, Way};
use windrow_journal::{Hash, Text};
use windrow_world::agents::{Heard, Hooks};
use windrow_world::files;

use crate::acts::client_of;
use crate::home::Home;
use crate::hub::{failed, reply};
use crate::kept::after_append;
use crate::place::now;
use crate::project::Project;
use crate::talk::{self, load_all, with_refs};
use crate::waiting::{Waiter, What};

/// Where clients report, and the secret behind their tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HookServer {
    /// The port on loopback.
    port: u16,
    secret: String,
}

/// The last report of a client.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    generation: Generation,
    /// When it came.
    pub(crate) at_ms: i64,
    /// What it says.
    pub(crate) heard: Heard,
}

/// The last reports, by session.
#[derive(Debug, Default)]
pub(crate) struct Reports(Mutex<BTreeMap<SessionId, Report>>);

impl HookServer {
    /// Lets `start` listen, on the port of last time if it can: clients that run know that one.
    ///
    /// # Errors
    /// When nothing can be listened on or written down; clients then do not report.
    pub(crate) fn open(
        home: &Home,
        start: impl FnOnce(Option<u16>) -> io::Result<u16>,
    ) -> io::Result<Self> {
        let path = home.path().join("hooks.json");
        let last: Option<Self> =
            fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let port = start(last.as_ref().map(|last| last.port))?;
        let secret = match last {
            Some(last) if last.port == port => return Ok(last),
            Some(last) => last.secret,
            None => fresh()?,
        };
        let server = Self { port, secret };
        // Made for its owner alone before anything is in it; writing keeps the mode.
        File::options().append(true).create(true).mode(0o600).open(&path)?;
        let bytes = serde_json::to_vec(&server)?;
        files::replace(&path, &bytes).map_err(io::Error::other)?;
        Ok(server)
    }

    /// The address at which an agent process reports.
    pub(crate) fn url(&self, project: &str, session: SessionId, generation: Generation) -> String {
        format!("http://127.0.0.1:{}/hook/{project}/{session}/{generation}", self.port)
    }

    /// What shows that it is that process.
    pub(crate) fn token(
        &self,
        project: &str,
        session: SessionId,
        generation: Generation,
    ) -> String {
        Hash::of(format!("{} {project} {session} {generation}", self.secret).as_bytes()).to_string()
    }
}

/// A secret that nobody can guess.
fn fresh() -> io::Result<String> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(Hash::of(&bytes).to_string())
}

impl Reports {
    /// The last report of the session's current process.
    pub(crate) fn of(&self, session: &Session) -> Option<Report> {
        let reports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let report = reports.get(&session.id)?;
        (report.generation == session.generation).then(|| report.clone())
    }

    fn note(&self, session: &Session, heard: Heard) {
        let mut reports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (generation, at_ms) = (session.generation, now().0);
        reports.insert(session.id, Report { generation, at_ms, heard });
    }
}

/// The answer that lets a client go on as it would without any.
pub(crate) fn go_on() -> Reply {
    Reply::Hook(serde_json::Value::Object(serde_json::Map::new()))
}

/// Takes one report.
pub(crate) fn take(project: &mut Project, call: &HookCall, replies: mpsc::Sender<Reply>) {
    let place = std::sync::Arc::clone(&project.tools().place);
    let refuse = |why: &str| reply(&replies, failed(ExitKind::Refused, why));
    let (Some(server), Ok(id)) = (&place.hooks, call.session.parse::<SessionId>()) else {
        return refuse("nobody reports here");
    };
    let expected = server.token(&place.id, id, call.generation);
    // Compared by their hashes, so that the time it takes says nothing of the token.
    if Hash::of(expected.as_bytes()) != Hash::of(call.token.as_bytes()) {
        return refuse("the token is not that of this process");
    }
    let state = project.state();
    let session = state.sessions.get(&id).filter(|one| one.generation == call.generation);
    let Some(session) = session.filter(|session| session.exit.is_none()) else {
        return refuse("that process is not the session's any more");
    };
    let client = client_of(state, session).and_then(|client| Some((client, client.hooks()?)));
    let Some((client, hooks)) = client else { return reply(&replies, go_on()) };
    tracing::debug!("{} reports to {id}", client.name());
    let heard = hooks.heard(&call.event);
    if heard == Heard::Nothing {
        return reply(&replies, go_on());
    }
    let asks = crate::acts::asks(state, session);
    place.reports.note(session, heard.clone());
    let by_hook = |message: &Message, seen: bool| {
        let handed = message.handed.filter(|handed| handed.generation == call.generation);
        handed.is_some_and(|handed| handed.by == Way::Hook) && message.seen.is_some() == seen
    };
    let talk = session.talk.iter();
    let messages: Vec<MessageId> = match &heard {
        Heard::Used { .. } => {
            talk.filter(|message| message.is_queued()).map(|one| one.id).collect()
        }
        // The turn went on to its end with what it was given.
        Heard::Over => talk.filter(|message| by_hook(message, false)).map(|one| one.id).collect(),
        _ => Vec::new(),
    };
    project.shows();
    let (session, generation) = (id, call.generation);
    let note = |messages, seen| {
        Command::NoteReceipt(NoteReceipt { session, generation, messages, by: Way::Hook, seen })
    };
    match heard {
        Heard::Used { .. } if !messages.is_empty() => {
            project.tell(&note(messages.clone(), false), "hook");
            give(project, (session, messages), hooks, replies);
        }
        Heard::Wants { tool, input } if asks => {
            want(project, (session, generation), (&tool, &input), hooks, replies);
        }
        Heard::Over if !messages.is_empty() => {
            project.tell(&note(messages, true), "hook");
            project.answer(replies, Box::new(|_| go_on()));
        }
        _ => reply(&replies, go_on()),
    }
}

/// Gives messages with the answer, once it is on record that they were.
fn give(
    project: &mut Project,
    (session, messages): (SessionId, Vec<MessageId>),
    hooks: &'static dyn Hooks,
    replies: mpsc::Sender<Reply>,
) {
    after_append(project, replies, move |project, replies| {
        let Some(session) = project.state().sessions.get(&session) else {
            return reply(&replies, go_on());
        };
        let given = with_refs(session, |message| messages.contains(&message.id));
        let reader = project.tools().texts.clone();
        tokio::spawn(async move {
            let answer = match load_all(&reader, given).await {
                Ok(given) => Reply::Hook(hooks.with_word(&talk::word(&given))),
                Err(why) => failed(ExitKind::World, why),
            };
            reply(&replies, answer);
        });
    });
}

/// Asks the person whether a tool may be used, and answers when they did.
fn want(
    project: &mut Project,
    (session, generation): (SessionId, Generation),
    (tool, input): (&str, &str),
    hooks: &'static dyn Hooks,
    replies: mpsc::Sender<Reply>,
) {
    let text = Text::new(format!("May it use {tool}?\n\n{input}"));
    let reference = TextRef(text.hash().to_string());
    let ask = AskPerson {
        session,
        generation,
        text: reference.clone(),
        summary: format!("May it use {tool}?"),
        options: vec!["allow".to_owned(), "deny".to_owned()],
        permission: true,
    };
    match project.apply(&Command::AskPerson(ask), "hook") {
        Ok(events) => {
            if !events.is_empty() {
                project.keep_text(text);
            }
            let asked = project.state().sessions.get(&session);
            let asked = asked.and_then(|session| session.question(&reference)).map(|one| one.id);
            if let Some(session) = project.state().sessions.get(&session) {
                talk::mark(&project.tools().place, session);
            }
            match asked {
                Some(question) => {
                    let what = What::Permission { generation, question, hooks };
                    project.wait(Waiter::new(session, what, replies));
                }
                None => reply(&replies, go_on()),
            }
        }
        Err(rejection) => {
            tracing::debug!("a permission is not asked for: {rejection}");
            reply(&replies, go_on());
        }
    }
}
