//! The promises, looked at after every step.
//!
//! The checker folds the journal on its own as it grows, and keeps its own books of what it needs
//! beside that: it asks the core nothing that the core could be wrong about.

use std::collections::{BTreeMap, BTreeSet};

use windrow_core::ids::{Generation, LandingId, SessionId, TaskId};
use windrow_core::scope::Scope;
use windrow_core::state::{EntryState, Landing, StopReason, TaskPhase};
use windrow_core::{Envelope, Event, State, Timestamp, evolve};
use windrow_journal::Record;

use super::branches::Books;
use super::git::Oid;
use super::world::World;

/// How often an entry may be overtaken before it goes first: what the core promises.
const OVERTAKEN: u32 = 8;

/// What the checker knows.
#[derive(Default)]
pub(super) struct Check {
    /// The journal, folded.
    pub(super) state: State,
    events: Vec<Event>,
    generations: BTreeMap<SessionId, Generation>,
    fence: u64,
    overtaken: BTreeMap<LandingId, u32>,
    /// Commits that must be found from a kept ref or a target, and whose they are.
    pub(super) owed: BTreeMap<Oid, String>,
    /// By what commit whose work is on a target, or ahead of one.
    pub(super) landed: BTreeMap<String, Oid>,
    /// Every such commit there ever was.
    moved: BTreeSet<(String, Oid)>,
    pub(super) books: Books,
    passed: BTreeSet<(Oid, String)>,
    /// In which rounds a merge was made for an entry.
    merged: BTreeMap<(LandingId, Oid), BTreeSet<u32>>,
    changes: u64,
    broken: Option<String>,
}

impl Check {
    /// A promise is broken; the first one counts.
    pub(super) fn broken(&mut self, what: String) {
        self.broken.get_or_insert(what);
    }

