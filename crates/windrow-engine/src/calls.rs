//! What windows ask of a project: each request becomes a command, a view, or work beside the loop.

use tokio::sync::mpsc;
use windrow_api::request::{EndHow, ImportDraft, ProjectCall, TaskDraft};
use windrow_api::{ExitKind, Failure, Reply};
use windrow_core::command::{
    AddTask, CloseTask, DrainRun, EditTask, EndSession, ImportTasks, ImportedTask, ReleaseHold,
    ResumeRun, StartRun, StopRun,
};
use windrow_core::ids::{RunId, SessionId, TaskId};
use windrow_core::spec::{TaskSpec, TextRef};
use windrow_core::state::{ClosedAs, StopReason};
use windrow_core::{Command, Event, Rejection, State};
use windrow_journal::Text;

use crate::hub::{failed, reply};
use crate::place::Place;
use crate::project::Project;
use crate::{history, kept, owner, prune, restoring, talk, views};

/// Takes one request.
pub(crate) fn handle(
    project: &mut Project,
    call: ProjectCall,
    actor: &str,
    replies: mpsc::Sender<Reply>,
) {
    match call {
        ProjectCall::AddTask { task } => add_task(project, task, actor, replies),
        ProjectCall::Import { file, mut tasks, approved } => {
            if !approved {
                keep_commands(project, &file, &mut tasks);
            }
            import(project, file, tasks, actor, replies);
        }
        ProjectCall::EditTask { task, draft } => edit_task(project, task, draft, actor, replies),
        ProjectCall::CloseTask { task, done, reason } => {
            let how = if done { ClosedAs::Done } else { ClosedAs::Cancelled };
            done_after(
                project,
                &Command::CloseTask(CloseTask { task, how, reason }),
                actor,
                replies,
            );
        }
        ProjectCall::StartRun { .. } | ProjectCall::ResumeRun { .. }
            if !claim(project, &replies) => {}
        ProjectCall::StartRun { spec, tasks } => {
            let command = Command::StartRun(StartRun { spec: *spec, tasks });
            run_after(project, &command, actor, replies);
        }
        ProjectCall::ResumeRun { run, pool } => resume(project, run, pool, actor, replies),
        ProjectCall::DrainRun { run } => {
            done_after(project, &Command::DrainRun(DrainRun { run }), actor, replies);
        }
        ProjectCall::StopRun { run } => {
            done_after(project, &Command::StopRun(StopRun { run }), actor, replies);
        }
        ProjectCall::EndSession { session, how } => end(project, session, how, actor, replies),
        ProjectCall::Land { landing } => {
            done_after(project, &Command::ReleaseHold(ReleaseHold { landing }), actor, replies);
        }
        ProjectCall::WatchRun { run } => watch(project, run, replies),
        ProjectCall::Moment { point } => history::moment(project, point, replies),
        ProjectCall::At { moment, call } => history::at(project, moment, *call, replies),
        ProjectCall::Log { query } => history::log(project, query, replies),
        ProjectCall::RepairLog { .. } => {
            reply(&replies, failed(ExitKind::Internal, "a repair is the daemon's own affair"));
        }
        ProjectCall::VerifyLog => kept::verify_log(project, replies),
        ProjectCall::Text { hash } => kept::text(project, &hash, replies),
        ProjectCall::Task { task } => kept::task(project, task, replies),
        ProjectCall::Kept => kept::list(project, replies),
        ProjectCall::Restore { refname, path } => {
            restoring::restore(project, refname, path, replies);
        }
        ProjectCall::Prune { dry_run, unlanded } => {
            prune::prune(project, dry_run, unlanded, actor, replies);
        }
        ProjectCall::Ask { .. }
        | ProjectCall::AwaitAnswer { .. }
        | ProjectCall::Inbox { .. }
        | ProjectCall::Seen { .. }
        | ProjectCall::Tell { .. }
        | ProjectCall::Answer { .. }
        | ProjectCall::Talk { .. }
        | ProjectCall::WaitFor { .. } => talk::handle(project, call, actor, replies),
        ProjectCall::Tasks
        | ProjectCall::Ready
        | ProjectCall::Held
        | ProjectCall::Explain { .. }
        | ProjectCall::Sessions { .. }
        | ProjectCall::Runs
        | ProjectCall::Run { .. }
        | ProjectCall::Trees => {
            project.answer(replies, Box::new(move |project| view_now(project, &call)));
        }
    }
}

