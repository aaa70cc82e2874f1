//! `plan.json`: read or refused with a line; what is read hangs together.

use std::collections::BTreeSet;

use windrow_testkit::{Fuzz, samples};
use windrow_world::trackers::plan;

use crate::{check_refusal, corpus};

const FILE: &str = "plan.json";

const TOKENS: &[&str] = &[
    "\"version\": 1",
    "\"tasks\": {",
    "\"waves\": [[",
    "\"a\"",
    "\"needs\": [\"a\"]",
    "\"reads\": [",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "1e999",
    "-0",
    "\"title\": \"\"",
    "\"files\": [\"**\"]",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\"priority\": 9",
];

#[test]
fn plan_json() {
    let fuzz = Fuzz::of("plan_json", 3_000).with_tokens(TOKENS);
    let mut read = 0;
    fuzz.check(&samples(&corpus("plan_json")), |bytes| {
        let plan = match plan::parse(FILE, bytes) {
            Ok(plan) => plan,
            Err(error) => return check_refusal(FILE, bytes, &error),
        };
        read += 1;
        let keys: BTreeSet<&String> = plan.tasks.iter().map(|task| &task.key).collect();
        assert_eq!(keys.len(), plan.tasks.len(), "a key is there twice");
        assert!(!keys.is_empty(), "a plan without tasks");
        for task in &plan.tasks {
            assert!(task.depends.iter().all(|on| keys.contains(on) && *on != task.key));
            assert!(task.reads.iter().all(|on| task.depends.contains(on)));
            assert!(!task.title.trim().is_empty(), "{task:?}");
            assert_eq!(task.wave.is_some(), !plan.waves.is_empty());
        }
    });
    assert!(read > 0 || fuzz.is_one(), "no case was ever read");
}
