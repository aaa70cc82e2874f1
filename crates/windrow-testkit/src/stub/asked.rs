//! A request to the model, whichever protocol it came by.

use serde_json::Value;

use super::script::MARK;

/// How a client talks to the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Anthropic Messages, as in `POST /v1/messages`.
    Anthropic,
    /// OpenAI Responses, as in `POST /v1/responses`.
    Responses,
}

/// A tool that the client offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tool {
    /// Its name, with the namespace in front where there is one.
    pub(super) name: String,
    /// Whether it takes a text instead of JSON arguments.
    pub(super) is_custom: bool,
    /// The names of its arguments.
    pub(super) args: Vec<String>,
}

/// What was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) protocol: Protocol,
    pub(super) model: String,
    /// Whether the answer is to come as a stream.
    pub(super) stream: bool,
    pub(super) tools: Vec<Tool>,
    /// The prompt with the script, or the last one when none has a script.
    pub(super) prompt: String,
    /// How many prompts of the conversation have a script.
    pub(super) scripts: usize,
    /// How often the model called tools since that prompt.
    pub(super) step: usize,
    /// The folder the client works in, as far as it says so.
    pub(super) cwd: String,
    /// How many bytes the request has.
    pub(super) length: usize,
}

impl Asked {
    /// Reads a request; nothing when the path belongs to no protocol.
    pub(super) fn read(path: &str, body: &Value, text: &str) -> Option<Self> {
        let protocol = match path {
            _ if path.ends_with("/messages") => Protocol::Anthropic,
            _ if path.ends_with("/responses") => Protocol::Responses,
            _ => return None,
        };
        let turns = match protocol {
            Protocol::Anthropic => anthropic_turns(body),
            Protocol::Responses => responses_turns(body),
        };
        let scripted = |turn: &Turn| matches!(turn, Turn::Prompt(text) if text.contains(MARK));
        let at = turns.iter().rposition(scripted);
        let at = at.or_else(|| turns.iter().rposition(|turn| matches!(turn, Turn::Prompt(_))));
        let since = turns.get(at.unwrap_or(0)..).unwrap_or_default();
        Some(Self {
            protocol,
            model: body["model"].as_str().unwrap_or_default().to_owned(),
            stream: body["stream"].as_bool().unwrap_or(false),
            tools: tools(body),
            prompt: match since.first() {
                Some(Turn::Prompt(text)) => text.clone(),
                _ => String::new(),
            },
            scripts: turns.iter().filter(|turn| scripted(turn)).count(),
            step: since.iter().filter(|turn| matches!(turn, Turn::Calls)).count(),
            cwd: cwd(text),
            length: text.len(),
        })
    }
}

/// What a conversation consists of, as far as it counts here.
enum Turn {
    Prompt(String),
    Calls,
}

fn anthropic_turns(body: &Value) -> Vec<Turn> {
    let mut turns = Vec::new();
    for message in list(&body["messages"]) {
        let is = |kind: &str| list(&message["content"]).iter().any(|block| block["type"] == kind);
        match message["role"].as_str() {
            Some("assistant") if is("tool_use") => turns.push(Turn::Calls),
            Some("user") if !is("tool_result") => {
                turns.push(Turn::Prompt(texts(&message["content"])));
            }
            _ => {}
        }
    }
    turns
}

