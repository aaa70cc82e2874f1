//! Views of what workers and the person say to each other, and of what a worker is doing.

use serde::{Deserialize, Serialize};

use crate::view::SessionRow;

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessageView {
    /// Its id, such as `m-3`.
    pub id: String,
    /// The session's id.
    pub session: String,
    /// The session's name.
    pub name: String,
    /// `question`, `answer` or `message`.
    pub kind: String,
    /// Its first line, shortened.
    pub summary: String,
    /// All of it; nothing where only the summary was asked for.
    pub text: Option<String>,
    /// What may be answered; anything, when there is nothing.
    pub options: Vec<String>,
    /// When it was said.
    pub at_ms: i64,
    /// The question that it answers.
    pub to: Option<String>,
    /// The answer to it.
    pub answer: Option<String>,
    /// The word of a [`crate::states::MessageState`].
    #[cfg_attr(feature = "schema", schemars(extend("enum" = crate::states::MessageState::WORDS)))]
    pub state: String,
    /// When it was handed over to the worker.
    pub handed_ms: Option<i64>,
    /// When it was known that the worker saw it.
    pub seen_ms: Option<i64>,
    /// By which way: `command`, `prompt`, `brief` or `hook`.
    pub by: Option<String>,
}

/// What a worker is doing, and the fact that this rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Activity {
    /// The word of a [`crate::states::ActivityState`].
    #[cfg_attr(feature = "schema", schemars(extend("enum" = crate::states::ActivityState::WORDS)))]
    pub word: String,
    /// The fact it rests on, one sentence without a period.
    pub evidence: String,
    /// Where that fact is from: `journal`, `output` (when its agent last wrote something),
    /// `transcript` (what its client said) or `hook` (what its client reported).
    pub source: String,
    /// Since when.
    pub since_ms: i64,
    /// Until when, where its client says so.
    pub until_ms: Option<i64>,
    /// It goes on only after a person did something.
    pub needs_person: bool,
    /// The oldest question that nobody answered.
    pub question: Option<Question>,
}

/// A question as it stands in a line about a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Question {
    /// Its id.
    pub id: String,
    /// Its first line, shortened.
    pub summary: String,
    /// What may be answered; anything, when there is nothing.
    pub options: Vec<String>,
}

impl SessionRow {
    /// Where it stands in a word or three: what it is doing while its agent is there.
    #[must_use]
    pub fn doing(&self) -> &str {
        match &self.activity {
            Some(activity) if matches!(self.status.as_str(), "working" | "waiting") => {
                &activity.word
            }
            _ => &self.status,
        }
    }
}
