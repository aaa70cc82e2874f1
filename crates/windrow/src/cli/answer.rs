//! `windrow answer NAME TEXT`: the answer to what a worker asked.

use windrow_api::talk::{MessageView, Question};
use windrow_api::{ExitKind, ProjectCall, Reply};
use windrow_core::ids::MessageId;

use super::say::{find, said};
use crate::context::Context;
use crate::desk::unexpected;
use crate::error::{CliError, Outcome};
use crate::output::{Format, one_line};
use crate::select::session_id;

/// Answer what a worker asked
///
/// A number stands for one of the choices that the question offers. A worker that waits goes on at
/// once, or when a worker's place is free.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow answer toast 'the blue one'")]
pub(crate) struct AnswerArgs {
    /// Worker, by name, id or task
    #[arg(value_name = "NAME")]
    name: String,

    /// The answer, or the number of a choice
    #[arg(value_name = "TEXT", required = true)]
    text: Vec<String>,

    /// Which question, such as `m-3`; otherwise the oldest
    #[arg(long, value_name = "QUESTION")]
    question: Option<String>,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Answers.
pub(super) fn run(context: &Context, args: &AnswerArgs) -> Outcome {
    let question: Option<MessageId> = match &args.question {
        Some(text) => Some(text.parse().map_err(|_| {
            CliError::usage(format!("`{text}` is no question"))
                .hint("questions are named like `m-3`; `windrow explain NAME` lists them")
        })?),
        None => None,
    };
    let (mut desk, row) = find(context, &args.name)?;
    let oldest = row.activity.as_ref().and_then(|activity| activity.question.as_ref());
    let named = args.question.as_ref();
    let choices = oldest.filter(|oldest| named.is_none_or(|named| *named == oldest.id));
    let text = chosen(choices, args.text.join(" "));
    let session = session_id(&row)?;
    let sent: MessageView = match desk.ask_once(ProjectCall::Answer { session, question, text })? {
        Reply::Message(sent) => *sent,
        other => return Err(unexpected(&other)),
    };
    match args.format {
        Format::Json => context.out.json(&sent)?,
        Format::Text => {
            let to = sent.to.as_deref().unwrap_or("its question");
            context.out.say(&said(&row, &format!("{} is the answer to {to}.", sent.id)));
        }
    }
    Ok(ExitKind::Success)
}

/// The choice with that number; otherwise the text as it is.
fn chosen(question: Option<&Question>, text: String) -> String {
    let choice = text
        .trim()
        .parse::<usize>()
        .ok()
        .and_then(|number| question?.options.get(number.checked_sub(1)?));
    choice.cloned().unwrap_or(text)
}

/// The choices of a question as a person sees them.
pub(super) fn choices(question: &Question) -> String {
    let numbered = (1..).zip(&question.options);
    numbered.map(|(number, option)| format!(" ({number}) {}", one_line(option))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_choice_only_where_there_is_one() {
        let options = vec!["red".to_owned(), "blue".to_owned()];
        let question = Question { id: "m-1".to_owned(), summary: "Which?".to_owned(), options };
        let chosen = |text: &str| chosen(Some(&question), text.to_owned());
        assert_eq!(chosen("2"), "blue");
        for other in ["0", "3", "2 of them", "red"] {
            assert_eq!(chosen(other), other);
        }
        assert_eq!(super::chosen(None, "1".to_owned()), "1");
        assert_eq!(choices(&question), " (1) red (2) blue");
    }
}
