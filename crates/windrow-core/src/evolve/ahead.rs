//! Folds of what lands ahead of a branch, and of the branch's following.

use std::collections::BTreeSet;

use crate::effect::{Key, goes_ahead};
use crate::ids::LandingId;
use crate::state::{Ahead, DelayKey, EntryState, Landing, State, Trouble, TryReason};
use crate::time::Timestamp;

use super::{landing, undelayed};

/// A landing commit on the ref.
pub(super) struct Landed<'a> {
    pub(super) commit: &'a str,
    /// What it was merged onto; the commit itself when it was found to have landed before.
    pub(super) onto: &'a str,
    /// Where the branch stood, a part of `commit`.
    pub(super) branch_at: &'a str,
}

/// An entry landed on the ref.
pub(super) fn landed(state: &mut State, id: LandingId, landed: &Landed<'_>, at: Timestamp) {
    let Landed { commit, onto, branch_at } = *landed;
    let Some(entry) = state.landings.get(&id) else { return };
    let (branch, run) = (entry.branch.clone(), entry.run);
    let of_person = entry.is_persons().then(|| entry.commit.clone());
    let new = Ahead {
        head: String::new(),
        known: branch_at.to_owned(),
        last: id,
        run,
        landings: BTreeSet::new(),
        since: at,
        reason: entry.ahead.clone().unwrap_or_default(),
        looks: 0,
        intake: None,
        trouble: None,
    };
    if let Some(ahead) = state.ahead.get_mut(&branch).filter(|_| onto == commit) {
        // It was found within what is ahead, and something may have landed on top of it since.
        ahead.landings.insert(id);
        return;
    }
    let ahead = state.ahead.entry(branch.clone()).or_insert(new);
    let before = std::mem::replace(&mut ahead.last, id);
    commit.clone_into(&mut ahead.head);
    ahead.run = run;
    ahead.landings.insert(id);
    if let Some(known) = of_person {
        ahead.known = known;
    }
    undelayed(state, DelayKey::Landing(before));
    state.dirty.insert(Key::Queue(branch));
}

/// A person's commits enter the queue; what they must settle is looked at anew with them.
pub(super) fn commits_submitted(
    state: &mut State,
    id: LandingId,
    branch: &str,
    commit: &str,
    at: Timestamp,
) {
    let Some(ahead) = state.ahead.get_mut(branch) else { return };
    ahead.looks += 1;
    ahead.intake = Some(id);
    ahead.trouble = None;
    let entry = Landing {
        id,
        task: None,
        session: None,
        generation: 0,
        run: ahead.run,
        branch: branch.to_owned(),
        commit: commit.to_owned(),
        base: ahead.known.clone(),
        touched: Vec::new(),
        submitted_at: at,
        taken_at: at,
        taken_seq: 0,
        round: 0,
        overtaken: 0,
        ahead: None,
        state: EntryState::Queued,
    };
    landing::enqueue(state, entry);
}

/// A person's commits cannot be taken in as they are.
pub(super) fn rejected(state: &mut State, id: LandingId, reason: &TryReason) {
    let Some(entry) = state.landings.get(&id).filter(|entry| entry.is_persons()) else { return };
    if let Some(ahead) = state.ahead.get_mut(&entry.branch) {
        ahead.trouble = Some(Trouble { head: Some(entry.commit.clone()), reason: reason.clone() });
    }
}

#[expect(clippy::ref_option, reason = "the fold hands the fields of an event on as they are")]
pub(super) fn seen(
    state: &mut State,
    branch: &str,
    head: &Option<String>,
    trouble: &Option<TryReason>,
) {
    let Some(ahead) = state.ahead.get_mut(branch) else { return };
    let trouble = trouble.as_ref();
    ahead.trouble = trouble.map(|reason| Trouble { head: head.clone(), reason: reason.clone() });
    let last = ahead.last;
    // Whatever changed, the next look need not wait.
    undelayed(state, DelayKey::Landing(last));
}

/// A try to let the branch follow to the commit of that entry came to nothing.
pub(super) fn looked(state: &mut State, last: LandingId) {
    let Some(branch) = state.landings.get(&last).map(|entry| &entry.branch) else { return };
    if let Some(ahead) = state.ahead.get_mut(branch).filter(|ahead| ahead.last == last) {
        ahead.looks += 1;
    }
}

/// The branch has everything; its tasks may be checked off.
///
/// An entry that is on its way to the ref goes on: its move may be under way, and one to the branch
/// beside it would leave the ref where nobody looks for it.
pub(super) fn followed(state: &mut State, branch: &str) {
    let on_its_way = goes_ahead(state, branch);
    let Some(ahead) = state.ahead.remove(branch) else { return };
    if let Some(entry) = on_its_way.and_then(|id| state.landings.get_mut(&id)) {
        entry.ahead.get_or_insert_with(|| ahead.reason.clone());
    }
    undelayed(state, DelayKey::Landing(ahead.last));
    let tasks = ahead.landings.iter().filter_map(|id| state.landings.get(id)?.task);
    let tasks: Vec<Key> = tasks.map(Key::Task).collect();
    state.dirty.extend(tasks);
    state.dirty.insert(Key::Queue(branch.to_owned()));
}