fn view_now(project: &Project, call: &ProjectCall) -> Reply {
    view(project.state(), &project.tools().place, call)
}

/// Whether a call changes nothing and is answered from a state, so that it can be about the past.
pub(crate) const fn is_view(call: &ProjectCall) -> bool {
    matches!(
        call,
        ProjectCall::Tasks
            | ProjectCall::Task { .. }
            | ProjectCall::Ready
            | ProjectCall::Explain { .. }
            | ProjectCall::Sessions { .. }
            | ProjectCall::Runs
            | ProjectCall::Run { .. }
            | ProjectCall::Text { .. }
    )
}

/// A question that a state alone answers.
pub(crate) fn view(state: &State, place: &Place, call: &ProjectCall) -> Reply {
    match call {
        ProjectCall::Tasks => Reply::Tasks(views::task_rows(state, state.tasks.keys().copied())),
        ProjectCall::Ready => {
            Reply::Tasks(views::task_rows(state, windrow_core::explain::ready(state)))
        }
        ProjectCall::Held => Reply::Tasks(views::held_rows(state)),
        ProjectCall::Explain { task } => views::explanation(state, *task).map_or_else(
            || no_task(*task),
            |explanation| Reply::Explanation(Box::new(explanation)),
        ),
        ProjectCall::Sessions { all } => Reply::Sessions(views::session_rows(state, place, *all)),
        ProjectCall::Runs => {
            Reply::Runs(state.runs.values().map(|run| views::run_row(state, run)).collect())
        }
        ProjectCall::Run { run } => {
            let found = match run {
                Some(run) => state.runs.get(run),
                None => state.runs.values().next_back(),
            };
            match found {
                Some(run) => Reply::Run(Box::new(views::run_view(state, place, run))),
                None => no_run(*run),
            }
        }
        ProjectCall::Trees => Reply::Trees(views::tree_rows(state, place)),
        _ => failed(ExitKind::Internal, "this is not a question about the state"),
    }
}

/// Claims the repository before anything runs in it; says so when another home has it.
fn claim(project: &Project, replies: &mpsc::Sender<Reply>) -> bool {
    let place = &project.tools().place;
    // A few git calls, and only when a run begins: the loop can wait for them.
    match owner::claim(place) {
        Ok(()) => true,
        Err(reason) => {
            reply(replies, failed(ExitKind::Refused, reason));
            false
        }
    }
}

fn no_task(task: TaskId) -> Reply {
    refused(&Rejection::NoTask(task))
}

fn no_run(named: Option<RunId>) -> Reply {
    let (message, hint) = match named {
        Some(run) => (Rejection::NoRun(run).to_string(), "`windrow status` names the newest run"),
        None => {
            ("there was no run in this project yet".to_owned(), "`windrow run TASKS.md` starts one")
        }
    };
    Reply::Failed(Failure { kind: ExitKind::User, message, hints: vec![hint.to_owned()] })
}

fn refused(rejection: &Rejection) -> Reply {
    failed(ExitKind::User, rejection.to_string())
}

/// Decides a command and says `Done` when it counts.
fn done_after(project: &mut Project, command: &Command, actor: &str, replies: mpsc::Sender<Reply>) {
    match project.apply(command, actor) {
        Ok(_) => project.answer(replies, Box::new(|_| Reply::Done)),
        Err(rejection) => reply(&replies, refused(&rejection)),
    }
}

/// Decides a command about a run and shows the run when it counts.
fn run_after(project: &mut Project, command: &Command, actor: &str, replies: mpsc::Sender<Reply>) {
    match project.apply(command, actor) {
        Ok(events) => {
            let started = events.iter().find_map(|event| match event {
                Event::RunStarted { run, .. } => Some(*run),
                _ => None,
            });
            let named = match command {
                Command::ResumeRun(resume) => Some(resume.run),
                _ => started,
            };
            project.answer(
                replies,
                Box::new(move |project| view_now(project, &ProjectCall::Run { run: named })),
            );
        }
        Err(rejection) => reply(&replies, refused(&rejection)),
    }
}

fn resume(
    project: &mut Project,
    run: Option<RunId>,
    pool: Option<u32>,
    actor: &str,
    replies: mpsc::Sender<Reply>,
) {
    let newest = project.state().runs.last_key_value().map(|(run, _)| *run);
    match run.or(newest) {
        Some(run) => {
            run_after(project, &Command::ResumeRun(ResumeRun { run, pool }), actor, replies);
        }
        None => reply(&replies, no_run(None)),
    }
}

