//! The machine's register: projects, names, ports and approvals, and who waits for them.
//!
//! The same order as in the [`Heart`](crate::heart::Heart) of a project: what is asked is decided at
//! once and answered when it is in the machine's journal. It settles before the projects do.

use std::collections::BTreeSet;

use windrow_core::Timestamp;
use windrow_core::ids::SessionId;
use windrow_core::machine::{Machine, MachineCommand};
use windrow_journal::Journal;

use crate::ledger::{Ledger, LedgerError};

/// The machine's state and journal, and who waits for it.
pub struct Register<J: Journal, A> {
    ledger: Ledger<Machine, J>,
    answers: Vec<A>,
}

impl<J: Journal, A> Register<J, A> {
    /// Folds what the journal holds.
    ///
    /// # Errors
    /// When it cannot be read, or a newer windrow wrote it.
    pub async fn open(journal: J) -> Result<Self, LedgerError> {
        Ok(Self { ledger: Ledger::open(journal).await?, answers: Vec::new() })
    }

    /// The state as the batch leaves it.
    pub const fn state(&self) -> &Machine {
        self.ledger.state()
    }

    /// Decides a command; its events count when the batch is in the journal.
    ///
    /// # Errors
    /// Why it was refused, in words.
    pub fn apply(
        &mut self,
        command: &MachineCommand,
        actor: &str,
        now: Timestamp,
    ) -> Result<(), String> {
        self.ledger.apply(command, actor, now).map(drop).map_err(|e| e.to_string())
    }

    /// Gives a session a name, and ports beside those that are taken or `listening`.
    ///
    /// # Errors
    /// When no block of ports is free.
    pub fn lease(
        &mut self,
        (project, session): (&str, SessionId),
        ports: &[u16],
        listening: &BTreeSet<u16>,
        now: Timestamp,
    ) -> Result<(), String> {
        let taken = self.state().offsets();
        let offset = windrow_world::ports::choose_offset(&taken, ports, listening);
        let port_offset = offset
            .ok_or_else(|| format!("no block of ports is free for the base ports {ports:?}"))?;
        let project = project.to_owned();
        self.apply(&MachineCommand::LeaseName { project, session, port_offset }, "windrow", now)
    }

    /// Answers when the batch is in the journal, or could not be written.
    pub fn answer(&mut self, answer: A) {
        self.answers.push(answer);
    }

    /// Ends the batch: appends it, and hands out whoever waited for that.
    ///
    /// # Errors
    /// Beside the answers: why nothing of the batch counts.
    pub async fn settle(&mut self) -> (Vec<A>, Result<(), String>) {
        let committed = self.ledger.commit().await.map_err(|error| crate::chain(&error));
        (std::mem::take(&mut self.answers), committed)
    }
}
