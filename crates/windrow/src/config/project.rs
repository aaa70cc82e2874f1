//! What a repository says about itself: `windrow.toml` beside its `.git`.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use windrow_core::spec::{Leftovers, TreeNames, WhenBusy};

use super::agents::{self, AgentTables};
use super::{duration, toml_file};
use crate::error::CliError;

/// The file's name.
pub(crate) const FILE: &str = "windrow.toml";

/// The project's settings; each is optional.
///
/// The comments on fields are what `windrow init` and the reference say about them. A paragraph
/// that begins with `Example:` is the line that `init` writes commented out, one with `Default:`
/// what holds where the type alone does not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ProjectConfig {
    /// The command that must pass on the merged result before anything lands.
    ///
    /// Example: `gate = "make test"`
    gate: Option<String>,
    /// Several such commands, in their order, instead of `gate`.
    gates: Vec<String>,
    /// How many workers at once; `--pool N` and a person's own settings go before it.
    ///
    /// Default: `4`
    ///
    /// Example: `pool = 4`
    pub(crate) pool: Option<NonZeroU32>,
    /// The branch finished work lands on.
    ///
    /// Default: the one that is checked out
    ///
    /// Example: `branch = "main"`
    pub(crate) branch: Option<String>,
    /// Failed tries before a task is stuck.
    ///
    /// Default: `3`
    ///
    /// Example: `tries = 3`
    pub(crate) tries: Option<NonZeroU32>,
    /// Keep finished work until `windrow land TASK`.
    ///
    /// Example: `hold = false`
    pub(crate) hold: bool,
    /// What happens to changes a worker left uncommitted at a good end: "commit" commits them,
    /// "refuse" makes the try a failed one.
    ///
    /// Example: `leftovers = "commit"`
    pub(crate) leftovers: Leftovers,
    /// Where workers' trees lie; `{project}` is the name of the repository's folder.
    ///
    /// Default: `"../{project}-worktrees"`
    ///
    /// Example: `worktrees = "../{project}-worktrees"`
    worktrees: Option<String>,
    /// What the folders in it are called after: "worker" (quill) or "task" (task-3 for t-3).
    ///
    /// Example: `worktree-names = "worker"`
    pub(crate) worktree_names: TreeNames,
    /// Ports of this project; each worker gets a PORT_OFFSET to add to them.
    ///
    /// Example: `ports = [3000, 5432]`
    pub(crate) ports: Vec<u16>,
    /// Ignored files that are kept when a worker's tree goes, as globs.
    ///
    /// Example: `precious = [".env.local"]`
    pub(crate) precious: Vec<String>,
    /// Ignored files and folders that stay when a tree is used again, as globs.
    ///
    /// Example: `caches = ["target/"]`
    pub(crate) caches: Vec<String>,
    /// The agent for tasks that have no `Run:` line and name none.
    ///
    /// Example: `agent = "mine"`
    pub(crate) agent: Option<String>,
    /// How long things may take.
    pub(crate) limits: LimitsTable,
    /// When files of the checkout are in the way of a landing: "wait" until they are not, or land
    /// "ahead" on refs/windrow/target/BRANCH, and the branch follows by itself later.
    pub(crate) target: TargetTable,
    /// An agent is any command, or a client that windrow knows. A command finds its brief in the
    /// file $WINDROW_BRIEF.
    pub(crate) agents: AgentTables,
}

/// How work lands on the branch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TargetTable {
    /// What happens while the checkout of the branch is in the way of a landing.
    ///
    /// Example: `busy = "wait"`
    pub(crate) busy: WhenBusy,
}

/// How long things may take, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LimitsTable {
    /// A try is ended after this long without any output.
    ///
    /// Default: never
    ///
    /// Example: `silence = "10m"`
    #[serde(deserialize_with = "duration::span")]
    #[cfg_attr(test, schemars(with = "Option<duration::Span>"))]
    pub(crate) silence: Option<u64>,
    /// A try is ended after this long.
    ///
    /// Default: never
    ///
    /// Example: `time = "1h"`
    #[serde(deserialize_with = "duration::span")]
    #[cfg_attr(test, schemars(with = "Option<duration::Span>"))]
    pub(crate) time: Option<u64>,
    /// A gate that takes this long is red.
    ///
    /// Default: `"2h"`
    ///
    /// Example: `gate = "30m"`
    #[serde(deserialize_with = "duration::span")]
    #[cfg_attr(test, schemars(with = "Option<duration::Span>"))]
    pub(crate) gate: Option<u64>,
    /// Between the polite and the forced end of a worker.
    ///
    /// Default: `"5s"`
    ///
    /// Example: `grace = "5s"`
    #[serde(deserialize_with = "duration::span")]
    #[cfg_attr(test, schemars(with = "Option<duration::Span>"))]
    pub(crate) grace: Option<u64>,
}

impl ProjectConfig {
    /// Reads the settings of the repository at `root`.
    pub(crate) fn load(root: &Path) -> Result<Self, CliError> {
        let path = root.join(FILE);
        let config: Self = toml_file::load(&path)?;
        config.check(&path.display().to_string())?;
        Ok(config)
    }

    /// The gates in their order.
    pub(crate) fn gates(&self) -> Vec<String> {
        self.gate.iter().chain(&self.gates).cloned().collect()
    }

    /// The folder for worktrees, absolute.
    pub(crate) fn worktrees(&self, root: &Path, project: &str) -> Result<PathBuf, CliError> {
        let template = self.worktrees.as_deref().unwrap_or("../{project}-worktrees");
        let folder = plain_path(&root.join(template.replace("{project}", project)));
        if folder.starts_with(root) {
            let text = folder.display();
            return Err(CliError::user(format!(
                "failed to use `{text}` for worktrees: it lies inside of the repository"
            ))
            .hint(format!("set `worktrees` in {FILE} to a folder beside it")));
        }
        Ok(folder)
    }

    /// What a schema cannot say.
    fn check(&self, name: &str) -> Result<(), CliError> {
        let wrong = |text: String| Err(CliError::user(format!("{name}: {text}")));
        if self.gate.is_some() && !self.gates.is_empty() {
            return wrong("`gate` and `gates` are both set; keep one of them".to_owned());
        }
        if self.gates().iter().any(|gate| gate.trim().is_empty()) {
            return wrong("a gate is empty; remove it, or write a command".to_owned());
        }
        if let Some((agent, _)) = self.agents.iter().find(|(_, table)| table.has_secrets()) {
            return wrong(format!(
                "agent `{agent}` names `secrets`, which only a person's own settings may"
            ));
        }
        let known = agents::above(agents::built_in(), &self.agents);
        agents::resolved(name, &known)?;
        let Some(agent) = self.agent.as_ref().filter(|agent| !known.contains_key(*agent)) else {
            return Ok(());
        };
        wrong(format!("`agent` is `{agent}`, and there is no `[agents.{agent}]`; add it"))
    }
}

/// The path without `.` and `..`, by its text alone.
fn plain_path(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests;
