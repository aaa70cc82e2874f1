//! `windrow approve FILE`: consent to the commands of a file, ahead of a run.

use std::path::{Path, PathBuf};

use windrow_api::ExitKind;

use crate::approval::{self, Content};
use crate::config::FILE;
use crate::context::{Context, Project};
use crate::error::{CliError, Outcome};
use crate::output::{Format, one_line};
use crate::source;

/// Approve the commands of files
///
/// What a task file or windrow.toml would have run is shown and recorded as approved. Another
/// command in the file asks anew.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ApproveArgs {
    /// Task files, or windrow.toml
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Only show the commands
    #[arg(long)]
    show: bool,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Shows and approves.
pub(super) fn run(context: &Context, args: &ApproveArgs) -> Outcome {
    let project = context.project()?;
    let contents = args
        .files
        .iter()
        .map(|file| content(context, &project, file))
        .collect::<Result<Vec<_>, _>>()?;
    if !args.show {
        let mut daemon = context.daemon()?;
        let asked: Vec<&Content> = contents.iter().filter(|c| !c.is_empty()).collect();
        approval::record(&mut daemon, &asked)?;
    }
    match args.format {
        Format::Json => context.out.json(&json(&contents, !args.show))?,
        Format::Text => {
            for content in &contents {
                context.out.answer(&text(content, args.show))?;
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

fn text(content: &Content, show: bool) -> String {
    let place = one_line(&content.place);
    if content.is_empty() {
        return format!("{place} has no commands; nothing to approve.\n");
    }
    let word = if show { "Commands of" } else { "Approved in" };
    format!("{word} {place}:\n{}", content.listed())
}

fn json(contents: &[Content], approved: bool) -> Vec<serde_json::Value> {
    let commands = |content: &Content| {
        let commands = content.commands();
        commands
            .map(|(task, role, line)| serde_json::json!({"task": task, "role": role, "line": line}))
            .collect::<Vec<_>>()
    };
    contents
        .iter()
        .map(|content| {
            serde_json::json!({
                "file": content.place, "approved": approved, "hash": content.hash(),
                "commands": commands(content),
            })
        })
        .collect()
}
