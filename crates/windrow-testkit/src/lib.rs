//! What tests are made with: a hermetic place to run windrow in, and the people and accidents in it.
//!
//! [`TestEnv`] is a home, a windrow home and a repository of its own; [`TestRepo`] builds and reads
//! repositories; [`TaskList`] and [`Plan`] write task files; [`Signs`] steer workers from a test;
//! [`Fuzz`] changes kept samples at random; [`History`] invents linear histories and [`cherry`] turns
//! any into a plan; [`chaos`] kills; [`stub`] is a model for real agent clients, played from a script;
//! [`sim`] is a whole world for the engine in which everything goes wrong by seed.
//!
//! Nothing here is shipped. Nothing waits for time to pass: [`wait_until`] waits for a condition.
//! Every process is started through `windrow_world::cmd`, and [`TestEnv`] ends all of its own.

#![expect(clippy::unwrap_used, reason = "a fixture that breaks ends its test, here and now")]

pub mod chaos;
pub mod cherry;
mod clients;
mod dice;
mod env;
mod fuzz;
mod history;
mod patience;
mod repo;
mod running;
mod schema;
mod signs;
pub mod sim;
mod skip;
mod snapshot;
pub mod stub;
mod tasks;
mod terminal;
mod views;

pub use clients::real_client;
pub use dice::Dice;
pub use env::{Ran, TestEnv};
pub use fuzz::{Fuzz, Sample, samples};
pub use history::History;
pub use patience::{patiently, pause, wait_until};
pub use repo::{Landing, TestRepo};
pub use running::{Role, Running};
pub use schema::conforms;
pub use signs::Signs;
pub use skip::skip;
pub use snapshot::{Entry, Snapshot};
pub use tasks::{Plan, PlanTask, TaskList};
pub use terminal::Terminal;
