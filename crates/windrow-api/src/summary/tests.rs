use super::*;
use crate::view::RunRow;

fn task(id: &str, title: &str, status: TaskStatus) -> TaskRow {
    TaskRow {
        id: id.to_owned(),
        source: Some(format!("TASKS.md#task-{}", &id[2..])),
        key: Some(id[2..].to_owned()),
        title: title.to_owned(),
        status,
        note: None,
        priority: 2,
        kind: "feature".to_owned(),
        depends: Vec::new(),
        files: Vec::new(),
        run: Some("r-1".to_owned()),
        session: None,
        attempt: 1,
        branch: None,
        commit: None,
        held_as: None,
        started_ms: None,
        check_off_problem: None,
    }
}

fn view(tasks: Vec<TaskRow>) -> RunView {
    let mut counts = Counts::default();
    for task in &tasks {
        counts.add(task.status);
    }
    let row = RunRow {
        id: "r-1".to_owned(),
        phase: "finished".to_owned(),
        sources: vec!["TASKS.md".to_owned()],
        branch: "main".to_owned(),
        pool: 3,
        busy: 0,
        hold: false,
        counts,
        started_ms: 1_000,
        ended_ms: Some(201_000),
    };
    RunView {
        row,
        project: "demo".to_owned(),
        tasks,
        sessions: Vec::new(),
        queue: Vec::new(),
        ahead: None,
        troubles: Vec::new(),
        idle: None,
        out: None,
        seq: 1,
    }
}

#[test]
fn a_summary_lists_every_task_with_its_commit() {
    let mut first = task("t-1", "Add a clock", TaskStatus::Landed);
    first.commit = Some("0123456789abcdef0123456789abcdef01234567".to_owned());
    let mut second = task("t-2", "Mend the bell", TaskStatus::Stuck);
    second.attempt = 3;
    second.note = Some("the gate was red".to_owned());
    let expected = "\
# Run r-1 on `main`

1 of 2 tasks landed, 1 stuck.

- project: demo
- state: finished
- sources: `TASKS.md`
- workers: 3
- took: 3m 20s

| task | title | status | commit | tries | note |
|---|---|---|---|---|---|
| TASKS.md\\#task-1 | Add a clock | landed | `0123456789` | 1 |  |
| TASKS.md\\#task-2 | Mend the bell | stuck |  | 3 | the gate was red |

## Needs a person

- t-2 Mend the bell: `windrow show t-2`
";
    assert_eq!(summary(&view(vec![first, second])), expected);
}

#[test]
fn a_title_stays_in_its_cell() {
    let page = summary(&view(vec![task("t-1", "a | b\n# `rm` <b>", TaskStatus::Done)]));
    assert!(page.contains("| a \\| b \\# \\`rm\\` \\<b\\> | done |"), "{page}");
}

#[test]
fn the_outcome_tells_all_landed_some_not_and_interrupted_apart() {
    let landed = || task("t-1", "a", TaskStatus::Landed);
    assert_eq!(outcome(&view(vec![landed()])), ExitKind::Success);
    let mut run = view(vec![landed(), task("t-2", "b", TaskStatus::Stuck)]);
    assert_eq!(outcome(&run), ExitKind::Incomplete);
    run.row.phase = "interrupted".to_owned();
    assert_eq!(outcome(&run), ExitKind::Interrupted);
    let mut run = view(vec![task("t-1", "a", TaskStatus::Held)]);
    assert_eq!(outcome(&run), ExitKind::Incomplete);
    run.row.hold = true;
    assert_eq!(outcome(&run), ExitKind::Success);
}

#[test]
fn spans_read_as_people_say_them() {
    assert_eq!(span(-5), "0s");
    assert_eq!(span(59_999), "59s");
    assert_eq!(span(7_500_000), "2h 5m");
    assert_eq!(span(273_600_000), "3d 4h");
}
