//! Gives back a session's name and ports.

use windrow_core::command::ReportFreed;
use windrow_core::ids::SessionId;
use windrow_core::machine::MachineCommand;
use windrow_core::{Command, Effect, State};
use windrow_world::crash;

use super::{Act, Outcome, Tools};

pub(super) fn prepare(state: &State, id: SessionId, tools: &Tools) -> Option<Act> {
    let generation = state.sessions.get(&id)?.generation;
    let (hub, project) = (tools.hub.clone(), tools.place.id.clone());
    Some(Box::pin(async move {
        let free = MachineCommand::FreeName { project, session: id };
        let freed = hub.machine(free).await;
        crash::point("release", "freed");
        match freed {
            Ok(()) => {
                Outcome::report(Command::ReportFreed(ReportFreed { session: id, generation }))
            }
            Err(reason) => Outcome::setback(Effect::FreeName(id, generation), reason),
        }
    }))
}
