//! The watcher's loop: signs in, pictures out, until the run is over or the person leaves.

use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use jiff::Timestamp;
use windrow_api::summary::outcome;
use windrow_api::view::{RunView, TaskStatus};
use windrow_api::{ExitKind, ProjectCall};
use windrow_core::ids::{RunId, TaskId};

use super::change::{Change, changes};
use super::is_over;
use super::show::Show;
use super::source::{Sign, Source};
use super::told::Told;
use crate::context::Context;
use crate::desk::Desk;
use crate::error::{CliError, Outcome};
use crate::output::Format;

/// How often the picture is drawn again while nothing happens, so that clocks go on.
const TICK: Duration = Duration::from_secs(1);

/// How often the daemon may end without a word before the watcher gives up.
const ENDS: u32 = 20;

/// Puts what happens into words of its own, in place of the usual lines.
pub(crate) trait Teller {
    /// What to say about these changes; `desk` answers questions about them.
    fn tell(&mut self, desk: &mut Desk, view: &RunView, changes: &[Change]) -> Vec<String>;
}

/// A watcher of one run.
struct Watcher<'a> {
    show: Show<'a>,
    teller: Option<&'a mut dyn Teller>,
    desk: Desk,
    source: Source,
    run: RunId,
    /// The last view.
    view: RunView,
    /// What need not be said again.
    told: Told,
    /// How often the person pressed Ctrl-C.
    interrupts: u32,
    /// How often the daemon ended since the last view.
    ends: u32,
}

/// Watches a run to its end; `view` is where it stands now.
pub(crate) fn follow(context: &Context, desk: Desk, view: RunView, format: Format) -> Outcome {
    watch(Show::new(context, format), None, desk, view)
}

/// Watches a run as [`follow`] does, while `teller` says what is being seen.
///
/// Nobody waits for a told run to drain: the first Ctrl-C stops its workers.
pub(crate) fn follow_told(
    context: &Context,
    desk: Desk,
    view: RunView,
    format: Format,
    teller: &mut dyn Teller,
) -> Outcome {
    watch(Show::new(context, format), Some(teller), desk, view)
}

fn watch<'a>(
    mut show: Show<'a>,
    teller: Option<&'a mut dyn Teller>,
    desk: Desk,
    view: RunView,
) -> Outcome {
    if at_rest(&view) {
        return told(show.end(&view, outcome(&view)), outcome(&view));
    }
    let run: RunId = view
        .row
        .id
        .parse()
        .map_err(|error: windrow_core::ids::IdError| CliError::internal(error.to_string()))?;
    let source = Source::new()?;
    let mut found = changes(None, &view, now_ms());
    let told = Told::default();
    let mut watcher =
        Watcher { show, teller, desk, source, run, view, told, interrupts: 0, ends: 0 };
    watcher.told.only_news(&mut found);
    let watched = watcher.present(&watcher.view.clone(), &found);
    let watched = watched.and_then(|()| watcher.subscribe()).and_then(|()| watcher.watch());
    match watched {
        Err(error) if error.is_unread() => Ok(ExitKind::Unread),
        watched => watched,
    }
}

/// The run's own outcome, whether its last lines were read or not: a script that looks at the exit
/// code must not take a pipe that was closed for a run that succeeded.
fn told(shown: Result<(), CliError>, kind: ExitKind) -> Outcome {
    match shown {
        Err(error) if !error.is_unread() => Err(error),
        Err(_) | Ok(()) => Ok(kind),
    }
}

