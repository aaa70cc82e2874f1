//! Agents: what is built in, what the project says of them, and what the person says above that.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use windrow_core::spec::{AgentCommand, AgentSpec};
use windrow_world::agents;
use windrow_world::trackers::nearest;

use crate::error::CliError;

/// Agents by their names.
pub(crate) type AgentTables = BTreeMap<String, AgentTable>;

/// One agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct AgentTable {
    /// The shell line that starts it.
    ///
    /// Example: `run = "my-agent --prompt-file \"$WINDROW_BRIEF\""`
    pub(super) run: Option<String>,
    /// A program and its arguments instead, without a shell.
    pub(super) command: Option<Vec<String>>,
    /// The client that it is, "claude" or "codex": windrow then knows how to start it and what it
    /// says. Agents of these names are there without being written down.
    ///
    /// Default: a command of any kind
    client: Option<String>,
    /// The program of the client, by name or path.
    ///
    /// Default: as the client is usually called
    pub(crate) program: Option<String>,
    /// More arguments for the program.
    args: Option<Vec<String>>,
    /// Variables for it, by name; those of a person's own settings are added to the project's.
    env: BTreeMap<String, String>,
    /// Names of variables whose values are taken from the person's environment when a run starts,
    /// such as keys. Only a person's own settings may name them.
    secrets: BTreeSet<String>,
    /// The model, where a task names none, in the client's own words.
    ///
    /// Default: the client's own choice
    model: Option<String>,
    /// How it runs: "headless", in turns and without a terminal.
    ///
    /// Default: `"headless"`
    mode: Option<String>,
    /// What happens when it wants to use a tool that it may not: "deny" refuses it, "ask" asks the
    /// person and waits. Only clients that report to windrow ask.
    ///
    /// Default: `"deny"`
    permissions: Option<String>,
    /// Who stands in the `Co-Authored-By` trailer of what it did.
    ///
    /// Default: the client, for a client
    ///
    /// Example: `co-author = "My Agent <agent@example.org>"`
    co_author: Option<String>,
}

/// The agents that are there without being written down.
pub(crate) fn built_in() -> AgentTables {
    let table =
        |client: &str| AgentTable { client: Some(client.to_owned()), ..AgentTable::default() };
    agents::ALL.iter().map(|client| (client.name().to_owned(), table(client.name()))).collect()
}

/// Puts settings above others, agent by agent.
pub(crate) fn above(below: AgentTables, above: &AgentTables) -> AgentTables {
    let mut all = below;
    for (name, table) in above {
        let below = all.remove(name).unwrap_or_default();
        all.insert(name.clone(), table.above(below));
    }
    all
}

/// The agents as a run takes them; `place` names the settings in messages.
pub(crate) fn resolved(
    place: &str,
    tables: &AgentTables,
) -> Result<BTreeMap<String, AgentSpec>, CliError> {
    let one = |(name, table): (&String, &AgentTable)| {
        let spec = table.spec().map_err(|fault| {
            CliError::user(format!("{place}: agent `{name}` {}", fault.what)).hints(fault.hint)
        })?;
        Ok((name.clone(), spec))
    };
    tables.iter().map(one).collect()
}

/// What is wrong with an agent, as the end of a sentence.
struct Fault {
    what: String,
    hint: Option<String>,
}

impl<T: Into<String>> From<T> for Fault {
    fn from(what: T) -> Self {
        Self { what: what.into(), hint: None }
    }
}

impl AgentTable {
    /// These settings, and those of `below` where nothing is said here.
    ///
    /// Who says what is started says it whole: nothing of another agent's is left in it.
    fn above(&self, below: Self) -> Self {
        let other_client = self.client.is_some() && self.client != below.client;
        if self.run.is_some() || self.command.is_some() || other_client {
            return self.clone();
        }
        let by_program = self.program.is_some();
        let mut env = below.env;
        env.extend(self.env.clone());
        Self {
            run: below.run.filter(|_| !by_program),
            command: below.command.filter(|_| !by_program),
            client: self.client.clone().or(below.client),
            program: self.program.clone().or(below.program),
            args: self.args.clone().or(below.args),
            env,
            secrets: below.secrets.union(&self.secrets).cloned().collect(),
            model: self.model.clone().or(below.model),
            mode: self.mode.clone().or(below.mode),
            permissions: self.permissions.clone().or(below.permissions),
            co_author: self.co_author.clone().or(below.co_author),
        }
    }

