use super::super::{Problem, TrackerError};
use super::{Plan, parse};

fn plan(text: &str) -> Plan {
    parse("plan.json", text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn error(text: &str) -> TrackerError {
    parse("plan.json", text.as_bytes()).expect_err(text)
}

/// The faults as a person reads them.
fn check_faults(text: &str, expected: &[&str]) {
    let shown = error(text).to_string();
    assert_eq!(shown.lines().collect::<Vec<_>>(), expected, "{text}");
}

const WHOLE: &str = r#"{
  "version": 1,
  "goal": "ship it",
  "waves": [["b", "a"], ["c"]],
  "tasks": {
    "b": {"title": "Build 'it'", "prompt": "do\nit", "run": "make", "files": ["src/**"],
          "type": "feat", "agent": "cmd", "model": "m-1", "role": "builder", "priority": "P1",
          "gate": "make test", "kind": "polish"},
    "a": {"prompt": "first", "priority": 0},
    "c": {"title": "End", "reads": ["a", "a"], "needs": ["b", "a"]}
  }
}"#;

#[test]
fn w1_a_whole_plan_is_read_in_the_order_of_the_file() {
    let plan = plan(WHOLE);
    assert_eq!(plan.goal.as_deref(), Some("ship it"));
    assert_eq!(plan.waves, [vec!["b", "a"], vec!["c"]]);
    let [b, a, c] = &plan.tasks[..] else { panic!("{plan:?}") };
    assert_eq!((&b.key[..], &b.title[..], &b.body[..]), ("b", "Build 'it'", "do\nit"));
    assert_eq!((b.priority, a.priority, c.priority), (Some(1), Some(0), None));
    assert_eq!((b.run.as_deref(), b.gate.as_deref()), (Some("make"), Some("make test")));
    assert_eq!((b.agent.as_deref(), b.model.as_deref()), (Some("cmd"), Some("m-1")));
    assert_eq!((b.role.as_deref(), b.kind.as_deref()), (Some("builder"), Some("polish")));
    assert_eq!((b.commit_type.as_deref(), b.files[0].as_str()), (Some("feat"), "src/**"));
    assert_eq!((&a.title[..], a.line), ("a", 9));
    assert_eq!(c.depends, ["b", "a"]);
    assert_eq!(c.reads, ["a"]);
    assert_eq!((b.wave, a.wave, c.wave), (Some(1), Some(1), Some(2)));
}

#[test]
fn agents_is_another_name_and_waves_may_be_missing() {
    let plan = plan(r#"{"version":1,"agents":{"x":{"title":"X","run":null}},"waves":[]}"#);
    assert_eq!((plan.tasks.len(), plan.tasks[0].wave), (1, None));
    check_faults(
        r#"{"version":1,"agents":{"x":{"title":"X"}},"tasks":{"y":{"title":"Y"}}}"#,
        &["plan.json:1:51: `tasks` is there twice; the first is on line 1; keep one of them"],
    );
}

#[test]
fn w1_a_dependency_that_does_not_come_earlier_names_both_tasks_and_waves() {
    let text = r#"{"version":1,"waves":[["a"],["b","c"]],"tasks":{
"a":{"title":"A","needs":["b"]},
"b":{"title":"B","reads":["c"]},
"c":{"title":"C"}}}"#;
    check_faults(
        text,
        &[
            "plan.json:2:5: task `a` (wave 1) needs `b` (wave 2), which does not come earlier; \
             move `a` to a later wave than `b`, or remove the dependency",
            "plan.json:3:5: task `b` (wave 2) reads `c` (wave 2), which does not come earlier; \
             move `b` to a later wave than `c`, or remove the dependency",
        ],
    );
}

#[test]
fn waves_name_every_task_once() {
    let text = r#"{"version":1,
"tasks":{"alpha":{"title":"A"},"beta":{"title":"B"},"gamma":{"title":"C"}},
"waves":[["alpha","alpha"],["betta","alpha"]]}"#;
    check_faults(
        text,
        &[
            "plan.json:2:39: task `beta` is in no wave; put it into one, or leave `waves` away",
            "plan.json:2:61: task `gamma` is in no wave; put it into one, or leave `waves` away",
            "plan.json:3:9: task `alpha` is in wave 1 and again in wave 1; keep it in one of them",
            "plan.json:3:9: wave 2 names `betta`, which is no task of this file; write `beta`?",
            "plan.json:3:9: task `alpha` is in wave 1 and again in wave 2; keep it in one of them",
        ],
    );
}

#[test]
fn w2_reading_what_is_not_there_is_an_error_before_the_start() {
    let text = r#"{"version":1,"tasks":{"design":{"title":"A"},
"b":{"title":"B","reads":["desing"],"needs":["b","zzzzzz"]}}}"#;
    check_faults(
        text,
        &[
            "plan.json:2:5: task `b` depends on itself; remove that dependency",
            "plan.json:2:5: task `b` needs `zzzzzz`, which is no task of this file; add it, or take it out of `b`",
            "plan.json:2:5: task `b` reads `desing`, which is no task of this file; write `design`?",
        ],
    );
}

