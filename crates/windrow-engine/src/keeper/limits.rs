//! How long a job may run and how long it may be silent.
//!
//! Nothing is watched all the time: whoever asks is told when to look next, and only then the
//! transcript's length and time of change are read.

use std::time::{Duration, Instant, SystemTime};

use super::launch::Launch;

/// Which limit was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// It ran for too long.
    Time,
    /// It wrote nothing for too long.
    Silence,
}

/// What a transcript looks like from outside: its length and when it last changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) length: u64,
    pub(super) changed: SystemTime,
}

/// The limits of one running job.
#[derive(Debug)]
pub(super) struct Limits {
    end: Option<Instant>,
    silence: Option<Duration>,
    quiet_since: Instant,
    seen: Option<Seen>,
}

impl Limits {
    /// The limits of `launch` for a program that starts `now` with this transcript.
    pub(super) fn of(launch: &Launch, now: Instant, seen: Option<Seen>) -> Self {
        Self {
            // A limit beyond what the clock can hold is none.
            end: launch.time_ms.and_then(|ms| now.checked_add(Duration::from_millis(ms))),
            silence: launch.silence_ms.map(Duration::from_millis),
            quiet_since: now,
            seen,
        }
    }

    /// When to look next, if ever.
    pub(super) fn next(&self) -> Option<Instant> {
        let silent = self.silence.and_then(|limit| self.quiet_since.checked_add(limit));
        match (self.end, silent) {
            (Some(end), Some(silent)) => Some(end.min(silent)),
            (end, silent) => end.or(silent),
        }
    }

    /// Says whether a limit is passed; `look` reads the transcript and the wall clock.
    pub(super) fn check(
        &mut self,
        now: Instant,
        look: impl FnOnce() -> Option<(Seen, SystemTime)>,
    ) -> Option<Over> {
        if self.end.is_some_and(|end| now >= end) {
            return Some(Over::Time);
        }
        let limit = self.silence?;
        if now.saturating_duration_since(self.quiet_since) < limit {
            return None;
        }
        if let Some((seen, wall)) = look().filter(|(seen, _)| Some(*seen) != self.seen) {
            self.seen = Some(seen);
            // The wall clock may have been set meanwhile; the last output was not before the
            // last look all the same.
            let since_look = now.saturating_duration_since(self.quiet_since);
            let age = wall.duration_since(seen.changed).unwrap_or_default().min(since_look);
            self.quiet_since = now.checked_sub(age).unwrap_or(now);
        }
        (now.saturating_duration_since(self.quiet_since) >= limit).then_some(Over::Silence)
    }
}

#[cfg(test)]
mod tests {
    use super::super::launch::Program;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limits(silence: Option<u64>, time: Option<u64>, now: Instant) -> Limits {
        let program = Program::Shell { line: "true".into() };
        let mut launch = Launch::new("s-1.1", program, "/", "/t");
        launch.silence_ms = silence;
        launch.time_ms = time;
        Limits::of(&launch, now, None)
    }

    fn seen(length: u64, changed: SystemTime) -> Seen {
        Seen { length, changed }
    }

    #[test]
    fn without_limits_nobody_ever_looks() {
        assert_eq!(limits(None, None, Instant::now()).next(), None);
    }

    #[test]
    fn output_moves_the_silence_deadline_to_its_own_time() {
        let (start, wall) = (Instant::now(), SystemTime::now());
        let mut limits = limits(Some(10_000), None, start);
        assert_eq!(limits.next(), Some(start + 10 * SECOND));
        let spoke = || Some((seen(5, wall + 7 * SECOND), wall + 10 * SECOND));
        assert_eq!(limits.check(start + 10 * SECOND, spoke), None);
        assert_eq!(limits.next(), Some(start + 17 * SECOND));
        let still = || Some((seen(5, wall + 7 * SECOND), wall + 17 * SECOND));
        assert_eq!(limits.check(start + 17 * SECOND, still), Some(Over::Silence));
    }

    #[test]
    fn a_wall_clock_that_was_set_neither_ends_a_job_nor_keeps_it() {
        let (start, wall) = (Instant::now(), SystemTime::now());
        let mut forward = limits(Some(10_000), None, start);
        let jumped = || Some((seen(5, wall), wall + 9_000 * SECOND));
        assert_eq!(forward.check(start + 10 * SECOND, jumped), Some(Over::Silence));
        let mut back = limits(Some(10_000), None, start);
        let jumped = || Some((seen(5, wall), wall - 9_000 * SECOND));
        assert_eq!(back.check(start + 10 * SECOND, jumped), None);
        assert_eq!(back.next(), Some(start + 20 * SECOND));
    }

    #[test]
    fn time_is_over_however_much_is_said() {
        let start = Instant::now();
        let mut limits = limits(Some(10_000), Some(3_000), start);
        assert_eq!(limits.next(), Some(start + 3 * SECOND));
        assert_eq!(limits.check(start + 2 * SECOND, || None), None);
        assert_eq!(limits.check(start + 3 * SECOND, || None), Some(Over::Time));
    }

    #[test]
    fn a_transcript_that_cannot_be_seen_counts_as_silent() {
        let start = Instant::now();
        let mut limits = limits(Some(1_000), None, start);
        assert_eq!(limits.check(start + SECOND, || None), Some(Over::Silence));
    }
}
