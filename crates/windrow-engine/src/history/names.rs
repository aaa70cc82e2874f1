//! What tasks and sessions are called, for sentences about records that only have their ids.

use std::collections::BTreeMap;

use windrow_core::ids::{LandingId, SessionId, TaskId};
use windrow_core::state::{DelayKey, State};
use windrow_core::subjects::Subjects;
use windrow_core::{Event, state};

/// Names as of a state, and of what is told since.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    tasks: BTreeMap<TaskId, String>,
    sessions: BTreeMap<SessionId, Session>,
    landings: BTreeMap<LandingId, (TaskId, SessionId)>,
}

#[derive(Clone, Debug, Default)]
struct Session {
    name: Option<String>,
    task: Option<TaskId>,
}

impl Names {
    pub(super) fn of(state: &State) -> Self {
        let session = |session: &state::Session| Session {
            name: session.lease.as_ref().map(|lease| lease.name.clone()),
            task: Some(session.task),
        };
        let tasks = state.tasks.values();
        let landings = state.landings.values();
        Self {
            tasks: tasks.map(|task| (task.id, task.spec.title.clone())).collect(),
            sessions: state.sessions.values().map(|one| (one.id, session(one))).collect(),
            landings: landings.map(|one| (one.id, (one.task, one.session))).collect(),
        }
    }

    /// Takes in the names that an event gives, for one that is newer than the state.
    pub(super) fn learn(&mut self, event: &Event) {
        match event {
            Event::TaskAdded { task, spec } | Event::TaskEdited { task, spec, .. } => {
                self.tasks.insert(*task, spec.title.clone());
            }
            Event::SessionRequested { session, task, .. } => {
                self.sessions.entry(*session).or_default().task = Some(*task);
            }
            Event::SessionLeased { session, name, .. } => {
                self.sessions.entry(*session).or_default().name = Some(name.clone());
            }
            Event::WorkSubmitted { landing, task, session, .. } => {
                self.landings.insert(*landing, (*task, *session));
            }
            _ => {}
        }
    }

    /// ``t-3 (`Add login`)``.
    pub(super) fn task(&self, id: TaskId) -> String {
        match self.tasks.get(&id) {
            Some(title) => format!("{id} (`{title}`)"),
            None => id.to_string(),
        }
    }

    /// `quill (s-4)`.
    pub(super) fn session(&self, id: SessionId) -> String {
        match self.sessions.get(&id).and_then(|session| session.name.as_ref()) {
            Some(name) => format!("`{name}` ({id})"),
            None => id.to_string(),
        }
    }

    /// The task that a session works on, with its title.
    pub(super) fn task_of(&self, id: SessionId) -> String {
        let task = self.sessions.get(&id).and_then(|session| session.task);
        task.map_or_else(|| "its task".to_owned(), |task| self.task(task))
    }

    /// The work of a queue entry: that of its task.
    pub(super) fn work(&self, id: LandingId) -> String {
        match self.landings.get(&id) {
            Some((task, _)) => self.task(*task),
            None => id.to_string(),
        }
    }

    /// What can be delayed.
    pub(super) fn delayed(&self, key: DelayKey) -> String {
        match key {
            DelayKey::Task(task) => self.task(task),
            DelayKey::Session(session) => self.session(session),
            DelayKey::Landing(landing) => format!("the landing of {}", self.work(landing)),
        }
    }

    /// The task and the session that an event is about, its entry's and its session's included.
    pub(super) fn about(&self, found: &Subjects<'_>) -> (Option<TaskId>, Option<SessionId>) {
        let entry = found.landing.and_then(|landing| self.landings.get(&landing));
        let session = found.session.or(entry.map(|(_, session)| *session));
        let of_session =
            session.and_then(|session| self.sessions.get(&session)).and_then(|found| found.task);
        (found.task.or(entry.map(|(task, _)| *task)).or(of_session), session)
    }
}
