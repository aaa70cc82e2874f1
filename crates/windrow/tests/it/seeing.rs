//! What one process did, others see: at once when they ask, and told when they watch.

use std::collections::BTreeSet;

use serde_json::Value;
use windrow_api::view::TaskStatus::Working;
use windrow_testkit::{Plan, PlanTask, TestEnv, wait_until};

use crate::place::{detach_plan, place};

fn titles(env: &TestEnv) -> BTreeSet<String> {
    let listed = env.windrow(["task", "list", "--format", "json"]).ok().json();
    let title = |row: &Value| row["title"].as_str().unwrap().to_owned();
    listed.as_array().unwrap().iter().map(title).collect()
}

#[test]
fn d4_what_one_process_wrote_the_next_one_reads() {
    let env = place();
    let mut written = BTreeSet::new();
    for nth in 0..50 {
        let title = format!("note {nth}");
        let _ran = env.windrow(["task", "add", &title, "--run", "true"]).ok();
        written.insert(title);
        assert_eq!(titles(&env), written);
    }
}

#[test]
fn d4_many_writers_at_once_each_read_their_own_write() {
    let env = place();
    let writer = |who: usize| {
        for nth in 0..8 {
            let title = format!("note {nth} of {who}");
            let _ran = env.windrow(["task", "add", &title, "--run", "true"]).ok();
            assert!(titles(&env).contains(&title), "{title} is missing");
        }
    };
    std::thread::scope(|scope| {
        for who in 0..4 {
            scope.spawn(move || writer(who));
        }
    });
    assert_eq!(titles(&env).len(), 32);
}

#[test]
fn d4_what_was_answered_is_there_after_the_daemon_is_killed() {
    let env = place();
    for nth in 0..10 {
        let title = format!("note {nth}");
        let _ran = env.windrow(["task", "add", &title, "--run", "true"]).ok();
        assert!(env.kill_daemon());
        assert!(titles(&env).contains(&title), "{title} was answered and is gone");
    }
}

/// The changes that a watcher printed so far; one that is being printed is not there yet.
fn told(env: &TestEnv, log: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(env.root().join(log)).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn await_told(env: &TestEnv, log: &str, event: &str, task: &str) {
    wait_until(&format!("a watcher is told that {task} is {event}"), || {
        told(env, log).iter().any(|line| line["event"] == event && line["task"] == task)
    });
}

#[test]
fn d4_every_watcher_is_told_what_another_process_did() {
    let env = place();
    let signs = env.signs();
    let work = |key: &str| {
        let line = format!("{}; {}", signs.put_line(key), signs.wait_line("go"));
        PlanTask::run(key, &line)
    };
    let plan = Plan::new().with("a", work("a")).with("b", work("b")).with("c", work("c"));
    detach_plan(&env, &plan, &["--pool", "2", "--tries", "1"]);
    let _working = (env.await_status("a", Working), env.await_status("b", Working));
    let watch = ["run", "--resume", "--format", "json"];
    let watchers = ["one.log", "two.log"].map(|log| (log, env.start(log, watch)));
    for (log, _) in &watchers {
        await_told(&env, log, "started", &env.task("b").id);
    }
    // A person closes what waits, and ends what works: with nobody else doing anything meanwhile.
    let (a, b, c) = (env.task("a").id, env.task("b").id, env.task("c").id);
    let _closed = env.windrow(["task", "close", &c]).ok();
    for (log, _) in &watchers {
        await_told(&env, log, "cancelled", &c);
    }
    let _killed = env.windrow(["kill", &a]).ok();
    for (log, _) in &watchers {
        await_told(&env, log, "stuck", &a);
    }
    signs.put("go");
    for (log, watcher) in watchers {
        env.await_end(watcher);
        let lines = told(&env, log);
        assert_eq!(lines.last().unwrap()["event"], "end", "{lines:#?}");
        let done = lines.iter().any(|line| line["event"] == "done" && line["task"] == b.as_str());
        assert!(done, "{lines:#?}");
    }
}
