//! Folds of session events.

use crate::effect::Key;
use crate::ids::{Generation, RunId, SessionId, TaskId, TreeId};
use crate::state::{
    Claim, DelayKey, Exit, Kept, Lease, OpenTree, Process, SealOutcome, Session, State, StopReason,
    TaskPhase, TreeRecord, TreeUse,
};
use crate::time::Timestamp;

use super::index::change_task;
use super::undelayed;

/// What a session was asked for.
pub(super) struct Requested {
    pub(super) task: TaskId,
    pub(super) run: RunId,
    pub(super) attempt: u32,
}

pub(super) fn requested(
    state: &mut State,
    id: SessionId,
    wanted: &Requested,
    (fence, deadline): (u64, Timestamp),
    at: Timestamp,
) {
    let Requested { task, run, attempt } = *wanted;
    let session = Session {
        id,
        task,
        run,
        attempt,
        generation: 1,
        interruptions: 0,
        claim: Claim { fence, deadline, questioned: false },
        requested_at: at,
        lease: None,
        tree: None,
        keeper: None,
        started_at: None,
        stop: None,
        exit: None,
        ended_at: None,
        sealed: None,
        released: false,
        closed: false,
        kept: Vec::new(),
        talk: Vec::new(),
        paused: false,
        goes_on: false,
    };
    state.fence = state.fence.max(fence);
    state.claims.insert((deadline, id));
    state.sessions.insert(id, session);
    if let Some(run) = state.runs.get_mut(&run) {
        run.slots.insert(id);
    }
    change_task(state, task, |task| task.phase = TaskPhase::Active(id));
    undelayed(state, DelayKey::Task(task));
    state.dirty.insert(Key::Session(id));
}

pub(super) fn leased(
    state: &mut State,
    id: SessionId,
    name: &str,
    port_offset: u32,
    (tree, reuse): (TreeId, bool),
) {
    let lease = Lease { name: name.to_owned(), port_offset, tree, reuse };
    state.last_tree = state.last_tree.max(tree.0);
    let record = state.trees.entry(tree).or_insert(TreeRecord {
        path: String::new(),
        git_dir: String::new(),
        used: TreeUse::Session(id),
    });
    record.used = TreeUse::Session(id);
    progress(state, id, |session| session.lease = Some(lease));
}

pub(super) fn tree_opened(state: &mut State, id: SessionId, tree: &OpenTree) {
    let record = TreeRecord {
        path: tree.path.clone(),
        git_dir: tree.git_dir.clone(),
        used: TreeUse::Session(id),
    };
    state.trees.insert(tree.id, record);
    progress(state, id, |session| session.tree = Some(tree.clone()));
}

pub(super) fn agent_started(state: &mut State, id: SessionId, keeper: Process, at: Timestamp) {
    progress(state, id, |session| {
        session.keeper = Some(keeper);
        session.started_at = Some(at);
    });
}

pub(super) fn claim(state: &mut State, id: SessionId, deadline: Timestamp, questioned: bool) {
    let Some(session) = state.sessions.get_mut(&id) else { return };
    state.claims.remove(&(session.claim.deadline, id));
    session.claim.deadline = deadline;
    session.claim.questioned = questioned;
    state.claims.insert((deadline, id));
    state.dirty.insert(Key::Session(id));
}

pub(super) fn stop_requested(state: &mut State, id: SessionId, why: StopReason) {
    // The end of a session does not wait for the end of a delay.
    progress(state, id, |session| session.stop = Some(why));
}

pub(super) fn agent_ended(state: &mut State, id: SessionId, exit: &Exit, at: Timestamp) {
    progress(state, id, |session| {
        session.exit = Some(exit.clone());
        session.ended_at = Some(at);
    });
}

pub(super) fn sealed(state: &mut State, id: SessionId, outcome: &SealOutcome, kept: Option<&Kept>) {
    progress(state, id, |session| {
        session.sealed = Some(outcome.clone());
        session.kept.extend(kept.cloned());
        if *outcome == SealOutcome::Interrupted {
            session.interruptions += 1;
        }
    });
    if !outcome.is_final() {
        return;
    }
    if let Some(session) = state.sessions.get(&id) {
        state.claims.remove(&(session.claim.deadline, id));
        if let Some(run) = state.runs.get_mut(&session.run) {
            run.slots.remove(&id);
            run.paused.remove(&id);
        }
    }
}

pub(super) fn released(state: &mut State, id: SessionId, stays: Option<&String>) {
    let tree = state.sessions.get(&id).and_then(|session| session.lease.as_ref()).map(|l| l.tree);
    if let Some(tree) = tree {
        match (state.trees.get_mut(&tree), stays) {
            (Some(record), Some(why)) => record.used = TreeUse::Stays(id, why.clone()),
            (Some(record), None) if record.path.is_empty() => {
                state.trees.remove(&tree);
            }
            (Some(record), None) => record.used = TreeUse::Warm,
            (None, _) => {}
        }
    }
    progress(state, id, |session| session.released = true);
}

pub(super) fn restarted(state: &mut State, id: SessionId, generation: Generation) {
    progress(state, id, |session| {
        session.generation = generation;
        // Name and ports stay for the session's life; the tree is chosen anew with them.
        session.lease = None;
        session.tree = None;
        session.keeper = None;
        session.started_at = None;
        session.exit = None;
        session.ended_at = None;
        session.sealed = None;
        session.released = false;
        session.paused = false;
        session.goes_on = false;
    });
}

pub(super) fn closed(state: &mut State, id: SessionId) {
    progress(state, id, |session| session.closed = true);
    if let Some(session) = state.sessions.get(&id) {
        state.claims.remove(&(session.claim.deadline, id));
        if let Some(run) = state.runs.get_mut(&session.run) {
            run.slots.remove(&id);
            run.paused.remove(&id);
        }
    }
}

pub(super) fn kept_dropped(state: &mut State, refname: &str) {
    for session in state.sessions.values_mut() {
        session.kept.retain(|kept| kept.refname != refname);
    }
}

/// A session came a step further: whatever delayed it is over.
fn progress(state: &mut State, id: SessionId, change: impl FnOnce(&mut Session)) {
    if let Some(session) = state.sessions.get_mut(&id) {
        change(session);
    }
    undelayed(state, DelayKey::Session(id));
}
