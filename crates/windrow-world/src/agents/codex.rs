//! Codex. Flags and events as version 0.169.0 has them.

use serde_json::Value;

use super::fault;
use super::turn::text;
use super::{Abilities, Begin, Client, End, Hooks, Standing, Told, Turn, Version};

/// Codex.
pub(super) struct Codex;

impl Client for Codex {
    fn name(&self) -> &'static str {
        "codex"
    }

    fn title(&self) -> &'static str {
        "Codex"
    }

    fn program(&self) -> &'static str {
        "codex"
    }

    fn install(&self) -> &'static str {
        "npm install -g @openai/codex"
    }

    fn co_author(&self) -> &'static str {
        "Codex <noreply@openai.com>"
    }

    fn oldest(&self) -> Version {
        Version(0, 160, 0)
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            resume: true,
            named: false,
            cost: false,
            tokens: true,
            retries: true,
            denials: false,
        }
    }

    fn own_variables(&self) -> &'static [&'static str] {
        &["CODEX_HOME"]
    }

    fn variables(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Its own sandbox is left out: a commit writes into the git directory, which all workers of a
    /// repository share, and two sandboxes that let a command write in one folder break each other
    /// (each puts placeholders into it and takes them away again, so that commands of the other fail
    /// with `bwrap: Can't remount readonly`). A person who wants it says so in `args`: `-s` goes
    /// before `-c`, wherever it stands.
    fn headless(&self, turn: &Turn<'_>) -> Vec<String> {
        let mut argv = vec![turn.program.to_owned()];
        let mut add = |words: &[&str]| argv.extend(words.iter().map(|word| (*word).to_owned()));
        add(&["exec", "--json", "-c", "sandbox_mode=\"danger-full-access\""]);
        for folder in turn.folders {
            add(&["--add-dir", &text(folder)]);
        }
        if let Some(model) = turn.model {
            add(&["-m", model]);
        }
        argv.extend(turn.args.iter().cloned());
        if let Begin::Resume(name) = turn.begin {
            argv.extend(["resume".to_owned(), name.to_owned()]);
        }
        argv.push("-".to_owned());
        argv
    }

    fn hooks(&self) -> Option<&'static dyn Hooks> {
        None
    }

    fn hear(&self, event: &Value, told: &mut Told) {
        match event["type"].as_str().unwrap_or_default() {
            "thread.started" => {
                told.conversation = event["thread_id"].as_str().map(str::to_owned);
            }
            "turn.completed" => {
                let used = |name: &str| event["usage"][name].as_u64().unwrap_or(0);
                told.input_tokens = used("input_tokens");
                told.output_tokens = used("output_tokens");
                told.end = Some(End::Well);
            }
            "turn.failed" => {
                let said = event["error"]["message"].as_str().unwrap_or_default();
                told.end = Some(End::Failed(failure(said)));
            }
            "error" => trouble(event["message"].as_str().unwrap_or_default(), told),
            "item.completed" => item(&event["item"], told),
            "turn.started" | "item.started" | "item.updated" => {}
            other => told.wonder(other),
        }
    }

    fn standing(&self, event: &Value) -> Option<Standing> {
        Some(match event["type"].as_str()? {
            "error" => {
                let said = event["message"].as_str().unwrap_or_default();
                match fault::status_in(said) {
                    Some(429) => {
                        Standing::Limited { wait_ms: None, why: fault::of_status(429, "") }
                    }
                    Some(status) => Standing::Blocked(fault::of_status(status, "")),
                    None => Standing::Blocked(fault::short(said)),
                }
            }
            "turn.completed" | "turn.failed" => Standing::TurnOver,
            "thread.started" | "turn.started" | "item.started" | "item.updated" => {
                Standing::Working
            }
            "item.completed" if event["item"]["type"] != "error" => Standing::Working,
            _ => return None,
        })
    }
}

/// Says `unexpected status 401 Unauthorized: no such key, url: http://...` in other words.
fn failure(said: &str) -> String {
    let Some(status) = fault::status_in(said) else { return fault::short(said) };
    let reason = said.split_once(": ").map_or("", |(_, rest)| rest);
    fault::of_status(status, reason.split(", url: ").next().unwrap_or_default())
}

/// A word about an error; that it tries again is one of them, and no end.
fn trouble(said: &str, told: &mut Told) {
    if said.starts_with("Reconnecting") {
        told.retries += 1;
    }
    told.refusal = Some(failure(said));
}

fn item(item: &Value, told: &mut Told) {
    match item["type"].as_str().unwrap_or_default() {
        "agent_message" => {
            told.is_begun = true;
            told.said = item["text"].as_str().map(str::to_owned);
        }
        "command_execution" => {
            told.is_begun = true;
            if item["status"] == "declined" {
                told.deny(item["command"].as_str().unwrap_or("a command"));
            }
        }
        "reasoning" | "file_change" | "mcp_tool_call" | "web_search" | "todo_list"
        | "collab_tool_call" => told.is_begun = true,
        // A remark of the client's own, such as a model that it does not know.
        "error" => {}
        other => told.wonder(&format!("item/{other}")),
    }
}
