//! `windrow inbox`: what the person said to the worker that calls it.

use std::fmt::Write as _;

use windrow_api::talk::MessageView;
use windrow_api::{ExitKind, ProjectCall, Reply};

use crate::context::Context;
use crate::desk::unexpected;
use crate::error::Outcome;
use crate::output::Format;
use crate::worker::Worker;

/// Print what the person said to this worker
///
/// What was printed counts as seen and is not printed again.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct InboxArgs {
    /// Wait until there is something
    #[arg(long)]
    wait: bool,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Prints what is new.
pub(super) fn run(context: &Context, args: &InboxArgs) -> Outcome {
    let mut worker = Worker::of(context)?;
    let (session, generation) = (worker.session, worker.generation);
    let call = ProjectCall::Inbox { session, generation, wait: args.wait };
    let news = match worker.desk.ask_patiently(&call)? {
        Reply::Messages(news) => news,
        other => return Err(unexpected(&other)),
    };
    match args.format {
        Format::Json => context.out.json(&news)?,
        Format::Text if news.is_empty() => context.out.say("Nothing new."),
        Format::Text => context.out.answer(&page(&news))?,
    }
    worker.saw(&news)?;
    Ok(ExitKind::Success)
}

/// Messages under their headings; what was written in them is indented, so that no line of it can
/// be taken for a heading.
fn page(news: &[MessageView]) -> String {
    let mut page = String::new();
    for message in news {
        let to = message.to.as_ref().map(|to| format!(", the answer to {to}")).unwrap_or_default();
        let _never_fails = writeln!(page, "{}{to}:", message.id);
        for line in message.text.as_deref().unwrap_or_default().lines() {
            let _never_fails = writeln!(page, "  {line}");
        }
    }
    page
}
