//! The log as an audit trail: sentences, filters, an export that a stranger can verify.

use serde_json::Value;
use windrow_testkit::{Plan, PlanTask, Ran, TestEnv, wait_until};
use windrow_world::proc::Signal;

use crate::place::{place, run_plan};

/// A place in which one task landed and one is stuck.
fn lived_in() -> TestEnv {
    let env = place();
    let plan = Plan::new()
        .with("a", PlanTask::run("Make hay", "echo hay > hay.txt"))
        .with("b", PlanTask::run("Burn it", "exit 3"));
    let _ran = run_plan(&env, &plan, &["--tries", "1"]).code(3);
    env
}

fn log(env: &TestEnv, args: &[&str]) -> Ran {
    env.windrow([&["log"], args].concat()).ok()
}

/// The exported records.
fn records(env: &TestEnv, args: &[&str]) -> Vec<Value> {
    let ran = log(env, &[&["--format", "jsonl"], args].concat());
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn seqs(records: &[Value]) -> Vec<u64> {
    records.iter().map(|record| record["seq"].as_u64().unwrap()).collect()
}

#[test]
fn n12_the_log_says_what_happened_to_whom() {
    let env = lived_in();
    let all = log(&env, &[]);
    let session = env.sessions().into_iter().find(|row| row.title == "Make hay").unwrap();
    let (name, id) = (&session.name, &session.id);
    for sentence in [
        " person  t-1 (`Make hay`) was added from ".to_owned(),
        " person  r-1 was started: 2 tasks on `main`, up to ".to_owned(),
        format!(" windrow `{name}` ({id}) started to work on t-1 (`Make hay`)"),
        format!(" windrow `{name}` ({id}) ended well"),
        " windrow t-1 (`Make hay`) landed as ".to_owned(),
        " windrow t-2 (`Burn it`) is stuck: ".to_owned(),
        " windrow r-1 is finished".to_owned(),
    ] {
        assert!(all.out.contains(&sentence), "no `{sentence}`: {all}");
    }
    assert_eq!(all.out.lines().count(), records(&env, &[]).len(), "one line a record");
    let caused = log(&env, &["--causes"]);
    assert!(caused.out.contains(" (led to by ") && !all.out.contains("led to by"), "{caused}");
}

#[test]
fn n12_the_log_is_filtered_by_what_people_ask_for() {
    let env = lived_in();
    let all = records(&env, &[]);
    let only = |args: &[&str], keep: &dyn Fn(&Value) -> bool| {
        let wanted: Vec<Value> = all.iter().filter(|record| keep(record)).cloned().collect();
        assert!(!wanted.is_empty() && wanted.len() < all.len(), "{args:?} tells nothing apart");
        assert_eq!(records(&env, args), wanted, "{args:?}");
    };
    let session = env.sessions().into_iter().find(|row| row.title == "Make hay").unwrap();
    only(&["--actor", "person"], &|record| record["actor"] == "person");
    only(&["--kind", "task_added,work_landed"], &|record| {
        record["kind"] == "task_added" || record["kind"] == "work_landed"
    });
    only(&["--session", &session.name], &|record| record["session"] == session.id.as_str());
    only(&["--task", "a"], &|record| record["task"] == "t-1" || record["kind"] == "run_started");
    only(&["--from", "3", "--to", "7"], &|record| {
        (3..=7).contains(&record["seq"].as_u64().unwrap())
    });

    // Times, to the millisecond of one record.
    let at = |record: &Value| record["at_ms"].as_i64().unwrap();
    let middle = at(&all[all.len() / 2]);
    let moment = |ms: i64| jiff::Timestamp::from_millisecond(ms).unwrap().to_string();
    only(&["--since", &moment(middle)], &|record| at(record) >= middle);
    only(&["--until", &moment(middle - 1)], &|record| at(record) < middle);
    assert_eq!(records(&env, &["--since", "1d"]), all);
    assert_eq!(records(&env, &["--until", "1d"]).len(), 0);
    assert_eq!(records(&env, &["--to", "0"]).len(), 0);

    // The newest few, and the newest first.
    let newest = &all[all.len() - 3..];
    assert_eq!(records(&env, &["-n", "3"]), newest);
    let mut reversed = seqs(newest);
    reversed.reverse();
    assert_eq!(seqs(&records(&env, &["-n", "3", "--reverse"])), reversed);
    let person: Vec<u64> =
        seqs(&all.iter().filter(|r| r["actor"] == "person").cloned().collect::<Vec<_>>());
    assert_eq!(seqs(&records(&env, &["-n", "1", "--actor", "person"])), person[person.len() - 1..]);

    env.windrow(["log", "--since", "soon"]).code(2).says("`soon` is no moment");
    env.windrow(["log", "--kind", "task_aded"]).code(2).says("task_added");
    env.windrow(["log", "--task", "t-9"]).code(1).says("there is no task `t-9`");
}

#[test]
fn d11_a_stranger_verifies_an_export() {
    let env = lived_in();
    let export = log(&env, &["--format", "jsonl"]).out;
    let landing =
        env.repo().git(["log", "-1", "--format=%(trailers:key=Journal,valueonly)", "main"]);

    // The encoding as the guide describes it, by other code than the journal's own.
    let mut prev = "0".repeat(64);
    let mut hashes = vec![String::new()];
    for line in export.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| record[name].as_str().unwrap().to_owned();
        let number = |name: &str| record[name].as_u64();
        let mut bytes = Vec::new();
        let part = |bytes: &mut Vec<u8>, part: &[u8]| {
            bytes.extend(u64::try_from(part.len()).unwrap().to_le_bytes());
            bytes.extend(part);
        };
        part(&mut bytes, b"windrow record");
        bytes.extend(1_u32.to_le_bytes());
        let digits = text("prev");
        assert_eq!(digits, prev);
        for at in (0..64).step_by(2) {
            bytes.push(u8::from_str_radix(&digits[at..at + 2], 16).unwrap());
        }
        bytes.extend(number("seq").unwrap().to_le_bytes());
        bytes.extend(record["at_ms"].as_i64().unwrap().to_le_bytes());
        bytes.push(if text("stream") == "work" { 1 } else { 2 });
        match number("cause") {
            None => bytes.push(0),
            Some(cause) => {
                bytes.push(1);
                bytes.extend(cause.to_le_bytes());
            }
        }
        for name in ["actor", "kind", "body"] {
            part(&mut bytes, text(name).as_bytes());
        }
        prev = blake3::hash(&bytes).to_hex().to_string();
        assert_eq!(prev, text("hash"), "{line}");
        hashes.push(prev.clone());
    }
    // What the landing commit says of the journal is in the export.
    let said: Vec<&str> = landing.trim().split('/').collect();
    assert_eq!(said[0], &hashes[1][..12]);
    assert_eq!(said[2], hashes[said[1].parse::<usize>().unwrap()]);

    // The same by windrow, where there is neither a daemon nor the project.
    let file = env.root().join("export.jsonl");
    let elsewhere = env.root().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    windrow_world::files::replace(&file, export.as_bytes()).unwrap();
    let verify = ["log", "verify", file.to_str().unwrap()];
    env.windrow_in(&elsewhere, verify).ok().says(&format!("the last hash is {prev}"));
    let forged = export.replacen("Make hay", "Make way", 1);
    windrow_world::files::replace(&file, forged.as_bytes()).unwrap();
    env.windrow_in(&elsewhere, verify).code(5).says("record 1 does not have the hash it names");
}

