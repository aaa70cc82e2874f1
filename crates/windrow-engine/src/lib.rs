//! The engine: what decides and acts outside the terminal.

pub mod keeper;
