//! Keeps `summary.md` of every run that changes, in the run's own folder.
//!
//! Written after the append, by one thread, newest look only: a summary shows what counts and never
//! holds the loop up.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tokio::sync::mpsc;
use windrow_api::view::RunView;
use windrow_core::State;
use windrow_core::ids::RunId;
use windrow_core::state::Run;
use windrow_world::files;

use crate::chain;
use crate::place::Place;
use crate::views;

/// The summaries of one project.
pub(crate) struct Summaries {
    writer: mpsc::UnboundedSender<RunView>,
    last: BTreeMap<RunId, RunView>,
}

/// The folder with a run's summary.
pub(crate) fn folder(place: &Place, run: &Run) -> PathBuf {
    match &run.spec.out {
        Some(out) => PathBuf::from(out),
        None => place.folder.join("runs").join(run.id.to_string()),
    }
}

impl Summaries {
    pub(crate) fn new(place: &Place) -> Self {
        let (writer, mut views) = mpsc::unbounded_channel::<RunView>();
        let home = place.folder.clone();
        tokio::task::spawn_blocking(move || {
            while let Some(mut view) = views.blocking_recv() {
                // Of several looks at one run only the newest is worth writing.
                while let Ok(newer) = views.try_recv() {
                    if newer.row.id != view.row.id {
                        write(&view, &home);
                    }
                    view = newer;
                }
                write(&view, &home);
            }
        });
        Self { writer, last: BTreeMap::new() }
    }

    /// Has the summary of every run written that changed since the last call.
    pub(crate) fn write(&mut self, state: &State, place: &Place) {
        for run in state.runs.values() {
            let over = run.ended_at.is_some();
            let known = self.last.get(&run.id);
            // Of a run that is over, only work that waits for a person or a branch can still change.
            let rests = |known: &RunView| {
                let counts = &known.row.counts;
                let left = counts.held + counts.landing + counts.stuck;
                known.row.ended_ms.is_some() && left == 0 && known.ahead.is_none()
            };
            if over && known.is_some_and(rests) {
                continue;
            }
            let mut view = views::run_view(state, place, run);
            view.seq = 0;
            for session in &mut view.sessions {
                session.output_ms = None;
            }
            if known != Some(&view) {
                self.last.insert(run.id, view.clone());
                let _ends_with_the_daemon = self.writer.send(view);
            }
        }
    }
}

fn write(view: &RunView, home: &std::path::Path) {
    let folder = view.out.clone().unwrap_or_else(|| home.join("runs").join(&view.row.id));
    let path = folder.join("summary.md");
    let text = windrow_api::summary::summary(view);
    let made = std::fs::create_dir_all(&folder).map_err(|e| e.to_string());
    let written = made.and_then(|()| files::replace(&path, text.as_bytes()).map_err(|e| chain(&e)));
    if let Err(error) = written {
        tracing::warn!("`{}` could not be written: {error}", path.display());
    }
}
