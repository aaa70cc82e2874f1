//! The state as it was after a record, for questions about the past.
//!
//! Folded beside the loop, from the nearest snapshot that is not of later records. A command asks
//! several things about one moment, so the last state that was asked for stays for a few seconds.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use windrow_api::request::{Point, ProjectCall};
use windrow_api::view::{Moment, SessionRow};
use windrow_api::{ExitKind, Failure, Reply};
use windrow_core::State;
use windrow_journal::{Reader as _, Seq, SqliteReader};

use crate::calls::{is_view, view};
use crate::chain;
use crate::fold::fold;
use crate::hub::reply;
use crate::kept;
use crate::place::{Place, now};
use crate::project::Project;
use crate::views;

/// How long a state stays after somebody asked for it.
const STAYS: Duration = Duration::from_secs(10);

/// The state of the past that was asked for last.
#[derive(Clone, Default)]
pub(crate) struct Past(Arc<Mutex<Option<Arc<State>>>>);

/// Says which record a point in time means.
pub(crate) fn moment(project: &Project, point: Point, replies: mpsc::Sender<Reply>) {
    let reader = project.tools().texts.clone();
    tokio::spawn(async move {
        reply(&replies, find(&reader, point).await.map_or_else(Reply::Failed, Reply::Moment));
    });
}

/// Answers a question as it would have been answered right after that record.
pub(crate) fn at(
    project: &Project,
    moment: Moment,
    call: ProjectCall,
    replies: mpsc::Sender<Reply>,
) {
    if !is_view(&call) {
        let message = "only what is shown of the state can be asked about the past".to_owned();
        let failure = Failure { kind: ExitKind::Refused, message, hints: Vec::new() };
        reply(&replies, Reply::Failed(failure));
        return;
    }
    let (reader, past) = (project.tools().texts.clone(), project.past().clone());
    let place = Arc::clone(&project.tools().place);
    tokio::spawn(async move {
        let answer = match past.load(&reader, Seq(moment.seq)).await {
            Ok(state) => answer(&reader, &state, &place, &call, moment).await,
            Err(failure) => Reply::Failed(failure),
        };
        reply(&replies, answer);
    });
}

async fn answer(
    reader: &SqliteReader,
    state: &State,
    place: &Place,
    call: &ProjectCall,
    moment: Moment,
) -> Reply {
    let mut answer = match call {
        ProjectCall::Text { hash } => kept::text_of(reader, hash).await,
        ProjectCall::Task { task } => kept::task_of(reader, state, place, *task).await,
        other => view(state, place, other),
    };
    let rows: &mut [SessionRow] = match &mut answer {
        Reply::Sessions(rows) => rows,
        Reply::Run(run) => &mut run.sessions,
        Reply::Task(task) => &mut task.sessions,
        _ => &mut [],
    };
    for row in rows {
        // A file only has its last moment: what was written before a later one is not known.
        row.output_ms = row.output_ms.filter(|written| *written <= moment.at_ms);
        let session = row.id.parse().ok().and_then(|id| state.sessions.get(&id));
        row.activity = session.map(views::activity_of_journal);
    }
    answer
}

async fn find(reader: &SqliteReader, point: Point) -> Result<Moment, Failure> {
    let head = reader.head().await.map_err(|error| world(chain(&error)))?.seq;
    let (seq, at_ms) = match point {
        Point::Seq(seq) if seq == 0 || seq > head.0 => {
            let hint = "records are counted from 1; `windrow log -n 1` shows the newest";
            return Err(user(
                format!("there is no record {seq}; the journal ends at {head}"),
                hint,
            ));
        }
        Point::Seq(seq) => (Seq(seq), None),
        Point::Time(ms) if ms > now().0 => {
            return Err(user("that moment is still to come".to_owned(), "name one of the past"));
        }
        Point::Time(ms) => match reader.last_until(ms).await.map_err(|e| world(chain(&e)))? {
            Some(seq) => (seq, Some(ms)),
            None => {
                let hint = "`windrow log` shows when the first record was written";
                return Err(user("nothing was recorded by that moment".to_owned(), hint));
            }
        },
    };
    let found = reader.read(seq, 1).await.map_err(|error| world(chain(&error)))?;
    let recorded = found.first().map_or(0, |record| record.draft.at_ms);
    Ok(Moment { seq: seq.0, at_ms: at_ms.unwrap_or(recorded) })
}

impl Past {
    async fn load(&self, reader: &SqliteReader, seq: Seq) -> Result<Arc<State>, Failure> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|state| state.seq == seq.0) {
            return Ok(known);
        }
        let folded = fold::<State, _>(reader, seq).await.map_err(|error| world(chain(&error)))?;
        let state = Arc::new(folded.state);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&state));
        let (past, mine) = (self.clone(), Arc::downgrade(&state));
        tokio::spawn(async move {
            tokio::time::sleep(STAYS).await;
            let mut last = past.0.lock().unwrap_or_else(PoisonError::into_inner);
            if last.as_ref().is_some_and(|last| std::ptr::eq(Arc::as_ptr(last), mine.as_ptr())) {
                *last = None;
            }
        });
        Ok(state)
    }
}

fn world(message: String) -> Failure {
    Failure { kind: ExitKind::World, message, hints: Vec::new() }
}

fn user(message: String, hint: &str) -> Failure {
    Failure { kind: ExitKind::User, message, hints: vec![hint.to_owned()] }
}
