//! `TASKS.md`: checked off in place as tasks land, with every other byte as it was.

use std::fs;

use crate::place::{landings, place};

/// Both forms, Windows line ends, no final one, odd white space, bytes that are nobody's business.
const HEADINGS: &str = "# Plan\r\n\r\nSome prose.   \r\n\r\n## Task 1: first one\r\n\r\nRun: echo 1 > one.txt\r\nType: feat\r\n\r\nText with trailing space \r\n\r\n## Task 2: never works\r\n\r\nRun: exit 1\r\n\r\n## Task 3: third one\r\n\r\nDepends on: 1\r\nRun: echo 3 > three.txt";

const ITEMS: &str = "Intro\n\n- [ ] first one\n      Run: echo 1 > one.txt\n- [x] was done before\n      Run: echo no > no.txt\n* a plain item\n- [ ] last one\n      Run: echo 3 > three.txt";

#[test]
fn o7_headings_are_checked_off_and_every_other_byte_stays() {
    let env = place();
    env.repo().write("TASKS.md", HEADINGS);
    env.repo().commit("tasks");
    let _ran = env.windrow(["run", "TASKS.md", "--approve", "--tries", "1"]).code(3);
    let text = env.repo().text("TASKS.md");
    let without: String = text.replace("\r\nStatus: done", "").replace("Status: done\r\n", "");
    assert_eq!(without, HEADINGS, "{text:?}");
    assert_eq!(text.matches("Status: done").count(), 2, "{text:?}");
    let second = text.split("## Task 2").nth(1).unwrap().split("## Task 3").next().unwrap();
    assert!(!second.contains("Status"), "{text:?}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{text:?}");
    assert_eq!(env.repo().status(), [" M TASKS.md"], "uncommitted");
}

#[test]
fn o7_items_are_checked_off_and_every_other_byte_stays() {
    let env = place();
    env.repo().write("TASKS.md", ITEMS);
    env.repo().commit("tasks");
    let _ran = env.windrow(["run", "TASKS.md", "--approve"]).ok();
    assert_eq!(env.repo().text("TASKS.md"), ITEMS.replace("- [ ]", "- [x]"));
    assert!(!env.repo().file("no.txt").exists(), "what is done is not done again");
}

#[test]
fn o7_a_person_edits_the_file_during_the_run() {
    let env = place();
    let signs = env.signs();
    let wait = signs.wait_line("go");
    let item = |nth| format!("- [ ] task {nth}\n  Run: {wait}; echo {nth} > n{nth}.txt\n");
    let text: String = (1..=8).map(item).collect();
    env.repo().write("TASKS.md", &text);
    env.repo().commit("tasks");
    let _ran = env.windrow(["run", "TASKS.md", "--approve", "--detach", "--pool", "4"]).ok();
    signs.put("go");
    let path = env.repo().file("TASKS.md");
    let mut added = String::new();
    let mut last = 0;
    windrow_testkit::wait_until("the run is over", || {
        // As an editor that saves a whole file does, but only what it has just read.
        let before = fs::read(&path).unwrap();
        let note = format!("note {last}\n");
        let now = [before.clone(), note.clone().into_bytes()].concat();
        if windrow_world::files::replace_if_unchanged(&env.state(), &path, &before, &now).is_ok() {
            added.push_str(&note);
            last += 1;
        }
        env.try_run().is_some_and(|run| run.row.ended_ms.is_some() && run.sessions.is_empty())
    });
    windrow_testkit::wait_until("every task is checked off", || {
        env.repo().text("TASKS.md").matches("- [x]").count() == 8
    });
    assert!(last > 0);
    assert_eq!(env.repo().text("TASKS.md"), text.replace("- [ ]", "- [x]") + &added);
}

#[test]
fn o7_uncommitted_edits_of_the_person_stay_uncommitted() {
    let env = place();
    env.repo().write("TASKS.md", ITEMS);
    env.repo().commit("tasks");
    let edited = ITEMS.replace("Intro", "My own words, not committed");
    env.repo().write("TASKS.md", &edited);
    let _ran = env.windrow(["run", "TASKS.md", "--approve"]).ok();
    assert_eq!(env.repo().text("TASKS.md"), edited.replace("- [ ]", "- [x]"));
    assert_eq!(env.repo().at_revision("main", "TASKS.md").unwrap(), ITEMS);
}

#[test]
fn o7_commit_progress_puts_the_check_off_into_the_tree() {
    let env = place();
    env.repo().write("TASKS.md", ITEMS);
    let base = env.repo().commit("tasks");
    let args = ["run", "TASKS.md", "--approve", "--commit-progress", "--pool", "1"];
    let gate = "grep -c 'x. first' TASKS.md";
    let _ran = env.windrow([&args[..], &["--gate", gate]].concat()).ok();
    let landed = landings(&env);
    assert_eq!(landed.len(), 2);
    let first = env.repo().at_revision(&landed[0].commit, "TASKS.md").unwrap();
    assert_eq!(first, ITEMS.replacen("- [ ]", "- [x]", 1));
    let all = ITEMS.replace("- [ ]", "- [x]");
    assert_eq!(env.repo().at_revision("main", "TASKS.md").unwrap(), all);
    assert_eq!(env.repo().text("TASKS.md"), all);
    assert_eq!(env.repo().status(), [] as [&str; 0]);
    env.repo().every_commit_passes(&base, "main", gate);
}
