//! `windrow ask QUESTION`: what a worker calls when a decision is the person's.

use windrow_api::talk::MessageView;
use windrow_api::{ExitKind, ProjectCall, Reply};

use crate::context::Context;
use crate::desk::unexpected;
use crate::error::{CliError, Outcome};
use crate::output::Format;
use crate::worker::{Worker, message_id};

/// Ask the person, from a worker's shell
///
/// The same question, asked again by the same worker, is that question: whoever begins anew gets the
/// answer that was given. Without `--wait` it returns at once; the answer is in `windrow inbox`, and a
/// worker that ends before it is there goes on with it in its worktree.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow ask 'Which colour?' --option red --option blue --wait")]
pub(crate) struct AskArgs {
    /// The question
    #[arg(value_name = "QUESTION")]
    question: String,

    /// One of the choices, as often as needed
    #[arg(long = "option", value_name = "TEXT")]
    options: Vec<String>,

    /// What belongs to the question
    #[arg(long, value_name = "TEXT")]
    context: Option<String>,

    /// Wait for the answer and print it
    #[arg(long)]
    wait: bool,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Asks, and waits for the answer where that is wanted.
pub(super) fn run(context: &Context, args: &AskArgs) -> Outcome {
    let mut worker = Worker::of(context)?;
    let (session, generation) = (worker.session, worker.generation);
    let more = args.context.as_deref().map(str::trim).filter(|more| !more.is_empty());
    let text = match more {
        Some(more) => format!("{}\n\n{more}", args.question.trim()),
        None => args.question.trim().to_owned(),
    };
    let call = ProjectCall::Ask { session, generation, text, options: args.options.clone() };
    let asked = match worker.desk.ask(call)? {
        Reply::Message(asked) => *asked,
        other => return Err(unexpected(&other)),
    };
    if !args.wait && asked.answer.is_none() {
        match args.format {
            Format::Json => context.out.json(&asked)?,
            Format::Text => context.out.say(&format!(
                "{} is asked. `windrow inbox` prints the answer once it is there.",
                asked.id
            )),
        }
        return Ok(ExitKind::Success);
    }
    let answer = answer(&mut worker, &asked)?;
    match args.format {
        Format::Json => context.out.json(&answer)?,
        Format::Text => context.out.answer(answer.text.as_deref().unwrap_or_default())?,
    }
    worker.saw([&answer])?;
    Ok(ExitKind::Success)
}

/// Waits for the answer, over as many daemons as it takes.
fn answer(worker: &mut Worker, asked: &MessageView) -> Result<MessageView, CliError> {
    let question = message_id(asked)?;
    let (session, generation) = (worker.session, worker.generation);
    let call = ProjectCall::AwaitAnswer { session, generation, question };
    match worker.desk.ask_patiently(&call)? {
        Reply::Messages(mut answers) => {
            answers.pop().ok_or_else(|| CliError::internal("the answer is empty"))
        }
        other => Err(unexpected(&other)),
    }
}
