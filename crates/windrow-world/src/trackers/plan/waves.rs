//! Waves: every task in exactly one, and nothing before what it depends on.

use std::collections::{BTreeMap, BTreeSet};

use super::super::graph::GUESSES;
use super::super::{Fault, Problem, nearest};
use super::object::Place;
use super::read::Placed;

/// The wave of each name, counted from 1; the first when there are several.
pub(super) fn numbers(waves: &[Vec<String>]) -> BTreeMap<&str, usize> {
    let mut numbers = BTreeMap::new();
    for (at, wave) in waves.iter().enumerate() {
        for name in wave {
            numbers.entry(name.as_str()).or_insert(at + 1);
        }
    }
    numbers
}

/// The faults of the waves; `place` is where they are written. No waves have no faults.
pub(super) fn check(waves: &[Vec<String>], place: Place, tasks: &[Placed]) -> Vec<Fault> {
    if waves.is_empty() {
        return Vec::new();
    }
    let numbers = numbers(waves);
    let mut faults = names(waves, place, tasks);
    for placed in tasks {
        let task = &placed.task.key;
        let Some(&wave) = numbers.get(task.as_str()) else {
            faults.push(placed.place.fault(Problem::NoWave { task: task.clone() }));
            continue;
        };
        for (verb, other) in &placed.verbs {
            // A task that waits for itself, or for nothing, is told as that.
            let Some(&other_wave) = numbers.get(other.as_str()).filter(|_| other != task) else {
                continue;
            };
            if other_wave >= wave {
                let (task, other) = (task.clone(), other.clone());
                let problem = Problem::WaveOrder { task, wave, verb, other, other_wave };
                faults.push(placed.place.fault(problem));
            }
        }
    }
    faults
}

/// Names that no task has, or that stand in several waves.
fn names(waves: &[Vec<String>], place: Place, tasks: &[Placed]) -> Vec<Fault> {
    let known: BTreeSet<&str> = tasks.iter().map(|p| p.task.key.as_str()).collect();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for (at, wave) in waves.iter().enumerate() {
        for name in wave {
            if !known.contains(name.as_str()) {
                let guess = faults.len() < GUESSES;
                let near = guess.then(|| nearest(name, known.iter().copied())).flatten();
                let nearest = near.map(str::to_owned);
                let problem = Problem::UnknownInWave { wave: at + 1, name: name.clone(), nearest };
                faults.push(place.fault(problem));
            }
            match seen.get(name.as_str()) {
                Some(&first) => {
                    let task = name.clone();
                    faults.push(place.fault(Problem::TwoWaves { task, first, second: at + 1 }));
                }
                None => {
                    seen.insert(name, at + 1);
                }
            }
        }
    }
    faults
}
