//! Task sources: files in which people keep what is to be done.
//!
//! [`parse`] reads a `TASKS.md` or a `plan.json` into [`SourceTask`]s and reports everything that is
//! wrong with it at once, each fault with its line and what to write instead. [`tasks_md::check_off`]
//! marks one task done without touching another byte. Nothing here decides what runs, and nothing
//! here runs or expands anything that a file says: titles, commands and paths are data.

mod fault;
mod graph;
mod nearest;
pub mod plan;
mod source;
mod task;
pub mod tasks_md;
mod values;

pub use fault::{Fault, Problem, TrackerError};
pub use nearest::nearest;
pub use source::{Source, parse};
pub use task::SourceTask;
