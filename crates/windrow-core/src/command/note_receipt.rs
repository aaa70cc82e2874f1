//! Messages came a step further on their way to a worker.

use crate::event::Event;
use crate::ids::{Generation, MessageId, SessionId};
use crate::reject::Rejection;
use crate::state::{State, Way};

use super::rules;

/// Notes that messages were handed over to an agent process, or seen by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteReceipt {
    /// To whom.
    pub session: SessionId,
    /// Its generation.
    pub generation: Generation,
    /// Which messages; those that are not for the worker are left out.
    pub messages: Vec<MessageId>,
    /// How they got there.
    pub by: Way,
    /// They were seen, not only handed over.
    pub seen: bool,
}

impl NoteReceipt {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let session = rules::require_session(state, self.session, self.generation)?;
        let is_news = |id: &&MessageId| {
            let message = session.message(**id).filter(|message| message.is_for_worker());
            message.is_some_and(|message| {
                let noted = if self.seen { message.seen } else { message.handed };
                noted.is_none()
            })
        };
        let messages: Vec<MessageId> = self.messages.iter().filter(is_news).copied().collect();
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let (session, generation, by) = (self.session, self.generation, self.by);
        Ok(vec![if self.seen {
            Event::MessagesSeen { session, generation, messages, by }
        } else {
            Event::MessagesHandedOver { session, generation, messages, by }
        }])
    }
}
