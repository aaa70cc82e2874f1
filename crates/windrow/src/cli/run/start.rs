//! Consent, import, start, watch.

use std::collections::BTreeSet;

use windrow_api::client::ClientError;
use windrow_api::view::{RunView, TaskRow, TaskStatus};
use windrow_api::{ExitKind, ProjectCall, Reply};
use windrow_core::ids::{RunId, TaskId};
use windrow_core::spec::RunSpec;

use super::agents::renew_secrets;
use super::args::RunArgs;
use super::chosen::{Chosen, Known, choose};
use super::dry_run;
use super::nothing;
use super::own::own_tasks;
use super::setup::{Setup, setup};
use crate::approval::{self, Content};
use crate::context::{Context, Project};
use crate::desk::{Desk, unexpected};
use crate::error::{CliError, Outcome};
use crate::output::Format;
use crate::select::task_id;
use crate::watch;

/// How often a start whose answer got lost is tried again.
const START_AGAIN: u32 = 5;

/// What came of the arguments: a run to watch, or nothing more to do.
pub(crate) type Begun = Result<Option<(Desk, RunView)>, CliError>;

/// Starts, resumes or shows a run.
pub(crate) fn run(context: &Context, args: &RunArgs) -> Outcome {
    match begin(context, args)? {
        Some((desk, view)) => watch_or_name(context, desk, view, args),
        None => Ok(ExitKind::Success),
    }
}

/// Starts or resumes a run, which is then for the caller to watch; shows it where it is only to be
/// shown.
pub(crate) fn begin(context: &Context, args: &RunArgs) -> Begun {
    let project = context.project()?;
    if args.resume && args.sources.is_empty() {
        renew_secrets(context, &project)?;
        let mut desk = context.desk_of(&project)?;
        let view = resume_run(&mut desk, None, args)?;
        return Ok(Some((desk, view)));
    }
    let setup = setup(context, &project, args)?;
    for note in &setup.notes {
        context.out.say(note);
    }
    if args.dry_run && !args.sources.is_empty() {
        return show_dry_run(context, &project, &setup, args).map(|_shown| None);
    }
    if args.sources.is_empty() && args.wave.is_some() {
        return Err(CliError::usage("`--wave` needs the plan it is a wave of"));
    }
    let mut desk = context.desk_of(&project)?;
    let (tasks, contents) = if args.sources.is_empty() {
        own_tasks(&project, &mut desk, &setup, args)?
    } else {
        from_files(&mut desk, &setup, args)?
    };
    if args.dry_run {
        return dry_run::show_rows(context, &mut desk, &tasks, args.format).map(|_shown| None);
    }
    approval::settle(context, desk.daemon(), &contents, args.approve)?;
    setup.agents.keep_secrets(context)?;
    let tasks = import(&mut desk, &setup, tasks)?;
    if args.resume
        && let Some(view) = resume_of(&mut desk, &setup.spec, args)?
    {
        new_ones(context, &view, &tasks);
        return Ok(Some((desk, view)));
    }
    start_with(context, desk, &setup, args, &tasks)
}

fn show_dry_run(context: &Context, project: &Project, setup: &Setup, args: &RunArgs) -> Outcome {
    let rows = match context.find_daemon()? {
        Some(daemon) => Desk::new(daemon, project.reference.clone()).tasks()?,
        None => Vec::new(),
    };
    let known = Known::new(rows);
    let chosen = choose(&setup.files, args, &known)?;
    let contents = contents_of(setup, &chosen, &known)?;
    let unapproved = dry_run::unapproved(context, &contents)?;
    dry_run::show(context, setup, &chosen, &known, &unapproved, args.format)
}

/// The tasks of files that are meant, as rows that so far have only full names.
fn from_files(
    desk: &mut Desk,
    setup: &Setup,
    args: &RunArgs,
) -> Result<(Meant, Vec<Content>), CliError> {
    let known = Known::new(desk.tasks()?);
    let chosen = choose(&setup.files, args, &known)?;
    let contents = contents_of(setup, &chosen, &known)?;
    Ok((Meant::Named(chosen.iter().map(Chosen::reference).collect()), contents))
}

