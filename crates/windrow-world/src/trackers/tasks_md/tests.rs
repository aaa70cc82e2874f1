use proptest::prelude::*;

use super::super::{SourceTask, TrackerError};
use super::{CheckOffError, check_off, parse};

fn tasks(text: &str) -> Vec<SourceTask> {
    parse("TASKS.md", text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}")).tasks
}

fn error(text: &str) -> TrackerError {
    parse("TASKS.md", text.as_bytes()).expect_err(text)
}

/// The faults as a person reads them.
fn check_faults(text: &str, expected: &[&str]) {
    let shown = error(text).to_string();
    assert_eq!(shown.lines().collect::<Vec<_>>(), expected, "{text}");
}

fn check_keys(text: &str, expected: &[&str]) {
    let tasks = tasks(text);
    assert_eq!(tasks.iter().map(|task| &task.key[..]).collect::<Vec<_>>(), expected, "{text}");
}

fn check_done(before: &str, key: &str, after: &str) {
    let done = check_off(before.as_bytes(), key).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(String::from_utf8_lossy(&done), after, "{before}");
    assert_eq!(check_off(&done, key).expect("again"), done, "not idempotent: {before}");
}

const HEADINGS: &str = "\
# Plan

Some words. `- [ ] no task` is code here.

## Task 1: Lay the \"ground\" 🚀 ../ $(rm) --x
Priority: P0
Kind: Foundation
Type: feat

First do this.
- [ ] a step

### A part
More.

```
## Task 9: in a fence
Priority: P9
```

<!--
## Task 8: in a comment
-->

## Task 2: Build
Depends on: 1
**Files:** `src/{a,b}/**`, tests/state.rs
Agent: tester
Model: m-1
Run: `echo a, b`
Gate: cargo test
Status: DONE

## Notes
Priority: not a field here
";

#[test]
fn o7_headings_become_tasks() {
    let tasks = tasks(HEADINGS);
    let [one, two] = &tasks[..] else { panic!("{tasks:?}") };
    assert_eq!((&one.key[..], one.line, one.done), ("1", 5, false));
    assert_eq!(one.title, "Lay the \"ground\" 🚀 ../ $(rm) --x");
    assert_eq!((one.priority, one.kind.as_deref()), (Some(0), Some("foundation")));
    assert_eq!(one.commit_type.as_deref(), Some("feat"));
    assert!(one.body.starts_with("First do this.\n- [ ] a step\n\n### A part"), "{}", one.body);
    assert!(one.body.contains("Priority: P9") && one.body.ends_with("-->"), "{}", one.body);
    assert_eq!((&two.key[..], two.done, &two.depends[..]), ("2", true, &["1".to_owned()][..]));
    let scopes: Vec<_> = two.files.iter().map(|scope| scope.as_str()).collect();
    assert_eq!(scopes, ["src/{a,b}/**", "tests/state.rs"]);
    assert_eq!((two.run.as_deref(), two.gate.as_deref()), (Some("echo a, b"), Some("cargo test")));
    assert_eq!((two.agent.as_deref(), two.model.as_deref()), (Some("tester"), Some("m-1")));
    assert_eq!(two.body, "");
}

