//! What a session's agent is: a command, or a client's turn, with its variables and secrets.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use windrow_core::State;
use windrow_core::spec::{AgentCommand, AgentSpec};
use windrow_core::state::{Session, Task};
use windrow_world::agents::{self, Begin, Client, Endpoint, Turn};

use crate::keeper::Program;
use crate::place::Place;
use crate::secrets::Secrets;

/// An agent that is to be started.
pub(super) struct Agent {
    what: What,
    /// Its own variables.
    pub(super) env: Vec<(String, String)>,
    secrets: BTreeSet<String>,
    kept: Secrets,
}

enum What {
    Command(Program),
    Client(ClientTurn),
    /// A client of a newer windrow.
    Unknown(String),
}

/// A client's turn, as far as it is known before the job begins.
struct ClientTurn {
    client: &'static dyn Client,
    program: String,
    args: Vec<String>,
    model: Option<String>,
    /// What is said of no other conversation.
    once: String,
    /// The jobs that this one goes on with, newest first.
    before: Vec<PathBuf>,
    /// Where the outputs for other tasks go.
    outputs: PathBuf,
    /// The job's own settings for the client, and where they are written.
    settings: Option<(PathBuf, Value)>,
}

/// The client of a session, when it has one that is known here.
pub(crate) fn client_of(state: &State, session: &Session) -> Option<&'static dyn Client> {
    let task = state.tasks.get(&session.task)?;
    let spec = spec(state, session, task)?;
    spec.client.as_deref().and_then(agents::find)
}

/// Whether the person is asked for permissions of that session's agent.
pub(crate) fn asks(state: &State, session: &Session) -> bool {
    let task = state.tasks.get(&session.task);
    task.and_then(|task| spec(state, session, task)).is_some_and(|spec| spec.asks)
}

/// The agent as it was configured; nothing for a task that runs a command of its own.
fn spec<'a>(state: &'a State, session: &Session, task: &'a Task) -> Option<&'a AgentSpec> {
    let run = &state.runs.get(&session.run)?.spec;
    let name = task.spec.agent.as_ref().or(run.agent.as_ref())?;
    run.agents.get(name).filter(|_| task.spec.run.is_none())
}

impl Agent {
    pub(super) fn of(
        state: &State,
        session: &Session,
        task: &Task,
        place: &Place,
        output: &Path,
    ) -> Option<Self> {
        let kept = place.secrets.clone();
        if let Some(line) = &task.spec.run {
            let what = What::Command(Program::Shell { line: line.clone() });
            return Some(Self { what, env: Vec::new(), secrets: BTreeSet::new(), kept });
        }
        let spec = spec(state, session, task)?;
        let mut env = Vec::new();
        let what = match spec.client.as_deref().map(|name| agents::find(name).ok_or(name)) {
            None => What::Command(command(&spec.command)),
            Some(Err(name)) => What::Unknown(name.to_owned()),
            Some(Ok(client)) => {
                let own =
                    |(name, _): &&(String, String)| client.own_variables().contains(&name.as_str());
                env.extend(place.daemon.env.iter().filter(own).cloned());
                let usual = client.variables().iter();
                env.extend(usual.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
                What::Client(ClientTurn::of(client, spec, session, task, place, output)?)
            }
        };
        env.extend(spec.env.iter().map(|(name, value)| (name.clone(), value.clone())));
        Some(Self { what, env, secrets: spec.secrets.clone(), kept })
    }

    /// The program, and whether it takes up a conversation; names the one a client is to begin or
    /// to go on with.
    pub(super) fn program(&self) -> Result<(Program, bool), String> {
        match &self.what {
            What::Command(program) => Ok((program.clone(), false)),
            What::Client(turn) => {
                let (argv, resumes) = turn.argv();
                Ok((Program::Argv { argv }, resumes))
            }
            What::Unknown(name) => Err(format!("this windrow knows no client `{name}`")),
        }
    }

    /// Writes what the program is told by a file, for its owner alone: a token stands in it.
    pub(super) fn write_settings(&self) -> Result<(), String> {
        let What::Client(ClientTurn { settings: Some((path, settings)), .. }) = &self.what else {
            return Ok(());
        };
        // A start that was cut short may have left half of one; nobody reads it before the start.
        let written = match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => {
                let mut options = OpenOptions::new();
                let file = options.write(true).create_new(true).mode(0o600).open(path);
                file.and_then(|mut file| file.write_all(settings.to_string().as_bytes()))
            }
        };
        written.map_err(|error| format!("failed to write `{}`: {error}", path.display()))
    }

