//! Commands: what people, keepers and the engine's own acts ask of the state.
//!
//! One file per command holds its fields, its rule and its tests. A command either yields events or
//! is refused with the rule it broke; a refusal changes nothing.

mod add_task;
mod advance;
mod ask_person;
mod close_task;
mod drop_kept;
mod edit_task;
mod end_session;
mod forget_tree;
mod import_tasks;
mod note_receipt;
mod recover_journal;
mod release_hold;
mod renew_claim;
mod report_checked_off;
mod report_ended;
mod report_followed;
mod report_freed;
mod report_gate;
mod report_leased;
mod report_merged;
mod report_moved;
mod report_released;
mod report_sealed;
mod report_setback;
mod report_started;
mod report_tree;
mod resume_run;
mod rules;
mod send_message;
mod start_run;
mod stop_run;

#[cfg(test)]
mod tests;

pub use add_task::AddTask;
pub use advance::Advance;
pub use ask_person::AskPerson;
pub use close_task::CloseTask;
pub use drop_kept::DropKept;
pub use edit_task::EditTask;
pub use end_session::EndSession;
pub use forget_tree::ForgetTree;
pub use import_tasks::{ImportTasks, ImportedTask};
pub use note_receipt::NoteReceipt;
pub use recover_journal::RecoverJournal;
pub use release_hold::ReleaseHold;
pub use renew_claim::RenewClaim;
pub use report_checked_off::ReportCheckedOff;
pub use report_ended::ReportEnded;
pub use report_followed::{FollowReport, ReportFollowed};
pub use report_freed::ReportFreed;
pub use report_gate::ReportGate;
pub use report_leased::ReportLeased;
pub use report_merged::{MergeReport, ReportMerged, Sides};
pub use report_moved::{MoveReport, ReportMoved};
pub use report_released::ReportReleased;
pub use report_sealed::{ReportSealed, SealMode, SealedWork, seal_mode};
pub use report_setback::ReportSetback;
pub use report_started::ReportStarted;
pub use report_tree::ReportTree;
pub use resume_run::ResumeRun;
pub use send_message::SendMessage;
pub use start_run::StartRun;
pub use stop_run::{DrainRun, StopRun};

use crate::event::Event;
use crate::reject::Rejection;
use crate::state::State;
use crate::time::Stamp;

/// Something asked of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant holds the command of the same name")]
pub enum Command {
    AddTask(AddTask),
    ImportTasks(ImportTasks),
    EditTask(EditTask),
    CloseTask(CloseTask),
    StartRun(StartRun),
    ResumeRun(ResumeRun),
    DrainRun(DrainRun),
    StopRun(StopRun),
    EndSession(EndSession),
    ReleaseHold(ReleaseHold),
    RenewClaim(RenewClaim),
    ForgetTree(ForgetTree),
    DropKept(DropKept),
    AskPerson(AskPerson),
    SendMessage(SendMessage),
    NoteReceipt(NoteReceipt),
    RecoverJournal(RecoverJournal),
    Advance(Advance),
    ReportLeased(ReportLeased),
    ReportTree(ReportTree),
    ReportStarted(ReportStarted),
    ReportEnded(ReportEnded),
    ReportSealed(ReportSealed),
    ReportReleased(ReportReleased),
    ReportFreed(ReportFreed),
    ReportMerged(ReportMerged),
    ReportGate(ReportGate),
    ReportMoved(ReportMoved),
    ReportFollowed(ReportFollowed),
    ReportCheckedOff(ReportCheckedOff),
    ReportSetback(ReportSetback),
}

/// Turns a command into the events that follow from it on `state`.
///
/// # Errors
/// The rule the command broke. The state is unchanged either way: only `evolve` changes it.
pub fn decide(state: &State, command: &Command, stamp: Stamp) -> Result<Vec<Event>, Rejection> {
    match command {
        Command::AddTask(command) => command.decide(state),
        Command::ImportTasks(command) => command.decide(state),
        Command::EditTask(command) => command.decide(state),
        Command::CloseTask(command) => command.decide(state),
        Command::StartRun(command) => command.decide(state),
        Command::ResumeRun(command) => command.decide(state),
        Command::DrainRun(command) => command.decide(state),
        Command::StopRun(command) => command.decide(state),
        Command::EndSession(command) => command.decide(state),
        Command::ReleaseHold(command) => command.decide(state),
        Command::RenewClaim(command) => command.decide(state, stamp),
        Command::ForgetTree(command) => command.decide(state),
        Command::DropKept(command) => command.decide(state),
        Command::AskPerson(command) => command.decide(state),
        Command::SendMessage(command) => command.decide(state),
        Command::NoteReceipt(command) => command.decide(state),
        Command::RecoverJournal(command) => Ok(command.decide(state)),
        Command::Advance(command) => Ok(command.decide(state, stamp)),
        Command::ReportLeased(command) => command.decide(state),
        Command::ReportTree(command) => command.decide(state),
        Command::ReportStarted(command) => command.decide(state),
        Command::ReportEnded(command) => command.decide(state, stamp),
        Command::ReportSealed(command) => command.decide(state, stamp),
        Command::ReportReleased(command) => command.decide(state),
        Command::ReportFreed(command) => command.decide(state),
        Command::ReportMerged(command) => command.decide(state),
        Command::ReportGate(command) => command.decide(state, stamp),
        Command::ReportMoved(command) => command.decide(state, stamp),
        Command::ReportFollowed(command) => command.decide(state, stamp),
        Command::ReportCheckedOff(command) => command.decide(state),
        Command::ReportSetback(command) => command.decide(state, stamp),
    }
}