#[test]
fn o7_items_become_tasks() {
    let text = "\
# Todo
- [ ] Add the parser {#parser}
  Files: src/parser.rs

  It should parse.
    Priority: only text, it is deeper
  - [ ] a step of it
    Run: not a field
* [x] Add the lexer
\tPriority: 2
1. [X] Plan it
- a plain entry
  Run: nothing
  - [ ] Grouped: below
    Depends on: Add the Lexer, #parser, plan-it
";
    let tasks = tasks(text);
    let [parser, lexer, plan, grouped] = &tasks[..] else { panic!("{tasks:?}") };
    assert_eq!((&parser.key[..], &parser.title[..], parser.line), ("parser", "Add the parser", 2));
    assert_eq!(
        (parser.files[0].as_str(), parser.priority, &parser.run),
        ("src/parser.rs", None, &None)
    );
    assert!(parser.body.starts_with("It should parse.\n  Priority: only"), "{}", parser.body);
    assert!(parser.body.ends_with("- [ ] a step of it\n  Run: not a field"), "{}", parser.body);
    assert_eq!((&lexer.key[..], lexer.done, lexer.priority), ("add-the-lexer", true, Some(2)));
    assert_eq!((&plan.key[..], plan.done, &plan.body[..]), ("plan-it", true, ""));
    assert_eq!(grouped.key, "grouped-below");
    assert_eq!(grouped.depends, ["add-the-lexer", "parser", "plan-it"]);
}

#[test]
fn ids_of_headings_may_be_names_and_lists_of_dependencies_are_lenient() {
    check_keys("## Task 1.2: A\n### task a-3 : B\n# TASK #7: C ##\n", &["1.2", "a-3", "7"]);
    let tasks = tasks("## Task 1: A\n## Task 2: B ##\n## Task 3: C\nDepends on: Task 1, #2, 1,\n");
    assert_eq!(tasks[2].depends, ["1", "2"]);
    assert_eq!(tasks[1].title, "B");
    assert!(self::tasks("## Task 1: A\nDepends on: none\n")[0].depends.is_empty());
    check_keys("## Task force members: x\n- [ ] B\n## Task list\n## Tasks: y\n", &["b"]);
}

#[test]
fn a_key_survives_edits_of_others() {
    check_keys("- [ ] A\n- [ ] B\n", &["a", "b"]);
    check_keys("- [ ] New\n- [x] A\n\n  text\n- [ ] B\n", &["new", "a", "b"]);
}

#[test]
fn every_fault_is_told_with_line_and_remedy() {
    let text = "\
## Task 1: A
Depend on: 2
Prioriy: P1
Kind: big
Type: Fix It
Files: /etc/passwd, ../x, [a
Note: ordinary prose.

## Task 1: Again
Depends on: 1, 4, 22
Priority: P9
Priority: P1

## Task 3:
Status: nearly
Run:
Agent: two words
- Files: src

## Task 4 B
##Task 5: C
## Task 2: D
Depends on: 2
";
    check_faults(
        text,
        &[
            "TASKS.md:2: `Depend on:` is no known field; write `Depends on:`?",
            "TASKS.md:3: `Prioriy:` is no known field; write `Priority:`?",
            "TASKS.md:4: `Kind:` is `big`; write `foundation`, `feature` or `polish`",
            "TASKS.md:5: `Type:` is `Fix It`; write a commit type such as `feat` or `fix(parser)`",
            "TASKS.md:6: a scope cannot be read: `/etc/passwd` is absolute; write it relative to the repository",
            "TASKS.md:6: a scope cannot be read: `../x` leaves its folder with `..`; write it relative to the repository",
            "TASKS.md:6: a scope cannot be read: `[a` has an unbalanced `[`; close it, or write `\\[` for the character",
            "TASKS.md:9: task `1` is there twice; the first is on line 1; give one another number, name or `{#id}`",
            "TASKS.md:10: task `1` depends on `4`, which is no task of this file; add it, or take it out of `1`",
            "TASKS.md:10: task `1` depends on `22`, which is no task of this file; write `2`?",
            "TASKS.md:11: `Priority:` is `P9`; write `P0` to `P4`",
            "TASKS.md:12: `Priority:` is there twice; the first is on line 11; keep one of them",
            "TASKS.md:14: the task has no title; write one behind the colon or the box",
            "TASKS.md:15: `Status:` is `nearly`; write `done` or `open`",
            "TASKS.md:16: `Run:` has nothing behind it; write one shell line without control characters",
            "TASKS.md:17: `Agent:` is `two words`; write one word that does not start with `-`",
            "TASKS.md:18: `Files:` is an entry of a list here, where fields are not read; write `Files: ...` without the bullet",
            "TASKS.md:20: `## Task 4 B` is no task heading; write `## Task 3: Title`",
            "TASKS.md:21: `##Task 5: C` is no task heading; write `## Task 3: Title`",
            "TASKS.md:23: task `2` depends on itself; remove that dependency",
        ],
    );
}

#[test]
fn faults_of_a_whole_file() {
    check_faults(
        "## Task 1: A\nDepends on: 2\n## Task 2: B\nDepends on: 3\n## Task 3: C\nDepends on: 1\n",
        &[
            "TASKS.md:2: tasks wait for each other in a circle: 1 -> 2 -> 3 -> 1; let `1` not depend on `2`",
        ],
    );
    let nothing =
        "there is no task in this file; write `## Task 1: Title` headings or `- [ ] Title` items";
    for text in ["", "# Notes\n\nwords\n", "- an entry\n"] {
        check_faults(text, &[&format!("TASKS.md:1: {nothing}")]);
    }
    check_faults(
        "## Task 1: A\n\n~~~~\n```\n~~~\n## Task 2: B\n",
        &["TASKS.md:3: this code fence is never closed; close it with a line of the same marks"],
    );
    check_faults(
        "- [ ] A\n<!--\n- [ ] B\n",
        &["TASKS.md:2: this comment is never closed; close it with `-->`"],
    );
    check_faults(
        "- [ ] Left over\n## Task 1: A\n",
        &[
            "TASKS.md:1: `- [ ] Left over` stands outside of the tasks, which are headings in this file; \
           make it a `## Task` heading, or take its box away",
        ],
    );
    check_faults(
        "- [] A\n- [x]B\n- [ ]\n- [x](https://link)\n- [ ] C {#a/b}\n",
        &[
            "TASKS.md:1: `- [] A` has no readable box; write `[ ]` for open or `[x]` for done",
            "TASKS.md:2: `- [x]B` has no readable box; write `[ ]` for open or `[x]` for done",
            "TASKS.md:3: the task has no title; write one behind the colon or the box",
            "TASKS.md:5: `a/b` cannot be the name of a task; use letters, digits, `.`, `_` and `-`, a letter or digit first",
        ],
    );
    check_faults(
        "- [ ] Add C\n- [x] Add C++\n",
        &[
            "TASKS.md:2: task `add-c` is there twice; the first is on line 1; give one another number, name or `{#id}`",
        ],
    );
    check_faults(
        "## Task: A\n",
        &["TASKS.md:1: `## Task: A` is no task heading; write `## Task 3: Title`"],
    );
    let shown = parse("T", b"a\nb\n\xff\n").expect_err("bytes").to_string();
    assert_eq!(shown, "T:3: this is not UTF-8; save the file as UTF-8");
    let shown = error("- [ ] bell \u{7}\n").to_string();
    assert!(shown.contains("control character"), "{shown}");
}

#[test]
fn ten_thousand_tasks_are_read() {
    use std::fmt::Write as _;
    let mut text = String::from("## Task 0: T\n");
    for n in 1..10_000 {
        write!(text, "## Task {n}: T\nDepends on: {}\nFiles: src/{n}.rs\n\ntext\n", n - 1)
            .expect("writes");
    }
    assert_eq!(tasks(&text).len(), 10_000);
    let wrong = text.replace("Depends on: ", "Depends on: x");
    assert_eq!(error(&wrong).faults.len(), 9_999);
}

#[test]
fn o7_a_box_is_checked_and_no_other_byte_changes() {
    check_done("- [ ] A\n- [ ] B", "b", "- [ ] A\n- [x] B");
    check_done(
        "\u{feff}*\t[ ]  A  \r\n\r\n  text \t\r\n",
        "a",
        "\u{feff}*\t[x]  A  \r\n\r\n  text \t\r\n",
    );
    check_done("- [X] A\n", "a", "- [X] A\n");
    check_done("- [ ] A {#q}\n  Status: open\n", "q", "- [x] A {#q}\n  Status: open\n");
}

#[test]
fn o7_a_heading_gets_a_status_line_and_no_other_byte_changes() {
    check_done("## Task 1: A\n\ntext\n", "1", "## Task 1: A\nStatus: done\n\ntext\n");
    check_done("## Task 1: A", "1", "## Task 1: A\nStatus: done");
    check_done("# x\r\n## Task 1: A  ", "1", "# x\r\n## Task 1: A  \r\nStatus: done");
    check_done(
        "\u{feff}## Task 1: A\r\nPriority: P1 \r\n\r\ntext\r\n## Task 2: B\n",
        "1",
        "\u{feff}## Task 1: A\r\nPriority: P1 \r\nStatus: done\r\n\r\ntext\r\n## Task 2: B\n",
    );
    check_done("## Task 1: A\nStatus:  open \nx", "1", "## Task 1: A\nStatus:  done \nx");
    check_done("## Task 1: A\nStatus:\nx", "1", "## Task 1: A\nStatus: done\nx");
    check_done("## Task 1: A\n**Status:** `Done`\n", "1", "## Task 1: A\n**Status:** `Done`\n");
    check_done(
        "## Task 1: A\nwords\n\nFiles: a\n\n```\nStatus: open\n```\n",
        "1",
        "## Task 1: A\nwords\n\nFiles: a\nStatus: done\n\n```\nStatus: open\n```\n",
    );
}

#[test]
fn a_task_that_is_gone_or_ambiguous_is_not_checked_off() {
    let gone = check_off(b"- [ ] Add parsers\n", "add-parser").expect_err("gone");
    assert_eq!(
        gone.to_string(),
        "task `add-parser` is not in the file any more; `add-parsers` may be what it became"
    );
    let twice = check_off(b"## Task 1: A\n\n## Task 1: B\n", "1").expect_err("twice");
    assert!(
        matches!(twice, CheckOffError::Duplicated { ref lines, .. } if lines[..] == [1, 3]),
        "{twice}"
    );
    assert!(matches!(check_off(b"\xff", "1"), Err(CheckOffError::NotUtf8 { .. })));
}

#[test]
fn a_fault_elsewhere_does_not_stop_a_check_off() {
    check_done("- [ ] A\n  Priority: P9\n- [ ] \n", "a", "- [x] A\n  Priority: P9\n- [ ] \n");
}

/// Lines that make task files, and lines that come near to it.
fn line() -> impl Strategy<Value = String> {
    let lines = vec![
        "",
        "",
        "  ",
        "text",
        "  text",
        "    deep",
        "- entry",
        "  - [ ] step",
        "Note: x",
        "Rule: x",
        "Status: open",
        "  Status: open",
        "Status: done",
        "Status:",
        "Priority: P1",
        "  Priority: P2",
        "**Kind:** polish",
        "Depends on: none",
        "Files: a/**",
        "\tGate: make",
        "File: x",
        "```",
        "```",
        "<!-- x -->",
        "## Other",
        "### Part",
        "> quote",
        "text \t",
        "Type: fix",
    ];
    prop::sample::select(lines).prop_map(str::to_owned)
}

/// A file in one of the forms: a start, then tasks with lines below, all with one kind of line end.
fn file() -> impl Strategy<Value = String> {
    let task = (any::<bool>(), prop::collection::vec(line(), 0..6));
    let parts = (prop::collection::vec(line(), 0..3), prop::collection::vec(task, 1..5));
    (parts, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |((start, tasks), headings, crlf, bom, ends)| {
            let mut lines = start;
            for (n, (done, below)) in tasks.into_iter().enumerate() {
                let state = if done { 'x' } else { ' ' };
                lines.push(match headings {
                    true => format!("## Task {n}: Title {n}"),
                    false => format!("- [{state}] Title {n}"),
                });
                lines.extend(below);
            }
            let end = if crlf { "\r\n" } else { "\n" };
            let text = lines.join(end) + if ends { end } else { "" };
            if bom { format!("\u{feff}{text}") } else { text }
        },
    )
}

/// The tasks with nothing but what a check-off leaves alone; a line more moves those below.
fn unmoved(tasks: &[SourceTask]) -> Vec<SourceTask> {
    tasks.iter().map(|task| SourceTask { line: 0, ..task.clone() }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn o7_a_check_off_changes_one_task_and_nothing_else(text in file(), which in any::<prop::sample::Index>()) {
        let Ok(before) = parse("T", text.as_bytes()) else { return Ok(()) };
        let at = which.index(before.tasks.len());
        let key = &before.tasks[at].key;
        let bytes = check_off(text.as_bytes(), key).expect("the key is there once");
        let after = parse("T", &bytes).expect("still parses");
        let mut expected = unmoved(&before.tasks);
        expected[at].done = true;
        prop_assert_eq!(unmoved(&after.tasks), expected);
        prop_assert_eq!(&check_off(&bytes, key).expect("again"), &bytes);

        // What differs is one stretch, and it lies in the lines of that task.
        let old = text.as_bytes();
        let same = old.iter().zip(&bytes).take_while(|(a, b)| a == b).count();
        let rest = old[same..].iter().rev().zip(bytes[same..].iter().rev());
        let tail = rest.take_while(|(a, b)| a == b).count();
        let starts: Vec<usize> = before.tasks.iter().map(|task| {
            text.split_inclusive('\n').take(task.line - 1).map(str::len).sum()
        }).collect();
        let next = starts.get(at + 1).copied().unwrap_or(old.len());
        prop_assert!(bytes == old || (same >= starts[at] && old.len() - tail <= next));
        let new = std::str::from_utf8(&bytes[same..bytes.len() - tail]).expect("text");
        prop_assert!(["", "x", "done"].contains(&new) || new.trim().len() <= "Status: done".len(), "{new:?}");
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _either = parse("T", &bytes);
        let _either = check_off(&bytes, "a");
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-#*\\[\\] xT:ask1{}`~<>!\r\n\té]{0,80}") {
        if let Err(error) = parse("T", text.as_bytes()) {
            prop_assert!(!error.faults.is_empty());
        }
    }
}
