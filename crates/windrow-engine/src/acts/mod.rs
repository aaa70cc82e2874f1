//! The acts the state wishes for: each file prepares one from the state and carries it out.
//!
//! Preparing happens in the loop and only copies what is needed; carrying out happens beside it, may
//! block, and ends in an [`Outcome`] that goes back as a command. Every act may be repeated: a daemon
//! that was killed in the middle of one starts it again from the beginning.
//!
//! Never: decisions. What follows from an outcome is the core's affair.

mod agent;
mod brief;
mod capture;
mod check_off;
mod exit;
mod follow_target;
mod free_name;
mod lease_name;
mod merge_entry;
mod move_ahead;
mod move_target;
mod open_tree;
mod outcome;
mod receipt;
mod release_tree;
mod run_gate;
mod seal_work;
mod start_agent;
mod stop_agent;
mod tree_path;
mod watch_agent;

use windrow_core::{Effect, State};

use crate::chain;

pub(crate) use agent::{asks, client_of};
pub(crate) use brief::quoted;
pub(crate) use outcome::{Act, Outcome, Tools};

use outcome::blocking;

/// Prepares an effect; nothing when the state has moved on and it is not wanted any more.
#[must_use]
pub(crate) fn prepare(state: &State, effect: Effect, tools: &Tools) -> Option<Act> {
    match effect {
        Effect::LeaseName(session, _) => lease_name::prepare(state, session, effect, tools),
        Effect::FreeName(session, _) => free_name::prepare(state, session, tools),
        Effect::OpenTree(session, _) => open_tree::prepare(state, session, effect, tools),
        Effect::StartAgent(session, _) => start_agent::prepare(state, session, effect, tools),
        Effect::WatchAgent(session, _) => watch_agent::prepare(state, session, effect, tools),
        Effect::StopAgent(session, _) => stop_agent::prepare(state, session, tools),
        Effect::ProbeAgent(session, _) => watch_agent::probe(state, session, tools),
        Effect::SealWork(session, _) => seal_work::prepare(state, session, effect, tools),
        Effect::ReleaseTree(session, _) => release_tree::prepare(state, session, effect, tools),
        Effect::MergeEntry(landing, _) => merge_entry::prepare(state, landing, effect, tools),
        Effect::RunGate(landing, _) => run_gate::prepare(state, landing, effect, tools),
        Effect::MoveTarget(landing, _) => move_target::prepare(state, landing, effect, tools),
        Effect::MoveAhead(landing, _) => move_ahead::prepare(state, landing, effect, tools),
        Effect::FollowTarget(landing, _) => follow_target::prepare(state, landing, effect, tools),
        Effect::CheckOff(task) => check_off::prepare(state, task, tools),
    }
}
