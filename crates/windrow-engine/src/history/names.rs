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
    landings: BTreeMap<LandingId, Work>,
}

/// Whose work a queue entry is.
#[derive(Clone, Debug)]
enum Work {
    Workers(TaskId, SessionId),
    /// A person's, on this branch.
    Persons(String),
}

impl Work {
    fn of(landing: &state::Landing) -> Self {
        match (landing.task, landing.session) {
            (Some(task), Some(session)) => Self::Workers(task, session),
            _ => Self::Persons(landing.branch.clone()),
        }
    }
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
            landings: landings.map(|one| (one.id, Work::of(one))).collect(),
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
                self.landings.insert(*landing, Work::Workers(*task, *session));
            }
            Event::CommitsSubmitted { landing, branch, .. } => {
                self.landings.insert(*landing, Work::Persons(branch.clone()));
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
            Some(Work::Workers(task, _)) => self.task(*task),
            Some(Work::Persons(branch)) => format!("what was committed on `{branch}`"),
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
        let entry = found.landing.and_then(|landing| match self.landings.get(&landing) {
            Some(Work::Workers(task, session)) => Some((*task, *session)),
            Some(Work::Persons(_)) | None => None,
        });
        let session = found.session.or(entry.map(|(_, session)| session));
        let of_session =
            session.and_then(|session| self.sessions.get(&session)).and_then(|found| found.task);
        (found.task.or(entry.map(|(task, _)| task)).or(of_session), session)
    }
}