    /// The variables whose values are the person's.
    pub(super) fn secrets(&self) -> Result<Vec<(String, String)>, String> {
        if self.secrets.is_empty() {
            return Ok(Vec::new());
        }
        let mut all = self.kept.load().map_err(|error| crate::chain(&error))?;
        let value = |name: &String| match all.remove(name) {
            Some(value) => Ok((name.clone(), value)),
            None => Err(format!(
                "the secret `{name}` has no value; set it and call `windrow run --resume`"
            )),
        };
        self.secrets.iter().map(value).collect()
    }
}

impl ClientTurn {
    fn of(
        client: &'static dyn Client,
        spec: &AgentSpec,
        session: &Session,
        task: &Task,
        place: &Place,
        output: &Path,
    ) -> Option<Self> {
        let (program, args) = match &spec.command {
            AgentCommand::Argv(argv) => argv.split_first()?,
            AgentCommand::Shell(_) => return None,
        };
        let before = (1..session.generation).rev();
        let now = crate::place::now();
        Some(Self {
            client,
            program: program.clone(),
            args: args.to_vec(),
            model: task.spec.model.clone().or_else(|| spec.model.clone()),
            once: format!("{} {} {} {now:?}", place.id, session.id, session.generation),
            before: before.map(|generation| place.agent_job(session.id, generation)).collect(),
            outputs: output.parent().unwrap_or(output).to_owned(),
            settings: settings(client, spec.asks, session, place),
        })
    }

    fn argv(&self) -> (Vec<String>, bool) {
        let fresh = agents::new_conversation(&self.once);
        let before = self.conversation();
        let begin = match &before {
            Some(name) => Begin::Resume(name),
            None => Begin::New(&fresh),
        };
        let argv = self.client.headless(&Turn {
            program: &self.program,
            args: &self.args,
            model: self.model.as_deref(),
            begin,
            settings: self.settings.as_ref().map(|(path, _)| path.as_path()),
            folders: &[&self.outputs],
        });
        (argv, before.is_some())
    }

    /// The last conversation in which the model had begun to work.
    fn conversation(&self) -> Option<String> {
        let before = self.before.iter().filter(|_| self.client.abilities().resume);
        let mut told = before.filter_map(|job| {
            let told = agents::read_file(self.client, &job.join("transcript")).ok()?;
            told.conversation.filter(|_| told.is_begun)
        });
        told.next()
    }
}

/// The settings by which a client reports, if it can and somebody listens.
fn settings(
    client: &dyn Client,
    asks: bool,
    session: &Session,
    place: &Place,
) -> Option<(PathBuf, Value)> {
    let (hooks, server) = (client.hooks()?, place.hooks.as_ref()?);
    let (id, generation) = (session.id, session.generation);
    let url = server.url(&place.id, id, generation);
    let token = server.token(&place.id, id, generation);
    let settings = hooks.settings(&Endpoint { url: &url, token: &token, asks });
    Some((place.agent_job(id, generation).join("settings.json"), settings))
}

fn command(command: &AgentCommand) -> Program {
    match command {
        AgentCommand::Argv(argv) => Program::Argv { argv: argv.clone() },
        AgentCommand::Shell(line) => Program::Shell { line: line.clone() },
    }
}
