//! Answers in the form of Anthropic Messages.

use serde_json::{Value, json};

use super::asked::Asked;
use super::script::{Refusal, Step, Usage};
use super::serve::Answer;
use super::tools::Call;

/// The answer; `id` sets it apart from all others.
pub(super) fn answer(asked: &Asked, step: &Step, calls: &[Call], used: Usage, id: u64) -> Answer {
    let stop = if calls.is_empty() { "end_turn" } else { "tool_use" };
    let mut message = json!({
        "id": format!("msg_stub_{id}"), "type": "message", "role": "assistant",
        "model": asked.model, "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": {
            "input_tokens": used.input, "output_tokens": 1,
            "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        },
    });
    let mut events = vec![event("message_start", json!({ "message": message }))];
    let mut content = Vec::new();
    if !step.text.is_empty() || calls.is_empty() {
        let start = json!({"type": "text", "text": ""});
        let delta = json!({"type": "text_delta", "text": step.text});
        block(&mut events, content.len(), &start, &delta);
        content.push(json!({"type": "text", "text": step.text}));
    }
    for call in calls {
        let tool_id = format!("toolu_stub_{id}_{}", content.len());
        let whole = |input: &Value| json!({"type": "tool_use", "id": tool_id, "name": call.name, "input": input});
        let delta = json!({"type": "input_json_delta", "partial_json": call.args.to_string()});
        block(&mut events, content.len(), &whole(&json!({})), &delta);
        content.push(whole(&call.args));
    }
    let delta = json!({"stop_reason": stop, "stop_sequence": null});
    let usage = json!({"output_tokens": used.output});
    events.push(event("message_delta", json!({"delta": delta, "usage": usage})));
    events.push(event("message_stop", json!({})));
    message["content"] = content.into();
    message["stop_reason"] = stop.into();
    message["usage"]["output_tokens"] = used.output.into();
    Answer { events, whole: message }
}

/// A block of the content: its start, all of it, its end.
fn block(events: &mut Vec<(String, Value)>, at: usize, start: &Value, delta: &Value) {
    let start = json!({"index": at, "content_block": start});
    events.push(event("content_block_start", start));
    events.push(event("content_block_delta", json!({"index": at, "delta": delta})));
    events.push(event("content_block_stop", json!({"index": at})));
}

fn event(kind: &str, mut body: Value) -> (String, Value) {
    body["type"] = kind.into();
    (kind.to_owned(), body)
}

/// The body of a refusal.
pub(super) fn refusal(refusal: &Refusal) -> Value {
    let kind = match refusal.kind.as_str() {
        "" => "api_error",
        kind => kind,
    };
    json!({"type": "error", "error": {"type": kind, "message": refusal.message}, "request_id": "req_stub"})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_and_the_whole_say_the_same() {
        let body = json!({"model": "m"});
        let asked = Asked::read("/v1/messages", &body, "").expect("a protocol");
        let step = Step::saying("hello");
        let call =
            Call { name: "Bash".to_owned(), is_custom: false, args: json!({"command": "ls"}) };
        let used = Usage { input: 3, output: 7 };
        let answer = answer(&asked, &step, &[call], used, 1);
        let kinds: Vec<&str> = answer.events.iter().map(|(kind, _)| kind.as_str()).collect();
        let block = ["content_block_start", "content_block_delta", "content_block_stop"];
        let expected =
            [&["message_start"][..], &block, &block, &["message_delta", "message_stop"]].concat();
        assert_eq!(kinds, expected);
        assert_eq!(answer.events[5].1["delta"]["partial_json"], "{\"command\":\"ls\"}");
        assert_eq!(answer.whole["content"][1]["input"], json!({"command": "ls"}));
        assert_eq!(answer.whole["stop_reason"], "tool_use");
        assert_eq!(answer.whole["usage"]["output_tokens"], 7);
    }
}
