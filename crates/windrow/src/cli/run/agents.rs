//! The agents of a run: what the settings say of them, whether they can start, and their secrets.

use std::collections::{BTreeMap, BTreeSet};

use windrow_core::spec::{AgentCommand, AgentSpec};
use windrow_world::agents;
use windrow_world::cmd::which;

use crate::config::{self, ProjectConfig};
use crate::context::{Context, Project};
use crate::engine::Secrets;
use crate::env::Env;
use crate::error::{CliError, chain};

/// The agents a run may use, by their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Agents {
    pub(super) all: BTreeMap<String, AgentSpec>,
    /// One that somebody wrote down, to be named as an example.
    pub(super) example: Option<String>,
    /// Secrets with the values that they have in the person's environment.
    given: BTreeMap<String, String>,
    /// Secrets that have a value from an earlier time.
    kept: BTreeSet<String>,
}

impl Agents {
    /// The agents of the settings, with clients at the place where the person has them.
    pub(super) fn of(context: &Context, config: &ProjectConfig) -> Result<Self, CliError> {
        let mut all = settings(context, config)?;
        for spec in all.values_mut().filter(|spec| spec.client.is_some()) {
            // The daemon may have been started from where PATH was another one.
            if let AgentCommand::Argv(argv) = &mut spec.command
                && let Some(program) = argv.first_mut()
                && let Some(path) = which(program)
                && let Some(path) = path.to_str()
            {
                path.clone_into(program);
            }
        }
        let names: BTreeSet<&String> = all.values().flat_map(|spec| &spec.secrets).collect();
        let value = |name: &&String| Some(((*name).clone(), Env::secret(name)?));
        let given: BTreeMap<_, _> = names.iter().filter_map(value).collect();
        let kept = match names.is_empty() {
            true => BTreeSet::new(),
            false => secrets(context)?.load().map_err(|e| unreadable(&e))?.into_keys().collect(),
        };
        let mut written = config.agents.keys().chain(context.person.agents.keys());
        let example = written.next().cloned();
        Ok(Self { all, example, given, kept })
    }

    /// Makes sure that an agent could start here.
    pub(super) fn check(&self, name: &str) -> Result<(), CliError> {
        let Some(spec) = self.all.get(name) else { return Ok(()) };
        if let (Some(client), AgentCommand::Argv(argv)) = (&spec.client, &spec.command) {
            let program = argv.first().map(String::as_str).unwrap_or_default();
            if which(program).is_none() {
                let error = CliError::user(format!(
                    "agent `{name}` cannot start: there is no program `{program}`"
                ));
                let install = agents::find(client)
                    .map(|client| format!("`{}` installs {}", client.install(), client.title()));
                return Err(error.hints(install).hint("`windrow agents` shows what is there"));
            }
        }
        let missing =
            |secret: &&String| !self.given.contains_key(*secret) && !self.kept.contains(*secret);
        match spec.secrets.iter().find(missing) {
            None => Ok(()),
            Some(secret) => Err(CliError::user(format!(
                "agent `{name}` cannot start: its secret `{secret}` has no value"
            ))
            .hint(format!("set it in the environment: `export {secret}=...`"))),
        }
    }

    /// Puts the secrets where workers find them.
    pub(super) fn keep_secrets(&self, context: &Context) -> Result<(), CliError> {
        if self.given.is_empty() {
            return Ok(());
        }
        secrets(context)?.keep(self.given.clone()).map_err(|error| unreadable(&error))
    }
}

/// The agents as the project and the person set them.
pub(in crate::cli) fn settings(
    context: &Context,
    config: &ProjectConfig,
) -> Result<BTreeMap<String, AgentSpec>, CliError> {
    let tables = config::above(config::built_in(), &config.agents);
    let tables = config::above(tables, &context.person.agents);
    config::resolved("settings", &tables)
}

/// Takes the secrets of the person's environment anew, for a run that goes on.
pub(super) fn renew_secrets(context: &Context, project: &Project) -> Result<(), CliError> {
    Agents::of(context, &project.config()?)?.keep_secrets(context)
}

fn secrets(context: &Context) -> Result<Secrets, CliError> {
    Ok(Secrets::of(&context.home()?))
}

fn unreadable(error: &dyn std::error::Error) -> CliError {
    CliError::user(chain(error)).hint("remove the file; the next run takes the values anew")
}
