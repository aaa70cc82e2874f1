//! What was exercised: a simulation in which nothing happens shows here.

use std::collections::BTreeMap;
use std::fmt;

use super::faults::Fault;

/// Counts over one seed, or over many.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Micro steps.
    pub steps: u64,
    /// Processes that were killed.
    pub crashes: u64,
    /// Every other fault, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// What happened, by kind of event.
    pub events: BTreeMap<String, u64>,
    /// Programs that were let go.
    pub started: u64,
    /// Moves of a target branch.
    pub landed: u64,
    /// Landings ahead of a target branch.
    pub ahead: u64,
    /// Seeds in which something landed ahead.
    pub ahead_seeds: u64,
    /// Moves of a target branch to what landed ahead of it.
    pub followed: u64,
    /// Answers that callers got.
    pub acknowledged: u64,
    /// Times a journal was folded anew.
    pub refolds: u64,
    /// Commits, edits and whatever else of the person.
    pub person: u64,
    /// Branches that a person brought back to where they were before, or amended.
    pub rewinds: u64,
    /// Merges by which a person brought both sides together.
    pub settled: u64,
}

impl Counts {
    pub(super) fn note_fault(&mut self, fault: &Fault) {
        *self.faults.entry(fault.kind()).or_default() += 1;
    }

    /// Adds what another simulation exercised.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.crashes += other.crashes;
        self.started += other.started;
        self.landed += other.landed;
        self.ahead += other.ahead;
        self.ahead_seeds += other.ahead_seeds;
        self.followed += other.followed;
        self.acknowledged += other.acknowledged;
        self.refolds += other.refolds;
        self.person += other.person;
        self.rewinds += other.rewinds;
        self.settled += other.settled;
        for (kind, count) in &other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        for (kind, count) in &other.events {
            *self.events.entry(kind.clone()).or_default() += count;
        }
    }

    /// What a simulation lacks that every one must have had, or every one in which work is to land
    /// ahead.
    #[must_use]
    pub fn missing(&self, ahead: bool) -> Option<&'static str> {
        let must = [
            (self.steps, "no step was taken"),
            (self.started, "no program was started"),
            (self.acknowledged, "no caller was answered"),
            (self.refolds, "no journal was folded"),
            (self.crashes + self.faults.values().sum::<u64>(), "nothing went wrong"),
            (if ahead { self.ahead } else { 1 }, "nothing landed ahead"),
            (if ahead { self.followed } else { 1 }, "no branch followed"),
        ];
        must.iter().find(|(count, _)| *count == 0).map(|(_, what)| *what)
    }

    /// What a thousand simulations lack that must happen in some of them.
    #[must_use]
    pub fn never(&self) -> Option<&'static str> {
        let events = [
            "commits_submitted",
            "target_seen",
            "target_followed",
            "entry_goes_ahead",
            "turn_paused",
            "turn_resumed",
        ];
        let event = events.into_iter().find(|kind| !self.events.contains_key(*kind));
        let deeds =
            [(self.rewinds, "a person rewinds a branch"), (self.settled, "a person settles")];
        let deed = deeds.into_iter().find(|(count, _)| *count == 0).map(|(_, what)| what);
        event.or(deed)
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} programs started, {} landings, {} answers, {} refolds, {} acts of the person",
            self.started, self.landed, self.acknowledged, self.refolds, self.person
        )?;
        writeln!(
            f,
            "{} landings ahead in {} seeds, {} follows, {} rewinds, {} settled by the person",
            self.ahead, self.ahead_seeds, self.followed, self.rewinds, self.settled
        )?;
        write!(f, "faults:")?;
        for (kind, count) in &self.faults {
            write!(f, " {kind} {count}")?;
        }
        write!(f, "\nevents:")?;
        for (kind, count) in &self.events {
            write!(f, " {kind} {count}")?;
        }
        Ok(())
    }
}
