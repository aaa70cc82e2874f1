//! What commands print with `--format json` has the form that the published schemas say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use windrow_testkit::{TestEnv, conforms};

use crate::place::place;

/// The schemas that are looked at where the demo is run, a journal repaired, and something asked,
/// anyway.
const ELSEWHERE: [&str; 7] = [
    "demo.json",
    "log-repair.json",
    "answer.json",
    "ask.json",
    "inbox.json",
    "next.json",
    "wait.json",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/schemas")
}

/// Compares what was printed, as one value or a value on each line, with a schema.
#[track_caller]
pub(crate) fn expect_form(file: &str, printed: &str) {
    let schema = std::fs::read_to_string(folder().join(file)).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let lines = schema["title"].as_str().unwrap().starts_with("Each line");
    let values: Vec<&str> = if lines { printed.lines().collect() } else { vec![printed] };
    assert!(!values.is_empty(), "nothing was printed for {file}");
    for text in values {
        let value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        if let Err(fault) = conforms(&schema, &value) {
            panic!("{file}: {fault}");
        }
    }
}

/// A place with tasks of which one will land, one fail and one wait for that, and with settings.
fn lived_in() -> TestEnv {
    let env = place();
    let tasks = "## Task 1: Land\nFiles: a.txt\nType: feat\nRun: echo a > a.txt\n\n\
        ## Task 2: Fail\nRun: echo b > b.txt; exit 3\n\n\
        ## Task 3: Wait\nDepends on: 2\nRun: echo c > c.txt\n";
    env.repo().write("TASKS.md", tasks);
    // What the machine has of clients is not started here.
    env.settings(
        "gate = \"true\"\n[agents.a]\nrun = \"true\"\n[agents.claude]\nprogram = \"no-claude\"\n\
         [agents.codex]\nprogram = \"no-codex\"\n",
    );
    env
}

#[test]
fn every_answer_has_the_form_of_its_schema() {
    let env = lived_in();
    let mut seen = BTreeSet::from(ELSEWHERE.map(str::to_owned));
    let mut look = |file: &str, args: &[&str]| {
        let ran = env.windrow([args, &["--format", "json"]].concat());
        assert!(ran.code <= 3 && !ran.out.is_empty(), "{ran}");
        expect_form(file, &ran.out);
        seen.insert(file.to_owned());
    };
    look("daemon-status.json", &["daemon", "status"]);
    look("run-dry-run.json", &["run", "TASKS.md", "--dry-run"]);
    look("approve.json", &["approve", "TASKS.md", "windrow.toml"]);
    look("run.json", &["run", "TASKS.md", "--tries", "1"]);
    look("status.json", &["status"]);
    look("task-add.json", &["task", "add", "Mine", "--run", "sleep 1000", "--files", "m/**"]);
    look("run-dry-run.json", &["run", "--dry-run", "--only", "t-4"]);
    look("task-edit.json", &["task", "edit", "t-4", "--priority", "P0"]);
    look("ready.json", &["ready"]);
    look("run-detach.json", &["run", "--only", "t-4", "--detach"]);
    look("windrow.json", &[]);
    look("status.json", &["status"]);
    let name = env.windrow(["--format", "json"]).ok().json()[0]["name"].clone();
    look("show.json", &["show", name.as_str().unwrap()]);
    let _killed = env.windrow(["kill", "t-4"]).ok();
    env.await_run_end();
    for (file, args) in [
        ("task-import.json", &["task", "import", "TASKS.md"][..]),
        ("task-list.json", &["task", "list"]),
        ("task-show.json", &["task", "show", "t-2"]),
        ("show.json", &["show", "t-2"]),
        ("diff.json", &["diff", "t-1"]),
        ("explain.json", &["explain", "t-3"]),
        ("log.json", &["log"]),
        ("log-verify.json", &["log", "verify"]),
        ("at.json", &["at", "3"]),
        ("at-status.json", &["at", "8", "status"]),
        ("at-show.json", &["at", "8", "show", "t-2"]),
        ("at-ready.json", &["at", "8", "ready"]),
        ("at-explain.json", &["at", "8", "explain", "t-3"]),
        ("at-task-list.json", &["at", "8", "task", "list"]),
        ("at-task-show.json", &["at", "8", "task", "show", "t-1"]),
        ("report.json", &["report", "r-1"]),
        ("restore-list.json", &["restore", "--list"]),
        ("restore.json", &["restore", "t-2", "--to", "../back"]),
        ("prune.json", &["prune", "--dry-run"]),
        ("agents.json", &["agents"]),
        ("doctor.json", &["doctor"]),
        ("daemon-start.json", &["daemon", "start"]),
        ("daemon-status.json", &["daemon", "status"]),
        ("bench.json", &["bench", "--sessions", "1", "--seconds", "0", "--files", "3"]),
    ] {
        look(file, args);
    }
    let published: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(seen, published, "an answer that is described is not looked at here");
}
