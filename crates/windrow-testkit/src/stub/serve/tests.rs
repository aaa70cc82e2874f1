use std::io::{Read as _, Write as _};

use super::*;

/// What the server says to one request, up to the end of the connection.
fn ask(stub: &Stub, path: &str, prompt: &str, stream: bool) -> String {
    let body = json!({
        "model": "m", "stream": stream,
        "messages": [{"role": "user", "content": prompt}], "input": prompt,
    });
    let body = body.to_string();
    let mut to = TcpStream::connect(stub.address).expect("it listens");
    let head = format!("POST {path} HTTP/1.1\r\nx-api-key: k\r\ncontent-length: {}", body.len());
    write!(to, "{head}\r\n\r\n{body}").expect("it reads");
    to.shutdown(Shutdown::Write).expect("open");
    let mut said = String::new();
    to.read_to_string(&mut said).expect("UTF-8");
    said
}

#[test]
fn both_protocols_are_answered_whole_and_in_events() {
    let stub = Stub::start(0).expect("a port");
    let prompt = "go ##STUB## [{\"text\": \"a word\"}]";
    for (path, end) in [("/v1/messages", "message_stop"), ("/v1/responses", "response.completed")] {
        let whole = ask(&stub, path, prompt, false);
        assert!(whole.contains("a word") && !whole.contains("event:"), "{whole}");
        let events = ask(&stub, path, prompt, true);
        assert!(events.contains(&format!("event: {end}\n")), "{events}");
        assert!(events.ends_with("0\r\n\r\n"), "{events}");
    }
    let heard = stub.heard();
    assert_eq!(heard.len(), 4);
    assert_eq!((&*heard[0].what, &*heard[0].model), ("POST /v1/messages", "m"));
    assert_eq!((heard[0].step, &*heard[0].prompt, &*heard[0].key), (0, prompt, "k"));
}

#[test]
fn a_refusal_ends_after_its_times_and_brings_its_headers() {
    let stub = Stub::start(0).expect("a port");
    let prompt = "##STUB## [{\"text\": \"ok\", \"error\": {\"status\": 529, \"type\": \"overloaded_error\", \
        \"message\": \"busy\", \"headers\": {\"retry-after\": \"1\"}, \"times\": 2}}]";
    for _ in 0..2 {
        let said = ask(&stub, "/v1/messages", prompt, true);
        assert!(said.starts_with("HTTP/1.1 529 ") && said.contains("retry-after: 1\r\n"), "{said}");
        assert!(said.contains("overloaded_error"), "{said}");
    }
    assert!(ask(&stub, "/v1/messages", prompt, true).starts_with("HTTP/1.1 200 "));
    let other = prompt.replace("ok", "other");
    assert!(ask(&stub, "/v1/messages", &other, true).starts_with("HTTP/1.1 529 "), "counted apart");
}

#[test]
fn a_stream_is_cut_where_the_script_cuts_it() {
    let stub = Stub::start(0).expect("a port");
    let said =
        ask(&stub, "/v1/messages", "##STUB## [{\"text\": \"ok\", \"truncate\": true}]", true);
    assert!(said.contains("message_start") && !said.contains("message_stop"), "{said}");
    assert!(!said.ends_with("0\r\n\r\n"), "{said}");
}

#[test]
fn one_that_hangs_says_nothing_until_the_client_leaves() {
    let stub = Stub::start(0).expect("a port");
    let said = ask(&stub, "/v1/responses", "##STUB## [{\"hang\": true}]", true);
    assert!(said.ends_with("\r\n\r\n") && !said.contains("event:"), "{said}");
}
