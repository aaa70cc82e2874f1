//! Waiting for the first thing that ends a job.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::time::{Instant, SystemTime};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::Signal;
use windrow_world::proc::{Reaper, Signals};

use super::bell::Bell;
use super::job::Cause;
use super::launch::Launch;
use super::limits::{Limits, Seen};

/// The file beside a transcript that says that the job waits for a person.
pub(crate) const ASKS: &str = "asks";

/// Sleeps until the program with the id `agent` ends, a limit is passed or a stop is asked for.
pub(super) fn watch(
    launch: &Launch,
    agent: i32,
    reaper: &Reaper,
    signals: &Signals,
    bell: &mut Option<Bell<'_>>,
) -> Cause {
    // The transcript that was opened, whatever the agent does to its name.
    let transcript = File::open(&launch.transcript).ok();
    let asks = launch.transcript.with_file_name(ASKS);
    let look = || {
        let seen = transcript.as_ref().and_then(seen)?;
        // Whoever waits for a person is not silent.
        let changed = if asks.exists() { SystemTime::now() } else { seen.changed };
        Some(Seen { changed, ..seen })
    };
    let mut limits = Limits::of(launch, Instant::now(), look());
    loop {
        let now = Instant::now();
        if let Some(ended) = reaper.reap().into_iter().find(|reaped| reaped.pid == agent) {
            return Cause::Ended(ended);
        }
        if signals.take(Signal::TERM) {
            return Cause::Stop;
        }
        if let Some(over) = limits.check(now, || look().map(|seen| (seen, SystemTime::now()))) {
            return Cause::Over(over);
        }
        if let Some(bell) = bell {
            bell.attend(now);
        }
        let next = limits.next().into_iter().chain(bell.as_ref().and_then(Bell::next)).min();
        sleep(signals, bell.as_ref(), next);
    }
}

fn seen(transcript: &File) -> Option<Seen> {
    let meta = transcript.metadata().ok()?;
    Some(Seen { length: meta.len(), changed: meta.modified().ok()? })
}

/// Sleeps until a signal, the end of the daemon's connection, or `next`.
fn sleep(signals: &Signals, bell: Option<&Bell<'_>>, next: Option<Instant>) {
    let timeout = next
        .and_then(|next| Timespec::try_from(next.saturating_duration_since(Instant::now())).ok());
    let mut polled = vec![PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN)];
    if let Some(line) = bell.and_then(Bell::fd) {
        polled.push(PollFd::from_borrowed_fd(line, PollFlags::IN));
    }
    // Invariant: drained before the flags are read, so a signal in between wakes the next sleep.
    let _interrupted_is_woken = rustix::event::poll(&mut polled, timeout.as_ref());
    signals.drain();
}
