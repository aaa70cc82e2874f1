//! How every task of the demo has to end, and what differs.

use windrow_api::view::{TaskStatus, TaskView};

/// How one task has to end.
#[derive(Clone, Copy, Debug)]
struct Expected {
    key: &'static str,
    /// Why its tries before the last one fail, in their order.
    failures: &'static [&'static str],
}

const EXPECTED: [Expected; 8] = [
    Expected { key: "1", failures: &[] },
    Expected { key: "2", failures: &[] },
    Expected { key: "3", failures: &[] },
    Expected { key: "4", failures: &["conflict"] },
    Expected { key: "5", failures: &["red_gate"] },
    Expected { key: "6", failures: &["crashed"] },
    Expected { key: "7", failures: &["silent"] },
    Expected { key: "8", failures: &[] },
];

/// Tasks of which the second must have begun with the first one's work in it: those that share a
/// file, and those that depend on each other.
pub(super) const IN_ORDER: &[(&str, &str)] =
    &[("1", "2"), ("1", "8"), ("2", "8"), ("4", "8"), ("5", "8")];

/// What differs from how it has to be, one sentence each.
pub(super) fn differences(tasks: &[TaskView]) -> Vec<String> {
    let mut found = Vec::new();
    for expected in &EXPECTED {
        match find(tasks, expected.key) {
            Some(task) => found.extend(of_task(expected, task)),
            None => found.push(format!("task {} is not there", expected.key)),
        }
    }
    if tasks.len() > EXPECTED.len() {
        found.push(format!("there are {} tasks instead of {}", tasks.len(), EXPECTED.len()));
    }
    found
}

/// The task of that key.
pub(super) fn find<'a>(tasks: &'a [TaskView], key: &str) -> Option<&'a TaskView> {
    tasks.iter().find(|task| task.row.key.as_deref() == Some(key))
}

fn of_task(expected: &Expected, task: &TaskView) -> Vec<String> {
    let row = &task.row;
    let id = &row.id;
    let mut found = Vec::new();
    if row.status != TaskStatus::Landed {
        let note = row.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
        found.push(format!("{id} is {} instead of landed{note}", row.status.word()));
    }
    let failures: Vec<&str> = task.failures.iter().map(|failure| failure.kind.as_str()).collect();
    if failures != expected.failures {
        let told = |kinds: &[&str]| match kinds {
            [] => "none".to_owned(),
            kinds => kinds.join(", ").replace('_', " "),
        };
        let (found_kinds, wanted) = (told(&failures), told(expected.failures));
        found.push(format!("{id} has these failed tries: {found_kinds}; expected: {wanted}"));
    }
    let tries = u32::try_from(expected.failures.len() + 1).unwrap_or(u32::MAX);
    if row.attempt != tries {
        found.push(format!("{id} took {} tries instead of {tries}", row.attempt));
    }
    if let Some(problem) = &row.check_off_problem {
        found.push(format!("{id} is not checked off: {problem}"));
    }
    found
}

#[cfg(test)]
mod tests {
    use windrow_api::view::FailureRow;
    use windrow_core::spec::TaskSpec;
    use windrow_world::trackers;

    use super::*;
    use crate::cli::demo::place::TASKS;
    use crate::fixture::task_row;

    fn landed(expected: &Expected) -> TaskView {
        let key = expected.key;
        let mut row = task_row(&format!("t-{key}"), Some((TASKS, key)), "Bake");
        row.status = TaskStatus::Landed;
        row.attempt = u32::try_from(expected.failures.len()).expect("few") + 1;
        let failure = |kind: &&str| FailureRow {
            kind: (*kind).to_owned(),
            summary: "it went wrong".to_owned(),
            detail: None,
            kept: None,
        };
        TaskView {
            row,
            spec: TaskSpec::default(),
            body: None,
            commit_type: None,
            run_line: None,
            agent: None,
            model: None,
            gate: None,
            wave: None,
            failures: expected.failures.iter().map(failure).collect(),
            sessions: Vec::new(),
        }
    }

    #[test]
    fn what_ended_otherwise_is_named() {
        let good: Vec<TaskView> = EXPECTED.iter().map(landed).collect();
        assert!(differences(&good).is_empty());
        let check = |change: &dyn Fn(&mut Vec<TaskView>), expected: &str| {
            let mut tasks = good.clone();
            change(&mut tasks);
            assert_eq!(differences(&tasks), [expected]);
        };
        check(&|tasks| drop(tasks.pop()), "task 8 is not there");
        check(
            &|tasks| {
                tasks[1].row.status = TaskStatus::Stuck;
                tasks[1].row.note = Some("no flour".to_owned());
            },
            "t-2 is stuck instead of landed (no flour)",
        );
        check(
            &|tasks| tasks[4].failures[0].kind = "failed".to_owned(),
            "t-5 has these failed tries: failed; expected: red gate",
        );
        check(&|tasks| tasks[0].row.attempt = 2, "t-1 took 2 tries instead of 1");
    }

    #[test]
    fn the_list_is_what_is_expected() {
        let text = include_str!("bakery/TASKS.md");
        let tasks = trackers::parse(TASKS, text.as_bytes()).expect("readable");
        let keys: Vec<&str> = tasks.tasks().iter().map(|task| task.key.as_str()).collect();
        assert_eq!(keys, EXPECTED.map(|expected| expected.key));
        for task in tasks.tasks() {
            for on in &task.depends {
                assert!(IN_ORDER.contains(&(on, &task.key)), "{} after {on}", task.key);
            }
        }
    }
}