impl Watcher<'_> {
    fn watch(&mut self) -> Outcome {
        loop {
            let sign = match self.source.signs.recv_timeout(TICK) {
                Ok(sign) => sign,
                Err(RecvTimeoutError::Timeout) => Sign::Resize,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(CliError::internal("the watcher has nothing to watch any more"));
                }
            };
            match sign {
                Sign::View(view) => self.see(*view)?,
                Sign::Resize => self.show.redraw(&self.view, now_ms()),
                Sign::Interrupt => {
                    if self.interrupt()? {
                        return Ok(ExitKind::Interrupted);
                    }
                }
                Sign::Refused(error) => return Err(error),
                Sign::Ended if at_rest(&self.view) => {}
                Sign::Ended => self.find_again()?,
            }
            if at_rest(&self.view) {
                let kind = self.kind();
                return told(self.show.end(&self.view, kind), kind);
            }
        }
    }

    fn see(&mut self, view: RunView) -> Result<(), CliError> {
        self.ends = 0;
        let mut found = changes(Some(&self.view), &view, now_ms());
        for change in found.iter_mut().filter(|change| change.event == "failed") {
            self.explain(change);
        }
        self.told.only_news(&mut found);
        self.present(&view, &found)?;
        self.view = view;
        Ok(())
    }

    /// Shows what changed, in the teller's words if there is one.
    fn present(&mut self, view: &RunView, found: &[Change]) -> Result<(), CliError> {
        match &mut self.teller {
            Some(teller) if self.show.is_for_people() => {
                let lines = teller.tell(&mut self.desk, view, found);
                self.show.tell(view, &lines, now_ms());
                Ok(())
            }
            Some(_) | None => self.show.update(view, found, now_ms()),
        }
    }

    /// Looks up why a try failed; views of runs carry only a sentence.
    fn explain(&mut self, change: &mut Change) {
        let id = change.task.as_deref().and_then(|id| id.parse::<TaskId>().ok());
        let Some(task) = id.and_then(|id| self.desk.task(id).ok()) else { return };
        // The last failure of a stuck task is what it is stuck for; that is told on its own.
        let stuck = usize::from(task.row.status == TaskStatus::Stuck);
        let Some(failure) = task.failures.iter().rev().nth(stuck) else { return };
        change.note = Some(failure.summary.clone());
        change.event = match failure.kind.as_str() {
            "conflict" => "conflict",
            "red_gate" => "red",
            _ => "failed",
        };
    }

    /// One more Ctrl-C; whether the person leaves.
    fn interrupt(&mut self) -> Result<bool, CliError> {
        self.interrupts += 1;
        let run = self.run;
        match self.interrupts + u32::from(self.teller.is_some()) {
            1 => {
                self.show.say(
                    "No new work is handed out; workers finish. Ctrl-C again stops them and keeps their work.",
                );
                self.done(ProjectCall::DrainRun { run })?;
            }
            2 => {
                self.show.say("The workers are stopped, their work is kept. Ctrl-C again leaves.");
                self.done(ProjectCall::StopRun { run })?;
            }
            // Whoever tells the run has its own last words.
            _ if self.teller.is_some() => return Ok(true),
            _ => {
                self.show
                    .say("The run goes on without a watcher; `windrow run --resume` watches it.");
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks for something; a run that is over by now needs nothing any more.
    fn done(&mut self, call: ProjectCall) -> Result<(), CliError> {
        match self.desk.ask(call) {
            Err(error) if error.kind != ExitKind::User => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// The daemon went away: it is found or started again, and the run watched again.
    fn find_again(&mut self) -> Result<(), CliError> {
        self.ends += 1;
        if self.ends > ENDS {
            return Err(CliError::new(ExitKind::World, "the daemon ends again and again")
                .hint("`windrow daemon logs` shows why")
                .hint("workers go on; `windrow run --resume` watches them later"));
        }
        self.subscribe()
    }

    fn subscribe(&mut self) -> Result<(), CliError> {
        let client = self.desk.daemon().launcher().connect()?;
        let call = self.desk.call(ProjectCall::WatchRun { run: self.run });
        self.source.subscribe(client, call);
        Ok(())
    }

    fn kind(&self) -> ExitKind {
        match outcome(&self.view) {
            ExitKind::Incomplete if self.interrupts > 0 => ExitKind::Interrupted,
            kind => kind,
        }
    }
}

/// Whether nothing more will happen.
fn at_rest(view: &RunView) -> bool {
    is_over(&view.row.phase) && view.sessions.iter().all(|session| session.over)
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
