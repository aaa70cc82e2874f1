//! A place with a real client, a scripted model, and a person who set both up.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use windrow_testkit::stub::Stub;
use windrow_testkit::{Ran, Role, Running, TestEnv, real_client};
use windrow_world::cmd::Cmd;

use crate::place::place;

/// The key that the client is given.
pub(super) const KEY: &str = "sk-of-the-test";

/// The model it uses when nobody says another.
pub(super) const MODEL: &str = "stub-model";

/// A place with a client and its model.
pub(super) struct Ground {
    pub(super) env: TestEnv,
    pub(super) stub: Stub,
    program: PathBuf,
}

/// A script as it stands in a prompt.
pub(super) fn script(steps: &Value) -> String {
    format!("##STUB## {steps}")
}

/// A step that does one thing.
pub(super) fn step(deed: &Value) -> Value {
    json!({"tools": [deed]})
}

impl Ground {
    /// A place for that client; nothing when it is not installed, which is noted as a skip.
    pub(super) fn with(client: &str) -> Option<Self> {
        let program = real_client(client)?;
        let (env, stub) = (place(), Stub::start(0).unwrap());
        let ground = Self { env, stub, program };
        ground.configure(&ground.agent(client, client, MODEL));
        ground.configure_codex();
        Some(ground)
    }

    /// Defines the same client a second time, under another name and with another model.
    pub(super) fn twice(&self, client: &str, name: &str, model: &str) {
        let both = self.agent(client, client, MODEL) + &self.agent(client, name, model);
        self.configure(&both);
    }

    /// Adds a line to the settings of the only agent.
    pub(super) fn also(&self, line: &str) {
        let file = self.env.root().join("config/windrow/config.toml");
        let text = fs::read_to_string(&file).unwrap();
        write(&file, &(text + line));
    }

    fn agent(&self, client: &str, name: &str, model: &str) -> String {
        let (program, url) = (self.program.display(), self.stub.url());
        let (env, secret) = match client {
            "claude" => (
                format!(
                    "ANTHROPIC_BASE_URL = \"{url}\", CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC = \"1\", \
                     DISABLE_TELEMETRY = \"1\", DISABLE_ERROR_REPORTING = \"1\""
                ),
                "ANTHROPIC_API_KEY",
            ),
            _ => (String::new(), "STUB_KEY"),
        };
        format!(
            "[agents.{name}]\nclient = \"{client}\"\nprogram = \"{program}\"\nmodel = \"{model}\"\n\
             env = {{ {env} }}\nsecrets = [\"{secret}\"]\n"
        )
    }

    fn configure(&self, text: &str) {
        write(&self.env.root().join("config/windrow/config.toml"), text);
    }

    /// What a person who uses another provider has written.
    fn configure_codex(&self) {
        let url = self.stub.url();
        let text = format!(
            "model_provider = \"stub\"\ncheck_for_update_on_startup = false\n\
             [model_providers.stub]\nname = \"stub\"\nbase_url = \"{url}/v1\"\n\
             wire_api = \"responses\"\nenv_key = \"STUB_KEY\"\n\
             request_max_retries = 2\nstream_max_retries = 2\n[analytics]\nenabled = false\n"
        );
        write(&self.env.home().join(".codex/config.toml"), &text);
    }

    /// Commits a task list.
    pub(super) fn commit_tasks(&self, text: &str) {
        self.env.repo().write("TASKS.md", text);
        let _commit = self.env.repo().commit("tasks");
    }

    /// Runs windrow as the person who has the keys.
    #[track_caller]
    pub(super) fn windrow(&self, args: &[&str]) -> Ran {
        self.env.finish(self.command(args))
    }

    fn command(&self, args: &[&str]) -> Cmd {
        let command = self.env.command(self.env.repo().path(), args);
        command.env("ANTHROPIC_API_KEY", KEY).env("STUB_KEY", KEY)
    }

    /// What every client wrote, for a test that fails.
    pub(super) fn transcripts(&self) -> String {
        let find = ["projects", "-name", "transcript", "-size", "-200k"];
        let found = Cmd::new("find").args(find).dir(self.env.state()).success().unwrap();
        let found = String::from_utf8_lossy(&found).into_owned();
        let read = |name: &str| {
            let text = fs::read(self.env.state().join(name)).unwrap_or_default();
            format!("--- {name}\n{}", String::from_utf8_lossy(&text))
        };
        found.lines().map(read).collect::<Vec<_>>().join("\n")
    }

    /// Kills the client that is at work with -9.
    #[track_caller]
    pub(super) fn kill_client(&self) {
        let program = self.program.display().to_string();
        let at_work = self.env.playing(Role::Worker);
        let found = at_work.iter().find(|worker| worker.line.starts_with(&program));
        assert!(found.is_some_and(Running::kill), "no client in {at_work:#?}");
    }

    /// The first prompt in which that stands.
    #[track_caller]
    pub(super) fn prompt_with(&self, text: &str) -> String {
        let heard = self.stub.heard();
        let found = heard.iter().find(|heard| heard.prompt.contains(text));
        found.unwrap_or_else(|| panic!("no `{text}` in {heard:#?}")).prompt.clone()
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    windrow_world::files::replace(path, text.as_bytes()).unwrap();
}
