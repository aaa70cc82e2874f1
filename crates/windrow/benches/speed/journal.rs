//! Starting with a long journal: from its newest snapshot, and, shown beside it, from nothing.

use std::time::{Duration, Instant};

use windrow_api::{ProjectCall, Reply};
use windrow_journal::SqliteJournal;
use windrow_testkit::{Role, patiently, wait_until};

use crate::Size;
use crate::field::{Field, ms};
use crate::history;
use crate::row::{Reach, Row};

/// How often a claim was renewed in one session of the usual history.
const RENEWALS: u32 = 90;

/// Longer than the daemon waits before it shows what changed, and writes summaries.
const LOOK: Duration = Duration::from_millis(100);

/// How long a daemon may take that has to read everything.
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) fn measure(size: Size) -> Vec<Row> {
    let usual = one(
        size,
        RENEWALS,
        "start with a journal of 1,000,000 events, long tasks",
        "the same without a snapshot, long tasks",
    );
    let dense = one(
        size,
        0,
        "start with a journal of 1,000,000 events, short tasks",
        "the same without a snapshot, short tasks",
    );
    usual.into_iter().chain(dense).collect()
}

fn one(size: Size, renewals: u32, name: &'static str, unsnapped: &'static str) -> Vec<Row> {
    let field = Field::new(20);
    // The project becomes known to the daemon before its journal is replaced by a longer one.
    field.add("Be known", None);
    field.env.stop_daemon();
    let file = field.folder().join("journal.db");
    for entry in std::fs::read_dir(field.folder()).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("journal") && entry.path().is_file() {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    let journal = SqliteJournal::open(&file).unwrap();
    let (landed, runs) = history::make(journal, &field.spec("main", 8), size.events, renewals);
    // As the daemon of those days had written them.
    for run in 1..=runs {
        let summary = field.folder().join(format!("runs/r-{run}/summary.md"));
        std::fs::create_dir_all(summary.parent().unwrap()).unwrap();
        std::fs::File::create(summary).unwrap();
    }
    let without = start_ms(&field);
    // The first thing that is recorded after reading so much is followed by a snapshot.
    field.add("Be recorded", None);
    let seq = seq(&field);
    let (mut times, mut firsts) = (Vec::new(), Vec::new());
    for _ in 0..size.turns.min(5) {
        field.env.stop_daemon();
        times.push(start_ms(&field));
        // What follows the first record of a daemon must not take longer than its start.
        let since = Instant::now();
        field.add("Be recorded, too", None);
        wait_until("a look follows", || since.elapsed() > LOOK);
        assert!(self::seq(&field) > seq);
        let spent = ms(since) - LOOK.as_secs_f64() * 1_000.0;
        firsts.push(spent);
    }
    assert!(seq >= size.events, "{seq} records");
    let note = format!("{seq} records, {landed} tasks landed in {runs} runs");
    vec![
        Row::alone(name, "ms", times, Reach::Below(1_000.0)).note(note),
        Row::alone(unsnapped, "ms", vec![without], Reach::Shown),
        Row::alone(
            "the first command after that start, and a question",
            "ms",
            firsts,
            Reach::Shown,
        ),
    ]
}

/// From the start of a daemon to its first answer about the project.
fn start_ms(field: &Field) -> f64 {
    assert!(field.env.playing(Role::Daemon).is_empty());
    let since = Instant::now();
    field.env.windrow(["daemon", "start"]).ok();
    let answered = patiently(PATIENCE, || (seq(field) > 0).then(|| ms(since)));
    answered.expect("the daemon answers")
}

/// The last record the daemon knows.
fn seq(field: &Field) -> u64 {
    match field.ask(ProjectCall::Run { run: None }) {
        Reply::Run(view) => view.seq,
        other => panic!("{other:?}"),
    }
}
