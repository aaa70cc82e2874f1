//! What a session and the person say to each other, and how far each of it came.
//!
//! A message is queued, then handed over to the worker, then seen by it; each step is on record
//! with what shows it. Texts are kept by reference; a line of each stays here for whoever looks.

use serde::{Deserialize, Serialize};

use crate::ids::{Generation, MessageId};
use crate::spec::TextRef;
use crate::time::Timestamp;

use super::{Exit, Session};

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Who said what to whom.
    pub what: Said,
    /// Its first line, shortened.
    pub summary: String,
    /// All of it.
    pub text: TextRef,
    /// When it was said.
    pub at: Timestamp,
    /// How it was handed over to the worker.
    pub handed: Option<Receipt>,
    /// What shows that the worker saw it.
    pub seen: Option<Receipt>,
}

/// The kinds of messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// The worker asks the person.
    Question {
        /// The agent process that asked.
        generation: Generation,
        /// What may be answered; anything, when there is nothing.
        options: Vec<String>,
        /// The answer, once there is one.
        answer: Option<MessageId>,
        /// It is whether a tool may be used.
        #[serde(default)]
        permission: bool,
    },
    /// The person answers a question.
    Answer {
        /// The question.
        to: MessageId,
    },
    /// The person says something by itself.
    Word,
}

/// That a message came a step further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// When.
    pub at: Timestamp,
    /// To which agent process.
    pub generation: Generation,
    /// By which way.
    pub by: Way,
}

/// How a message reaches a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A command in the worker's shell prints it.
    Command,
    /// It is the prompt of a client's next turn.
    Prompt,
    /// It stands in the brief of an agent process that begins.
    Brief,
    /// It was given to a client at work, as an answer to its report.
    Hook,
}

impl Message {
    /// Whether it is a question that nobody answered.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.what, Said::Question { answer: None, .. })
    }

    /// Whether it is for the worker.
    #[must_use]
    pub const fn is_for_worker(&self) -> bool {
        matches!(self.what, Said::Answer { .. } | Said::Word)
    }

    /// Whether it is for the worker and was given to no agent process yet.
    #[must_use]
    pub const fn is_queued(&self) -> bool {
        self.is_for_worker() && self.handed.is_none()
    }
}

impl Session {
    /// A message of that id.
    #[must_use]
    pub fn message(&self, id: MessageId) -> Option<&Message> {
        self.talk.iter().find(|message| message.id == id)
    }

    /// The newest question with that text.
    #[must_use]
    pub fn question(&self, text: &TextRef) -> Option<&Message> {
        let mut asked = self.talk.iter().rev().filter(|message| !message.is_for_worker());
        asked.find(|message| message.text == *text)
    }

    /// The answer to a question, once there is one.
    #[must_use]
    pub fn answer_to(&self, question: MessageId) -> Option<&Message> {
        let answers = |message: &&Message| message.what == Said::Answer { to: question };
        self.talk.iter().find(answers)
    }

    /// Questions that nobody answered, oldest first.
    pub fn open_questions(&self) -> impl Iterator<Item = &Message> {
        self.talk.iter().filter(|message| message.is_open())
    }

    /// Whether the agent's next turn can begin as far as what was said goes.
    ///
    /// A client goes on with anything new that it is told. A command knows no conversation: it is
    /// started again once, when everything that it asked is answered.
    #[must_use]
    pub fn may_go_on(&self) -> bool {
        let news = self.talks() && self.talk.iter().any(Message::is_queued);
        self.paused && self.stop.is_none() && (news || self.open_questions().next().is_none())
    }

    /// Whether what is said to it now reaches its agent, or the one that comes next.
    #[must_use]
    pub const fn hears(&self) -> bool {
        self.is_open() && self.stop.is_none() && (self.exit.is_none() || self.paused)
    }

    /// What its current agent process began with, because it was said before.
    pub fn told_at_start(&self) -> impl Iterator<Item = &Message> {
        self.talk.iter().filter(|message| {
            let handed = message.handed.filter(|handed| handed.generation == self.generation);
            handed.is_some_and(|handed| matches!(handed.by, Way::Prompt | Way::Brief))
        })
    }

    /// Whether its last turn was one of a client that can take its conversation up again.
    pub(crate) fn talks(&self) -> bool {
        self.exit.as_ref().is_some_and(Exit::talks)
    }
}
