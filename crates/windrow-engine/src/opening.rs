//! Opens a project: its journal is folded, and a landing that was cut short is finished or undone.

use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::Duration;

use windrow_api::{ExitKind, Failure, ProjectRef};
use windrow_core::machine::Project as About;
use windrow_journal::{OpenError, SqliteJournal};
use windrow_world::crash;

use crate::chain;
use crate::heart::Heart;
use crate::home::Home;
use crate::place::{Place, Windrow};
use crate::project::Waiting;
use crate::repairing;

/// Between two looks at a journal that somebody holds.
const HELD_PAUSE: Duration = Duration::from_millis(50);

/// How many looks it gets: ten seconds.
const HELD_LOOKS: u32 = 200;

/// A project that is ready for the loop.
pub(crate) struct Opened {
    /// What the machine's state is to know of it.
    pub(crate) about: About,
    /// Its state and journal.
    pub(crate) heart: Heart<SqliteJournal, Waiting>,
    /// Its place in the world.
    pub(crate) place: Place,
}

/// Opens a project.
pub(crate) async fn open(
    home: &Home,
    windrow: &Windrow,
    project: &ProjectRef,
) -> Result<Opened, Failure> {
    let place = Place::new(home, project, windrow);
    let place = tokio::task::spawn_blocking(move || prepare(place))
        .await
        .map_err(|error| failure(format!("a defect of windrow: {error}")))??;
    let heart = open_heart(place.journal()).await?;
    crash::point("open", "folded");
    let about = About {
        name: place.name.clone(),
        git_dir: place.repo.common_dir().to_string_lossy().into_owned(),
        root: place.root.to_string_lossy().into_owned(),
    };
    Ok(Opened { about, heart, place })
}

/// Opens and folds a project's journal; of a damaged one it says how far it is good.
async fn open_heart(path: PathBuf) -> Result<Heart<SqliteJournal, Waiting>, Failure> {
    let journal = match open_journal(path.clone()).await {
        Ok(journal) => journal,
        Err(error @ (OpenError::Damaged { .. } | OpenError::NotAJournal { .. })) => {
            return Err(repairing::damage(path, chain(&error)).await);
        }
        Err(error) => return Err(failure(chain(&error))),
    };
    match Heart::open(journal).await {
        Ok(heart) => Ok(heart),
        Err(error) if repairing::is_damage(&error) => {
            let what = format!("journal `{}` is damaged", path.display());
            Err(repairing::damage(path, what).await)
        }
        Err(error) => Err(failure(chain(&error))),
    }
}

/// Opens a journal; waits a moment for a killed daemon that is still on its way out.
pub(crate) async fn open_journal(path: PathBuf) -> Result<SqliteJournal, OpenError> {
    let mut looks = HELD_LOOKS;
    loop {
        let at = path.clone();
        let opened = tokio::task::spawn_blocking(move || SqliteJournal::open(at)).await;
        let opened = opened.unwrap_or_else(|error| {
            Err(OpenError::Failed { path: path.clone(), source: Box::new(error) })
        });
        match opened {
            Ok(journal) => return Ok(journal),
            Err(OpenError::Held { .. }) if looks > 0 => {
                looks -= 1;
                tokio::time::sleep(HELD_PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
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
    crash::point("open", "recovered");
    Ok(place)
}

fn failure(message: String) -> Failure {
    Failure { kind: ExitKind::World, message, hints: Vec::new() }
}
