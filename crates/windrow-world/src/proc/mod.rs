//! Processes: who they are, what belongs to them, and how all of them are ended.
//!
//! A process is named by its id and its start time together, so that a reused id is never taken
//! for the old process; signals go through a pidfd opened before that check. Ending "a process"
//! always means ending everything it started: by its cgroup where there is one, and by walking
//! until nothing is left.
//!
//! Everything that only Linux offers (5.3 or newer) lies behind `linux.rs`; elsewhere those calls
//! answer that they are unsupported. This room starts nothing (see `cmd`) and decides nothing.

mod cgroup;
mod end;
mod id;
#[cfg(target_os = "linux")]
mod linux;
mod marks;
#[cfg(not(target_os = "linux"))]
mod other;
mod reaper;
mod signals;
mod tree;

pub use cgroup::Cgroup;
pub use end::{Ended, end_found, end_tree};
pub use id::{ProcError, ProcessId, boot_id};
#[cfg(target_os = "linux")]
use linux as os;
pub use marks::{find_by_token, find_in_session, find_writers};
#[cfg(not(target_os = "linux"))]
use other as os;
pub use reaper::{Reaped, Reaper};
pub use rustix::process::Signal;
pub use signals::Signals;
pub use tree::{descendants, lineage};

#[cfg(test)]
mod tests;
