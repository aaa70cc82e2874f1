//! Looking back: what the journal holds, as sentences.
//!
//! Everything here reads beside the loop, in pages, and checks every record it passes on.

mod log;
mod names;
mod past;
mod sentence;

pub(crate) use log::log;
pub(crate) use past::{Past, at, moment};