#[test]
fn a_circle_is_named() {
    let text = r#"{"version":1,"tasks":{
"a":{"title":"A","needs":["b"]},"b":{"title":"B","reads":["a"]}}}"#;
    check_faults(
        text,
        &[
            "plan.json:2:5: tasks wait for each other in a circle: a -> b -> a; let `a` not depend on `b`",
        ],
    );
}

#[test]
fn every_key_and_value_is_checked_at_once() {
    let text = r#"{
  "version": 2, "gaol": "x",
  "tasks": {
    "a": {"title": "A", "title": "B", "neds": ["b"], "priority": "high", "type": "Fix me",
          "files": ["../x", "ok"], "agent": "-x", "run": "", "needs": "b", "kind": 3},
    "a": {"title": "again"},
    "b": {},
    "../c": {"title": "two\nlines"},
    "d": []
  }
}"#;
    check_faults(
        text,
        &[
            "plan.json:2:14: `version` is 2; write `\"version\": 1`",
            "plan.json:2:25: `gaol` is no known field; write `goal`?",
            "plan.json:4:34: `title` is there twice; the first is on line 4; keep one of them",
            "plan.json:4:47: `neds` is no known field; write `needs`?",
            "plan.json:4:66: `priority` is `\"high\"`; write `P0` to `P4`",
            "plan.json:4:82: `type` is `\"Fix me\"`; write a commit type such as `feat` or `fix(parser)`",
            "plan.json:5:20: a scope cannot be read: `../x` leaves its folder with `..`; write it relative to the repository",
            "plan.json:5:45: `agent` is `\"-x\"`; write one word that does not start with `-`",
            "plan.json:5:58: `run` is `\"\"`; write one shell line without control characters",
            "plan.json:5:71: `needs` is `\"b\"`; write a list of names of tasks",
            "plan.json:5:84: `kind` is `3`; write `foundation`, `feature` or `polish`",
            "plan.json:6:10: task `a` is there twice; the first is on line 4; give one another number, name or `{#id}`",
            "plan.json:7:10: task `b` has neither `title` nor `prompt` nor `run`; write one of them",
            "plan.json:8:13: `../c` cannot be the name of a task; use letters, digits, `.`, `_` and `-`, a letter or digit first",
            "plan.json:8:23: the title \"two\\nlines\" has a control character; write the title on one line of plain text",
            "plan.json:9:10: `d` is `[]`; write an object with `title`, `prompt` and so on",
        ],
    );
}

#[test]
fn broken_json_is_told_with_its_place() {
    for (text, line, column) in [
        ("{\n \"version\": 1,,}", 2, 15),
        ("[]", 1, 0),
        ("", 1, 0),
        ("{} x", 1, 4),
        ("{\"a\":", 1, 5),
    ] {
        let faults = error(text).faults;
        assert!(matches!(faults[0].problem, Problem::Json { .. }), "{text}: {faults:?}");
        assert_eq!((faults[0].line, faults[0].column), (line, Some(column.max(1))), "{text}");
        assert!(!faults[0].problem.to_string().contains(" at line "));
    }
    let deep = "[".repeat(100_000);
    assert!(matches!(error(&deep).faults[0].problem, Problem::Json { .. }));
    assert!(matches!(
        parse("p", b"{\n\xff").expect_err("bytes").faults[0],
        super::super::Fault { line: 2, problem: Problem::NotUtf8, .. }
    ));
}

#[test]
fn an_empty_plan_says_what_to_write() {
    for text in [r#"{"version":1}"#, r#"{"version":1,"tasks":{}}"#, r#"{"version":1,"tasks":null}"#]
    {
        let faults = error(text).faults;
        assert_eq!(faults.len(), 1, "{text}: {faults:?}");
        assert_eq!(faults[0].problem, Problem::EmptyPlan, "{text}");
    }
    assert_eq!(error("{}").faults.len(), 2);
}

#[test]
fn ten_thousand_tasks_are_read() {
    use std::fmt::Write as _;
    let mut text = String::from("{\"version\":1,\"tasks\":{\"t0\":{\"title\":\"T\"}");
    for n in 1..10_000 {
        write!(text, ",\n\"t{n}\":{{\"title\":\"T\",\"needs\":[\"t{}\"]}}", n - 1).expect("writes");
    }
    let plan = plan(&(text.clone() + "}}"));
    assert_eq!(plan.tasks.len(), 10_000);
    assert_eq!(plan.tasks[9_999].line, 10_000);
    let wrong = text.replace("[\"t", "[\"missing-t") + "}}";
    let error = parse("plan.json", wrong.as_bytes()).expect_err("nothing of it is there");
    assert_eq!(error.faults.len(), 9_999);
    assert!(error.to_string().ends_with("and 9979 more"));
}
