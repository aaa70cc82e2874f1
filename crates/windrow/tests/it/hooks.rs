//! Where clients report by HTTP: only the process whose token it is, on loopback, in bounds.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use windrow_api::view::TaskStatus;
use windrow_testkit::TestEnv;

use crate::place::place;

/// A place whose `claude` is a script that waits, and what it was told by a file.
fn at_work() -> (TestEnv, Value) {
    let env = place();
    let signs = env.signs();
    let end = r#"echo '{"type":"result","subtype":"success","is_error":false}'"#;
    let copy = format!(
        "while [ $# -gt 1 ]; do [ \"$1\" = --settings ] && cp \"$2\" {}; shift; done",
        signs.path("settings").display()
    );
    let (up, go) = (signs.put_line("up"), signs.wait_line("go"));
    let text = format!("#!/bin/sh\ncat > /dev/null\n{copy}\n{up}\n{go}\necho a > a.txt\n{end}\n");
    let program = env.root().join("their-claude");
    windrow_world::files::replace(&program, text.as_bytes()).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let file = env.root().join("config/windrow/config.toml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let own = format!("[agents.claude]\nprogram = \"{}\"\n", program.display());
    windrow_world::files::replace(&file, own.as_bytes()).unwrap();
    env.repo().write("TASKS.md", "## Task 1: One\n\nDo it.\n");
    let _commit = env.repo().commit("tasks");
    let _run = env.windrow(["run", "TASKS.md", "--agent", "claude", "--detach"]).ok();
    signs.wait("up");
    let settings = std::fs::read(signs.path("settings")).unwrap();
    (env, serde_json::from_slice(&settings).unwrap())
}

/// Where a client reports, and with which word.
fn endpoint(settings: &Value) -> (String, String, String) {
    let hook = &settings["hooks"]["PreToolUse"][0]["hooks"][0];
    assert_eq!(hook["type"], "http");
    let url = hook["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    let (host, path) = url.split_once('/').unwrap();
    assert!(host.starts_with("127.0.0.1:"), "{host}");
    let token = hook["headers"]["Authorization"].as_str().unwrap();
    (host.to_owned(), format!("/{path}"), token.to_owned())
}

/// Sends a request; the status and the body of the answer.
fn send(host: &str, head: &str, body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(host).unwrap();
    let head = format!("{head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    // What is too long is refused before it is read to its end.
    let _refused_halfway = stream.write_all(body);
    let mut answer = String::new();
    let _reset_after_the_answer = stream.read_to_string(&mut answer);
    let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    (status, body.unwrap_or_default())
}

#[test]
fn h10_only_the_process_whose_token_it_is_reports() {
    let (env, settings) = at_work();
    let (host, path, token) = endpoint(&settings);
    let event = br#"{"hook_event_name":"PreToolUse","tool_name":"Bash"}"#;
    let post = |path: &str, host_said: &str, token: &str| {
        let head = format!("POST {path} HTTP/1.1\r\nHost: {host_said}\r\nAuthorization: {token}");
        send(&host, &head, event)
    };
    let evidence = || {
        let shown = env.windrow(["explain", "s-1", "--format", "json"]).ok().json();
        shown["session"]["activity"]["evidence"].as_str().unwrap().to_owned()
    };
    let other = path.replace("/s-1/1", "/s-1/2");
    assert_ne!(other, path);
    assert_eq!(post(&path, &host, "Bearer no").0, 403);
    assert_eq!(post(&other, &host, &token).0, 403);
    assert_eq!(post(&path, &host, "").0, 401);
    assert_eq!(post(&path, "windrow.example", &token).0, 421);
    assert_eq!(post("/else", &host, &token).0, 404);
    let get = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}");
    assert_eq!(send(&host, &get, b"").0, 405);
    let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}");
    assert_eq!(send(&host, &head, b"no json").0, 400);
    assert_eq!(send(&host, &head, &vec![b' '; 9 << 20]).0, 413);
    assert_ne!(evidence(), "it uses Bash", "nothing of that counts");
    assert_eq!(post(&path, &host, &token), (200, "{}".to_owned()));
    assert_eq!(evidence(), "it uses Bash");
    // The next daemon listens on the same port and knows the same token.
    assert!(env.kill_daemon());
    let _run = env.run();
    assert_eq!(post(&path, &host, &token).0, 200);
    env.signs().put("go");
    env.await_run_end();
    env.expect_status("1", TaskStatus::Landed);
    assert_eq!(post(&path, &host, &token).0, 403, "that process is over");
}

#[test]
fn h14_a_report_brings_back_what_was_said_once() {
    let (env, settings) = at_work();
    let (host, path, token) = endpoint(&settings);
    let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}");
    let report = |name: &str| {
        let event = format!(r#"{{"hook_event_name":"{name}","tool_name":"Bash"}}"#);
        let (status, body) = send(&host, &head, event.as_bytes());
        assert_eq!(status, 200);
        serde_json::from_str::<Value>(&body).unwrap()
    };
    let state = || {
        let shown = env.windrow(["explain", "s-1", "--format", "json"]).ok().json();
        shown["talk"][0]["state"].as_str().unwrap().to_owned()
    };
    let _told = env.windrow(["tell", "t-1", "mind\n```\nthe tests"]).ok();
    assert_eq!(report("PreToolUse"), serde_json::json!({}));
    assert_eq!(state(), "queued");
    let given = report("PostToolUse");
    let said = given["hookSpecificOutput"]["additionalContext"].as_str().unwrap();
    // No line of it can end the block that it stands in.
    assert!(said.contains("````text\nmind\n```\nthe tests\n````"), "{said}");
    assert_eq!(state(), "handed over");
    assert_eq!(report("PostToolUse"), serde_json::json!({}));
    assert_eq!(report("Stop"), serde_json::json!({}));
    assert_eq!(state(), "seen");
    env.signs().put("go");
    env.await_run_end();
}
