//! The worker in whose shell a command runs: known from its variables, and held to its generation.

use windrow_api::talk::MessageView;
use windrow_api::{ProjectCall, Reply};
use windrow_core::ids::{Generation, MessageId, SessionId};

use crate::context::Context;
use crate::desk::{Desk, unexpected};
use crate::error::CliError;

/// A worker and its desk.
#[derive(Debug)]
pub(crate) struct Worker {
    /// Where it asks.
    pub(crate) desk: Desk,
    /// Its session.
    pub(crate) session: SessionId,
    /// Which of the session's processes it is.
    pub(crate) generation: Generation,
}

impl Worker {
    /// The worker around this command.
    pub(crate) fn of(context: &Context) -> Result<Self, CliError> {
        let nobody = || {
            CliError::user("this is no worker's shell")
                .hint("workers call it; `windrow tell NAME TEXT` speaks to one")
        };
        let (session, generation) = context.env.worker().ok_or_else(nobody)?;
        let session: SessionId = session.parse().map_err(|_| nobody())?;
        let generation: Generation = generation.parse().map_err(|_| nobody())?;
        let desk = match context.env.worker_project() {
            Some(project) => context.elsewhere(&project).desk()?,
            None => context.desk()?,
        };
        Ok(Self { desk, session, generation })
    }

    /// Says that these were seen.
    pub(crate) fn saw<'a>(
        &mut self,
        messages: impl IntoIterator<Item = &'a MessageView>,
    ) -> Result<(), CliError> {
        let messages: Vec<MessageId> =
            messages.into_iter().map(message_id).collect::<Result<_, _>>()?;
        if messages.is_empty() {
            return Ok(());
        }
        let (session, generation) = (self.session, self.generation);
        match self.desk.ask(ProjectCall::Seen { session, generation, messages })? {
            Reply::Done => Ok(()),
            other => Err(unexpected(&other)),
        }
    }
}

/// The id of a message.
pub(crate) fn message_id(message: &MessageView) -> Result<MessageId, CliError> {
    message
        .id
        .parse()
        .map_err(|error: windrow_core::ids::IdError| CliError::internal(error.to_string()))
}