fn responses_turns(body: &Value) -> Vec<Turn> {
    if let Some(text) = body["input"].as_str() {
        return vec![Turn::Prompt(text.to_owned())];
    }
    let mut turns = Vec::new();
    let mut calls_before = false;
    for item in list(&body["input"]) {
        let kind = item["type"].as_str().unwrap_or("message");
        let calls = kind.ends_with("_call");
        // Calls that stand together were one answer.
        if calls && !calls_before {
            turns.push(Turn::Calls);
        }
        calls_before = calls;
        if kind == "message" && item["role"] == "user" {
            turns.push(Turn::Prompt(texts(&item["content"])));
        }
    }
    turns
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// All the text of a message.
fn texts(content: &Value) -> String {
    if let Some(text) = content.as_str() {
        return text.to_owned();
    }
    let texts: Vec<&str> =
        list(content).iter().filter_map(|block| block["text"].as_str()).collect();
    texts.join("\n")
}

fn tools(body: &Value) -> Vec<Tool> {
    let mut found = Vec::new();
    let later = list(&body["input"]).iter().filter(|item| item["type"] == "additional_tools");
    for tool in list(&body["tools"]).iter().chain(later.flat_map(|item| list(&item["tools"]))) {
        add_tool(&mut found, "", tool);
    }
    found
}

fn add_tool(found: &mut Vec<Tool>, prefix: &str, tool: &Value) {
    let name = tool["name"].as_str().unwrap_or_default();
    if tool["type"] == "namespace" {
        let prefix = format!("{name}::");
        return list(&tool["tools"]).iter().for_each(|inner| add_tool(found, &prefix, inner));
    }
    if name.is_empty() {
        return;
    }
    let schema = tool.get("input_schema").or_else(|| tool.get("parameters"));
    let args = schema.and_then(|schema| schema["properties"].as_object());
    found.push(Tool {
        name: format!("{prefix}{name}"),
        is_custom: tool["type"] == "custom",
        args: args.map(|args| args.keys().cloned().collect()).unwrap_or_default(),
    });
}

/// The folder that the client named last in its instructions.
fn cwd(text: &str) -> String {
    let marks = ["Primary working directory: ", "<cwd>", "orking directory: "];
    let found = marks.iter().find_map(|mark| {
        let (_, rest) = text.rsplit_once(mark)?;
        let end = rest.find(['\\', '"', '<', '\n', '`']).unwrap_or(rest.len());
        rest.get(..end).map(str::trim).filter(|path| path.starts_with('/'))
    });
    found.unwrap_or(".").to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(path: &str, body: &Value) -> Asked {
        Asked::read(path, body, &body.to_string()).expect("a protocol")
    }

    #[test]
    fn the_step_is_how_often_tools_were_called_since_the_script() {
        let call = json!({"role": "assistant", "content": [{"type": "tool_use"}]});
        let result = json!({"role": "user", "content": [{"type": "tool_result", "content": "x"}]});
        let prompt = json!({"role": "user", "content": [
            {"type": "text", "text": "<system-reminder>hm</system-reminder>"},
            {"type": "text", "text": "go ##STUB## []"}]});
        let hint = json!({"role": "user", "content": "something of the client's own"});
        let mut messages = vec![call.clone(), result.clone(), prompt];
        let step = |messages: &Vec<Value>| {
            let asked = read("/v1/messages", &json!({"model": "m", "messages": messages}));
            assert!(asked.prompt.contains("go ##STUB##"), "{asked:?}");
            asked.step
        };
        assert_eq!(step(&messages), 0);
        messages.extend([call.clone(), result.clone(), hint]);
        assert_eq!(step(&messages), 1);
        messages.extend([call, result]);
        assert_eq!(step(&messages), 2);
    }

    #[test]
    fn calls_that_stand_together_are_one_step() {
        let body = json!({"stream": true, "input": [
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "<cwd>/w/t</cwd>"}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "##STUB## []"}]},
            {"type": "function_call"}, {"type": "custom_tool_call"},
            {"type": "function_call_output"}, {"type": "custom_tool_call_output"},
            {"type": "reasoning"}, {"type": "function_call"}, {"type": "function_call_output"}]});
        let asked = read("/v1/responses", &body);
        assert_eq!((asked.step, asked.stream, &*asked.cwd), (2, true, "/w/t"));
    }

    #[test]
    fn tools_are_found_below_their_namespaces() {
        let body = json!({"tools": [
            {"name": "Write", "input_schema": {"properties": {"file_path": {}, "content": {}}}},
            {"type": "custom", "name": "apply_patch"},
            {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "f"}]},
            {"type": "web_search"}]});
        let names: Vec<_> = read("/messages", &body).tools.into_iter().map(|t| t.name).collect();
        assert_eq!(names, ["Write", "apply_patch", "n::f"]);
    }

    #[test]
    fn other_paths_belong_to_no_protocol() {
        assert!(Asked::read("/v1/models", &json!({}), "").is_none());
    }
}
