//! `plan.json`: tasks with names, dependencies and, if wanted, waves.
//!
//! `{"version": 1, "goal": "...", "waves": [["a", "b"], ["c"]], "tasks": {"a": {...}}}`, where a
//! task has `title`, `prompt`, `run`, `reads`, `needs`, `files`, `type`, `kind`, `agent`, `model`,
//! `role`, `priority` and `gate`, all optional, but one of the first three. `agents` is another name
//! for `tasks`. What a task reads it also depends on. With waves, every task is in exactly one, and
//! what it depends on lies in an earlier one.
//!
//! Objects are read key by key, so that a key that is there twice is told rather than the last one
//! taken, and so that every fault of the file is told at once with its place.

mod object;
mod read;
mod waves;

pub use read::{Plan, parse};

#[cfg(test)]
mod tests;
