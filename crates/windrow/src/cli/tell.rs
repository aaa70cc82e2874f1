//! `windrow tell NAME... TEXT`: a word to workers.

use windrow_api::{ExitKind, ProjectCall, Reply};

use super::say::{find, said};
use crate::context::Context;
use crate::desk::unexpected;
use crate::error::{CliError, Outcome};
use crate::select::session_id;

/// Say something to workers
///
/// A worker reads it with `windrow inbox`. A client that did not until its turn ends goes on with it.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow tell toast 'mind the tests'")]
pub(crate) struct TellArgs {
    /// Workers, then what is said
    #[arg(value_name = "NAME... TEXT", required = true, num_args = 2..)]
    words: Vec<String>,
}

/// Tells each worker; one that cannot be told does not keep the others.
pub(super) fn run(context: &Context, args: &TellArgs) -> Outcome {
    let Some((text, names)) = args.words.split_last() else {
        return Err(CliError::usage("nobody is named"));
    };
    let mut failed = false;
    for name in names {
        match tell(context, name, text) {
            Ok(line) => context.out.say(&line),
            Err(error) if names.len() == 1 => return Err(error),
            Err(error) => {
                context.out.narrate(&error.render());
                failed = true;
            }
        }
    }
    Ok(if failed { ExitKind::Incomplete } else { ExitKind::Success })
}

fn tell(context: &Context, name: &str, text: &str) -> Result<String, CliError> {
    let (mut desk, row) = find(context, name)?;
    let (session, text) = (session_id(&row)?, text.to_owned());
    match desk.ask_once(ProjectCall::Tell { session, text })? {
        Reply::Message(sent) => Ok(said(&row, &format!("{} is said.", sent.id))),
        other => Err(unexpected(&other)),
    }
}
