//! Which tasks of the named files a run is about, and whether they can come to an end without the
//! others.
//!
//! Works on the files alone; what the daemon knows of their tasks is added when it is there.

use std::collections::{BTreeMap, BTreeSet};

use windrow_api::view::{TaskRow, TaskStatus};
use windrow_world::trackers::{SourceTask, nearest};

use super::args::RunArgs;
use crate::error::CliError;
use crate::output::listed;
use crate::source::SourceFile;

/// A task of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen<'a> {
    /// The file it is in.
    pub(super) file: &'a SourceFile,
    /// The task.
    pub(super) task: &'a SourceTask,
}

impl Chosen<'_> {
    /// How commits and rows name it.
    pub(super) fn reference(&self) -> String {
        self.file.reference(&self.task.key)
    }
}

/// What the daemon knows of the files' tasks, by their full names.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(BTreeMap<String, TaskRow>);

impl Known {
    pub(super) fn new(rows: Vec<TaskRow>) -> Self {
        let named = rows.into_iter().filter_map(|row| Some((row.source.clone()?, row)));
        Self(named.collect())
    }

    fn id(&self, chosen: &Chosen<'_>) -> Option<&str> {
        self.0.get(&chosen.reference()).map(|row| row.id.as_str())
    }

    /// Whether nothing is left to do for it.
    pub(super) fn is_over(&self, chosen: &Chosen<'_>) -> bool {
        let over = |row: &TaskRow| matches!(row.status, TaskStatus::Landed | TaskStatus::Done);
        chosen.task.done || self.0.get(&chosen.reference()).is_some_and(over)
    }
}

/// The tasks that are meant, in the order of the files, those that are over included.
///
/// # Errors
/// Names that fit no task or several, and tasks that would wait for others that are not meant.
pub(super) fn choose<'a>(
    files: &'a [SourceFile],
    args: &RunArgs,
    known: &Known,
) -> Result<Vec<Chosen<'a>>, CliError> {
    let all: Vec<Chosen<'a>> = files
        .iter()
        .flat_map(|file| file.tasks.iter().map(move |task| Chosen { file, task }))
        .collect();
    let wave = args.wave.map(std::num::NonZeroU32::get);
    let chosen: Vec<Chosen<'a>> = match (wave, &args.only[..]) {
        (None, []) => return Ok(all),
        (Some(wave), _) => of_wave(&all, wave)?,
        (None, names) => named(&all, names, known)?,
    };
    check_dependencies(&all, &chosen, known)?;
    Ok(chosen)
}

fn of_wave<'a>(all: &[Chosen<'a>], wave: u32) -> Result<Vec<Chosen<'a>>, CliError> {
    let chosen: Vec<_> = all.iter().filter(|c| c.task.wave == Some(wave)).copied().collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let error = CliError::user(format!("there is no wave {wave}"));
    Err(match all.iter().filter_map(|chosen| chosen.task.wave).max() {
        Some(last) => error.hint(format!("the waves are 1 to {last}")),
        None => error.hint("only a plan with `waves` has them; `--only ID` names single tasks"),
    })
}

fn named<'a>(
    all: &[Chosen<'a>],
    names: &[String],
    known: &Known,
) -> Result<Vec<Chosen<'a>>, CliError> {
    let mut meant = BTreeSet::new();
    for name in names {
        let fits = |chosen: &Chosen<'_>| {
            chosen.task.key == *name
                || chosen.reference() == *name
                || known.id(chosen) == Some(name)
        };
        let found: Vec<usize> =
            all.iter().enumerate().filter(|(_, chosen)| fits(chosen)).map(|(at, _)| at).collect();
        match found[..] {
            [at] => drop(meant.insert(at)),
            [] => return Err(no_task(all, name)),
            ref several => {
                let error = CliError::user(format!("`{name}` is the key of several tasks"));
                let named = several.iter().filter_map(|at| all.get(*at));
                return Err(named.fold(error, |e, c| e.hint(format!("`--only {}`", c.reference()))));
            }
        }
    }
    Ok(meant.into_iter().filter_map(|at| all.get(at)).copied().collect())
}

fn no_task(all: &[Chosen<'_>], name: &str) -> CliError {
    let error = CliError::user(format!("there is no task `{name}` in the named files"));
    let keys: Vec<String> = all.iter().map(|chosen| chosen.task.key.clone()).collect();
    match nearest(name, keys.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("is `{near}` meant?")),
        None => error.hint(format!("tasks there: {}", listed(&keys, ", "))),
    }
}

/// Makes sure that every dependency is meant too or over.
fn check_dependencies(
    all: &[Chosen<'_>],
    chosen: &[Chosen<'_>],
    known: &Known,
) -> Result<(), CliError> {
    let meant: BTreeSet<String> = chosen.iter().map(Chosen::reference).collect();
    let by_name: BTreeMap<String, &Chosen<'_>> = all.iter().map(|c| (c.reference(), c)).collect();
    let mut open = Vec::new();
    let mut missing = BTreeSet::new();
    for waits in chosen.iter().filter(|waits| !known.is_over(waits)) {
        for key in &waits.task.depends {
            let on = waits.file.reference(key);
            let over = by_name.get(&on).is_some_and(|on| known.is_over(on));
            if !over && !meant.contains(&on) {
                open.push(format!("`{}` waits for `{key}`, which is not done", waits.task.key));
                missing.insert(key.clone());
            }
        }
    }
    if open.is_empty() {
        return Ok(());
    }
    let keys: Vec<String> = missing.into_iter().collect();
    Err(CliError::user(listed(&open, "\n"))
        .hint(format!("`--only {}` as well runs them first", keys.join(","))))
}

#[cfg(test)]
mod tests;
