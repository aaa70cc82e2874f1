//! `windrow` and `windrow ready` in a large project with many live sessions.

use std::time::Instant;

use windrow_api::request::ImportDraft;
use windrow_api::{ProjectCall, TaskDraft};
use windrow_core::spec::TaskSpec;

use crate::Size;
use crate::field::{Field, ms};
use crate::idle;
use crate::row::{Reach, Row};

/// Tasks that could start.
const READY: u32 = 50;

pub(crate) fn measure(size: Size) -> Vec<Row> {
    let field = Field::new(20);
    idle::start_sessions(&field, size.sessions);
    import(&field, size.tasks);
    let repo = field.env.repo().path();
    let windrow = |args: &[&str]| {
        let call = field.env.command(repo, args);
        let since = Instant::now();
        let said = call.success().unwrap();
        (ms(since), said)
    };
    let rows = |said: &[u8]| said.iter().filter(|byte| **byte == b'\n').count();
    // One line more than rows: the head of the table.
    assert_eq!(rows(&windrow(&[]).1), usize::try_from(size.sessions).unwrap() + 1);
    assert_eq!(rows(&windrow(&["ready"]).1), usize::try_from(READY).unwrap() + 1);
    let (mut bare, mut ready) = (Vec::new(), Vec::new());
    for _ in 0..size.turns * 2 {
        let floor = field.git_ms(repo, ["version"]);
        bare.push((windrow(&[]).0, floor));
        let floor = field.git_ms(repo, ["version"]);
        ready.push((windrow(&["ready"]).0, floor));
    }
    idle::end_sessions(&field);
    let reach = Reach::AtMost(4.0);
    vec![
        Row::pairs("`windrow`, every live session", "git version", "ms", &bare, reach),
        Row::pairs("`windrow ready`, 50 rows of all tasks", "git version", "ms", &ready, reach),
    ]
}

/// Tasks of a file: some that could start, the rest behind the first of them.
fn import(field: &Field, count: u32) {
    let tasks = (1..=count).map(|n| {
        let title = format!("Take care of matter {n}");
        let draft = TaskDraft { spec: TaskSpec { title, ..TaskSpec::default() }, body: None };
        let depends = if n <= READY { Vec::new() } else { vec!["1".to_owned()] };
        ImportDraft { key: n.to_string(), draft, depends, reads: Vec::new(), done: false }
    });
    let tasks = tasks.collect();
    field.tasks_of(ProjectCall::Import { file: "TASKS.md".to_owned(), tasks, approved: false });
}
