//! Dependencies between the tasks of one file: every name known, nobody waiting for themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::nearest::nearest;
use super::{Fault, Problem};

/// For how many unknown names a likely one is looked for; each look costs a pass over all tasks.
pub(super) const GUESSES: usize = 20;

/// How many circles are told at once.
const CIRCLES: usize = 10;

/// One task and what it waits for.
pub(super) struct Links<'a> {
    pub(super) key: &'a str,
    /// Where the dependencies are written.
    pub(super) line: usize,
    pub(super) column: Option<usize>,
    /// How the task refers to others, and their names.
    pub(super) to: Vec<(&'static str, &'a str)>,
}

/// The faults of all links together.
pub(super) fn check(links: &[Links<'_>]) -> Vec<Fault> {
    let mut places = BTreeMap::new();
    for (at, link) in links.iter().enumerate() {
        places.entry(link.key).or_insert(at);
    }
    let mut faults = Vec::new();
    let mut edges = vec![Vec::new(); links.len()];
    for (at, link) in links.iter().enumerate() {
        for &(verb, name) in &link.to {
            let problem = match places.get(name) {
                Some(to) if *to != at => {
                    edges[at].push(*to);
                    continue;
                }
                Some(_) => Problem::SelfDependency { task: link.key.to_owned() },
                None => {
                    let guess = faults.len() < GUESSES;
                    let near = guess.then(|| nearest(name, places.keys().copied())).flatten();
                    Problem::UnknownTask {
                        task: link.key.to_owned(),
                        verb,
                        name: name.to_owned(),
                        nearest: near.map(str::to_owned),
                    }
                }
            };
            faults.push(Fault { line: link.line, column: link.column, problem });
        }
    }
    faults.extend(circles(&edges).into_iter().map(|circle| {
        let first = &links[circle[0]];
        let tasks = circle.iter().map(|at| links[*at].key.to_owned()).collect();
        Fault { line: first.line, column: first.column, problem: Problem::Cycle { tasks } }
    }));
    faults
}

/// Circles in the graph, each from its smallest place on; at least one when there is any.
fn circles(edges: &[Vec<usize>]) -> BTreeSet<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        OnPath,
        Left,
    }
    let mut found = BTreeSet::new();
    let mut marks = vec![Mark::New; edges.len()];
    for start in 0..edges.len() {
        if marks[start] != Mark::New {
            continue;
        }
        // The path down from `start`, with the next edge to try at each place. Not recursive: a
        // chain of ten thousand tasks would be too deep for the stack.
        let mut path = vec![(start, 0)];
        marks[start] = Mark::OnPath;
        while let Some((at, next)) = path.last_mut() {
            let Some(to) = edges[*at].get(*next).copied() else {
                marks[*at] = Mark::Left;
                path.pop();
                continue;
            };
            *next += 1;
            match marks[to] {
                Mark::New => {
                    marks[to] = Mark::OnPath;
                    path.push((to, 0));
                }
                Mark::OnPath if found.len() < CIRCLES => {
                    found.insert(from_smallest(path.iter().map(|(at, _)| *at), to));
                }
                Mark::OnPath | Mark::Left => {}
            }
        }
    }
    found
}

/// The part of the path from `entry` on, turned so that its smallest place comes first.
fn from_smallest(path: impl Iterator<Item = usize>, entry: usize) -> Vec<usize> {
    let mut circle: Vec<usize> = path.skip_while(|at| *at != entry).collect();
    let smallest = circle.iter().enumerate().min_by_key(|(_, at)| **at).map_or(0, |(n, _)| n);
    circle.rotate_left(smallest);
    circle
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(links: &[(&str, &[&str])]) -> Vec<String> {
        let links: Vec<_> = links
            .iter()
            .enumerate()
            .map(|(at, (key, to))| Links {
                key,
                line: at + 1,
                column: None,
                to: to.iter().map(|name| ("depends on", *name)).collect(),
            })
            .collect();
        check(&links)
            .into_iter()
            .map(|fault| format!("{}: {}", fault.line, fault.problem))
            .collect()
    }

    #[test]
    fn a_circle_is_named_whole_and_once() {
        assert_eq!(
            faults(&[("d", &["b"]), ("c", &["a"]), ("b", &["c"]), ("a", &["b"])]),
            ["2: tasks wait for each other in a circle: c -> a -> b -> c"]
        );
    }

    #[test]
    fn every_fault_is_told_at_once() {
        assert_eq!(
            faults(&[("a", &["a", "x1"]), ("b", &["c"]), ("c", &["b"])]),
            [
                "1: task `a` depends on itself",
                "1: task `a` depends on `x1`, which is no task of this file",
                "2: tasks wait for each other in a circle: b -> c -> b",
            ]
        );
    }

    #[test]
    fn a_long_chain_does_not_overflow() {
        let keys: Vec<String> = (0..20_000).map(|n| n.to_string()).collect();
        let links: Vec<_> = keys
            .iter()
            .enumerate()
            .map(|(at, key)| {
                let to = keys.get(at + 1).or(keys.first()).map(|key| ("depends on", key.as_str()));
                Links { key, line: 1, column: None, to: to.into_iter().collect() }
            })
            .collect();
        assert_eq!(check(&links).len(), 1);
    }
}
