//! Checks a landed task off in its file, in the person's checkout, and leaves every other byte.

use std::fs;
use std::sync::Arc;

use windrow_core::command::ReportCheckedOff;
use windrow_core::ids::TaskId;
use windrow_core::state::TaskPhase;
use windrow_core::{Command, Effect, State};
use windrow_world::crash;
use windrow_world::files::{ReplaceError, replace_if_unchanged};
use windrow_world::git::{self, Oid};
use windrow_world::trackers::tasks_md;

use super::{Act, Outcome, Tools, blocking, chain};
use crate::place::Place;

/// The folder below the project's in which the checked file is written before it takes its place.
const STAGE: &str = "check-off";

/// How often the file is read again because somebody wrote it in between.
const READS: u32 = 20;

pub(super) fn prepare(state: &State, id: TaskId, tools: &Tools) -> Option<Act> {
    let task = state.tasks.get(&id)?;
    let source = task.spec.source.clone()?;
    let run = task.run.and_then(|run| state.runs.get(&run));
    let commit = match &task.phase {
        TaskPhase::Landed { commit, .. } if run.is_some_and(|run| run.spec.commit_progress) => {
            Some(commit.clone())
        }
        _ => None,
    };
    let place = Arc::clone(&tools.place);
    Some(Box::pin(async move {
        let effect = Effect::CheckOff(id);
        let checked = blocking(effect, move || match &commit {
            _ if source.file.ends_with(".json") => Ok(None),
            Some(commit) => missing_in(&place, commit, &source.file, &source.key),
            None => Ok(check_off(&place, &source.file, &source.key)),
        });
        match checked.await {
            Ok(problem) => {
                Outcome::report(Command::ReportCheckedOff(ReportCheckedOff { task: id, problem }))
            }
            Err(outcome) => outcome,
        }
    }))
}

/// Why a landing commit that was to check its task off does not.
fn missing_in(
    place: &Place,
    commit: &str,
    file: &str,
    key: &str,
) -> Result<Option<String>, String> {
    let commit = Oid::parse(commit).map_err(|e| chain(&e))?;
    let tree = git::tree_of(&place.repo, &commit).map_err(|e| chain(&e))?;
    let Some(bytes) = git::file_in(&place.repo, &tree, file).map_err(|e| chain(&e))? else {
        return Ok(Some(format!("`{file}` is not in the commit that landed it")));
    };
    Ok(match tasks_md::check_off(&bytes, key) {
        Ok(checked) if checked == bytes => None,
        Ok(_) => Some(format!("the commit that landed it leaves it open in `{file}`")),
        Err(error) => Some(format!("in the commit that landed it: {}", chain(&error))),
    })
}

/// Checks the task off; the reason when that is not possible.
fn check_off(place: &Place, file: &str, key: &str) -> Option<String> {
    let path = place.root.join(file);
    // What a kill leaves lies there and not in the person's checkout.
    let stage = place.folder.join(STAGE);
    if let Err(error) = fs::create_dir_all(&stage) {
        return Some(format!("`{}` cannot be made: {error}", stage.display()));
    }
    for _ in 0..READS {
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => return Some(format!("`{}` cannot be read: {error}", path.display())),
        };
        let checked = match tasks_md::check_off(&bytes, key) {
            Ok(checked) => checked,
            Err(error) => return Some(chain(&error)),
        };
        if checked == bytes {
            return None;
        }
        match replace_if_unchanged(&stage, &path, &bytes, &checked) {
            Ok(()) => {
                crash::point("check-off", "written");
                return None;
            }
            Err(ReplaceError::Changed { .. }) => {}
            Err(error) => return Some(chain(&error)),
        }
    }
    Some(format!("`{}` is being written all the time", path.display()))
}