    pub(super) fn verdict(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// A gate said that it likes a tree.
    pub(super) fn gate_passed(&mut self, tree: Oid, command: &str) {
        self.passed.insert((tree, command.to_owned()));
    }

    /// A merge was made for an entry in a round.
    pub(super) fn merge_made(&mut self, id: LandingId, round: u32, commit: &Oid) {
        self.merged.entry((id, commit.clone())).or_default().insert(round);
    }

    /// Whether that commit was ever made to land that entry.
    pub(super) fn was_made_for(&self, id: LandingId, commit: &Oid) -> bool {
        self.merged.contains_key(&(id, commit.clone()))
    }

    /// A target branch, or what is ahead of one, was moved for an entry.
    pub(super) fn target_moved(&mut self, id: LandingId, commit: &Oid, tree: &Oid) {
        let Some(entry) = self.state.landings.get(&id) else {
            return self.broken(format!("{id} lands and is not in the journal"));
        };
        let whose = whose(entry);
        let run = self.state.runs.get(&entry.run).map(|run| run.spec.gates.clone());
        let task = entry.task.and_then(|task| self.state.tasks.get(&task));
        let own = task.and_then(|task| task.spec.gate.clone());
        let mut gates = run.into_iter().flatten().chain(own);
        if let Some(gate) = gates.find(|gate| !self.passed.contains(&(tree.clone(), gate.clone())))
        {
            self.broken(format!("{id} lands tree {tree}, which never passed `{gate}`"));
        }
        self.moved.insert((whose.clone(), commit.clone()));
        let before = self.landed.insert(whose.clone(), commit.clone());
        if let Some(before) = before.filter(|before| before != commit) {
            self.broken(format!("{whose} lands twice: by {before} and by {commit}"));
        }
    }

    /// Whether events of an acknowledged command are in the journal behind `seq`.
    pub(super) fn acknowledged(&mut self, seq: u64, events: &[Event]) {
        let from = usize::try_from(seq).unwrap();
        let there = self.events.get(from..from + events.len());
        if there != Some(events) {
            self.broken(format!("a caller was answered, and {events:?} is not in the journal"));
        }
    }

    /// Whether the end of a session that was acknowledged is in the journal.
    pub(super) fn acknowledged_end(&mut self, id: SessionId) {
        if self.state.sessions.get(&id).is_some_and(|session| session.is_open()) {
            self.broken(format!("a caller was told that {id} ended, and it did not"));
        }
    }

    /// Whether a state that is used is the one that the journal says.
    pub(super) fn live(&mut self, state: &State) {
        let mut state = state.clone();
        // What is to be looked at anew is no part of what the journal says.
        state.dirty.clear();
        if state != self.state {
            self.broken("the state in use is not the fold of the journal".to_owned());
        }
    }

    fn fold(&mut self, record: &Record) {
        let body: serde_json::Value = serde_json::from_str(&record.draft.body).unwrap();
        let value = serde_json::json!({ "kind": record.draft.kind, "body": body });
        let event: Event = serde_json::from_value(value).unwrap();
        if let Err(what) = self.before(&event) {
            self.broken(format!("record {}: {what}", record.seq.0));
        }
        let envelope = Envelope { seq: record.seq.0, at: Timestamp(record.draft.at_ms), event };
        evolve(&mut self.state, &envelope);
        self.state.dirty.clear();
        if let Err(what) = self.after(&envelope.event) {
            self.broken(format!("record {}: {what}", record.seq.0));
        }
        self.events.push(envelope.event);
    }

    /// What must hold at the moment an event happens.
    fn before(&mut self, event: &Event) -> Result<(), String> {
        if let Some((session, generation)) = generation_of(event) {
            let current = self.generations.get(&session).copied().unwrap_or(1);
            if generation != current {
                return Err(format!("{session} is at {current}: {event:?}"));
            }
        }
        match event {
            Event::SessionRequested { session, task, fence, .. } => {
                if *fence <= self.fence {
                    return Err(format!("the fence {fence} of {session} is not new"));
                }
                self.fence = *fence;
                self.alone(*task)
            }
            Event::SessionRestarted { session, generation }
            | Event::TurnResumed { session, generation, .. } => {
                let before = self.generations.insert(*session, *generation).unwrap_or(1);
                if *generation == before + 1 { Ok(()) } else { Err(format!("{event:?}")) }
            }
            Event::EntryTaken { landing, round } => self.turn(*landing, *round),
            Event::EntryMerged { landing, commit, .. } => {
                let round = self.state.landings.get(landing).map_or(0, |entry| entry.round);
                let made = self.merged.get(&(*landing, commit.clone()));
                if made.is_some_and(|rounds| rounds.contains(&round)) {
                    return Ok(());
                }
                Err(format!("{landing} was not merged as {commit} in round {round}"))
            }
            Event::WorkLanded { landing, commit, .. } => {
                let entry = self.state.landings.get(landing);
                let there = entry.is_some_and(|e| self.moved.contains(&(whose(e), commit.clone())));
                self.overtake(*landing);
                if there { Ok(()) } else { Err(format!("{commit} is not on the target")) }
            }
            _ => Ok(()),
        }
    }

    /// What must hold once an event happened.
    fn after(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::WorkSubmitted { landing, session, commit, .. } => {
                let asks = self.state.sessions.get(session).filter(|session| {
                    let closed = session.stop == Some(StopReason::Close);
                    !closed && session.open_questions().next().is_some()
                });
                if let Some(asks) = asks {
                    return Err(format!("{} submitted {landing} and waits for an answer", asks.id));
                }
                self.owed.insert(commit.clone(), format!("the work of {landing}"));
                let session = self.state.sessions.get(session);
                let known = session.is_some_and(|s| s.kept.iter().any(|k| k.commit == *commit));
                if known { Ok(()) } else { Err(format!("nobody knows where {landing} is kept")) }
            }
            Event::SessionSealed { session, kept: Some(kept), .. } => {
                let session = self.state.sessions.get(session);
                let dropped = session.is_some_and(|s| s.stop == Some(StopReason::KillAndDrop));
                if !dropped {
                    self.owed.insert(kept.commit.clone(), kept.refname.clone());
                }
                Ok(())
            }
            Event::WorkLanded { landing, commit, .. } => {
                if !self.books.was_thrown(commit) {
                    self.owed.insert(commit.clone(), format!("the landing of {landing}"));
                }
                Ok(())
            }
            Event::TargetFollowed { branch, .. } => {
                self.books.followed(branch);
                Ok(())
            }
            Event::SessionRequested { .. } => {
                let active = |phase: &TaskPhase| matches!(phase, TaskPhase::Active(_));
                let tasks: Vec<_> =
                    self.state.tasks.values().filter(|task| active(&task.phase)).collect();
                for (at, one) in tasks.iter().enumerate() {
                    for other in &tasks[at + 1..] {
                        if overlap(&one.spec.scopes, &other.spec.scopes) {
                            return Err(format!("{} and {} share files", one.id, other.id));
                        }
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether a task that starts meets none whose work is under way or not landed yet.
    fn alone(&self, id: TaskId) -> Result<(), String> {
        let Some(task) = self.state.tasks.get(&id) else { return Err(format!("no task {id}")) };
        let own: Vec<Scope> = task.scopes().cloned().collect();
        for other in self.state.tasks.values().filter(|other| other.id != id) {
            let touched = match &other.phase {
                TaskPhase::Active(_) => &[],
                TaskPhase::Submitted(landing) => {
                    self.state.landings.get(landing).map_or(&[][..], |entry| &entry.touched)
                }
                _ => continue,
            };
            let theirs: Vec<Scope> = other.scopes().cloned().collect();
            let meets = touched.iter().any(|path| own.iter().any(|scope| scope.matches(path)));
            if meets || overlap(&own, &theirs) {
                return Err(format!("{id} starts while {} holds its files", other.id));
            }
        }
        Ok(())
    }

    /// Whether an entry may have its turn: rounds only grow, and who waited long goes first.
    fn turn(&self, id: LandingId, round: u32) -> Result<(), String> {
        let Some(entry) = self.state.landings.get(&id) else { return Err(format!("no {id}")) };
        if round != entry.round + 1 {
            return Err(format!("{id} goes from round {} to {round}", entry.round));
        }
        if entry.state != EntryState::Queued {
            // It merges anew and keeps its turn.
            return Ok(());
        }
        let count = |id: &LandingId| self.overtaken.get(id).copied().unwrap_or(0);
        let waits = self.state.landings.values().filter(|other| {
            let key = windrow_core::state::DelayKey::Landing(other.id);
            other.branch == entry.branch
                && other.state == EntryState::Queued
                && self.state.delayed(key).is_none()
        });
        for other in waits.filter(|other| other.id != id) {
            if count(&other.id) >= OVERTAKEN && count(&id) < count(&other.id) {
                let times = count(&other.id);
                return Err(format!("{id} goes before {}, overtaken {times} times", other.id));
            }
        }
        Ok(())
    }

    /// An entry lands: whoever waits in the queue since before it was overtaken.
    fn overtake(&mut self, id: LandingId) {
        let branch = self.state.landings.get(&id).map(|entry| entry.branch.clone());
        let earlier = self.state.landings.range(..id).map(|(_, entry)| entry);
        let waits = earlier.filter(|entry| {
            Some(&entry.branch) == branch.as_ref() && entry.state == EntryState::Queued
        });
        for id in waits.map(|entry| entry.id).collect::<Vec<_>>() {
            *self.overtaken.entry(id).or_default() += 1;
        }
    }
}

/// Whose work an entry is: a task's, or a person's commit.
fn whose(entry: &Landing) -> String {
    entry.task.map_or_else(|| entry.commit.clone(), |task| task.to_string())
}

fn overlap(one: &[Scope], other: &[Scope]) -> bool {
    one.iter().any(|scope| other.iter().any(|theirs| theirs.overlaps(scope)))
}

/// The session and generation that an event is about.
fn generation_of(event: &Event) -> Option<(SessionId, Generation)> {
    match event {
        Event::TreeOpened { session, generation, .. }
        | Event::AgentStarted { session, generation, .. }
        | Event::ClaimRenewed { session, generation, .. }
        | Event::ClaimQuestioned { session, generation, .. }
        | Event::AgentEnded { session, generation, .. }
        | Event::QuestionAsked { session, generation, .. }
        | Event::TurnPaused { session, generation }
        | Event::SessionSealed { session, generation, .. }
        | Event::TreeReleased { session, generation }
        | Event::TreeStays { session, generation, .. }
        | Event::WorkSubmitted { session, generation, .. } => Some((*session, *generation)),
        _ => None,
    }
}

/// Nothing of a session may run any more when its fate is sealed.
fn nobody_left(world: &mut World, record: &Record) {
    if record.draft.kind != "session_sealed" {
        return;
    }
    let body: serde_json::Value = serde_json::from_str(&record.draft.body).unwrap();
    let job = format!("s-{}.{}", body["session"], body["generation"]);
    if world.alive.values().any(|alive| alive.job == job && alive.tree.is_some()) {
        world.check.broken(format!("the fate of {job} is sealed while it runs"));
    }
}

/// Looks at everything that changed since the last step.
pub(super) fn look(world: &mut World) {
    let seen = world.check.events.len();
    let owed = world.check.owed.len();
    for record in super::daemon::records_after(&world.project, seen) {
        *world.counts.events.entry(record.draft.kind.clone()).or_default() += 1;
        nobody_left(world, &record);
        world.check.fold(&record);
    }
    let grown = world.check.owed.len() > owed;
    if std::mem::replace(&mut world.check.changes, world.git.changes) != world.git.changes || grown
    {
        let kept = world.kept_commits();
        let mut owed = world.check.owed.iter();
        let lost = owed.find(|(commit, _)| !kept.contains(*commit) && !world.is_pinned(commit));
        if let Some((commit, whose)) = lost {
            let what = format!(
                "{whose}: {commit} is neither on a target, nor ahead of one, nor under a kept ref"
            );
            world.check.broken(what);
        }
    }
}
