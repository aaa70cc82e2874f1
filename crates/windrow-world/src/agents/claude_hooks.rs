//! The hooks of Claude Code, as version 2.1.329 has them: events and answers are those of
//! <https://code.claude.com/docs/en/hooks>.

use serde_json::{Value, json};

use super::hooks::{Endpoint, Heard, Hooks};

/// Claude Code's hooks.
pub(super) struct ClaudeHooks;

/// Seconds that it waits for an answer to a report.
const PATIENCE: u32 = 20;

/// Seconds that it waits for a person: a day.
const PERSONS_PATIENCE: u32 = 86_400;

impl Hooks for ClaudeHooks {
    fn settings(&self, to: &Endpoint<'_>) -> Value {
        let hook = |timeout: u32| {
            let headers = json!({"Authorization": format!("Bearer {}", to.token)});
            let hook =
                json!({"type": "http", "url": to.url, "headers": headers, "timeout": timeout});
            json!([{"hooks": [hook]}])
        };
        let mut hooks = json!({
            "UserPromptSubmit": hook(PATIENCE),
            "PreToolUse": hook(PATIENCE),
            "PostToolUse": hook(PATIENCE),
            "Stop": hook(PATIENCE),
        });
        if to.asks {
            hooks["PermissionRequest"] = hook(PERSONS_PATIENCE);
        }
        json!({ "hooks": hooks })
    }

    fn heard(&self, event: &Value) -> Heard {
        let tool = || event["tool_name"].as_str().unwrap_or("a tool").to_owned();
        match event["hook_event_name"].as_str().unwrap_or_default() {
            "PreToolUse" => Heard::Uses { tool: tool() },
            "PostToolUse" => Heard::Used { tool: tool() },
            "PermissionRequest" => {
                let input = serde_json::to_string_pretty(&event["tool_input"]);
                Heard::Wants { tool: tool(), input: input.unwrap_or_default() }
            }
            "UserPromptSubmit" => Heard::Begins,
            // What goes on in the background begins another turn by itself.
            "Stop" if event["background_tasks"].as_array().is_none_or(Vec::is_empty) => Heard::Over,
            _ => Heard::Nothing,
        }
    }

    fn with_word(&self, text: &str) -> Value {
        let said = json!({"hookEventName": "PostToolUse", "additionalContext": text});
        json!({ "hookSpecificOutput": said })
    }

    fn permission(&self, allowed: bool, why: &str) -> Value {
        let decision = if allowed {
            json!({"behavior": "allow"})
        } else {
            json!({"behavior": "deny", "message": why})
        };
        let said = json!({"hookEventName": "PermissionRequest", "decision": decision});
        json!({ "hookSpecificOutput": said })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_with_work_in_the_background_is_not_over() {
        let stop = |tasks: Value| json!({"hook_event_name": "Stop", "background_tasks": tasks});
        assert_eq!(ClaudeHooks.heard(&stop(json!([]))), Heard::Over);
        assert_eq!(ClaudeHooks.heard(&json!({"hook_event_name": "Stop"})), Heard::Over);
        assert_eq!(ClaudeHooks.heard(&stop(json!([{"status": "running"}]))), Heard::Nothing);
    }

    #[test]
    fn a_permission_is_asked_for_only_where_somebody_is_asked() {
        let of = |asks| Endpoint { url: "http://127.0.0.1:1/hook", token: "secret", asks };
        let settings = ClaudeHooks.settings(&of(true));
        let hook = &settings["hooks"]["PermissionRequest"][0]["hooks"][0];
        assert_eq!(hook["headers"]["Authorization"], "Bearer secret");
        assert_eq!(ClaudeHooks.settings(&of(false))["hooks"]["PermissionRequest"], Value::Null);
    }
}
