//! Who descends from whom.

use std::collections::{BTreeMap, BTreeSet};

use super::id::ProcessId;
use super::os;

/// Every living process below `roots`, parents before children; the roots themselves are left out.
///
/// A look, not a lock: what is forked meanwhile may be missing. Callers look again until nothing
/// is left.
#[must_use]
pub fn descendants(roots: &[i32]) -> Vec<ProcessId> {
    let mut found = Vec::new();
    visit_descendants(roots, &mut |process| found.push(process));
    found
}

/// The calling process and all its ancestors, nearest first.
#[must_use]
pub fn lineage() -> Vec<i32> {
    let mut line = vec![rustix::process::getpid().as_raw_nonzero().get()];
    while let Some(parent) =
        line.last().and_then(|pid| os::stat(*pid)).map(|stat| stat.parent).filter(|pid| *pid > 0)
    {
        if line.contains(&parent) {
            break;
        }
        line.push(parent);
    }
    line
}

/// Calls `seen` for each living descendant as soon as it is found.
///
/// Acting on a process while the walk goes on matters against programs that fork and exit within
/// milliseconds: at the end of a whole walk they are gone and their children unseen.
pub(super) fn visit_descendants(roots: &[i32], seen: &mut dyn FnMut(ProcessId)) {
    visit(roots, os::children, seen);
}

fn visit(roots: &[i32], listed: fn(i32) -> Option<Vec<i32>>, seen: &mut dyn FnMut(ProcessId)) {
    let mut known: BTreeSet<i32> = roots.iter().copied().collect();
    let mut level: Vec<i32> = roots.to_vec();
    let mut table = None;
    while !level.is_empty() {
        let mut next = Vec::new();
        for parent in level {
            for child in children(parent, listed, &mut table) {
                if !known.insert(child) {
                    continue;
                }
                if let Some(stat) = os::stat(child) {
                    next.push(child);
                    if !stat.ended {
                        seen(ProcessId { pid: child, start_time: stat.start_time });
                    }
                }
            }
        }
        level = next;
    }
}

/// Direct children by the kernel's own list, else by one pass over all processes.
fn children(
    parent: i32,
    listed: fn(i32) -> Option<Vec<i32>>,
    table: &mut Option<BTreeMap<i32, Vec<i32>>>,
) -> Vec<i32> {
    if table.is_none() {
        if let Some(children) = listed(parent) {
            return children;
        }
        if os::stat(parent).is_none() {
            return Vec::new();
        }
    }
    let table = table.get_or_insert_with(|| {
        let mut by_parent: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for pid in os::pids() {
            if let Some(stat) = os::stat(pid) {
                by_parent.entry(stat.parent).or_default().push(pid);
            }
        }
        by_parent
    });
    table.get(&parent).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};

    use super::super::end_tree;
    use super::*;
    use crate::cmd::Cmd;

    #[test]
    fn both_ways_to_look_see_the_same_tree() {
        let line = "sh -c 'sleep 600 & echo up; wait' & wait";
        let mut child = Cmd::new("sh").args(["-c", line]).dialogue().unwrap();
        let mut up = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut up).unwrap();
        let root = ProcessId::of(i32::try_from(child.id()).unwrap()).unwrap();
        let listed = descendants(&[root.pid]);
        let mut scanned = Vec::new();
        visit(&[root.pid], |_| None, &mut |process| scanned.push(process));
        assert_eq!(listed, scanned);
        assert_eq!(listed.len(), 2);
        assert_eq!(end_tree(&[root], std::time::Duration::ZERO).survivors, []);
        child.wait().unwrap();
    }
}
