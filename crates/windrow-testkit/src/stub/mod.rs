//! A model server for real agent clients, played from a script that stands in the prompt.
//!
//! It listens on loopback only and speaks Anthropic Messages and OpenAI Responses, streaming and
//! not. A prompt that holds `##STUB##` and a JSON list of steps behind it is answered with these
//! steps, one for each request of the turn:
//!
//! ```text
//! Write the file. ##STUB## [{"text": "I will.", "tools": [{"do": "write", "path": "{cwd}/a", "content": "x\n"}]},
//!                           {"text": "Done."}]
//! ```
//!
//! Which step is due is read from the request itself: how often the model called tools since that
//! prompt. So sessions side by side, resumed and forked ones need no bookkeeping. The one thing that
//! is remembered is how often a step was refused, for errors that end after some times.

mod anthropic;
mod asked;
mod http;
mod responses;
mod script;
mod serve;
mod tools;

pub use serve::{Heard, Stub};
