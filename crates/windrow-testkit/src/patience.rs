//! Waiting for what can be observed, with an end to the patience.

use std::time::{Duration, Instant};

use rustix::event::{Timespec, poll};

/// Far beyond what anything in a test takes; reaching it fails the test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);

/// Waits until `holds`.
///
/// # Panics
/// When it never does; `what` says what was waited for.
#[track_caller]
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    assert!(patiently(PATIENCE, || holds().then_some(())).is_some(), "waited in vain until {what}");
}

/// Looks until there is something to see, or until the patience is over.
pub fn patiently<T>(patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let until = Instant::now() + patience;
    loop {
        if let Some(seen) = look() {
            return Some(seen);
        }
        if Instant::now() > until {
            return None;
        }
        pause(LOOK);
    }
}

/// Lets time pass. Only for the spacing of accidents; a test that waits for something says for what.
pub fn pause(span: Duration) {
    let until = Instant::now() + span;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        let timeout = Timespec::try_from(left).ok();
        // A signal may end it early; the loop then goes on.
        let _interrupted = poll(&mut [], timeout.as_ref());
    }
}
