//! Gets a name and a block of ports for a session.

use std::collections::BTreeSet;

use windrow_core::command::ReportLeased;
use windrow_core::ids::SessionId;
use windrow_core::{Command, Effect, State};
use windrow_world::{crash, ports};

use super::{Act, Outcome, Tools, blocking, chain};

pub(super) fn prepare(state: &State, id: SessionId, effect: Effect, tools: &Tools) -> Option<Act> {
    let session = state.sessions.get(&id)?;
    let base = state.runs.get(&session.run)?.spec.ports.clone();
    let generation = session.generation;
    let (hub, project) = (tools.hub.clone(), tools.place.id.clone());
    Some(Box::pin(async move {
        // Where no port is anybody's base, none is given out, and the kernel takes long to list them.
        let look = !base.is_empty();
        let listening = blocking(effect, move || match look {
            true => ports::listening().map_err(|e| chain(&e)),
            false => Ok(BTreeSet::new()),
        });
        let listening = match listening.await {
            Ok(listening) => listening,
            Err(outcome) => return outcome,
        };
        let leased = hub.lease(project, id, base, listening).await;
        crash::point("spawn", "leased");
        match leased {
            Ok(lease) => Outcome::report(Command::ReportLeased(ReportLeased {
                session: id,
                generation,
                name: lease.name,
                port_offset: lease.port_offset,
            })),
            Err(reason) => Outcome::setback(effect, reason),
        }
    }))
}
