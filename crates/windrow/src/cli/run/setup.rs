//! Everything a run needs, put together from arguments, settings and files; nothing changes.

use std::collections::BTreeSet;

use windrow_core::spec::{Identity, Limits, RunSpec, Signing};
use windrow_world::trackers::nearest;

use super::agents::Agents;
use super::args::RunArgs;
use super::repository::{self, Target};
use crate::approval::{self, Content};
use crate::config::{FILE, ProjectConfig};
use crate::context::{Context, Project};
use crate::error::CliError;
use crate::output::listed;
use crate::source::{self, SourceFile};

/// A run that could start.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    /// The task files.
    pub(super) files: Vec<SourceFile>,
    /// How to run.
    pub(super) spec: RunSpec,
    /// The agents that tasks may name.
    pub(super) agents: Agents,
    /// What the settings file would have run, used or not.
    pub(super) settings: Content,
    /// Whether the gates come from the settings file.
    pub(super) file_gates: bool,
    /// What the person should know and need not act on.
    pub(super) notes: Vec<String>,
}

/// Reads and checks everything.
pub(super) fn setup(
    context: &Context,
    project: &Project,
    args: &RunArgs,
) -> Result<Setup, CliError> {
    let config = project.config()?;
    let files = source::read_all(context, project, &args.sources)?;
    if args.gates.iter().any(|gate| gate.trim().is_empty()) {
        return Err(CliError::usage("a `--gate` is empty").hint("write a command behind it"));
    }
    let branch = args.branch.as_deref().or(config.branch.as_deref());
    let Target { branch, identity, signing, ignore_case, notes } =
        repository::target(project, branch)?;
    let identity = Identity { name: identity.name, email: identity.email };
    let signing =
        signing.map(|how| Signing { format: how.format, key: how.key, program: how.program });
    let agents = Agents::of(context, &config)?;
    let agent = agent(context, args, &config, &agents)?;
    let spec = RunSpec {
        identity,
        signing,
        ignore_case,
        branch,
        agent,
        agents: agents.all.clone(),
        ..spec(context, project, args, &config)?
    };
    let settings = approval::settings(&project.reference.git_dir, &config);
    let spec = RunSpec { sources: names(&files), ..spec };
    let file_gates = args.gates.is_empty() && !spec.gates.is_empty();
    Ok(Setup { files, spec, agents, settings, file_gates, notes })
}

fn names(files: &[SourceFile]) -> Vec<String> {
    if files.is_empty() {
        return vec!["ready".to_owned()];
    }
    files.iter().map(|file| file.file.clone()).collect()
}

fn spec(
    context: &Context,
    project: &Project,
    args: &RunArgs,
    config: &ProjectConfig,
) -> Result<RunSpec, CliError> {
    let usual = RunSpec::default();
    let pool = args.pool.or(context.person.pool).or(config.pool);
    let trees = config.worktrees(project.root(), &project.name)?;
    let limits = config.limits;
    Ok(RunSpec {
        pool: pool.map_or(usual.pool, std::num::NonZeroU32::get),
        gates: if args.gates.is_empty() { config.gates() } else { args.gates.clone() },
        busy: config.target.busy,
        hold: args.hold || config.hold,
        barrier: args.barrier,
        commit_progress: args.commit_progress,
        out: args.out.as_ref().map(|out| text_of(&context.path(out))).transpose()?,
        trees: text_of(&trees)?,
        tree_names: config.worktree_names,
        tries: args.tries.or(config.tries).map_or(usual.tries, std::num::NonZeroU32::get),
        leftovers: config.leftovers,
        limits: Limits { silence_ms: limits.silence, time_ms: limits.time },
        gate_ms: limits.gate,
        grace_ms: limits.grace.unwrap_or(usual.grace_ms),
        ports: config.ports.clone(),
        precious: config.precious.clone(),
        caches: config.caches.clone(),
        ..usual
    })
}

/// The agent for tasks that name none.
fn agent(
    context: &Context,
    args: &RunArgs,
    config: &ProjectConfig,
    agents: &Agents,
) -> Result<Option<String>, CliError> {
    match args.agent.as_ref().or(context.person.agent.as_ref()) {
        Some(name) if !agents.all.contains_key(name) => {
            let error = CliError::user(format!("there is no agent `{name}`"));
            Err(match nearest(name, agents.all.keys().map(String::as_str)) {
                Some(near) => error.hint(format!("is `{near}` meant?")),
                None => error.hint(format!("define it in {FILE} as `[agents.{name}]`")),
            })
        }
        Some(name) => Ok(Some(name.clone())),
        None => Ok(config.agent.clone()),
    }
}

impl Setup {
    /// Makes sure that each of these tasks has something to start.
    ///
    /// Each comes with its name and the agent it names; those with a command of their own are not
    /// among them. `remedy` says how to give the first that has neither a command of its own.
    pub(super) fn check_agents<'a>(
        &self,
        tasks: impl IntoIterator<Item = (String, Option<&'a String>)>,
        remedy: impl Fn(&str) -> String,
    ) -> Result<(), CliError> {
        let mut homeless = Vec::new();
        let mut unknown = Vec::new();
        let mut used = BTreeSet::new();
        for (name, agent) in tasks {
            match agent.or(self.spec.agent.as_ref()) {
                None => homeless.push(name),
                Some(agent) if !self.spec.agents.contains_key(agent) => unknown
                    .push(format!("`{name}` names the agent `{agent}`, which is not defined")),
                Some(agent) => drop(used.insert(agent)),
            }
        }
        if !unknown.is_empty() {
            return Err(self.unknown_agents(&unknown));
        }
        match homeless.first() {
            Some(first) => Err(self.nobody(&homeless, remedy(first))),
            None => used.into_iter().try_for_each(|agent| self.agents.check(agent)),
        }
    }

    fn unknown_agents(&self, unknown: &[String]) -> CliError {
        let known: Vec<&str> = self.spec.agents.keys().map(String::as_str).collect();
        CliError::user(listed(unknown, "\n"))
            .hint(format!("agents: {}; `[agents.NAME]` in {FILE} adds one", known.join(", ")))
    }

    fn nobody(&self, homeless: &[String], remedy: String) -> CliError {
        let names: Vec<String> = homeless.iter().map(|name| format!("`{name}`")).collect();
        let text = listed(&names, ", ");
        let error =
            CliError::user(format!("nothing says who does {text}: no `Run:` line and no agent"))
                .hint(remedy);
        let agents: Vec<&str> = self.spec.agents.keys().map(String::as_str).collect();
        error
            .hint(format!(
                "`--agent {}` lets an agent do it; agents: {}",
                self.agents.example.as_deref().unwrap_or("NAME"),
                agents.join(", ")
            ))
            .hint("`windrow init` writes a commented example of both")
    }

    /// The contents that need consent when these tasks run.
    pub(super) fn contents(&self, uses_agent: bool, from_files: Vec<Content>) -> Vec<Content> {
        let mut contents = from_files;
        if self.file_gates || uses_agent {
            contents.push(self.settings.clone());
        }
        contents.retain(|content| !content.is_empty());
        contents
    }
}

fn text_of(path: &std::path::Path) -> Result<String, CliError> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        CliError::user(format!("failed to use `{}`: its name is not UTF-8", path.display()))
    })
}