#[test]
fn n12_following_shows_what_comes_and_survives_the_daemon() {
    let env = place();
    let _ran = env.windrow(["task", "add", "First"]).ok();
    let follower = env.start("followed", ["log", "--follow"]);
    let shows = |text: &str| {
        wait_until(text, || {
            let said = std::fs::read_to_string(env.root().join("followed")).unwrap_or_default();
            assert!(said.matches(text).count() <= 1, "shown twice: {said}");
            said.contains(text)
        });
    };
    shows("t-1 (`First`) was added");
    let _ran = env.windrow(["task", "add", "Second"]).ok();
    shows("t-2 (`Second`) was added");
    env.kill_daemon();
    let _ran = env.windrow(["task", "add", "Third"]).ok();
    shows("t-3 (`Third`) was added");
    follower.signal(Signal::INT).unwrap();
    env.await_end(follower);
}

#[test]
fn n12_following_ends_with_its_reader() {
    let env = place();
    let _ran = env.windrow(["task", "add", "First"]).ok();
    let exe = env!("CARGO_BIN_EXE_windrow");
    // Nothing is recorded any more: only the pipe says that nobody reads.
    let line = format!("'{exe}' log --follow --task t-1 | head -n 1");
    let piped = env.command_of("sh", env.repo().path(), &["-c", &line]);
    env.finish(piped).ok().says("t-1 (`First`) was added");
}
