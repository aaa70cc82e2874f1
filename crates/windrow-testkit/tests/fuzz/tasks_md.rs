//! `TASKS.md`: read or refused with a line; a check-off changes nothing else.

use windrow_testkit::{Fuzz, samples};
use windrow_world::trackers::{SourceTask, tasks_md};

use crate::{check_refusal, corpus};

const FILE: &str = "TASKS.md";

const TOKENS: &[&str] = &[
    "## Task 1: ",
    "## Task ",
    "- [ ] ",
    "- [x] ",
    "* [X] ",
    "\n\n",
    "\r\n",
    "Status: done",
    "Status:",
    "Depends on: 1",
    "**Files:** a/**, {b,c}",
    "Files: ",
    "Priority: P0",
    "Run: echo",
    "Gate: `x`",
    "```\n",
    "~~~",
    "<!--",
    "-->",
    "{#id}",
    "\u{feff}",
    "\t",
    "    ",
    "\u{2028}",
    "é",
    "# ",
];

#[test]
fn tasks_md() {
    let fuzz = Fuzz::of("tasks_md", 3_000).with_tokens(TOKENS);
    let mut checked_off = 0;
    fuzz.check(&samples(&corpus("tasks_md")), |bytes| {
        let file = match tasks_md::parse(FILE, bytes) {
            Ok(file) => file,
            Err(error) => return check_refusal(FILE, bytes, &error),
        };
        for task in file.tasks.iter().take(4) {
            let done = tasks_md::check_off(bytes, &task.key).unwrap();
            check_one_change(bytes, &done, task);
            let again = tasks_md::parse(FILE, &done).unwrap();
            let wanted = file.tasks.iter().map(|other| {
                let done = other.done || other.key == task.key;
                SourceTask { done, ..without_place(other) }
            });
            let wanted: Vec<SourceTask> = wanted.collect();
            assert_eq!(again.tasks.iter().map(without_place).collect::<Vec<_>>(), wanted);
            checked_off += 1;
        }
    });
    // One case alone may have nothing to check off.
    assert!(checked_off > 0 || fuzz.is_one(), "no case was ever read");
}

fn without_place(task: &SourceTask) -> SourceTask {
    SourceTask { line: 0, ..task.clone() }
}

/// Every byte but those of the one box or of the one `Status` line is as it was.
fn check_one_change(old: &[u8], new: &[u8], task: &SourceTask) {
    if old == new {
        assert!(task.done, "{} is not checked off", task.key);
        return;
    }
    let same = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[same..], &new[same..]);
    let back = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - back], &new[..new.len() - back]);
    let shown = || (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let old_text = std::str::from_utf8(old).unwrap_or("?");
    let new_text = std::str::from_utf8(new).unwrap_or("?");
    // What both have at the edges is not in these: a box, a new line, or a part of a status.
    let a_box = old == b" " && new == b"x";
    let a_line = old.is_empty() && {
        let line = new_text.replace("\r\n", "\n");
        let mut turned = line.clone();
        // The common edges may have eaten into either end of `\nStatus: done`.
        (0..=line.len()).any(|_| {
            let is_it = turned == "\nStatus: done" || turned == "Status: done\n";
            let first = turned.chars().next();
            if let Some(first) = first {
                turned.remove(0);
                turned.push(first);
            }
            is_it
        })
    };
    let a_value =
        !old_text.contains('\n') && !new_text.contains('\n') && " done".contains(new_text);
    assert!(a_box || a_line || a_value, "{:?} became {:?}", shown().0, shown().1);
}
