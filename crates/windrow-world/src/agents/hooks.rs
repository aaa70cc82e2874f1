//! What a client reports while it works, and what can be answered to it.

use serde_json::Value;

/// Where a client reports to.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint<'a> {
    /// The address, which names the agent process.
    pub url: &'a str,
    /// What shows that it is that process.
    pub token: &'a str,
    /// Whether it is to ask before it uses a tool that it may not use.
    pub asks: bool,
}

/// What a report says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It uses a tool.
    Uses {
        /// Which.
        tool: String,
    },
    /// A tool is done; something may be said with the answer.
    Used {
        /// Which.
        tool: String,
    },
    /// It wants to use a tool that it may not use by itself.
    Wants {
        /// Which.
        tool: String,
        /// What with, as JSON.
        input: String,
    },
    /// A turn begins.
    Begins,
    /// A turn is over, and nothing goes on behind it.
    Over,
    /// Nothing that counts here.
    Nothing,
}

/// A client that reports by HTTP.
pub trait Hooks: Sync {
    /// The settings by which it does so.
    fn settings(&self, to: &Endpoint<'_>) -> Value;
    /// What a report says.
    fn heard(&self, event: &Value) -> Heard;
    /// The answer to a report of a tool that is done, with something that the model is to know.
    fn with_word(&self, text: &str) -> Value;
    /// The answer to the question whether a tool may be used.
    fn permission(&self, allowed: bool, why: &str) -> Value;
}
