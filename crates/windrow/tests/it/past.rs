//! The past: what commands show `at` a moment is what they showed then.

use serde_json::Value;
use windrow_api::view::Moment;
use windrow_api::view::TaskStatus::Working;
use windrow_api::{ProjectCall, Reply};
use windrow_testkit::{Plan, PlanTask, TestEnv};

use crate::place::{detach_plan, place};

/// Everything that shows the state, but what is not in the journal: files and when they were written.
const LOOKS: &[&[&str]] = &[
    &["status"],
    &["task", "list"],
    &["ready"],
    &["explain", "c"],
    &["explain", "b"],
    &["show", "a"],
    &["show", "b"],
    &["task", "show", "c"],
];

fn newest(env: &TestEnv) -> (u64, i64) {
    let line = env.windrow(["log", "-n", "1", "--format", "jsonl"]).ok().json();
    (line["seq"].as_u64().unwrap(), line["at_ms"].as_i64().unwrap())
}

/// What every look shows, `at` a moment or now.
fn shown(env: &TestEnv, at: &[&str]) -> Vec<Value> {
    let look = |args: &&[&str]| {
        let ran = env.windrow([at, *args, &["--format", "json"]].concat()).ok();
        without_files(ran.json())
    };
    LOOKS.iter().map(look).collect()
}

fn without_files(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            fields.remove("output_ms");
            fields.remove("changed");
            fields.values_mut().for_each(|field| *field = without_files(field.take()));
        }
        Value::Array(values) => {
            values.iter_mut().for_each(|value| *value = without_files(value.take()));
        }
        _ => {}
    }
    value
}

/// A place whose run stands still: `a` landed, `b` waits for the sign `go`, `c` waits for `b`.
fn standing_still() -> TestEnv {
    let env = place();
    let wait = format!("{}; echo b > b.txt", env.signs().wait_line("go"));
    let plan = Plan::new()
        .with("a", PlanTask::run("Lay the ground", "echo a > a.txt"))
        .with("b", PlanTask::run("Build the house", &wait).list("needs", &["a"]))
        .with("c", PlanTask::run("Move in", "echo c > c.txt").list("needs", &["b"]));
    detach_plan(&env, &plan, &[]);
    env.await_status("b", Working);
    env
}

#[test]
fn n12_the_past_is_shown_as_it_was_shown_then() {
    let env = standing_still();
    // Nothing is recorded while it is looked at; until then it is looked at again.
    let (then, seq, at_ms, workers) = loop {
        let (before, _) = newest(&env);
        let then = shown(&env, &[]);
        let workers = without_files(env.windrow(["--format", "json"]).ok().json());
        let (seq, at_ms) = newest(&env);
        if before == seq {
            break (then, seq, at_ms, workers);
        }
    };
    let number = seq.to_string();
    let moment = jiff::Timestamp::from_millisecond(at_ms).unwrap().to_string();

    // While the run goes on, and after everything has become otherwise.
    assert_eq!(shown(&env, &["at", &number]), then);
    env.signs().put("go");
    env.await_run_end();
    let _ran = env.windrow(["task", "add", "Something else"]).ok();
    env.kill_daemon();
    assert_ne!(shown(&env, &[]), then, "nothing became otherwise");
    for point in [&number, &moment] {
        let past = shown(&env, &["at", point]);
        for (look, (past, then)) in LOOKS.iter().zip(past.iter().zip(&then)) {
            assert_eq!(past, then, "at {point} {look:?}");
        }
    }
    let past = env.windrow(["at", &number, "--format", "json"]).ok();
    assert_eq!(without_files(past.json()), workers);
    assert!(past.err.contains(&format!("As of record {seq}, ")), "{past}");

    // Spans end at that moment, not today.
    let page = env.windrow(["at", &number, "status"]).ok();
    assert!(page.out.contains("[*] t-2 - WORKING (0s) - Build the house"), "{page}");
}

#[test]
fn n12_the_past_cannot_be_changed() {
    let env = standing_still();
    let by_people = || env.windrow(["log", "--actor", "person", "--format", "jsonl"]).ok().out;
    let before = by_people();
    for words in [&["run", "--resume"][..], &["land", "--all"], &["task", "add", "More"], &["log"]]
    {
        let ran = env.windrow([&["at", "3"], words].concat()).code(4);
        assert!(ran.err.contains("is not for the past") && ran.err.contains("status"), "{ran}");
    }
    // Not by another way either.
    let session = env.sessions().pop().unwrap().id.parse().unwrap();
    let how = windrow_api::request::EndHow::Kill;
    let call = Box::new(ProjectCall::EndSession { session, how });
    let refused = env.ask_once(ProjectCall::At { moment: Moment { seq: 3, at_ms: 0 }, call });
    assert!(refused.is_err_and(|error| error.to_string().contains("the past")));
    let nested = Box::new(ProjectCall::At {
        moment: Moment { seq: 3, at_ms: 0 },
        call: Box::new(ProjectCall::Tasks),
    });
    let refused =
        env.ask_once(ProjectCall::At { moment: Moment { seq: 3, at_ms: 0 }, call: nested });
    assert!(refused.is_err());
    assert_eq!(by_people(), before);

    // Points that are none.
    env.windrow(["at", "0"]).code(1).says("there is no record 0");
    env.windrow(["at", "999999"]).code(1).says("the journal ends at");
    env.windrow(["at", "1000d"]).code(1).says("nothing was recorded by that moment");
    env.windrow(["at", "3000-01-01"]).code(1).says("still to come");
    env.windrow(["at", "soon"]).code(2).says("`soon` is no moment");
    env.signs().put("go");
    env.await_run_end();
}

#[test]
fn n12_every_record_has_a_past() {
    let env = standing_still();
    env.signs().put("go");
    env.await_run_end();
    let (last, _) = newest(&env);
    let mut counts = Vec::new();
    for seq in 1..=last {
        let moment = Moment { seq, at_ms: 0 };
        let call = Box::new(ProjectCall::Tasks);
        match env.ask(&ProjectCall::At { moment, call }) {
            Reply::Tasks(rows) => counts.push(rows.len()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(counts[..4], [1, 2, 3, 3], "one record, one task, until the run starts");
    assert_eq!(counts.last(), Some(&3));
}
