//! Looking back: what the journal holds, as sentences.
//!
//! Everything here reads beside the loop, in pages, and checks every record it passes on.

mod log;
mod names;
mod sentence;

pub(crate) use log::log;
