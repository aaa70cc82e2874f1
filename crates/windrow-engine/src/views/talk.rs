//! Views of what a session and the person said to each other.

use windrow_api::states::MessageState;
use windrow_api::talk::{MessageView, Question};
use windrow_core::state::{Message, Said, Session, Way};

/// One message, without its text.
pub(crate) fn message_view(session: &Session, message: &Message) -> MessageView {
    let (kind, options, to, answer) = match &message.what {
        Said::Question { options, answer, .. } => ("question", options.clone(), None, *answer),
        Said::Answer { to } => ("answer", Vec::new(), Some(*to), None),
        Said::Word => ("message", Vec::new(), None, None),
    };
    let receipt = message.seen.or(message.handed);
    MessageView {
        id: message.id.to_string(),
        session: session.id.to_string(),
        name: session.label(),
        kind: kind.to_owned(),
        summary: message.summary.clone(),
        text: None,
        options,
        at_ms: message.at.0,
        to: to.map(|id| id.to_string()),
        answer: answer.map(|id| id.to_string()),
        state: state(session, message).word().to_owned(),
        handed_ms: message.handed.map(|receipt| receipt.at.0),
        seen_ms: message.seen.map(|receipt| receipt.at.0),
        by: receipt.map(|receipt| way(receipt.by).to_owned()),
    }
}

/// A question as it stands in a line about its session.
pub(super) fn question(message: &Message) -> Question {
    let options = match &message.what {
        Said::Question { options, .. } => options.clone(),
        Said::Answer { .. } | Said::Word => Vec::new(),
    };
    Question { id: message.id.to_string(), summary: message.summary.clone(), options }
}

fn state(session: &Session, message: &Message) -> MessageState {
    match message.what {
        Said::Question { answer: Some(_), .. } => MessageState::Answered,
        Said::Question { answer: None, .. } if session.is_open() => MessageState::Open,
        _ if message.seen.is_some() => MessageState::Seen,
        _ if message.handed.is_some() => MessageState::HandedOver,
        _ if session.is_open() => MessageState::Queued,
        _ => MessageState::Unheard,
    }
}

const fn way(way: Way) -> &'static str {
    match way {
        Way::Command => "command",
        Way::Prompt => "prompt",
        Way::Brief => "brief",
        Way::Hook => "hook",
    }
}
