//! A run over the project's own tasks: everything open that can come to an end.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use windrow_api::view::{TaskRow, TaskStatus};

use super::args::RunArgs;
use super::setup::Setup;
use super::start::Meant;
use crate::approval::Content;
use crate::context::Project;
use crate::desk::Desk;
use crate::error::CliError;
use crate::select::{self, task_id};
use crate::source;

/// The tasks that are meant, and the contents of the files they came from.
pub(super) fn own_tasks(
    project: &Project,
    desk: &mut Desk,
    setup: &Setup,
    args: &RunArgs,
) -> Result<(Meant, Vec<Content>), CliError> {
    let all = desk.tasks()?;
    let rows: Vec<TaskRow> = if args.only.is_empty() {
        runnable(&all).into_iter().cloned().collect()
    } else {
        named(&all, &args.only)?
    };
    let mut contents: BTreeMap<String, Content> = BTreeMap::new();
    let mut by_agents = Vec::new();
    for row in rows.iter().filter(|row| is_open(row)) {
        let view = desk.task(task_id(row)?)?;
        if view.run_line.is_none() {
            by_agents.push((row.id.clone(), view.agent.clone()));
        }
        // What a person typed at `task add` needs no second word.
        let Some(origin) = &view.spec.source else { continue };
        let fresh = || Content::new(&project.reference.git_dir, &origin.file);
        let content = contents.entry(origin.file.clone()).or_insert_with(fresh);
        let named = (origin.key.as_str(), row.title.as_str());
        content.extend_for(named, view.run_line.as_deref(), view.gate.as_deref());
    }
    let remedy = |id: &str| format!("`windrow task edit {id} --run CMD` gives it a command");
    setup.check_agents(by_agents.iter().map(|(id, agent)| (id.clone(), agent.as_ref())), remedy)?;
    let contents = contents.into_values().map(|content| as_in_file(project, content)).collect();
    Ok((Meant::Rows(rows), setup.contents(!by_agents.is_empty(), contents)))
}

/// The whole content of the file, when what was imported from it still stands there.
///
/// Consent is for files, so that tasks which are over by now do not ask anew.
fn as_in_file(project: &Project, imported: Content) -> Content {
    let now = fs::read(project.root().join(&imported.place))
        .ok()
        .and_then(|bytes| source::parse(project, &imported.place, &bytes).ok());
    now.map(|file| file.content).filter(|whole| whole.covers(&imported)).unwrap_or(imported)
}

fn is_open(row: &TaskRow) -> bool {
    matches!(row.status, TaskStatus::Open | TaskStatus::Stuck)
}

fn is_over(row: &TaskRow) -> bool {
    matches!(row.status, TaskStatus::Landed | TaskStatus::Done)
}

/// Open tasks whose dependencies are over or runnable themselves.
fn runnable(all: &[TaskRow]) -> Vec<&TaskRow> {
    let over: BTreeSet<&str> = all.iter().filter(|r| is_over(r)).map(|r| r.id.as_str()).collect();
    let mut rows: Vec<&TaskRow> = all.iter().filter(|row| row.status == TaskStatus::Open).collect();
    loop {
        let mine: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let count = rows.len();
        rows.retain(|row| {
            row.depends.iter().all(|on| over.contains(on.as_str()) || mine.contains(on.as_str()))
        });
        if rows.len() == count {
            return rows;
        }
    }
}

fn named(all: &[TaskRow], names: &[String]) -> Result<Vec<TaskRow>, CliError> {
    let mut rows: Vec<TaskRow> = Vec::new();
    for name in names {
        let row = select::task(all, name)?;
        if !rows.contains(row) {
            rows.push(row.clone());
        }
    }
    let over: BTreeSet<&str> = all.iter().filter(|r| is_over(r)).map(|r| r.id.as_str()).collect();
    for row in &rows {
        let waits =
            |on: &&String| !over.contains(on.as_str()) && !rows.iter().any(|r| r.id == **on);
        if let Some(on) = row.depends.iter().find(waits) {
            return Err(CliError::user(format!(
                "`{}` waits for `{on}`, which is not done",
                row.id
            ))
            .hint(format!("`--only {on}` as well runs it first")));
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::task_row;

    #[test]
    fn what_waits_for_something_stuck_is_not_run() {
        let row = |id: &str, depends: &[&str], status| TaskRow {
            depends: depends.iter().map(|on| (*on).to_owned()).collect(),
            status,
            ..task_row(id, None, "Task")
        };
        let all = [
            row("t-1", &[], TaskStatus::Landed),
            row("t-2", &["t-1"], TaskStatus::Open),
            row("t-3", &["t-2"], TaskStatus::Open),
            row("t-4", &[], TaskStatus::Stuck),
            row("t-5", &["t-4"], TaskStatus::Open),
            row("t-6", &["t-5", "t-1"], TaskStatus::Open),
        ];
        let ids: Vec<&str> = runnable(&all).iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids, ["t-2", "t-3"]);
        assert!(named(&all, &["t-3".to_owned()]).expect_err("waits").message.contains("`t-2`"));
        assert_eq!(named(&all, &["t-4".to_owned(), "t-4".to_owned()]).expect("one").len(), 1);
    }
}
