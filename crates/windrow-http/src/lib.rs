//! Where agent clients report by HTTP what they are doing: their hooks.
//!
//! Loopback only, one token for each agent process, bodies of a bounded size. What comes is handed
//! to the daemon as a request like any other; what it answers goes back as it is. Whatever goes
//! wrong here, a client gets an answer that lets it go on.
//!
//! Never: state, decisions, a word about what an event means.

mod ask;
mod listen;
mod serve;

pub use listen::start;
