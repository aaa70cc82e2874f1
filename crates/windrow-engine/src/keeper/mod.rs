//! The keeper: the small process that owns one agent or gate and its exit.
//!
//! A job is a folder, and its files are the truth: `launch.json` says what to run, `keeper.json`
//! and `agent.json` who runs it, `stop.json` that it should end, `exit.json` how it ended. The
//! socket is only a doorbell. A keeper outlives the daemon and starts a new one when there is
//! none; a daemon finds every keeper again by looking at the folders ([`look`]).
//! What is read and written in which order stands in [`job`], over traits.
//!
//! Invariants: the agent is on record before its first instruction; `exit.json` appears once,
//! whole, and after every descendant of the agent is gone; a job folder is used once.
//!
//! The keeper knows nothing of tasks, journals or git, and judges no exit.

mod adopt;
mod bell;
mod end;
mod exit;
mod folder;
pub mod job;
mod launch;
mod limits;
mod run;
mod shim;
mod start;
mod starter;
mod watch;

pub(crate) use end::pause;
pub(crate) use watch::ASKS;

pub use adopt::{end_orphan, keeper_fd, launch, look, request_stop};
pub use exit::{Exit, FROM_OUTSIDE, How, TAIL_BYTES, TAIL_LINES};
pub use folder::KeeperError;
pub use job::{JobState, Step};
pub use launch::{DaemonSpec, Launch, Program};
pub use limits::Over;
pub use run::{keeper_main, keeper_main_observed};
pub use shim::exec_shim_main;
