//! Every command: what it yields, and each way in which it is refused.

#![expect(
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test may fail on what it did not expect"
)]

mod advance;
mod ahead;
mod landings;
mod people;
mod recovery;
mod runs;
mod sessions;
mod talk;
