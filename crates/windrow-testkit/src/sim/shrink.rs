//! Makes a failing schedule short: leaves items out as long as it still fails the same way.

use super::plan::{self, Item};
use super::simulate::{Outcome, simulate};

/// Simulations that are spent on one schedule.
const TRIES: usize = 1_500;

/// Which items of a seed's schedule happen; all of them without a list.
pub(super) fn chosen(seed: u64, only: Option<&[usize]>) -> Vec<(usize, Item)> {
    let all = plan::of(seed).into_iter().enumerate();
    all.filter(|(n, _)| only.is_none_or(|only| only.contains(n))).collect()
}

/// The outcome of a schedule of numbered items.
pub(super) fn outcome(seed: u64, items: &[(usize, Item)], traced: bool) -> Outcome {
    let items: Vec<Item> = items.iter().map(|(_, item)| item.clone()).collect();
    simulate(seed, &items, traced)
}

/// A short schedule that still breaks a promise of that kind.
pub(super) fn shrink(seed: u64, mut items: Vec<(usize, Item)>, broken: &str) -> Vec<(usize, Item)> {
    let kind = kind_of(broken);
    let mut tries = 0;
    let mut part = items.len().div_ceil(2);
    while part > 0 && tries < TRIES {
        let mut at = 0;
        let before = items.len();
        while at < items.len() && tries < TRIES {
            let rest: Vec<(usize, Item)> =
                items.iter().take(at).chain(items.iter().skip(at + part)).cloned().collect();
            tries += 1;
            let fails = outcome(seed, &rest, false).broken;
            if fails.is_some_and(|broken| kind_of(&broken) == kind) {
                items = rest;
            } else {
                at += part;
            }
        }
        part = if part > 1 { part / 2 } else { usize::from(items.len() < before) };
    }
    items
}

/// The words of a broken promise without the names and numbers in them.
fn kind_of(broken: &str) -> String {
    let words = broken.split_whitespace().filter(|word| word.chars().all(char::is_alphabetic));
    words.take(6).collect::<Vec<_>>().join(" ")
}