fn end(
    project: &mut Project,
    session: SessionId,
    how: EndHow,
    actor: &str,
    replies: mpsc::Sender<Reply>,
) {
    let why = match how {
        EndHow::Kill => StopReason::Kill,
        EndHow::KillAndDrop => StopReason::KillAndDrop,
        EndHow::Close => StopReason::Close,
    };
    match project.apply(&Command::EndSession(EndSession { session, why }), actor) {
        Ok(_) => project.answer_at_end(session, replies),
        Err(rejection) => reply(&replies, refused(&rejection)),
    }
}

fn watch(project: &mut Project, run: RunId, replies: mpsc::Sender<Reply>) {
    if project.state().runs.contains_key(&run) {
        project.watch(run, replies);
    } else {
        reply(&replies, refused(&Rejection::NoRun(run)));
    }
}

fn add_task(project: &mut Project, task: TaskDraft, actor: &str, replies: mpsc::Sender<Reply>) {
    let spec = with_body(project, task);
    tasks_after(project, &Command::AddTask(AddTask { spec }), actor, replies);
}

fn edit_task(
    project: &mut Project,
    task: TaskId,
    draft: TaskDraft,
    actor: &str,
    replies: mpsc::Sender<Reply>,
) {
    let old = project.state().tasks.get(&task).and_then(|task| task.spec.body.clone());
    let mut spec = with_body(project, draft);
    spec.body = spec.body.or(old);
    match project.apply(&Command::EditTask(EditTask { task, spec }), actor) {
        Ok(_) => project.answer(
            replies,
            Box::new(move |project| Reply::Tasks(views::task_rows(project.state(), [task]))),
        ),
        Err(rejection) => reply(&replies, refused(&rejection)),
    }
}

fn import(
    project: &mut Project,
    file: String,
    tasks: Vec<ImportDraft>,
    actor: &str,
    replies: mpsc::Sender<Reply>,
) {
    let tasks = tasks
        .into_iter()
        .map(|task| ImportedTask {
            key: task.key,
            spec: with_body(project, task.draft),
            depends: task.depends,
            reads: task.reads,
            done: task.done,
        })
        .collect();
    let keys_of = file.clone();
    match project.apply(&Command::ImportTasks(ImportTasks { file, tasks }), actor) {
        Ok(_) => project.answer(
            replies,
            Box::new(move |project| {
                let state = project.state();
                let mine = state.tasks.values().filter(|task| {
                    task.spec.source.as_ref().is_some_and(|source| source.file == keys_of)
                });
                Reply::Tasks(views::task_rows(state, mine.map(|task| task.id)))
            }),
        ),
        Err(rejection) => reply(&replies, refused(&rejection)),
    }
}

/// Leaves the commands of tasks that a run took up as they were approved.
fn keep_commands(project: &Project, file: &str, drafts: &mut [ImportDraft]) {
    let tasks = project.state().tasks.values().filter(|task| task.run.is_some());
    for task in tasks {
        let Some(source) = task.spec.source.as_ref().filter(|source| source.file == file) else {
            continue;
        };
        for draft in drafts.iter_mut().filter(|draft| draft.key == source.key) {
            // As the file said them when they were approved; a person's own edits stay beside that.
            let approved = task.imported.as_deref().unwrap_or(&task.spec);
            draft.draft.spec.run.clone_from(&approved.run);
            draft.draft.spec.agent.clone_from(&approved.agent);
            draft.draft.spec.gate.clone_from(&approved.gate);
        }
    }
}

fn tasks_after(
    project: &mut Project,
    command: &Command,
    actor: &str,
    replies: mpsc::Sender<Reply>,
) {
    match project.apply(command, actor) {
        Ok(events) => {
            let tasks: Vec<TaskId> = events
                .iter()
                .filter_map(|event| match event {
                    Event::TaskAdded { task, .. } => Some(*task),
                    _ => None,
                })
                .collect();
            project.answer(
                replies,
                Box::new(move |project| Reply::Tasks(views::task_rows(project.state(), tasks))),
            );
        }
        Err(rejection) => reply(&replies, refused(&rejection)),
    }
}

/// The description of a task, its body kept as a text of the batch.
fn with_body(project: &mut Project, draft: TaskDraft) -> TaskSpec {
    let mut spec = draft.spec;
    spec.body = draft.body.filter(|body| !body.trim().is_empty()).map(|body| {
        let text = Text::new(body);
        let reference = TextRef(text.hash().to_string());
        project.keep_text(text);
        reference
    });
    spec
}
