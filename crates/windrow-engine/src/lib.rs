//! The engine: the daemon's one loop, the acts it performs, and the keepers that outlive it.
//!
//! It ties the core's decisions to the journal and the world and serves windows over a socket.
//!
//! Never: rules about tasks (they are in the core), arguments, terminal output.

mod acts;
mod calls;
mod daemon;
mod fold;
mod guard;
pub mod heart;
mod history;
mod home;
mod hooks;
mod hub;
pub mod jobs;
pub mod keeper;
mod kept;
mod ledger;
mod opening;
mod opening_machine;
mod owner;
mod place;
mod project;
mod prune;
mod published;
pub mod register;
mod repairing;
mod restoring;
mod secrets;
mod serve;
mod summaries;
mod talk;
mod views;
mod waiting;

pub use daemon::{StartHooks, daemon_main};
pub use guard::guard_main;
pub use home::{Home, HomeError};
pub use ledger::LedgerError;
pub use secrets::{Secrets, SecretsError};

/// An error with all of its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
