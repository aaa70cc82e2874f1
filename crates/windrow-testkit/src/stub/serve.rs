//! The server: one thread that listens, one for each connection.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use super::asked::{Asked, Protocol};
use super::http::{self, Request};
use super::script::{self, Refusal, Step, Usage};
use super::{anthropic, responses, tools};
use crate::patience::pause;

/// An answer of the model, as events and whole.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) events: Vec<(String, Value)>,
    pub(super) whole: Value,
}

/// A request that was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The method and the path.
    pub what: String,
    /// The model that was asked for; empty when the request was for none.
    pub model: String,
    /// Which step of the script was due, from 0.
    pub step: usize,
    /// The prompt it was read from.
    pub prompt: String,
    /// How many prompts of the conversation have a script: more than one in one that was resumed.
    pub scripts: usize,
    /// The key that came with it.
    pub key: String,
}

/// A model server on a port of its own; it ends when this is dropped.
#[derive(Debug)]
pub struct Stub {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    ends: AtomicBool,
    heard: Mutex<Vec<Heard>>,
    /// The same requests, whole.
    bodies: Mutex<Vec<String>>,
    /// How often each step of each prompt was refused.
    refused: Mutex<BTreeMap<(String, usize), u32>>,
    open: Mutex<Vec<TcpStream>>,
}

impl Stub {
    /// Listens on a port of 127.0.0.1; 0 takes any that is free.
    pub fn start(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let listening = std::thread::spawn(move || listen(&listener, &theirs));
        Ok(Self { address, shared, listening: Some(listening) })
    }

    /// The address without a path: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far, oldest first.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.shared.heard.lock().unwrap().clone()
    }
}

impl Stub {
    /// Whether that stands in any request so far, as JSON writes it.
    #[must_use]
    pub fn was_told(&self, text: &str) -> bool {
        self.shared.bodies.lock().unwrap().iter().any(|body| body.contains(text))
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::SeqCst);
        // Whoever listens sees the flag when somebody comes.
        let _wakes = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ended_badly_is_over_too = listening.join();
        }
        let Ok(open) = self.shared.open.lock() else { return };
        for stream in open.iter() {
            let _closed_already = stream.shutdown(Shutdown::Both);
        }
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.ends.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        if let Ok(ours) = stream.try_clone() {
            shared.open.lock().unwrap().push(ours);
        }
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // A client that goes away in the middle is a client's affair.
            let _gone = attend(&stream, &shared);
            let _closed_already = stream.shutdown(Shutdown::Both);
        });
    }
}

/// Answers requests until the client is done or a script ends the connection.
fn attend(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut from = BufReader::new(stream);
    while let Some(request) = http::read(&mut from)? {
        if !reply(stream, shared, &request)? {
            break;
        }
    }
    Ok(())
}

/// Answers one request; says whether the connection goes on.
fn reply(mut to: &TcpStream, shared: &Shared, request: &Request) -> io::Result<bool> {
    let none = BTreeMap::new();
    let text = String::from_utf8_lossy(&request.body);
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    let asked = Asked::read(&request.path, &body, &text).filter(|_| request.method == "POST");
    let number = note(shared, request, asked.as_ref());
    let Some(asked) = asked else {
        let (status, body) = beside(&request.path);
        http::json(&mut to, status, &none, &body)?;
        return Ok(true);
    };
    let step = due(&asked);
    pause(Duration::from_millis(step.delay_ms));
    if let Some(refusal) = step.error.as_ref().filter(|error| refuses(shared, &asked, error)) {
        let body = match asked.protocol {
            Protocol::Anthropic => anthropic::refusal(refusal),
            Protocol::Responses => responses::refusal(refusal),
        };
        http::json(&mut to, refusal.status, &refusal.headers, &body)?;
        return Ok(true);
    }
    if step.hang {
        http::begin_events(&mut to)?;
        let _until_the_client_leaves = to.read(&mut [0])?;
        return Ok(false);
    }
    let answer = answer(&asked, &step, number);
    if !asked.stream {
        http::json(&mut to, 200, &none, &answer.whole)?;
        return Ok(true);
    }
    stream_out(to, &step, &answer)
}

fn stream_out(mut to: &TcpStream, step: &Step, answer: &Answer) -> io::Result<bool> {
    http::begin_events(&mut to)?;
    let all = answer.events.len();
    let some = if step.truncate { all / 2 } else { all };
    for (kind, body) in answer.events.iter().take(some) {
        http::event(&mut to, kind, body)?;
        pause(Duration::from_millis(step.chunk_ms));
    }
    if !step.truncate {
        http::end_events(&mut to)?;
    }
    Ok(!step.truncate)
}

/// Writes down what was asked; its number sets the answer apart from all others.
fn note(shared: &Shared, request: &Request, asked: Option<&Asked>) -> u64 {
    let header = |name: &str| request.headers.get(name).cloned();
    let key = header("x-api-key").or_else(|| header("authorization")).unwrap_or_default();
    let body = String::from_utf8_lossy(&request.body).into_owned();
    shared.bodies.lock().unwrap().push(body);
    let mut heard = shared.heard.lock().unwrap();
    heard.push(Heard {
        what: format!("{} {}", request.method, request.path),
        model: asked.map(|asked| asked.model.clone()).unwrap_or_default(),
        step: asked.map_or(0, |asked| asked.step),
        prompt: asked.map(|asked| asked.prompt.clone()).unwrap_or_default(),
        scripts: asked.map_or(0, |asked| asked.scripts),
        key: key.trim_start_matches("Bearer ").to_owned(),
    });
    heard.len() as u64
}

/// What is asked beside the model itself.
fn beside(path: &str) -> (u16, Value) {
    match path {
        _ if path.ends_with("/models") => {
            (200, json!({"object": "list", "has_more": false, "data": [], "models": []}))
        }
        _ if path.ends_with("/count_tokens") => (200, json!({"input_tokens": 1})),
        "/" => (200, json!({})),
        _ => (404, json!({"error": {"type": "not_found_error", "message": "nothing is here"}})),
    }
}

/// The step that is due; after the last, the last again.
fn due(asked: &Asked) -> Step {
    let nothing = || vec![Step::saying("Nothing is scripted for this prompt.")];
    let steps = script::steps(&asked.prompt).unwrap_or_else(nothing);
    let step = steps.get(asked.step).or(steps.last()).cloned().unwrap_or_default();
    let number = asked.step.to_string();
    script::filled(&step, &[("cwd", &asked.cwd), ("model", &asked.model), ("step", &number)])
}

/// Whether this request is still one of those that are refused.
fn refuses(shared: &Shared, asked: &Asked, refusal: &Refusal) -> bool {
    let key = (asked.prompt.clone(), asked.step);
    let mut refused = shared.refused.lock().unwrap();
    let count = refused.entry(key).or_default();
    *count += 1;
    refusal.times.is_none_or(|times| *count <= times)
}

fn answer(asked: &Asked, step: &Step, number: u64) -> Answer {
    let calls: Vec<_> = step.tools.iter().map(|deed| tools::call(deed, asked)).collect();
    // About four bytes make a token.
    let tokens = |bytes: usize| (bytes as u64 / 4).max(1);
    let said =
        step.text.len() + calls.iter().map(|call| call.args.to_string().len()).sum::<usize>();
    let measured = Usage { input: tokens(asked.length), output: tokens(said) };
    let used = step.usage.unwrap_or(measured);
    match asked.protocol {
        Protocol::Anthropic => anthropic::answer(asked, step, &calls, used, number),
        Protocol::Responses => responses::answer(asked, step, &calls, used, number),
    }
}

#[cfg(test)]
mod tests;
