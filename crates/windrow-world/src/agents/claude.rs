//! Claude Code. Flags and events as version 2.1.329 has them.

use serde_json::Value;

use super::claude_hooks::ClaudeHooks;
use super::fault;
use super::turn::text;
use super::{Abilities, Begin, Client, End, Hooks, Standing, Told, Turn, Version};

/// Claude Code.
pub(super) struct Claude;

/// How often it may ask a model again that did not answer. Its own ten would take two minutes, in
/// which a key that is refused looks like work; three are over in five seconds.
const RETRIES: &str = "3";

impl Client for Claude {
    fn name(&self) -> &'static str {
        "claude"
    }

    fn title(&self) -> &'static str {
        "Claude Code"
    }

    fn program(&self) -> &'static str {
        "claude"
    }

    fn install(&self) -> &'static str {
        "npm install -g @anthropic-ai/claude-code"
    }

    fn co_author(&self) -> &'static str {
        "Claude <noreply@anthropic.com>"
    }

    fn oldest(&self) -> Version {
        Version(2, 1, 0)
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            resume: true,
            named: true,
            cost: true,
            tokens: true,
            retries: true,
            denials: true,
        }
    }

    fn own_variables(&self) -> &'static [&'static str] {
        &["CLAUDE_CONFIG_DIR"]
    }

    fn variables(&self) -> &'static [(&'static str, &'static str)] {
        // Workers side by side do not replace the program that all of them run.
        &[("CLAUDE_CODE_MAX_RETRIES", RETRIES), ("DISABLE_AUTOUPDATER", "1")]
    }

    /// Edits and commands are allowed without a question: nobody is there to answer one. What
    /// else it may do is the person's to say in `args`, which stand behind and so go before.
    fn headless(&self, turn: &Turn<'_>) -> Vec<String> {
        let mut argv = vec![turn.program.to_owned()];
        let mut add = |words: &[&str]| argv.extend(words.iter().map(|word| (*word).to_owned()));
        add(&["-p", "--output-format", "stream-json", "--verbose"]);
        match turn.begin {
            Begin::New(name) => add(&["--session-id", name]),
            Begin::Resume(name) => add(&["--resume", name]),
        }
        add(&["--permission-mode", "acceptEdits", "--allowedTools", "Bash"]);
        for folder in turn.folders {
            add(&["--add-dir", &text(folder)]);
        }
        if let Some(settings) = turn.settings {
            add(&["--settings", &text(settings)]);
        }
        if let Some(model) = turn.model {
            add(&["--model", model]);
        }
        argv.extend(turn.args.iter().cloned());
        argv
    }

    fn hooks(&self) -> Option<&'static dyn Hooks> {
        Some(&ClaudeHooks)
    }

    fn hear(&self, event: &Value, told: &mut Told) {
        if let Some(name) = event["session_id"].as_str() {
            told.conversation = Some(name.to_owned());
        }
        let kind = event["type"].as_str().unwrap_or_default();
        match kind {
            "system" => system(event, told),
            "assistant" => assistant(event, told),
            "result" => result(event, told),
            "rate_limit_event" if event["rate_limit_info"]["status"] == "rejected" => {
                told.refusal = Some("the limit of the account was reached".to_owned());
            }
            "user" | "stream_event" | "rate_limit_event" | "tool_progress" | "tool_use_summary"
            | "auth_status" | "control_request" | "control_response" => {}
            other => told.wonder(other),
        }
    }

    fn standing(&self, event: &Value) -> Option<Standing> {
        standing(event)
    }
}

