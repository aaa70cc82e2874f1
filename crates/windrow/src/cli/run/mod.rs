//! `windrow run`: from task files to a run that belongs to the daemon, watched from here.
//!
//! First everything is read and checked, and every fault is reported before anything changed
//! ([`repository`], [`setup`]). Then consent, import, start ([`start`]). `--dry-run` stops after the
//! first part and needs no daemon ([`dry_run`]).

mod agents;
mod args;
mod chosen;
mod dry_run;
mod nothing;
mod own;
mod repository;
mod setup;
mod start;

pub(super) use agents::settings as agent_settings;
pub(crate) use args::RunArgs;
#[cfg(test)]
pub(crate) use dry_run::Plan;
pub(crate) use start::{begin, run};
