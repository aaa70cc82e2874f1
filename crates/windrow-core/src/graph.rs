//! Dependencies as a graph: cycles, and how much waits for a task.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::TaskId;

/// Finds a cycle among dependencies, as the tasks on it in order, the first one repeated at the end.
///
/// `depends` gives what a task depends on; only tasks in `tasks` are followed.
#[must_use]
pub fn cycle(depends: &BTreeMap<TaskId, BTreeSet<TaskId>>) -> Option<Vec<TaskId>> {
    let mut done = BTreeSet::new();
    for start in depends.keys() {
        let mut path: Vec<TaskId> = Vec::new();
        let mut on_path: BTreeSet<TaskId> = BTreeSet::new();
        let mut stack = vec![(*start, false)];
        while let Some((task, left)) = stack.pop() {
            if left {
                path.pop();
                on_path.remove(&task);
                done.insert(task);
                continue;
            }
            if done.contains(&task) {
                continue;
            }
            if !on_path.insert(task) {
                let at = path.iter().position(|on_path| *on_path == task).unwrap_or(0);
                let mut cycle: Vec<TaskId> = path.split_off(at);
                cycle.push(task);
                return Some(cycle);
            }
            path.push(task);
            stack.push((task, true));
            stack.extend(depends.get(&task).into_iter().flatten().map(|on| (*on, false)));
        }
    }
    None
}

/// For each of `tasks`, the length of the longest chain of dependents within `tasks`.
///
/// Tasks on a cycle get what was reached before the cycle closed; there are none in a valid state.
#[must_use]
pub fn weights(
    dependents: &BTreeMap<TaskId, BTreeSet<TaskId>>,
    tasks: &BTreeSet<TaskId>,
) -> BTreeMap<TaskId, u32> {
    let mut weights: BTreeMap<TaskId, u32> = BTreeMap::new();
    let mut entered: BTreeSet<TaskId> = BTreeSet::new();
    for start in tasks {
        let mut stack = vec![(*start, false)];
        while let Some((task, left)) = stack.pop() {
            let next = || dependents.get(&task).into_iter().flatten().filter(|t| tasks.contains(t));
            if left {
                let below = next().filter_map(|t| weights.get(t)).map(|weight| weight + 1).max();
                weights.insert(task, below.unwrap_or(0));
            } else if entered.insert(task) {
                stack.push((task, true));
                stack.extend(next().map(|t| (*t, false)));
            }
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(u64, &[u64])]) -> BTreeMap<TaskId, BTreeSet<TaskId>> {
        edges
            .iter()
            .map(|(from, to)| (TaskId(*from), to.iter().copied().map(TaskId).collect()))
            .collect()
    }

    #[test]
    fn a_cycle_is_named_in_order() {
        let depends = graph(&[(1, &[2]), (2, &[3]), (3, &[1]), (4, &[1])]);
        assert_eq!(cycle(&depends), Some([1, 2, 3, 1].map(TaskId).to_vec()));
        assert_eq!(cycle(&graph(&[(1, &[1])])), Some([1, 1].map(TaskId).to_vec()));
        assert_eq!(cycle(&graph(&[(1, &[2, 3]), (2, &[3]), (4, &[2, 1])])), None);
    }

    #[test]
    fn weight_is_the_longest_chain_of_dependents() {
        let dependents = graph(&[(1, &[2, 4]), (2, &[3]), (3, &[4])]);
        let tasks = [1, 2, 3, 4].map(TaskId).into();
        let weights = weights(&dependents, &tasks);
        assert_eq!(weights.into_values().collect::<Vec<_>>(), [3, 2, 1, 0]);
    }
}
