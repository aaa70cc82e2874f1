//! Windows and workers that wait until something in a session is so.
//!
//! They are looked at after a batch that changed something, never in between. Whoever waits longer
//! than the daemon lives asks the next one again.

use tokio::sync::mpsc;
use windrow_api::{ExitKind, Reply};
use windrow_core::command::NoteReceipt;
use windrow_core::ids::{Generation, MessageId, SessionId};
use windrow_core::state::{Session, Way};
use windrow_core::{Command, Rejection, State};
use windrow_world::agents::Hooks;

use crate::hooks;
use crate::hub::{failed, reply};
use crate::project::Project;
use crate::talk::{WithRefs, refused, show, with_refs};
use crate::views;

/// Somebody who waits.
pub(crate) struct Waiter {
    session: SessionId,
    what: What,
    replies: mpsc::Sender<Reply>,
}

/// What is waited for.
pub(crate) enum What {
    /// The answer to a question.
    Answer {
        /// Which agent process waits.
        generation: Generation,
        /// The question.
        question: MessageId,
    },
    /// The answer to a client's question whether it may use a tool.
    Permission {
        /// Which agent process waits.
        generation: Generation,
        /// The question.
        question: MessageId,
        /// How it is answered.
        hooks: &'static dyn Hooks,
    },
    /// Something that the worker has not seen.
    Inbox {
        /// Which agent process waits.
        generation: Generation,
        /// Wait for it, rather than say that there is nothing.
        wait: bool,
    },
    /// One of these words of its activity, as the journal tells it.
    Activity(Vec<String>),
}

/// What it came to.
enum Found {
    Messages(WithRefs),
    Row,
    Refused(Reply),
    /// The answer to a permission: the message, and what the client is told.
    Permission(MessageId, Reply),
}

impl Waiter {
    pub(crate) const fn new(session: SessionId, what: What, replies: mpsc::Sender<Reply>) -> Self {
        Self { session, what, replies }
    }

    /// Answers if it is so by now; true when there is nothing more to wait for.
    pub(crate) fn look(&self, project: &Project) -> bool {
        if self.replies.is_closed() {
            return true;
        }
        match self.found(project.state()) {
            None => return false,
            Some(Found::Messages(messages)) => show(project, messages, self.replies.clone()),
            Some(Found::Row) => {
                let rows = project.session_rows(true);
                let id = self.session.to_string();
                let row = rows.into_iter().filter(|row| row.id == id).collect();
                reply(&self.replies, Reply::Sessions(row));
            }
            Some(Found::Permission(answer, told)) => {
                reply(&self.replies, told);
                self.was_told(project, answer);
            }
            Some(Found::Refused(answer)) => reply(&self.replies, answer),
        }
        true
    }

    /// Notes that the client has its answer: it waits for it, and goes on with it.
    fn was_told(&self, project: &Project, answer: MessageId) {
        let What::Permission { generation, .. } = self.what else { return };
        let (session, messages) = (self.session, vec![answer]);
        let note = NoteReceipt { session, generation, messages, by: Way::Hook, seen: true };
        let tools = project.tools();
        tools.hub.tell(&tools.place.id, Command::NoteReceipt(note));
    }

    fn found(&self, state: &State) -> Option<Found> {
        let Some(session) = state.sessions.get(&self.session) else {
            return Some(Found::Refused(refused(&Rejection::NoSession(self.session))));
        };
        match &self.what {
            What::Answer { generation, question } => {
                if let Some(old) = old(session, *generation) {
                    return Some(Found::Refused(old));
                }
                if let Some(answer) = session.answer_to(*question) {
                    let id = answer.id;
                    return Some(Found::Messages(with_refs(session, |message| message.id == id)));
                }
                if session.message(*question).is_none() {
                    return Some(Found::Refused(refused(&Rejection::NoQuestion(*question))));
                }
                over(session)
            }
            What::Permission { generation, question, hooks } => {
                if old(session, *generation).is_some() || !session.hears() {
                    return Some(Found::Refused(hooks::go_on()));
                }
                let answer = session.answer_to(*question)?;
                let allowed = matches!(answer.summary.to_lowercase().as_str(), "allow" | "yes");
                let told = Reply::Hook(hooks.permission(allowed, &answer.summary));
                Some(Found::Permission(answer.id, told))
            }
            What::Inbox { generation, wait } => {
                if let Some(old) = old(session, *generation) {
                    return Some(Found::Refused(old));
                }
                let news =
                    with_refs(session, |message| message.is_for_worker() && message.seen.is_none());
                let has_news = !news.is_empty() || !wait;
                has_news.then_some(Found::Messages(news)).or_else(|| over(session))
            }
            What::Activity(words) => {
                let word = views::activity_of_journal(session).word;
                if words.contains(&word) {
                    return Some(Found::Row);
                }
                (!session.is_open()).then(|| {
                    let message = format!("`{}` is over: {word}", session.label());
                    Found::Refused(failed(ExitKind::Incomplete, message))
                })
            }
        }
    }
}

fn old(session: &Session, reported: Generation) -> Option<Reply> {
    let (id, current) = (session.id, session.generation);
    (reported != current)
        .then(|| refused(&Rejection::OldGeneration { session: id, current, reported }))
}

/// Nothing more is said to a session that ends.
fn over(session: &Session) -> Option<Found> {
    let ends = !session.hears();
    ends.then(|| Found::Refused(refused(&Rejection::HearsNothing(session.id))))
}
