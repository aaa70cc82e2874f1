//! The command line: one file per command with its arguments and its behaviour.
//!
//! A command resolves what the person typed, asks the daemon through a [`crate::desk::Desk`] and
//! hands the answer to the output. It makes no decisions about tasks; those are the core's.

mod agents;
mod answer;
mod approve;
mod ask;
mod at;
mod bench;
mod close;
mod command;
mod completion;
mod daemon;
mod demo;
mod diff;
mod doctor;
mod end;
mod explain;
mod inbox;
mod init;
mod interrupt;
mod kill;
mod land;
mod log;
mod next;
mod prune;
mod ready;
#[cfg(test)]
mod reference;
mod report;
mod restore;
mod run;
mod say;
mod scratch;
mod sessions;
mod show;
mod status;
mod task;
mod tell;
mod wait;

pub(crate) use command::main;
pub(crate) use daemon::{daemon_process, guard_process};