    /// Whether it names secrets.
    pub(super) fn has_secrets(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// What it would have run or hand to what runs, each with the word for it; for consent.
    pub(crate) fn commands(&self) -> Vec<(&'static str, String)> {
        let mut all = Vec::new();
        all.extend(self.command.as_ref().map(|argv| ("", quoted(argv))));
        all.extend(self.run.clone().map(|line| ("", line)));
        all.extend(self.client.clone().map(|client| (" client", client)));
        all.extend(self.program.clone().map(|program| (" program", program)));
        all.extend(self.args.as_ref().map(|args| (" args", quoted(args))));
        all.extend(self.env.iter().map(|(name, value)| (" env", format!("{name}={value}"))));
        all.extend(self.model.clone().map(|model| (" model", model)));
        all
    }

    fn spec(&self) -> Result<AgentSpec, Fault> {
        self.check()?;
        let client = match &self.client {
            None => None,
            Some(name) => Some(agents::find(name).ok_or_else(|| unknown_client(name))?),
        };
        let program = self.program.clone().or_else(|| Some(client?.program().to_owned()));
        let args = self.args.iter().flatten().cloned();
        let command = match (&self.command, &self.run, program) {
            (Some(argv), _, _) => AgentCommand::Argv(argv.clone()),
            (None, Some(line), _) => AgentCommand::Shell(line.clone()),
            (None, None, Some(program)) => {
                AgentCommand::Argv(std::iter::once(program).chain(args).collect())
            }
            (None, None, None) => {
                return Err(
                    "has neither `command` nor `run` nor `client`; write one of them".into()
                );
            }
        };
        let own = self.co_author.clone();
        Ok(AgentSpec {
            co_author: own.or_else(|| Some(client?.co_author().to_owned())),
            client: client.map(|client| client.name().to_owned()),
            model: self.model.clone(),
            env: self.env.clone(),
            secrets: self.secrets.clone(),
            asks: self.permissions.as_deref() == Some("ask"),
            ..AgentSpec::of(command)
        })
    }

    /// What the parts alone and together must not be.
    fn check(&self) -> Result<(), Fault> {
        let started = [
            (self.command.is_some(), "command"),
            (self.run.is_some(), "run"),
            (self.client.is_some() || self.program.is_some(), "client` or `program"),
        ];
        let started: Vec<&str> =
            started.iter().filter_map(|(is, key)| is.then_some(*key)).collect();
        if let [one, other, ..] = started[..] {
            return Err(format!("has both `{one}` and `{other}`; keep one of them").into());
        }
        if self.command.as_ref().is_some_and(|argv| argv.first().is_none_or(String::is_empty)) {
            return Err("has an empty `command`; write a program and its arguments".into());
        }
        if self.run.as_ref().is_some_and(|line| line.trim().is_empty()) {
            return Err("has an empty `run`; write a shell line".into());
        }
        if self.program.as_ref().is_some_and(|program| program.trim().is_empty()) {
            return Err("has an empty `program`; write a name or a path".into());
        }
        if self.args.is_some() && (self.run.is_some() || self.command.is_some()) {
            return Err("has `args` beside a whole command; write them into that".into());
        }
        if self.model.is_some() && self.client.is_none() {
            return Err("has a `model`, and no `client` that could be told of it".into());
        }
        if let Some(mode) = self.mode.as_deref().filter(|mode| *mode != "headless") {
            return Err(format!("has the mode `{mode}`; only \"headless\" is there so far").into());
        }
        self.check_permissions()?;
        let names = self.env.keys().chain(&self.secrets);
        if let Some(name) = names.into_iter().find(|name| !is_variable(name)) {
            return Err(
                format!("names the variable `{name}`; write letters, digits and `_`").into()
            );
        }
        if self.env.values().any(|value| value.contains('\0')) {
            return Err("has a value in `env` that no variable can have".into());
        }
        match &self.co_author {
            Some(text) if !is_author(text) => Err("has no `Name <mail>` in `co-author`".into()),
            _ => Ok(()),
        }
    }
}

impl AgentTable {
    fn check_permissions(&self) -> Result<(), Fault> {
        match self.permissions.as_deref() {
            None | Some("deny") => Ok(()),
            Some("ask") => {
                let client = self.client.as_deref().and_then(agents::find);
                if client.is_some_and(|client| client.hooks().is_some()) {
                    return Ok(());
                }
                Err("has `permissions = \"ask\"`, and no `client` that asks; only \"claude\" does"
                    .into())
            }
            Some(other) => {
                Err(format!("has the permissions `{other}`; write \"deny\" or \"ask\"").into())
            }
        }
    }
}

fn unknown_client(name: &str) -> Fault {
    let known: Vec<&str> = agents::ALL.iter().map(|client| client.name()).collect();
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("write `{near}`?"),
        None => format!("clients: {}; any other program is a `command`", known.join(", ")),
    };
    Fault { what: format!("is the client `{name}`, which is not known"), hint: Some(hint) }
}

fn is_variable(name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && name.chars().all(word) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Words as one line to read.
pub(crate) fn quoted(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    words.join(" ")
}

fn is_author(text: &str) -> bool {
    let mail = text.strip_suffix('>').and_then(|text| text.split_once(" <"));
    let clean = |part: &str| !part.trim().is_empty() && !part.contains(['<', '>', '\n', '\r']);
    mail.is_some_and(|(name, mail)| clean(name) && clean(mail))
}

#[cfg(test)]
mod tests;
