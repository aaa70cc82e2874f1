//! Choices drawn in advance, so that a failing test shrinks to a short list.

/// A list of rolls; once it is used up, every roll is 0, which always means the good outcome.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dice {
    rolls: Vec<u16>,
    at: usize,
}

impl Dice {
    pub(crate) fn new(rolls: Vec<u16>) -> Self {
        Self { rolls, at: 0 }
    }

    pub(crate) fn left(&self) -> bool {
        self.at < self.rolls.len()
    }

    /// A number below `n`, or 0 when there is none.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let roll = self.rolls.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(roll).checked_rem(n).unwrap_or(0)
    }

    /// True once in `n` times; never when the rolls are used up.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: impl IntoIterator<Item = T>) -> Option<T> {
        let from: Vec<T> = from.into_iter().collect();
        let at = self.below(from.len());
        from.get(at).cloned()
    }
}
