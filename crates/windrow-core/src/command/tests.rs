//! Every command: what it yields, and each way in which it is refused.

mod advance;
mod landings;
mod people;
mod runs;
mod sessions;
