//! Which files are spoken for while the ranks are walked down, and by whom.
//!
//! Looked up by the text that every path of a scope starts with, so that ten thousand narrow scopes
//! cost little; two scopes can only meet when one such text starts with the other.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::ids::TaskId;
use crate::scope::{Case, Scope};
use crate::state::{EntryState, State, Task, TaskPhase};

/// A set of scopes and paths, each with its owner.
#[derive(Default)]
pub(super) struct Files<'a> {
    by_start: BTreeMap<Cow<'a, str>, Vec<(TaskId, What<'a>)>>,
    lengths: BTreeSet<usize>,
    case: Case,
}

/// In the form of the set's [`Case`]; a path is the text under which it is found.
#[derive(Clone, Copy)]
enum What<'a> {
    Scope(&'a Scope),
    Path,
}

impl<'a> Files<'a> {
    /// Adds what a task declares, and what its submitted work touched.
    pub(super) fn add(&mut self, state: &'a State, task: &'a Task) {
        let case = self.case;
        for scope in task.scopes().map(|scope| scope.when(case)) {
            self.insert(scope.prefix().into(), task.id, What::Scope(scope));
        }
        if let TaskPhase::Submitted(landing) = task.phase
            && let Some(landing) = state.landings.get(&landing)
        {
            for path in &landing.touched {
                self.insert(self.case.fold(path), task.id, What::Path);
            }
        }
    }

    fn of(case: Case) -> Self {
        Self { case, ..Self::default() }
    }

    fn insert(&mut self, start: Cow<'a, str>, by: TaskId, what: What<'a>) {
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
        let scope = scope.when(self.case);
        let start = scope.prefix();
        let shorter = self.lengths.range(..start.len()).filter_map(|length| start.get(..*length));
        let shorter = shorter.filter_map(|shorter| self.by_start.get_key_value(shorter));
        let from = (Bound::Included(start), Bound::Unbounded);
        let longer = self.by_start.range::<str, _>(from);
        let longer = longer.take_while(|(own, _)| own.starts_with(start));
        let all =
            shorter.chain(longer).flat_map(|(own, owners)| owners.iter().map(move |o| (own, o)));
        let mut met = all.filter(|(own, (_, what))| match what {
            What::Scope(theirs) => theirs.overlaps(scope),
            What::Path => scope.matches(own),
        });
        met.next().map(|(_, (by, _))| *by)
    }
}

/// Files held by work in progress, and files reserved by what waits for it.
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
        let empty = || Files::of(state.case());
        let mut files =
            Self { resting: empty(), moving: empty(), reserved: empty(), lists: BTreeSet::new() };
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
