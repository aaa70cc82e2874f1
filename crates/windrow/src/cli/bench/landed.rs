//! Whether everything landed, once and as it was written: by plain git, not by what windrow says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use windrow_api::view::{TaskStatus, TaskView};
use windrow_world::cmd::Cmd;

use super::ground::{Ground, result_of};
use crate::error::CliError;

/// How many differences of one kind are named.
const NAMED: usize = 10;

/// What is not as it should be; empty when all is well.
pub(super) fn differences(ground: &Ground, tasks: &[TaskView]) -> Result<Vec<String>, CliError> {
    let mut found = Vec::new();
    found.extend(states(ground, tasks));
    found.extend(commits(ground)?);
    found.extend(files(ground)?);
    let status = ground.scratch.git(["status", "--porcelain", "--untracked-files=all"])?;
    // The list is checked off in the checkout, which is the person's to commit.
    let others = status.lines().filter(|line| *line != "M TASKS.md" && *line != " M TASKS.md");
    found.extend(others.take(NAMED).map(|line| format!("`git status` says `{line}`")));
    Ok(found)
}

fn states(ground: &Ground, tasks: &[TaskView]) -> Vec<String> {
    let mut found = Vec::new();
    let wanted = usize::try_from(ground.load.sessions).unwrap_or(usize::MAX);
    if tasks.len() != wanted {
        found.push(format!("the run has {} tasks instead of {wanted}", tasks.len()));
    }
    let landed_at_once = |task: &&TaskView| {
        task.row.status == TaskStatus::Landed
            && task.failures.is_empty()
            && task.sessions.len() == 1
    };
    let others = tasks.iter().filter(|task| !landed_at_once(task)).take(NAMED);
    found.extend(others.map(|task| {
        let note = task.failures.last().map(|failure| failure.summary.as_str()).unwrap_or_default();
        let (id, status, tries) = (&task.row.id, task.row.status.word(), task.sessions.len());
        format!("{id} is {status} after {tries} sessions {note}").trim_end().to_owned()
    }));
    found
}

/// One landing for every task, and nothing else.
fn commits(ground: &Ground) -> Result<Vec<String>, CliError> {
    let range = format!("{}..main", ground.base);
    let format = "--format=%(trailers:key=Task,valueonly,separator=%x20)";
    let log = ground.scratch.git(["log", "--first-parent", format, &range])?;
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    log.lines().for_each(|task| *times.entry(task.trim()).or_default() += 1);
    let mut found = Vec::new();
    for n in 1..=ground.load.sessions {
        match times.remove(format!("t-{n}").as_str()) {
            Some(1) => {}
            Some(more) => found.push(format!("t-{n} landed {more} times")),
            None => found.push(format!("t-{n} has no landing commit")),
        }
    }
    found.extend(times.into_keys().map(|task| format!("a commit on main is of task `{task}`")));
    found.truncate(NAMED);
    Ok(found)
}

/// Every task's file with its content, every other file as it was.
fn files(ground: &Ground) -> Result<Vec<String>, CliError> {
    let changed = ground.scratch.git(["diff", "--name-status", &ground.base, "main"])?;
    let mut changed: BTreeSet<&str> = changed.lines().collect();
    let mut asked = String::new();
    let mut found = Vec::new();
    for n in 1..=ground.load.sessions {
        let (file, _) = result_of(n);
        if !changed.remove(format!("A\t{file}").as_str()) {
            found.push(format!("`{file}` was not added"));
        }
        let _infallible = writeln!(asked, "main:{file}");
    }
    found.extend(changed.into_iter().map(|line| format!("main differs as well in `{line}`")));
    let call = Cmd::new("git").args(["cat-file", "--batch=%(objecttype) %(objectsize)"]);
    let said = call.dir(ground.scratch.repository()).stdin(asked).success()?;
    let wanted = (1..=ground.load.sessions).map(|n| {
        let text = result_of(n).1;
        format!("blob {}\n{text}\n", text.len())
    });
    if said != wanted.collect::<String>().into_bytes() {
        found.push("files on main do not hold what the workers wrote".to_owned());
    }
    found.truncate(NAMED);
    Ok(found)
}
