//! What windows and the daemon say to each other: requests, replies and views as plain data.
//!
//! One request is one line of JSON on the daemon's socket, one or more replies are lines back.
//! Views are nouns with public fields, made for showing; they know nothing of the state they were
//! made from, so events can change their shape without moving a window.
//!
//! Never: state, decisions, files of a project, git.

pub mod client;
pub mod exit;
pub mod reply;
pub mod request;
pub mod states;
pub mod summary;
pub mod talk;
pub mod view;
pub mod worker;

pub use exit::ExitKind;
pub use reply::{Failure, Reply};
pub use request::{Call, LogQuery, ProjectCall, ProjectRef, Request, TaskDraft};

/// The version of the protocol; a client and a daemon of different versions refuse each other.
pub const PROTOCOL: u32 = 1;
