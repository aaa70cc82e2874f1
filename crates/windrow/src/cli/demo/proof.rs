//! What the run promised, looked at again with nothing but git and the gate.
//!
//! Every first-parent commit is checked out in a copy and the gate run there; the checkout shows the
//! check-off of TASKS.md and nothing else; tasks that had to come one after the other did.

use serde::Serialize;
use windrow_api::view::TaskView;
use windrow_world::cmd::Cmd;
use windrow_world::trackers;

use super::super::scratch::SETTINGS;
use super::expected::{IN_ORDER, differences, find};
use super::place::{GATE, Place, TASKS};
use crate::error::CliError;

/// What was found.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Proof {
    /// The first-parent commits, oldest first.
    pub(super) commits: Vec<Commit>,
    /// Tasks that TASKS.md shows as done.
    pub(super) checked_off: usize,
    /// What is not as it should be, one sentence each.
    pub(super) differences: Vec<String>,
}

/// A first-parent commit.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Commit {
    /// Its name.
    pub(super) commit: String,
    /// Its first line.
    pub(super) subject: String,
    /// Whether the gate passes there.
    pub(super) green: bool,
}

/// Looks at everything.
pub(super) fn look(place: &Place, tasks: &[TaskView]) -> Result<Proof, CliError> {
    let mut differences = differences(tasks);
    let commits = commits(place)?;
    for red in commits.iter().filter(|commit| !commit.green) {
        differences.push(format!("the gate is red at {}", red.commit));
    }
    // The first commit is the one everything started from.
    let landed = commits.len().saturating_sub(1);
    if landed != tasks.len() {
        differences.push(format!("{landed} commits landed instead of {}", tasks.len()));
    }
    differences.extend(order(place, tasks)?);
    let checked_off = checked_off(place)?;
    if checked_off != tasks.len() {
        differences.push(format!("{TASKS} has {checked_off} of {} tasks done", tasks.len()));
    }
    let status = place.git(["status", "--porcelain", "--untracked-files=all", "--ignored"])?;
    if status != format!(" M {TASKS}") {
        differences.push(format!("`git status` shows something else than {TASKS}: {status}"));
    }
    Ok(Proof { commits, checked_off, differences })
}

fn commits(place: &Place) -> Result<Vec<Commit>, CliError> {
    let log = place.git(["log", "--first-parent", "--reverse", "--format=%H %s", "main"])?;
    let scratch = tempfile::tempdir_in(place.root()).map_err(|error| CliError::world(&error))?;
    let copy = scratch.path().join("copy");
    let git = |args: &[&str]| Cmd::new("git").args(args);
    git(&["clone", "-q", "--shared", "--no-checkout", "--template="])
        .args(SETTINGS.iter().map(|(name, value)| format!("--config={name}={value}")))
        .arg(place.repository())
        .arg(&copy)
        .success()?;
    let mut commits = Vec::new();
    for line in log.lines() {
        let (commit, subject) = line.split_once(' ').unwrap_or((line, ""));
        git(&["checkout", "-q", "--detach", commit]).dir(&copy).success()?;
        let gate = Cmd::new("sh").args(["-c", GATE]).dir(&copy).output()?;
        let (commit, subject) = (commit.to_owned(), subject.to_owned());
        commits.push(Commit { commit, subject, green: gate.status.success() });
    }
    Ok(commits)
}

/// Pairs of which the second did not begin with the first one's work in it.
fn order(place: &Place, tasks: &[TaskView]) -> Result<Vec<String>, CliError> {
    let mut found = Vec::new();
    for (first, second) in IN_ORDER {
        let (Some(first), Some(second)) = (find(tasks, first), find(tasks, second)) else {
            continue;
        };
        let (Some(landed), Some(later)) = (&first.row.commit, &second.row.commit) else { continue };
        let work = format!("{later}^2");
        let asked = ["merge-base", "--is-ancestor", landed, &work];
        let answer = Cmd::new("git").args(asked).dir(place.repository()).output()?;
        if !answer.status.success() {
            let (first, second) = (&first.row.id, &second.row.id);
            found.push(format!("{second} began without {first}'s work in it"));
        }
    }
    Ok(found)
}

fn checked_off(place: &Place) -> Result<usize, CliError> {
    let path = place.repository().join(TASKS);
    let bytes = std::fs::read(&path).map_err(|error| CliError::world(&error))?;
    Ok(trackers::parse(TASKS, &bytes)?.tasks().iter().filter(|task| task.done).count())
}