fn contents_of(
    setup: &Setup,
    chosen: &[Chosen<'_>],
    known: &Known,
) -> Result<Vec<Content>, CliError> {
    let open: Vec<&Chosen<'_>> = chosen.iter().filter(|c| !known.is_over(c)).collect();
    let by_agents: Vec<_> = open.iter().filter(|chosen| chosen.task.run.is_none()).collect();
    let remedy = |name: &str| {
        let file = name.split('#').next().unwrap_or_default();
        format!("a `Run:` line in {file} gives a task a command")
    };
    let asked = by_agents.iter().map(|c| (c.reference(), c.task.agent.as_ref()));
    setup.check_agents(asked, remedy)?;
    let uses_agent = !by_agents.is_empty();
    let from_files = setup.files.iter().map(|file| file.content.clone()).collect();
    Ok(setup.contents(uses_agent, from_files))
}

/// Tasks a run is to be about.
pub(super) enum Meant {
    /// Tasks of files by their full names; they are known by ids once they were imported.
    Named(BTreeSet<String>),
    /// Tasks the project has already.
    Rows(Vec<TaskRow>),
}

/// Imports the files and gives the rows of the tasks that are meant.
fn import(desk: &mut Desk, setup: &Setup, meant: Meant) -> Result<Vec<TaskRow>, CliError> {
    let names = match meant {
        Meant::Rows(rows) => return Ok(rows),
        Meant::Named(names) => names,
    };
    let mut tasks = Vec::new();
    for file in &setup.files {
        let call =
            ProjectCall::Import { file: file.file.clone(), tasks: file.drafts(), approved: true };
        match desk.ask(call)? {
            Reply::Tasks(rows) => tasks.extend(rows),
            other => return Err(unexpected(&other)),
        }
    }
    tasks.retain(|row| row.source.as_ref().is_some_and(|source| names.contains(source)));
    Ok(tasks)
}

fn start_with(
    context: &Context,
    mut desk: Desk,
    setup: &Setup,
    args: &RunArgs,
    tasks: &[TaskRow],
) -> Begun {
    let over = |row: &&TaskRow| {
        matches!(row.status, TaskStatus::Landed | TaskStatus::Done | TaskStatus::Cancelled)
    };
    let open: Vec<&TaskRow> = tasks.iter().filter(|row| !over(row)).collect();
    if open.is_empty() {
        let own = args.sources.is_empty() && args.only.is_empty();
        let said = if own { nothing::left(&mut desk)? } else { vec![nothing::NOTHING.to_owned()] };
        said.iter().for_each(|line| context.out.say(line));
        if args.format == Format::Json {
            context.out.json_line(&watch::End::new(ExitKind::Success, None))?;
        }
        return Ok(None);
    }
    already_running(&mut desk, &open)?;
    let ids = open.iter().map(|row| task_id(row)).collect::<Result<Vec<_>, _>>()?;
    let view = start(&mut desk, &setup.spec, &ids)?;
    Ok(Some((desk, view)))
}

/// Refuses tasks that an active run has already, and says how to watch it.
fn already_running(desk: &mut Desk, tasks: &[&TaskRow]) -> Result<(), CliError> {
    let live: BTreeSet<String> = desk
        .runs()?
        .into_iter()
        .filter(|run| !watch::is_over(&run.phase))
        .map(|run| run.id)
        .collect();
    let taken = tasks.iter().find(|task| task.run.as_ref().is_some_and(|run| live.contains(run)));
    let Some((task, run)) = taken.and_then(|task| Some((task, task.run.as_ref()?))) else {
        return Ok(());
    };
    Err(CliError::user(format!("task `{}` is part of run {run}, which goes on", task.id))
        .hint("`windrow run --resume` watches it"))
}

/// Starts the run; an answer that got lost does not start a second one.
fn start(desk: &mut Desk, spec: &RunSpec, tasks: &[TaskId]) -> Result<RunView, CliError> {
    let before = desk.runs()?.last().map(|run| run.id.clone());
    let mut again = 0;
    loop {
        let call = ProjectCall::StartRun { spec: Box::new(spec.clone()), tasks: tasks.to_vec() };
        match desk.ask_once(call) {
            Ok(Reply::Run(view)) => return Ok(*view),
            Ok(other) => return Err(unexpected(&other)),
            Err(ClientError::Gone(_)) if again < START_AGAIN => {
                again += 1;
                desk.daemon().reconnect()?;
                let newest = desk.runs()?.pop().filter(|run| Some(&run.id) != before.as_ref());
                if let Some(newest) = newest.filter(|run| run.sources == spec.sources) {
                    return Ok(*desk.run(run_id(&newest.id)?)?);
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Resumes the newest run of these sources, if there is one.
fn resume_of(desk: &mut Desk, spec: &RunSpec, args: &RunArgs) -> Result<Option<RunView>, CliError> {
    let of_these = |sources: &[String]| sources.iter().any(|one| spec.sources.contains(one));
    let newest = desk.runs()?.into_iter().rev().find(|run| of_these(&run.sources));
    let Some(newest) = newest else { return Ok(None) };
    resume_run(desk, run_id(&newest.id)?, args).map(Some)
}

fn resume_run(desk: &mut Desk, run: Option<RunId>, args: &RunArgs) -> Result<RunView, CliError> {
    let pool = args.pool.map(std::num::NonZeroU32::get);
    match desk.ask(ProjectCall::ResumeRun { run, pool })? {
        Reply::Run(view) => Ok(*view),
        other => Err(unexpected(&other)),
    }
}

/// Says when a file has open tasks that the resumed run does not have.
fn new_ones(context: &Context, view: &RunView, tasks: &[TaskRow]) {
    let mine: BTreeSet<&str> = view.tasks.iter().map(|task| task.id.as_str()).collect();
    let new = |row: &&TaskRow| row.status == TaskStatus::Open && !mine.contains(row.id.as_str());
    let count = tasks.iter().filter(new).count();
    if count > 0 {
        let (run, sources) = (&view.row.id, view.row.sources.join(" "));
        context.out.say(&format!(
            "Open tasks that are not part of run {run}: {count}. `windrow run {sources}` runs them."
        ));
    }
}

fn watch_or_name(context: &Context, desk: Desk, view: RunView, args: &RunArgs) -> Outcome {
    if !args.detach {
        return watch::follow(context, desk, view, args.format);
    }
    match args.format {
        Format::Json => context.out.json(&view)?,
        Format::Text => context.out.answer(&view.row.id)?,
    }
    context.out.say("`windrow run --resume` watches it, `windrow status` shows it.");
    Ok(ExitKind::Success)
}

fn run_id(text: &str) -> Result<Option<RunId>, CliError> {
    text.parse()
        .map(Some)
        .map_err(|error: windrow_core::ids::IdError| CliError::internal(error.to_string()))
}
