//! `windrow agents`: which agents there are, what they can do, and what is missing.
//!
//! A program is asked for its version only when it is not the repository that names it.

use std::path::PathBuf;

use serde::Serialize;
use windrow_api::ExitKind;
use windrow_core::spec::{AgentCommand, AgentSpec};
use windrow_world::agents::{self, Client, installed};
use windrow_world::cmd::which;

use super::run::agent_settings;
use crate::approval::command_line;
use crate::config::{FILE, ProjectConfig};
use crate::context::Context;
use crate::error::{Outcome, chain};
use crate::output::{Format, one_line};
use crate::render::{Column, Table};

/// List agents and what is missing
///
/// Claude Code and Codex are known by name; windrow.toml and a person's own settings may add agents
/// and change these. A client is asked for its version.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow agents")]
pub(crate) struct AgentsArgs {
    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// An agent.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct AgentRow {
    /// What tasks and `--agent` call it.
    name: String,
    /// The client that it is; nothing for a command.
    client: Option<&'static str>,
    /// What is started, as one line.
    command: String,
    /// Where its program is; nothing when it was not found or is a shell line.
    program: Option<PathBuf>,
    /// The version it says it has.
    version: Option<String>,
    /// The model, where a task names none.
    model: Option<String>,
    /// What it can do, as far as windrow makes use of it.
    can: Vec<&'static str>,
    /// What is wrong or missing, and what helps.
    missing: Option<String>,
}

/// Lists the agents.
pub(super) fn run(context: &Context, args: &AgentsArgs) -> Outcome {
    let config = match context.project() {
        Ok(project) => project.config()?,
        // Outside of a repository there is what belongs to the person.
        Err(_) => ProjectConfig::default(),
    };
    let all = agent_settings(context, &config)?;
    let from_file = |name: &str| config.agents.get(name).is_some_and(|it| it.program.is_some());
    let rows: Vec<AgentRow> =
        all.iter().map(|(name, spec)| row(name, spec, from_file(name))).collect();
    match args.format {
        Format::Json => context.out.json(&rows)?,
        Format::Text => context.out.answer(&text(&rows, context.out.width()))?,
    }
    Ok(ExitKind::Success)
}

fn row(name: &str, spec: &AgentSpec, by_repository: bool) -> AgentRow {
    let client = spec.client.as_deref().and_then(agents::find);
    let program = match &spec.command {
        AgentCommand::Argv(argv) => argv.first(),
        AgentCommand::Shell(_) => None,
    };
    let path = program.and_then(|program| which(program));
    let mut row = AgentRow {
        name: name.to_owned(),
        client: client.map(Client::title),
        command: command_line(spec),
        program: path.clone(),
        version: None,
        model: spec.model.clone(),
        can: client.map(|client| client.abilities().words()).unwrap_or_default(),
        missing: None,
    };
    let (Some(program), None) = (program, &path) else {
        if let (Some(client), Some(path)) = (client, path) {
            (row.version, row.missing) = look(client, &path, by_repository);
        }
        return row;
    };
    let install = client.map(|client| format!("; `{}` installs it", client.install()));
    row.missing = Some(format!("there is no program `{program}`{}", install.unwrap_or_default()));
    row
}

/// The version of a client and what is wrong with it.
fn look(
    client: &dyn Client,
    program: &std::path::Path,
    by_repository: bool,
) -> (Option<String>, Option<String>) {
    if by_repository {
        return (
            None,
            Some(format!("{FILE} names its program, so it was not asked for its version")),
        );
    }
    match installed(client, program) {
        Ok(Some(version)) if version < client.oldest() => {
            let wrong = format!("it is too old: {} or newer is needed", client.oldest());
            (Some(version.to_string()), Some(wrong))
        }
        Ok(Some(version)) => (Some(version.to_string()), None),
        Ok(None) => (None, Some("it does not say which version it is".to_owned())),
        Err(error) => (None, Some(chain(&error))),
    }
}

fn text(rows: &[AgentRow], width: Option<usize>) -> String {
    let column = |title, goes| Column { title, goes };
    let columns = [
        column("AGENT", 0),
        column("CLIENT", 1),
        column("VERSION", 2),
        column("MODEL", 3),
        column("COMMAND", 0),
    ];
    let mut table = Table::new(&columns, 4);
    for row in rows {
        table.row(vec![
            one_line(&row.name),
            row.client.unwrap_or("command").to_owned(),
            row.version.clone().unwrap_or_default(),
            row.model.as_deref().map(one_line).unwrap_or_default(),
            one_line(&row.command),
        ]);
    }
    let mut lines = table.lines(width);
    let can = rows.iter().filter(|row| !row.can.is_empty());
    let missing = rows.iter().filter_map(|row| Some((row, row.missing.as_ref()?)));
    let mut said: Vec<String> =
        can.map(|row| format!("{} can: {}.", one_line(&row.name), row.can.join(", "))).collect();
    said.extend(missing.map(|(row, what)| format!("{}: {}.", one_line(&row.name), one_line(what))));
    lines.push(String::new());
    lines.extend(said);
    lines.join("\n") + "\n"
}
