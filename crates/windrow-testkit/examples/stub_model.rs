//! A model server that plays scripts from prompts, for trying agent clients by hand.
//!
//! `cargo run -p windrow-testkit --example stub_model -- --port 8900` listens on 127.0.0.1 until it
//! is interrupted. Point a client at it (`ANTHROPIC_BASE_URL=http://127.0.0.1:8900`, or a provider
//! with `base_url = "http://127.0.0.1:8900/v1"`) and write the script into the prompt:
//!
//! ```text
//! ##STUB## [{"text": "I will.", "tools": [{"do": "bash", "cmd": "echo hi > a.txt"}]}, {"text": "Done."}]
//! ```

#![expect(clippy::print_stdout, reason = "a program talks to the person who started it")]
#![expect(clippy::print_stderr, reason = "a program talks to the person who started it")]

use std::process::ExitCode;
use std::time::Duration;

use windrow_testkit::{pause, stub::Stub};

const USAGE: &str = "usage: stub_model [--port N]   (0, which is usual, takes any that is free)";

/// Between two looks at what was heard.
const LOOK: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let port = match words[..] {
        [] => Some(0),
        ["--port", port] => port.parse().ok(),
        _ => None,
    };
    let Some(port) = port else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match Stub::start(port) {
        Ok(stub) => attend(&stub),
        Err(error) => {
            eprintln!("failed to listen on port {port}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints each request as it comes.
fn attend(stub: &Stub) -> ! {
    println!("listening on {}", stub.url());
    let mut shown = 0;
    loop {
        for heard in stub.heard().iter().skip(shown) {
            println!("{} model={} step={}", heard.what, heard.model, heard.step);
            shown += 1;
        }
        pause(LOOK);
    }
}
