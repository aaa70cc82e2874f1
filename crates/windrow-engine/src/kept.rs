//! Requests that read the journal or the repository, answered beside the loop.

use std::sync::Arc;

use tokio::sync::mpsc;
use windrow_api::view::{KeptRow, LogCheck, TaskView};
use windrow_api::{ExitKind, Reply};
use windrow_core::ids::TaskId;
use windrow_core::state::TaskPhase;
use windrow_core::{Rejection, State};
use windrow_journal::{Hash, Reader as _, SqliteReader};
use windrow_world::git;

use crate::chain;
use crate::hub::{failed, reply};
use crate::place::Place;
use crate::project::Project;
use crate::{published, views};

/// Walks the whole chain, and compares it with the landings.
pub(crate) fn verify_log(project: &mut Project, replies: mpsc::Sender<Reply>) {
    let reader = project.tools().texts.clone();
    let repo = project.tools().place.repo.clone();
    let branches = published::branches(project.state());
    let orphans = project.state().orphans.clone();
    tokio::spawn(async move {
        let answer = match published::check(&reader, repo, branches, &orphans).await {
            Ok(found) => Reply::Verified(LogCheck {
                checked: found.report.checked,
                head: found.report.head.hash.to_string(),
                bad: found.report.bad.map(|bad| format!("record {}: {}", bad.seq.0, bad.flaw)),
                compared: found.compared,
                others: found.others,
                lost: found.lost,
                witness: found.witness,
            }),
            Err(reason) => failed(ExitKind::World, reason),
        };
        reply(&replies, answer);
    });
}

/// A long text.
pub(crate) fn text(project: &mut Project, hash: &str, replies: mpsc::Sender<Reply>) {
    let reader = project.tools().texts.clone();
    let hash = hash.to_owned();
    tokio::spawn(async move { reply(&replies, text_of(&reader, &hash).await) });
}

pub(crate) async fn text_of(reader: &SqliteReader, hash: &str) -> Reply {
    match load(reader, hash).await {
        Ok(text) => Reply::Text(text),
        Err(reason) => failed(ExitKind::World, reason),
    }
}

/// A task as a state has it, with its body.
pub(crate) async fn task_of(
    reader: &SqliteReader,
    state: &State,
    place: &Place,
    id: TaskId,
) -> Reply {
    match views::task_view(state, place, id) {
        Some(view) => body_of(reader, view).await,
        None => failed(ExitKind::User, Rejection::NoTask(id).to_string()),
    }
}

async fn body_of(reader: &SqliteReader, mut view: TaskView) -> Reply {
    match with_body(reader, &mut view).await {
        Ok(()) => Reply::Task(Box::new(view)),
        Err(reason) => failed(ExitKind::World, reason),
    }
}

/// A task with its body.
pub(crate) fn task(project: &mut Project, id: TaskId, replies: mpsc::Sender<Reply>) {
    after_append(project, replies, move |project, replies| {
        let (state, tools) = (project.state(), project.tools());
        let Some(view) = views::task_view(state, &tools.place, id) else {
            reply(&replies, failed(ExitKind::User, Rejection::NoTask(id).to_string()));
            return;
        };
        let reader = tools.texts.clone();
        tokio::spawn(async move { reply(&replies, body_of(&reader, view).await) });
    });
}

/// Begins `work` beside the loop once everything it can see in the state counts; when the append
/// fails, the caller gets the error and nothing is begun.
pub(crate) fn after_append(
    project: &mut Project,
    replies: mpsc::Sender<Reply>,
    work: impl FnOnce(&Project, mpsc::Sender<Reply>) + Send + 'static,
) {
    let (begun, mut refused) = mpsc::channel(1);
    let caller = replies.clone();
    tokio::spawn(async move {
        if let Some(answer @ Reply::Failed(_)) = refused.recv().await {
            reply(&caller, answer);
        }
    });
    project.answer(
        begun,
        Box::new(move |project| {
            work(project, replies);
            Reply::Done
        }),
    );
}

async fn with_body(reader: &SqliteReader, view: &mut TaskView) -> Result<(), String> {
    if let Some(body) = &view.spec.body {
        view.body = load(reader, &body.0).await?;
    }
    Ok(())
}

async fn load(reader: &SqliteReader, hash: &str) -> Result<Option<String>, String> {
    let hash: Hash = hash.parse().map_err(|error| chain(&error))?;
    let bytes = reader.text(&hash).await.map_err(|error| chain(&error))?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// Everything under the kept refs.
pub(crate) fn list(project: &mut Project, replies: mpsc::Sender<Reply>) {
    after_append(project, replies, |project, replies| {
        let known = Known::of(project.state());
        let place = Arc::clone(&project.tools().place);
        tokio::task::spawn_blocking(move || {
            let answer = match rows(&place, &known) {
                Ok(rows) => Reply::Kept(rows),
                Err(error) => failed(ExitKind::World, chain(&error)),
            };
            reply(&replies, answer);
        });
    });
}

/// What the state knows of those who left kept work.
pub(crate) struct Known(Vec<(String, Whose)>);

/// Who left kept work.
#[derive(Clone, Default)]
pub(crate) struct Whose {
    pub(crate) session: String,
    pub(crate) name: String,
    task: String,
    title: String,
    landed: bool,
}

impl Known {
    pub(crate) fn of(state: &State) -> Self {
        let whose = state.sessions.values().map(|session| {
            let task = state.tasks.get(&session.task);
            let over =
                |task: &windrow_core::state::Task| matches!(task.phase, TaskPhase::Landed { .. });
            let whose = Whose {
                session: session.id.to_string(),
                name: session.label(),
                task: session.task.to_string(),
                title: task.map(|task| task.spec.title.clone()).unwrap_or_default(),
                landed: task.is_some_and(over),
            };
            (session.id.to_string(), whose)
        });
        Self(whose.collect())
    }

    /// The owner of a ref such as `refs/windrow/kept/s-3/1.rest`, and its generation.
    pub(crate) fn whose(&self, refname: &str) -> (Whose, u32) {
        let rest = refname.strip_prefix(git::KEPT).unwrap_or(refname);
        let mut parts = rest.trim_start_matches('/').split('/');
        let owner = parts.next().unwrap_or_default();
        let generation = parts.next().unwrap_or_default();
        let generation = generation.split('.').next().and_then(|text| text.parse().ok());
        let whose = self.0.iter().find(|(session, _)| session == owner);
        let whose = whose.map_or_else(
            || Whose { session: owner.to_owned(), name: owner.to_owned(), ..Whose::default() },
            |(_, whose)| whose.clone(),
        );
        (whose, generation.unwrap_or(0))
    }
}

/// One line for each kept ref.
pub(crate) fn rows(place: &Place, known: &Known) -> Result<Vec<KeptRow>, git::GitError> {
    let kept = git::kept(&place.repo)?;
    Ok(kept
        .into_iter()
        .map(|kept| {
            let (whose, generation) = known.whose(&kept.name);
            KeptRow {
                refname: kept.name,
                commit: kept.commit.to_string(),
                session: whose.session,
                name: whose.name,
                generation,
                task: whose.task,
                title: whose.title,
                at_ms: kept.when * 1000,
                what: if kept.summary.is_some() { "captured" } else { "submitted" }.to_owned(),
                landed: whose.landed,
            }
        })
        .collect())
}
