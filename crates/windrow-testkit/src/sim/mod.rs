//! The simulator: the engine's own decisions, loop and course of a job, over a world that is made up.
//!
//! A seed gives a schedule: tasks, commands that people type, what the person does to the target
//! branch, and faults. Processes advance one small step at a time (`stage`) and may be killed
//! between any two; after every step the promises are looked at (`check`), and at the end that
//! everything came to rest. A seed that fails is made short and says how to replay it.
//!
//! What is real: `windrow-core`, `windrow_engine::heart` and `register`, `windrow_engine::keeper::job`,
//! `windrow_engine::jobs`, the memory journal. What is made up: git, folders, processes, clocks,
//! and the acts (`acts`), which do what the real ones do, step by step, and no more.
//!
//! Nothing here reads a clock, the environment or a file: a seed always tells the same story.

mod acts;
mod agent;
mod branches;
mod check;
mod counts;
mod daemon;
mod deeds;
mod faults;
mod git;
mod job;
mod people;
mod plan;
mod shrink;
mod simulate;
mod stage;
#[cfg(test)]
mod tests;
mod world;

use std::fmt::Write as _;

pub use counts::Counts;

/// A seed that broke a promise, and the shortest schedule that was found to break it.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// The promise.
    pub broken: String,
    /// The items of the short schedule.
    pub items: Vec<usize>,
    /// The short schedule and its trace, for people.
    pub story: String,
}

/// Lives through the schedule of a seed.
///
/// # Errors
/// The promise that was broken, or that nothing was exercised.
pub fn run(seed: u64, only: Option<&[usize]>) -> Result<Counts, String> {
    let outcome = shrink::outcome(seed, &shrink::chosen(seed, only), false);
    let ahead = plan::lands_ahead(seed);
    let empty = || outcome.counts.missing(ahead).filter(|_| only.is_none()).map(str::to_owned);
    match outcome.broken.or_else(empty) {
        Some(broken) => Err(broken),
        None => Ok(Counts { ahead_seeds: u64::from(outcome.counts.ahead > 0), ..outcome.counts }),
    }
}

/// Makes a failing schedule short, and tells its story.
#[must_use]
pub fn explain(seed: u64, only: Option<&[usize]>, broken: &str) -> Failure {
    let all = shrink::chosen(seed, only);
    let fails = shrink::outcome(seed, &all, false).broken.is_some();
    // What exercised nothing does not get clearer by being shorter.
    let items = if fails { shrink::shrink(seed, all, broken) } else { all };
    let outcome = shrink::outcome(seed, &items, true);
    let mut story = String::new();
    for (n, item) in &items {
        let _infallible = writeln!(story, "{n:>4} {item}");
    }
    for line in &outcome.trace {
        let _infallible = writeln!(story, "{line}");
    }
    let broken = outcome.broken.unwrap_or_else(|| broken.to_owned());
    Failure { seed, broken, items: items.iter().map(|(n, _)| *n).collect(), story }
}
