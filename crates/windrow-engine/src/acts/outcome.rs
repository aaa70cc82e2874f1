//! What an act gives back, and what it may use.

use std::fmt::Display;
use std::pin::Pin;
use std::sync::Arc;

use windrow_core::command::ReportSetback;
use windrow_core::{Command, Effect};
use windrow_journal::{SqliteReader, Text};

use crate::hub::HubHandle;
use crate::place::Place;

/// What came of an act.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// What to tell the core; nothing when the act leaves no trace in the state.
    pub(crate) command: Option<Command>,
    /// Long texts the command refers to.
    pub(crate) texts: Vec<Text>,
}

impl Outcome {
    pub(super) fn report(command: Command) -> Self {
        Self { command: Some(command), texts: Vec::new() }
    }

    pub(super) fn with_text(command: Command, text: Option<Text>) -> Self {
        Self { command: Some(command), texts: text.into_iter().collect() }
    }

    pub(super) fn setback(effect: Effect, reason: impl Display) -> Self {
        let reason = reason.to_string();
        Self::report(Command::ReportSetback(ReportSetback { effect, reason }))
    }
}

/// An act that is prepared and not yet begun.
pub(crate) type Act = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// What every act may use.
#[derive(Clone)]
pub(crate) struct Tools {
    /// Where the project is.
    pub(crate) place: Arc<Place>,
    /// The way back to the loop.
    pub(crate) hub: HubHandle,
    /// Long texts.
    pub(crate) texts: SqliteReader,
}

/// Carries out blocking work beside the loop.
pub(super) async fn blocking<T: Send + 'static>(
    effect: Effect,
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, Outcome> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(reason)) => Err(Outcome::setback(effect, reason)),
        Err(panic) => Err(Outcome::setback(effect, format!("a defect of windrow: {panic}"))),
    }
}
