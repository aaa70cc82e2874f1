//! `windrow diff NAME`: what a session changed, or what a task landed.

use serde::Serialize;
use windrow_api::ExitKind;
use windrow_api::view::{KeptRow, SessionRow, TaskRow};

use super::restore::choose;
use crate::context::{Context, Project};
use crate::error::{CliError, Outcome};
use crate::output::Format;
use crate::select;
use crate::trees;

/// Show what a worker changed
///
/// For a live worker everything since it began, uncommitted and untracked files included; for a
/// task that landed its commit; otherwise what was kept.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow diff toast --stat")]
pub(crate) struct DiffArgs {
    /// Worker, task or kept ref
    #[arg(value_name = "NAME")]
    name: String,

    /// Only count the changes
    #[arg(long)]
    stat: bool,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// What changed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Difference<'a> {
    /// The worker, task or ref, as it was named.
    name: &'a str,
    /// The changes as git shows them.
    diff: &'a str,
}

/// Shows the diff.
pub(super) fn run(context: &Context, args: &DiffArgs) -> Outcome {
    let project = context.project()?;
    let mut desk = context.desk_of(&project)?;
    let sessions = desk.sessions(true)?;
    let tasks = desk.tasks()?;
    let kept = desk.kept()?;
    let bytes = diff(&project, &sessions, &tasks, &kept, args)?;
    match args.format {
        Format::Json => {
            let diff = String::from_utf8_lossy(&bytes);
            context.out.json(&Difference { name: &args.name, diff: &diff })?;
        }
        Format::Text if bytes.is_empty() => context.out.say("No changes."),
        Format::Text => context.out.bytes(&bytes)?,
    }
    Ok(ExitKind::Success)
}

fn diff(
    project: &Project,
    sessions: &[SessionRow],
    tasks: &[TaskRow],
    kept: &[KeptRow],
    args: &DiffArgs,
) -> Result<Vec<u8>, CliError> {
    let stat: &[&str] = if args.stat { &["--stat"] } else { &[] };
    if let Some(row) = kept.iter().find(|row| row.refname == args.name) {
        return of_kept(project, sessions, row, stat);
    }
    let task = select::task(tasks, &args.name);
    let session = match &task {
        // Oldest first, so the last one is at work or was.
        Ok(task) => sessions.iter().rfind(|session| session.task == task.id),
        Err(no_task) => match select::session(sessions, &args.name) {
            Ok(session) => Some(session),
            Err(no_session) => return Err(neither(args, no_task, no_session)),
        },
    };
    // What was kept of this generation is all of it; its tree may be another's by now.
    let is_kept = |session: &SessionRow| {
        let mut rows = kept.iter().filter(|row| row.session == session.id);
        rows.any(|row| row.generation == session.generation)
    };
    if let Some(session) = session.filter(|s| !s.over && s.path.is_some() && !is_kept(s)) {
        return trees::diff(project, session, stat)?.ok_or_else(|| trees::gone(session));
    }
    let task_id = session.map(|session| &session.task);
    let task = task.ok().or_else(|| tasks.iter().find(|task| Some(&task.id) == task_id));
    if let Some(commit) = task.and_then(|task| task.commit.as_ref()) {
        return between(project, &format!("{commit}^1"), commit, stat);
    }
    let row = choose(kept, session.map_or(args.name.as_str(), |session| &session.id))?;
    of_kept(project, sessions, row, stat)
}

/// What was kept against where its session began.
fn of_kept(
    project: &Project,
    sessions: &[SessionRow],
    row: &KeptRow,
    stat: &[&str],
) -> Result<Vec<u8>, CliError> {
    let session = sessions.iter().find(|session| session.id == row.session);
    let base = session.and_then(|session| session.base.as_ref()).ok_or_else(|| {
        CliError::user(format!("where `{}` began is not known any more", row.name))
            .hint(format!("`windrow restore {}` brings it back to look at", row.refname))
    })?;
    if row.what != "submitted" {
        return trees::diff_of_capture(project, base, &row.commit, stat);
    }
    between(project, base, &row.commit, stat)
}

fn between(project: &Project, from: &str, to: &str, stat: &[&str]) -> Result<Vec<u8>, CliError> {
    let mut args = vec!["-c", "core.quotePath=false", "diff", "--no-ext-diff", "--no-textconv"];
    args.extend(stat);
    args.extend([from, to, "--"]);
    Ok(project.found.repo.git(args).success()?)
}

/// Whichever of the two says more: that several fit, or that nothing does.
fn neither(args: &DiffArgs, no_task: &CliError, no_session: CliError) -> CliError {
    let says_more = |error: &CliError| !error.message.starts_with("there is no");
    if says_more(no_task) {
        return no_task.clone();
    }
    if says_more(&no_session) {
        return no_session;
    }
    CliError::user(format!("there is no task, session or kept ref `{}`", args.name))
        .hint("`windrow status` shows the sessions, `windrow task list` the tasks")
}
