//! The demo: what a stranger sees first, run for real.

use std::path::PathBuf;

use windrow_testkit::{Ran, TestEnv, TestRepo, wait_until};
use windrow_world::proc::Signal;

use crate::place::bare_place;
use crate::schemas::expect_form;

/// The demos' folders: they are made below the place's own temporary folder.
fn folders(env: &TestEnv) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(env.root().join("tmp")).unwrap().flatten();
    let named =
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("windrow-demo-"));
    named.map(|entry| entry.path()).collect()
}

fn folder(env: &TestEnv) -> PathBuf {
    let mut folders = folders(env);
    assert_eq!(folders.len(), 1, "{folders:?}");
    folders.remove(0)
}

fn demo(env: &TestEnv, args: &[&str]) -> Ran {
    env.windrow_in(env.root(), [&["demo"], args].concat())
}

#[track_caller]
fn nobody_is_left(env: &TestEnv) {
    let left = env.running();
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn the_demo_comes_to_its_expected_end_and_says_what_is_seen() {
    let env = bare_place();
    // A person's settings that would change what git does in any repository.
    let settings = "[commit]\n\tgpgSign = true\n[core]\n\tautocrlf = true\n\texcludesFile = ~/ignored\n\thooksPath = ~/hooks\n";
    windrow_world::files::replace(&env.home().join(".gitconfig"), settings.as_bytes()).unwrap();
    windrow_world::files::replace(&env.home().join("ignored"), b"*.txt\n").unwrap();
    let mut ran = demo(&env, &[]).ok();
    nobody_is_left(&env);
    for text in [
        "A small repository with eight tasks",
        "starts on t-1: Add rye bread to the menu.",
        "t-2 has to wait for t-1: both say that they change menu.txt.",
        "t-4 conflicts: it collides with `main` in sign.txt",
        "t-5 is red: the gate `sh check.sh` failed with 1. main has not moved.",
        "\"tea 2,10\" has no price such as 1.10",
        "t-6's worker crashed with signal 11. Its work is kept under refs/windrow/kept/",
        "t-7's worker was silent for too long and was ended. Its work is kept under",
        "Every task ended as it should: 4 at the first try, 4 at the second.",
        "../windrow restore --list",
        "rm -rf",
    ] {
        ran = ran.says(text);
    }
    for task in 1..=8 {
        ran = ran.says(&format!("t-{task} landed as "));
    }
    for task in 4..=7 {
        ran = ran.says(&format!("starts try 2 of t-{task} in a fresh tree."));
    }
    let place = folder(&env);
    // Looked at by somebody without such settings.
    let repo = TestRepo::at(&place.join("bakery"), env.root());
    let base = repo.git(["rev-list", "--max-parents=0", "main"]);
    let landed = repo.landings(&base, "main");
    assert_eq!(landed.len(), 8, "{landed:#?}");
    repo.every_commit_passes(&base, "main", "sh check.sh");
    assert_eq!(repo.status(), [" M TASKS.md"]);
    assert_eq!(repo.text("TASKS.md").matches("Status: done\n").count(), 8);
    assert_eq!(repo.text("sign.txt"), "Bakery, open 7 to 18, 4 Mill Lane\n");
    assert!(!env.state().join("socket").exists(), "the person's own home was used");

    // What it says to try works there.
    let program = place.join("windrow");
    let call = |args: &[&str]| {
        windrow_world::cmd::Cmd::new(&program)
            .args(args)
            .dir(place.join("bakery"))
            .success()
            .unwrap()
    };
    let kept = String::from_utf8(call(&["restore", "--list"])).unwrap();
    assert!(kept.contains("captured"), "{kept}");
    call(&["daemon", "stop"]);
    wait_until("nobody is left", || env.running().is_empty());
}

#[test]
fn a_demo_for_programs_ends_with_its_outcome_and_can_remove_itself() {
    let env = bare_place();
    let ran = demo(&env, &["--format", "json", "--remove", "--pool", "2"]).ok();
    expect_form("demo.json", &ran.out);
    nobody_is_left(&env);
    let last = ran.out.lines().last().unwrap_or_default();
    let end: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!(end["event"], "demo", "{ran}");
    assert_eq!(end["outcome"], "success", "{ran}");
    assert_eq!(end["checked_off"], 8, "{ran}");
    let commits = end["commits"].as_array().unwrap();
    assert_eq!(commits.len(), 9, "{ran}");
    assert!(commits.iter().all(|commit| commit["green"] == true), "{ran}");
    assert!(folders(&env).is_empty(), "{:?}", folders(&env));
}

#[test]
fn a_demo_that_is_interrupted_leaves_nobody_and_says_where_things_are() {
    let env = bare_place();
    let log = || std::fs::read_to_string(env.root().join("demo.log")).unwrap_or_default();
    let process = env.start("demo.log", ["demo"]);
    wait_until("a task landed", || log().contains(" landed as "));
    process.signal(Signal::INT).unwrap();
    env.await_end(process);
    nobody_is_left(&env);
    let log = log();
    assert!(log.contains("The demo was interrupted"), "{log}");
    assert!(log.contains(&format!("cd {}", folder(&env).join("bakery").display())), "{log}");
}
