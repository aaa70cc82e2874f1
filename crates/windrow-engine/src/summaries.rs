//! Keeps `summary.md` of every run that changes, in the run's own folder.
//!
//! Written after the append, by one thread, newest look only: a summary shows what counts and never
//! holds the loop up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use windrow_api::view::{RunRow, RunView};
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
    /// Runs whose last word is written.
    done: BTreeSet<RunId>,
    /// When the runs ended whose end stands in their summary, or could not be written there.
    ends: Ends,
}

/// Moments, in milliseconds since 1970, by the id of the run.
type Ends = Arc<Mutex<BTreeMap<String, i64>>>;

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
        let ends = Ends::default();
        let tried = Arc::clone(&ends);
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
                if let Some(ended) = view.row.ended_ms {
                    let mut tried = tried.lock().unwrap_or_else(PoisonError::into_inner);
                    tried.insert(view.row.id, ended);
                }
            }
        });
        Self { writer, last: BTreeMap::new(), done: BTreeSet::new(), ends }
    }

    /// Whether the end of a run stands in its summary, so that it may be told: whoever waited for
    /// it reads there.
    pub(crate) fn has_end(&self, run: &RunRow) -> bool {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.get(&run.id).copied() == run.ended_ms
    }

    /// Has the summary of every run written that changed since the last call.
    pub(crate) fn write(&mut self, state: &State, place: &Place) {
        for run in state.runs.values() {
            if self.is_done(state, place, run) {
                continue;
            }
            let known = self.last.get(&run.id);
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

    /// Whether nothing of a run's summary can change any more. A project may have thousands of
    /// those, and a look at each of them would hold the loop up.
    fn is_done(&mut self, state: &State, place: &Place, run: &Run) -> bool {
        if run.ended_at.is_none() || state.ahead.contains_key(&run.spec.branch) {
            self.done.remove(&run.id);
            return false;
        }
        if self.done.contains(&run.id) {
            return true;
        }
        let done = match self.last.get(&run.id) {
            Some(known) => rests(&known.row) && known.ahead.is_none(),
            None => was_written(place, run) && self.was_at_rest(&views::run_row(state, run)),
        };
        if done {
            self.done.insert(run.id);
            self.last.remove(&run.id);
        }
        done
    }

    /// Whether a run rests whose end an earlier daemon wrote down.
    fn was_at_rest(&self, row: &RunRow) -> bool {
        if let Some(ended) = row.ended_ms {
            let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
            ends.insert(row.id.clone(), ended);
        }
        rests(row)
    }
}

/// Of a run that is over, only work that waits for a person or a branch can still change.
const fn rests(row: &RunRow) -> bool {
    row.ended_ms.is_some() && row.counts.held + row.counts.landing + row.counts.stuck == 0
}

/// Whether an earlier daemon wrote the summary after the run had ended.
fn was_written(place: &Place, run: &Run) -> bool {
    let Some(ended) = run.ended_at.and_then(|at| u64::try_from(at.0).ok()) else { return false };
    let ended = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(ended));
    let written = std::fs::metadata(folder(place, run).join("summary.md"));
    let written = written.and_then(|meta| meta.modified());
    written.is_ok_and(|written| ended.is_some_and(|ended| written >= ended))
}

fn write(view: &RunView, home: &std::path::Path) {
    let folder = view.out.clone().unwrap_or_else(|| home.join("runs").join(&view.row.id));
    let path = folder.join("summary.md");
    let text = windrow_api::summary::summary(view);
    let made = std::fs::create_dir_all(&folder).map_err(|e| e.to_string());
    // While the run goes on, the next look writes it anew; the disk has better things to do.
    let last = view.row.ended_ms.is_some();
    let put = if last { files::replace } else { files::replace_unflushed };
    let written = made.and_then(|()| put(&path, text.as_bytes()).map_err(|e| chain(&e)));
    if let Err(error) = written {
        tracing::warn!("`{}` could not be written: {error}", path.display());
    }
}
