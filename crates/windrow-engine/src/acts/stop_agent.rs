//! Asks the keeper to end its agent; the watch sees the end.

use std::time::Duration;

use windrow_core::State;
use windrow_core::ids::SessionId;

use super::{Act, Outcome, Tools, chain};
use crate::keeper;

/// Between two tries to ask.
const AGAIN: Duration = Duration::from_secs(1);

pub(super) fn prepare(state: &State, id: SessionId, tools: &Tools) -> Option<Act> {
    let session = state.sessions.get(&id)?;
    let folder = tools.place.agent_job(id, session.generation);
    Some(Box::pin(async move {
        loop {
            let folder = folder.clone();
            let ask = move || keeper::request_stop(&folder, "asked by windrow");
            match tokio::task::spawn_blocking(ask).await {
                Ok(Ok(_)) => return Outcome::default(),
                Ok(Err(error)) => {
                    tracing::warn!("{id} could not be asked to end: {}", chain(&error));
                }
                Err(error) => tracing::error!("a defect of windrow: {error}"),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }))
}
