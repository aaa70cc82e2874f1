//! Everything outside windrow: processes, files, git, agent clients, task sources, ports.
//!
//! Rooms here do one thing to the world each and report what happened. They know nothing of the
//! journal, make no decisions and hold no retry policy: a failure is returned, and the core says
//! what follows. The API is synchronous; callers that must not block put it on a blocking thread.

pub mod agents;
pub mod cmd;
pub mod crash;
pub mod disk;
pub mod files;
pub mod git;
pub mod ports;
pub mod proc;
pub mod trackers;
