//! Opens a project: its journal is folded, and a landing that was cut short is finished or undone.

use std::sync::PoisonError;

use windrow_api::{ExitKind, Failure, ProjectRef};
use windrow_core::State;
use windrow_core::machine::Project as About;
use windrow_journal::SqliteJournal;

use crate::chain;
use crate::home::Home;
use crate::hub::HubHandle;
use crate::ledger::Ledger;
use crate::place::{Place, Windrow};

/// A project that is ready for the loop.
pub(crate) struct Opened {
    /// What the machine's state is to know of it.
    pub(crate) about: About,
    /// Its state and journal.
    pub(crate) ledger: Ledger<State, SqliteJournal>,
    /// Its place in the world.
    pub(crate) place: Place,
}

/// Opens a project.
pub(crate) async fn open(
    home: &Home,
    windrow: &Windrow,
    project: &ProjectRef,
    _handle: HubHandle,
) -> Result<Opened, Failure> {
    let place = Place::new(home, project, windrow);
    let place = tokio::task::spawn_blocking(move || prepare(place))
        .await
        .map_err(|error| failure(format!("a defect of windrow: {error}")))??;
    let path = place.journal();
    let journal = tokio::task::spawn_blocking(move || SqliteJournal::open(path))
        .await
        .map_err(|error| failure(format!("a defect of windrow: {error}")))?
        .map_err(|error| failure(chain(&error)))?;
    let ledger = Ledger::open(journal).await.map_err(|error| failure(chain(&error)))?;
    let about = About {
        name: place.name.clone(),
        git_dir: place.repo.common_dir().to_string_lossy().into_owned(),
        root: place.root.to_string_lossy().into_owned(),
    };
    Ok(Opened { about, ledger, place })
}

fn prepare(place: Place) -> Result<Place, Failure> {
    for folder in ["jobs", "worktrees", "landing", "outputs", "trash"] {
        let folder = place.folder.join(folder);
        std::fs::create_dir_all(&folder)
            .map_err(|error| failure(format!("failed to make `{}`: {error}", folder.display())))?;
    }
    let lander = place.lander.lock().unwrap_or_else(PoisonError::into_inner);
    match lander.recover() {
        Ok(recovered) => {
            if let Some(finished) = &recovered.finished {
                tracing::warn!("a landing that was cut short: {finished:?}");
            }
        }
        // It is tried again before the next landing; everything else can go on.
        Err(error) => tracing::error!("a landing that was cut short: {}", chain(&error)),
    }
    drop(lander);
    Ok(place)
}

fn failure(message: String) -> Failure {
    Failure { kind: ExitKind::World, message, hints: Vec::new() }
}
