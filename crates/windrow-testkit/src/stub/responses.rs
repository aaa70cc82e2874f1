//! Answers in the form of OpenAI Responses.

use serde_json::{Value, json};

use super::asked::Asked;
use super::script::{Refusal, Step, Usage};
use super::serve::Answer;
use super::tools::Call;

/// The answer; `id` sets it apart from all others.
pub(super) fn answer(asked: &Asked, step: &Step, calls: &[Call], used: Usage, id: u64) -> Answer {
    let mut whole = json!({
        "id": format!("resp_stub_{id}"), "object": "response", "created_at": 1_700_000_000,
        "status": "in_progress", "model": asked.model, "output": [], "tools": [],
        "parallel_tool_calls": true,
    });
    let mut stream = Stream(Vec::new());
    stream.emit("response.created", json!({ "response": whole }));
    let mut output = Vec::new();
    if !step.text.is_empty() || calls.is_empty() {
        output.push(message(&mut stream, &step.text, id));
    }
    for call in calls {
        let at = output.len();
        let item = call_item(call, id, at);
        let mut begun = item.clone();
        begun["status"] = "in_progress".into();
        let added = json!({"output_index": at, "item": begun});
        stream.emit("response.output_item.added", added);
        stream.emit("response.output_item.done", json!({"output_index": at, "item": item}));
        output.push(item);
    }
    whole["status"] = "completed".into();
    whole["output"] = output.into();
    whole["usage"] = json!({
        "input_tokens": used.input, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": used.output, "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": used.input + used.output,
    });
    stream.emit("response.completed", json!({ "response": whole }));
    Answer { events: stream.0, whole }
}

/// Events in their order, each with its number.
struct Stream(Vec<(String, Value)>);

impl Stream {
    fn emit(&mut self, kind: &str, mut body: Value) {
        body["type"] = kind.into();
        body["sequence_number"] = self.0.len().into();
        self.0.push((kind.to_owned(), body));
    }
}

/// What the model says, as the first item of the output.
fn message(stream: &mut Stream, text: &str, id: u64) -> Value {
    let item_id = format!("msg_stub_{id}");
    let whole = |status: &str, content: Value| json!({"type": "message", "id": item_id, "status": status, "role": "assistant", "content": content});
    let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
    let at = json!({"item_id": item_id, "output_index": 0, "content_index": 0});
    let with = |key: &str, value: Value| {
        let mut body = at.clone();
        body[key] = value;
        body
    };
    let begun = whole("in_progress", json!([]));
    stream.emit("response.output_item.added", json!({"output_index": 0, "item": begun}));
    stream.emit("response.content_part.added", with("part", part("")));
    stream.emit("response.output_text.delta", with("delta", text.into()));
    stream.emit("response.output_text.done", with("text", text.into()));
    let item = whole("completed", json!([part(text)]));
    stream.emit("response.output_item.done", json!({"output_index": 0, "item": item}));
    item
}

fn call_item(call: &Call, id: u64, at: usize) -> Value {
    let mut item = json!({
        "id": format!("fc_stub_{id}_{at}"), "call_id": format!("call_stub_{id}_{at}"),
        "status": "completed", "name": call.name,
    });
    if let Some((space, name)) = call.name.split_once("::") {
        item["namespace"] = space.into();
        item["name"] = name.into();
    }
    if call.is_custom {
        item["type"] = "custom_tool_call".into();
        item["input"] =
            call.args.as_str().map_or_else(|| call.args.to_string(), str::to_owned).into();
    } else {
        item["type"] = "function_call".into();
        item["arguments"] = call.args.to_string().into();
    }
    item
}

/// The body of a refusal.
pub(super) fn refusal(refusal: &Refusal) -> Value {
    let kind = match refusal.kind.as_str() {
        "" => "server_error",
        kind => kind,
    };
    json!({"error": {"message": refusal.message, "type": kind, "code": null, "param": null}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_numbered_and_ends_with_the_whole() {
        let asked = Asked::read("/v1/responses", &json!({"model": "m"}), "").expect("a protocol");
        let calls = [
            Call { name: "exec_command".to_owned(), is_custom: false, args: json!({"cmd": "ls"}) },
            Call { name: "n::f".to_owned(), is_custom: true, args: "text".into() },
        ];
        let used = Usage { input: 3, output: 7 };
        let answer = answer(&asked, &Step::saying("hello"), &calls, used, 1);
        for (at, (kind, body)) in answer.events.iter().enumerate() {
            assert_eq!((&body["type"], &body["sequence_number"]), (&json!(kind), &json!(at)));
        }
        let (last, body) = answer.events.last().expect("there are some");
        assert_eq!(last, "response.completed");
        assert_eq!(body["response"], answer.whole);
        let output = &answer.whole["output"];
        assert_eq!(output[0]["content"][0]["text"], "hello");
        assert_eq!(output[1]["arguments"], "{\"cmd\":\"ls\"}");
        let custom = (&output[2]["namespace"], &output[2]["name"], &output[2]["input"]);
        assert_eq!(custom, (&json!("n"), &json!("f"), &json!("text")));
        assert_eq!(answer.whole["usage"]["total_tokens"], 10);
    }
}
