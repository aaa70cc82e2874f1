//! Which files are spoken for while the ranks are walked down, and by whom.
//!
//! Looked up by the text that every path of a scope starts with, so that ten thousand narrow scopes
//! cost little; two scopes can only meet when one such text starts with the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::TaskId;
use crate::scope::Scope;
use crate::state::{EntryState, State, Task, TaskPhase};

/// A set of scopes and paths, each with its owner.
#[derive(Default)]
pub(super) struct Files<'a> {
    by_start: BTreeMap<&'a str, Vec<(TaskId, What<'a>)>>,
    lengths: BTreeSet<usize>,
}

#[derive(Clone, Copy)]
enum What<'a> {
    Scope(&'a Scope),
    Path(&'a str),
}

impl<'a> Files<'a> {
    /// Adds what a task declares, and what its submitted work touched.
    pub(super) fn add(&mut self, state: &'a State, task: &'a Task) {
        for scope in task.scopes() {
            self.insert(scope.prefix(), task.id, What::Scope(scope));
        }
        if let TaskPhase::Submitted(landing) = task.phase
            && let Some(landing) = state.landings.get(&landing)
        {
            for path in &landing.touched {
                self.insert(path, task.id, What::Path(path));
            }
        }
    }

    fn insert(&mut self, start: &'a str, by: TaskId, what: What<'a>) {
        self.lengths.insert(start.len());
        self.by_start.entry(start).or_default().push((by, what));
    }

    /// The first scope of `task` that meets something, and whose that is.
    pub(super) fn meets<'t>(&self, task: &'t Task) -> Option<(TaskId, &'t Scope)> {
        if self.by_start.is_empty() {
            return None;
        }
        task.scopes().find_map(|scope| self.owner(scope).map(|by| (by, scope)))
    }

    fn owner(&self, scope: &Scope) -> Option<TaskId> {
        let start = scope.prefix();
        let shorter = self.lengths.range(..start.len()).filter_map(|length| start.get(..*length));
        let shorter = shorter.filter_map(|shorter| self.by_start.get(shorter));
        let longer = self.by_start.range(start..).take_while(|(own, _)| own.starts_with(start));
        let all = shorter.chain(longer.map(|(_, owners)| owners)).flatten();
        let mut met = all.filter(|(_, what)| match what {
            What::Scope(theirs) => theirs.overlaps(scope),
            What::Path(path) => scope.matches(path),
        });
        met.next().map(|(by, _)| *by)
    }
}

/// Files held by work in progress, and files reserved by what waits for it.
#[derive(Default)]
pub(super) struct InUse<'a> {
    /// Held by work that goes on only after a person acted.
    pub(super) resting: Files<'a>,
    /// Held by work that goes on by itself.
    pub(super) moving: Files<'a>,
    /// Reserved by what waits and goes first.
    pub(super) reserved: Files<'a>,
    /// The lists of scopes that are reserved.
    lists: BTreeSet<&'a [Scope]>,
}

impl<'a> InUse<'a> {
    /// What is held at this moment.
    pub(super) fn of(state: &'a State) -> Self {
        let mut files = Self::default();
        for task in state.holders.iter().filter_map(|id| state.tasks.get(id)) {
            let into = if rests(state, task) { &mut files.resting } else { &mut files.moving };
            into.add(state, task);
        }
        files
    }

    /// Whether a task with the very same scopes has reserved them.
    pub(super) fn is_reserved(&self, task: &Task) -> bool {
        task.learned.is_empty() && self.lists.contains(task.spec.scopes.as_slice())
    }

    /// Reserves what a task declares.
    pub(super) fn reserve(&mut self, state: &'a State, task: &'a Task) {
        if task.learned.is_empty() {
            self.lists.insert(&task.spec.scopes);
        }
        self.reserved.add(state, task);
    }
}

/// Whether a holder's work goes on only after a person acted.
pub(super) fn rests(state: &State, holder: &Task) -> bool {
    let TaskPhase::Submitted(landing) = holder.phase else { return false };
    let entry = state.landings.get(&landing).map(|entry| &entry.state);
    matches!(entry, Some(EntryState::Held | EntryState::Parked(_)))
}
