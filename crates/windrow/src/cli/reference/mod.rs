//! What `docs/reference` and `docs/man` say, made from the definitions that the program runs on.
//!
//! Only for tests: `cargo xtask reference` lets the test in [`files`] write the pages, and every
//! test run compares them. Nothing here is shipped.

mod commands;
mod files;
mod json;
mod man;
mod settings;
mod tables;
