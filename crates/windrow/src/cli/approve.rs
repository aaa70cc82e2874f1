//! `windrow approve FILE`: consent to the commands of a file, ahead of a run.

use std::path::{Path, PathBuf};

use serde::Serialize;
use windrow_api::ExitKind;

use crate::approval::{self, Content};
use crate::config::FILE;
use crate::context::{Context, Project};
use crate::error::{CliError, Outcome};
use crate::output::{Format, one_line};
use crate::source;

/// Approve the commands of files
///
/// Shows what a task file or windrow.toml would have run, asks on a terminal, and records it as
/// approved. Another command in the file asks anew.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow approve TASKS.md windrow.toml")]
pub(crate) struct ApproveArgs {
    /// Task files, or windrow.toml
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Only show the commands
    #[arg(long, conflicts_with = "yes")]
    show: bool,

    /// Do not ask
    #[arg(long, short)]
    yes: bool,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// What one file would have run.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Approval<'a> {
    /// The file, as it is named in sources.
    file: &'a str,
    /// Whether it is approved now.
    approved: bool,
    /// The hash under which consent is recorded.
    hash: String,
    /// Its commands, in the order of the file.
    commands: Vec<CommandRow<'a>>,
}

/// One command.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct CommandRow<'a> {
    /// The task's key and title; nothing for what belongs to no task.
    task: Option<&'a str>,
    /// When it runs: `run`, `gate`, `agent NAME`.
    role: &'a str,
    /// The command.
    line: &'a str,
}

/// Shows and approves.
pub(super) fn run(context: &Context, args: &ApproveArgs) -> Outcome {
    let project = context.project()?;
    let contents = args
        .files
        .iter()
        .map(|file| content(context, &project, file))
        .collect::<Result<Vec<_>, _>>()?;
    let mut asked = false;
    if !args.show {
        let mut daemon = context.daemon()?;
        let missing = approval::missing(&mut daemon, &contents)?;
        if !args.yes && !missing.is_empty() && context.out.attended() {
            approval::ask(context, &missing)?;
            asked = true;
        }
        approval::record(&mut daemon, &missing)?;
    }
    match args.format {
        Format::Json => context.out.json(&json(&contents, !args.show))?,
        Format::Text => {
            for content in &contents {
                context.out.answer(&text(content, args.show, asked))?;
            }
        }
    }
    Ok(ExitKind::Success)
}

fn content(context: &Context, project: &Project, file: &Path) -> Result<Content, CliError> {
    let path = context.path(file);
    if path.file_name().is_some_and(|name| name == FILE) {
        let whole = path.canonicalize().ok();
        if whole != Some(project.root().join(FILE)) {
            return Err(CliError::user(format!(
                "`{}` is not the settings file of this repository",
                path.display()
            ))
            .hint(format!("that is `{}`", project.root().join(FILE).display())));
        }
        return Ok(approval::settings(&project.reference.git_dir, &project.config()?));
    }
    Ok(source::read(context, project, file)?.content)
}

fn text(content: &Content, show: bool, asked: bool) -> String {
    let place = one_line(&content.place);
    if content.is_empty() {
        return format!("{place} has no commands; nothing to approve.\n");
    }
    if asked {
        // What it has was shown above the question.
        return format!("Approved in {place}.\n");
    }
    let word = if show { "Commands of" } else { "Approved in" };
    format!("{word} {place}:\n{}", content.listed())
}

fn json(contents: &[Content], approved: bool) -> Vec<Approval<'_>> {
    let command = |(task, role, line)| CommandRow { task, role, line };
    contents
        .iter()
        .map(|content| Approval {
            file: &content.place,
            approved,
            hash: content.hash(),
            commands: content.commands().map(command).collect(),
        })
        .collect()
}
