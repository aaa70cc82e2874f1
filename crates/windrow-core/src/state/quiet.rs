//! Remembers that nothing follows from a state by itself, so that it is not looked for again.
//!
//! A memo of a pure function: it never changes what is decided, only how much is looked at. It is
//! neither stored nor compared, and a state that was just read has none.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the changes after which something may follow, and how many of them were looked at.
#[derive(Debug, Default)]
pub struct Quiet {
    /// Changes so far.
    stirs: u64,
    /// One more than the changes there had been when nothing followed; 0 for never.
    seen: AtomicU64,
}

impl Quiet {
    /// Something changed after which something may follow.
    pub(crate) const fn stir(&mut self) {
        self.stirs += 1;
    }

    /// Nothing follows from the state as it is.
    pub(crate) fn note(&self) {
        self.seen.store(self.stirs + 1, Ordering::Relaxed);
    }

    /// Whether it is known that nothing follows.
    pub(crate) fn is_noted(&self) -> bool {
        self.seen.load(Ordering::Relaxed) == self.stirs + 1
    }
}

impl Clone for Quiet {
    fn clone(&self) -> Self {
        Self { stirs: self.stirs, seen: AtomicU64::new(self.seen.load(Ordering::Relaxed)) }
    }
}

impl PartialEq for Quiet {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Quiet {}
