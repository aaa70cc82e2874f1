//! What a client told of its turn, put together from its output.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use serde_json::Value;

use super::Client;

/// How a turn ended, as the client says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It did what it could.
    Well,
    /// It failed, for this reason.
    Failed(String),
    /// It was broken off from outside.
    Interrupted,
}

/// What a client told of its turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Its name for the conversation.
    pub conversation: Option<String>,
    /// How the last turn ended; nothing when it did not say.
    pub end: Option<End>,
    /// The last thing the model said.
    pub said: Option<String>,
    /// Whether the model got as far as saying or doing something.
    pub is_begun: bool,
    /// What it cost, in dollars, as the client reckons.
    pub cost: Option<f64>,
    /// Tokens that went in, those out of a cache included.
    pub input_tokens: u64,
    /// Tokens that came out.
    pub output_tokens: u64,
    /// How often the model was asked again after it could not answer.
    pub retries: u32,
    /// The last reason for that.
    pub refusal: Option<String>,
    /// Tools that it wanted to use and was not allowed to, each once.
    pub denied: Vec<String>,
    /// Kinds of events that nobody here knows, and how many of each.
    pub unknown: BTreeMap<String, u64>,
    /// Lines that look like events and cannot be read.
    pub broken: u64,
    /// The last lines that are no events: what it wrote to its standard error.
    pub beside: VecDeque<String>,
}

/// How many lines that are no events are kept.
const BESIDE: usize = 20;

/// How much of such a line is kept, in bytes.
const LONG: usize = 1_000;

/// The longest event that is read; a longer line counts as broken.
const LONGEST: u64 = 32 << 20;

impl Told {
    /// Counts an event that is not known.
    pub(super) fn wonder(&mut self, kind: &str) {
        // Names are the client's own; a flood of made-up ones is not kept.
        if self.unknown.len() < 100 || self.unknown.contains_key(kind) {
            *self.unknown.entry(kind.to_owned()).or_default() += 1;
        }
    }

    /// Notes that a tool was not allowed.
    pub(super) fn deny(&mut self, tool: &str) {
        if !self.denied.iter().any(|one| one == tool) {
            self.denied.push(tool.to_owned());
        }
    }

    /// The end of the turn for a person to read: what was said, and what went wrong on the way.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut parts: Vec<String> = self.said.iter().cloned().collect();
        if !self.denied.is_empty() {
            parts.push(format!("It was not allowed to use: {}.", self.denied.join(", ")));
        }
        if let Some(refusal) = &self.refusal {
            let times = if self.retries == 1 { "once" } else { &format!("{} times", self.retries) };
            parts.push(format!("The model was asked again {times}; the last time {refusal}."));
        }
        if !self.beside.is_empty() {
            let lines: Vec<&str> = self.beside.iter().map(String::as_str).collect();
            parts.push(lines.join("\n"));
        }
        parts.join("\n\n")
    }

    fn take(&mut self, client: &dyn Client, line: &[u8]) {
        let trimmed = line.trim_ascii();
        if trimmed.first() != Some(&b'{') {
            return self.put_beside(trimmed);
        }
        match serde_json::from_slice::<Value>(trimmed) {
            Ok(event) => client.hear(&event, self),
            Err(_) => self.broken += 1,
        }
    }

    fn put_beside(&mut self, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        if self.beside.len() == BESIDE {
            self.beside.pop_front();
        }
        let line = line.get(..LONG).unwrap_or(line);
        self.beside.push_back(String::from_utf8_lossy(line).into_owned());
    }
}

/// Reads a client's whole output, whatever is in it.
///
/// # Errors
/// When it cannot be read any further.
pub fn read(client: &dyn Client, mut output: impl BufRead) -> io::Result<Told> {
    let mut told = Told::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut output).take(LONGEST).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(told);
        }
        if read as u64 == LONGEST && line.last() != Some(&b'\n') {
            told.broken += 1;
            skip_line(&mut output)?;
            continue;
        }
        told.take(client, &line);
    }
}

/// The same for a file; one that is not there has nothing in it.
///
/// # Errors
/// When it cannot be read.
pub fn read_file(client: &dyn Client, path: &Path) -> io::Result<Told> {
    match File::open(path) {
        Ok(file) => read(client, BufReader::new(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Told::default()),
        Err(error) => Err(error),
    }
}

fn skip_line(output: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = output.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let skipped = end.map_or(buffer.len(), |at| at + 1);
        output.consume(skipped);
        if end.is_some() {
            return Ok(());
        }
    }
}
