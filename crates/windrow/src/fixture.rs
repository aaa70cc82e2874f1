//! Views for tests.

use windrow_api::view::{Counts, RunRow, RunView, SessionRow, TaskRow, TaskStatus};

/// An open task, from a file and with a key there or not.
pub(crate) fn task_row(id: &str, source: Option<(&str, &str)>, title: &str) -> TaskRow {
    let reference = source.map(|(file, key)| {
        let source = windrow_core::spec::Source { file: file.to_owned(), key: key.to_owned() };
        source.reference()
    });
    TaskRow {
        id: id.to_owned(),
        source: reference,
        key: source.map(|(_, key)| key.to_owned()),
        title: title.to_owned(),
        status: TaskStatus::Open,
        note: None,
        priority: 2,
        kind: "feature".to_owned(),
        depends: Vec::new(),
        files: Vec::new(),
        run: None,
        session: None,
        attempt: 0,
        branch: None,
        commit: None,
        held_as: None,
        started_ms: None,
        check_off_problem: None,
    }
}

/// A session on `t-1`.
pub(crate) fn session_row(id: &str, name: &str, over: bool) -> SessionRow {
    SessionRow {
        id: id.to_owned(),
        name: name.to_owned(),
        project: "tower".to_owned(),
        task: "t-1".to_owned(),
        title: "Add a clock".to_owned(),
        status: if over { "closed" } else { "working" }.to_owned(),
        activity: None,
        note: None,
        attempt: 1,
        generation: 1,
        goes_on: false,
        branch: Some("windrow/add-a-clock".to_owned()),
        path: None,
        base: None,
        port_offset: None,
        requested_ms: 1_000,
        started_ms: Some(2_000),
        output_ms: None,
        transcript: None,
        kept: Vec::new(),
        over,
    }
}

/// An active run over these tasks.
pub(crate) fn run_view(tasks: Vec<TaskRow>) -> RunView {
    let mut counts = Counts::default();
    for task in &tasks {
        counts.add(task.status);
    }
    RunView {
        row: RunRow {
            id: "r-1".to_owned(),
            phase: "active".to_owned(),
            sources: vec!["TASKS.md".to_owned()],
            branch: "main".to_owned(),
            pool: 3,
            busy: 0,
            hold: false,
            counts,
            started_ms: 1_000,
            ended_ms: None,
        },
        project: "tower".to_owned(),
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
