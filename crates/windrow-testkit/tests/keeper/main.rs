//! The keeper's promises, on real processes.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod crashes;
mod doorbell;
mod endings;
mod launches;
mod orphans;
mod scene;
