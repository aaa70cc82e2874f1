//! Tidy: the rules of the house, checked on the files as they are.
//!
//! Each check is one file with a pure function from what was read to findings; reading happens once
//! in `house`. Files that git does not ignore are checked, committed or not. Every finding names
//! the place, the rule and what to do. The test `the_house_is_tidy` runs all of it.
//!
//! Invariant: a check looks at code through `rust::Rust`, never at raw text, so that words in
//! strings and comments do not count.

mod docs;
mod documents;
mod finding;
mod house;
mod lexer;
mod licences;
mod modules;
mod mutants;
mod names;
mod packages;
mod ratchet;
mod rooms;
mod rust;
mod sizes;
mod texts;
mod uses;
mod walls;
mod words;

pub(crate) use finding::report;
