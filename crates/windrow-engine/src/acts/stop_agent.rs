//! Asks the keeper to end its agent; the watch sees the end.

use windrow_core::State;
use windrow_core::ids::SessionId;

use super::{Act, Outcome, Tools, chain};
use crate::keeper;

pub(super) fn prepare(state: &State, id: SessionId, tools: &Tools) -> Option<Act> {
    let session = state.sessions.get(&id)?;
    let folder = tools.place.agent_job(id, session.generation);
    Some(Box::pin(async move {
        let asked =
            tokio::task::spawn_blocking(move || keeper::request_stop(&folder, "asked by windrow"));
        match asked.await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!("{id} could not be asked to end: {}", chain(&error)),
            Err(error) => tracing::error!("a defect of windrow: {error}"),
        }
        Outcome::default()
    }))
}