fn standing(event: &Value) -> Option<Standing> {
    match (event["type"].as_str()?, event["subtype"].as_str().unwrap_or_default()) {
        ("system", "api_retry") => {
            let said = event["error"].as_str().unwrap_or_default();
            let status = event["error_status"].as_u64();
            let why = status.map_or_else(
                || format!("it could not be reached{}", fault::behind(said)),
                |status| fault::of_status(status, ""),
            );
            let wait_ms = event["retry_delay_ms"].as_f64().and_then(fault::whole);
            Some(match status {
                Some(429) => Standing::Limited { wait_ms, why },
                _ => Standing::Blocked(why),
            })
        }
        ("rate_limit_event", _) if event["rate_limit_info"]["status"] == "rejected" => {
            let why = "the limit of the account was reached".to_owned();
            Some(Standing::Limited { wait_ms: None, why })
        }
        ("result", _) => Some(Standing::TurnOver),
        ("assistant" | "user", _) | ("system", "init") => Some(Standing::Working),
        _ => None,
    }
}

fn system(event: &Value, told: &mut Told) {
    match event["subtype"].as_str().unwrap_or_default() {
        "api_retry" => {
            told.retries += 1;
            let said = event["error"].as_str().unwrap_or_default();
            told.refusal = Some(match event["error_status"].as_u64() {
                Some(status) => fault::of_status(status, ""),
                None => format!("it could not be reached{}", fault::behind(said)),
            });
        }
        "permission_denied" => told.deny(event["tool_name"].as_str().unwrap_or("a tool")),
        "init"
        | "status"
        | "informational"
        | "notification"
        | "thinking_tokens"
        | "model_fallback"
        | "session_state_changed"
        | "compact_boundary"
        | "hook_started"
        | "hook_progress"
        | "hook_response"
        | "task_started"
        | "task_progress"
        | "task_updated"
        | "task_notification"
        | "background_tasks_changed" => {}
        other => told.wonder(&format!("system/{other}")),
    }
}

fn assistant(event: &Value, told: &mut Told) {
    let blocks = event["message"]["content"].as_array().map_or(&[][..], Vec::as_slice);
    // What the client itself says in the model's place, about an error, is no beginning.
    told.is_begun |= event["message"]["model"] != "<synthetic>" && !blocks.is_empty();
    // What a helper of the model says is not for the person.
    if event["parent_tool_use_id"].is_null()
        && let Some(text) = blocks.iter().rev().find_map(|block| block["text"].as_str())
    {
        told.said = Some(text.to_owned());
    }
}

/// Its `usage` is of the whole process and `total_cost_usd` of the whole conversation, those turns
/// included that were taken up again: the last one counts.
fn result(event: &Value, told: &mut Told) {
    let said = event["result"].as_str().unwrap_or_default();
    if !said.is_empty() {
        told.said = Some(said.to_owned());
    }
    told.cost = event["total_cost_usd"].as_f64().or(told.cost);
    let used = |name: &str| event["usage"][name].as_u64().unwrap_or(0);
    told.input_tokens = used("input_tokens")
        + used("cache_creation_input_tokens")
        + used("cache_read_input_tokens");
    told.output_tokens = used("output_tokens");
    for denial in event["permission_denials"].as_array().into_iter().flatten() {
        told.deny(denial["tool_name"].as_str().unwrap_or("a tool"));
    }
    told.end = Some(end(event, said));
}

fn end(event: &Value, said: &str) -> End {
    let is_error = event["is_error"].as_bool().unwrap_or(false);
    let subtype = event["subtype"].as_str().unwrap_or_default();
    if let Some(status) = event["api_error_status"].as_u64() {
        return End::Failed(fault::of_status(status, said));
    }
    match subtype {
        "success" if !is_error => End::Well,
        "success" => End::Failed(fault::short(said)),
        "error_max_turns" => End::Failed("it used up the turns it had".to_owned()),
        "error_max_budget_usd" => End::Failed("it used up the money it had".to_owned()),
        "error_during_execution" if !is_error => End::Interrupted,
        other => {
            let errors = event["errors"].as_array().into_iter().flatten();
            let first = errors.filter_map(Value::as_str).next().unwrap_or(said);
            End::Failed(format!("{other}{}", fault::behind(first)))
        }
    }
}
