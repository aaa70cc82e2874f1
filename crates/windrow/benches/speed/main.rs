//! How fast windrow is, each figure beside its floor in the same run.
//!
//! A runner of its own instead of a library for benches: what is measured are processes that start,
//! commit and land, a few times each, in turns with what a person would do by hand. Statistics over
//! thousands of calls of a function would measure something else.
//!
//! `cargo bench -p windrow --bench speed -- [--quick] [--only ROW]... [--json FILE]`

#![expect(clippy::print_stdout, reason = "a program talks to the person who started it")]
#![expect(clippy::unwrap_used, reason = "a bench whose ground breaks has nothing to say")]

mod durable;
mod field;
mod history;
mod idle;
mod journal;
mod landings;
mod process;
mod rivals;
mod row;
mod starts;
mod windows;

use std::path::PathBuf;

use row::Row;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Turns of each pair.
    pub(crate) turns: usize,
    /// Files in the repository.
    pub(crate) files: u32,
    /// Tasks the project knows.
    pub(crate) tasks: u32,
    /// Sessions that live.
    pub(crate) sessions: u32,
    /// Events of a long journal.
    pub(crate) events: u64,
    /// Seconds of doing nothing.
    pub(crate) idle_s: u64,
    /// Commands of each client.
    pub(crate) commands: u32,
}

const FULL: Size = Size {
    turns: 15,
    files: 3_000,
    tasks: 10_000,
    sessions: 100,
    events: 1_000_000,
    idle_s: 60,
    commands: 200,
};

const QUICK: Size =
    Size { turns: 2, files: 60, tasks: 300, sessions: 4, events: 12_000, idle_s: 2, commands: 10 };

/// A name for `--only`, and what it measures.
type Part = (&'static str, fn(Size) -> Vec<Row>);

const PARTS: &[Part] = &[
    ("starts", starts::measure),
    ("landings", landings::measure),
    ("windows", windows::measure),
    ("durable", durable::measure),
    ("idle", idle::measure),
    ("journal", journal::measure),
    ("rivals", rivals::measure),
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if process::is_worker(&args) {
        return;
    }
    let mut size = FULL;
    let mut only: Vec<String> = Vec::new();
    let mut json: Option<PathBuf> = None;
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => size = QUICK,
            "--only" => only.push(args.next().expect("`--only` names a part")),
            "--json" => json = args.next().map(PathBuf::from),
            other => panic!("`{other}` is not known; see the head of benches/speed/main.rs"),
        }
    }
    for name in &only {
        let known = PARTS.iter().any(|(part, _)| part == name);
        let all: Vec<_> = PARTS.iter().map(|(part, _)| part).collect();
        assert!(known, "no part `{name}` among {all:?}");
    }
    let mut rows = Vec::new();
    for (name, measure) in
        PARTS.iter().filter(|(n, _)| only.is_empty() || only.iter().any(|o| o == n))
    {
        println!("\n{name}");
        for row in measure(size) {
            println!("{}", row.line());
            rows.push(row);
        }
    }
    if let Some(path) = json {
        let text = serde_json::to_string_pretty(&rows).unwrap();
        windrow_world::files::replace(&path, text.as_bytes()).unwrap();
    }
}
