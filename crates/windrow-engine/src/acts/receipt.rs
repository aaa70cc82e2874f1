//! What an agent process was told when it began, and that it got or saw that.

use windrow_core::Command;
use windrow_core::command::NoteReceipt;
use windrow_core::ids::MessageId;
use windrow_core::state::{Message, Session, Way};

use crate::hub::HubHandle;

/// A receipt that is given once something happened.
pub(super) struct Told(NoteReceipt);

impl Told {
    /// That the process saw what it began with.
    pub(super) fn at_start(session: &Session, talks: bool) -> Self {
        let by = if talks { Way::Prompt } else { Way::Brief };
        let messages = session.told_at_start().map(|message| message.id).collect();
        Self::of(session, messages, by, true)
    }

    /// That the process is given, in its brief, what was said before it began.
    pub(super) fn in_brief(session: &Session) -> Self {
        let queued = session.talk.iter().filter(|message| Message::is_queued(message));
        Self::of(session, queued.map(|message| message.id).collect(), Way::Brief, false)
    }

    const fn of(session: &Session, messages: Vec<MessageId>, by: Way, seen: bool) -> Self {
        let (session, generation) = (session.id, session.generation);
        Self(NoteReceipt { session, generation, messages, by, seen })
    }

    /// Gives it.
    pub(super) fn tell(self, hub: &HubHandle, project: &str) {
        if !self.0.messages.is_empty() {
            hub.tell(project, Command::NoteReceipt(self.0));
        }
    }
}
