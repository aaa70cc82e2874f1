//! Agent clients: how each is started for a turn, and what its output says of it.
//!
//! One file for each client. Starting is a command line and variables, never a process; reading is
//! pure and lenient: what a client says that nobody here knows is counted and named, and changes
//! nothing. Whether a failed turn is tried again is not decided here.

mod ability;
mod claude;
mod claude_hooks;
mod codex;
mod conversation;
mod fault;
mod hooks;
mod standing;
mod told;
mod turn;
mod version;

pub use ability::Abilities;
pub use conversation::new_conversation;
pub use hooks::{Endpoint, Heard, Hooks};
pub use standing::{Standing, standing};
pub use told::{End, Told, read, read_file};
pub use turn::{Begin, Turn};
pub use version::{Version, installed};

use serde_json::Value;

/// A client that is known by name.
pub trait Client: Sync {
    /// The name it has in settings.
    fn name(&self) -> &'static str;
    /// The name people know it by.
    fn title(&self) -> &'static str;
    /// What its program is usually called.
    fn program(&self) -> &'static str;
    /// How it is installed, as a command.
    fn install(&self) -> &'static str;
    /// Who stands in the `Co-Authored-By` trailer of what it did.
    fn co_author(&self) -> &'static str;
    /// The oldest version whose flags and events are those that are used here.
    fn oldest(&self) -> Version;
    /// What it can do.
    fn abilities(&self) -> Abilities;
    /// Variables by which a person tells it where its settings and its login are.
    fn own_variables(&self) -> &'static [&'static str];
    /// Variables that it is given; whatever the person sets goes before them.
    fn variables(&self) -> &'static [(&'static str, &'static str)];
    /// Program and arguments for one turn without a terminal; the prompt is its input.
    fn headless(&self, turn: &Turn<'_>) -> Vec<String>;
    /// How it reports while it works, if it does.
    fn hooks(&self) -> Option<&'static dyn Hooks>;
    /// Takes in one event of its output.
    fn hear(&self, event: &Value, told: &mut Told);
    /// What one event says of what it is doing; nothing when it says nothing of that.
    fn standing(&self, event: &Value) -> Option<Standing>;
}

/// Every known client.
pub const ALL: [&dyn Client; 2] = [&claude::Claude, &codex::Codex];

/// The client of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Client> {
    ALL.into_iter().find(|client| client.name() == name)
}

#[cfg(test)]
mod tests;
