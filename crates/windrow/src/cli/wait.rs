//! `windrow wait NAME --for STATE`: until a worker does that.

use std::time::{Duration, Instant};

use windrow_api::client::ClientError;
use windrow_api::states::ActivityState;
use windrow_api::{ExitKind, ProjectCall, Reply};

use super::say::find;
use crate::config::parse_ms;
use crate::context::Context;
use crate::desk::unexpected;
use crate::error::{CliError, Outcome};
use crate::output::{Format, one_line};
use crate::select::session_id;

/// Wait until a worker does something
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow wait toast --for waiting --timeout 10m")]
pub(crate) struct WaitArgs {
    /// Worker, by name, id or task
    #[arg(value_name = "NAME")]
    name: String,

    /// What it is to do
    #[arg(long = "for", value_enum, required = true, value_name = "STATE")]
    states: Vec<For>,

    /// Give up after so long
    #[arg(long, value_parser = parse_ms, value_name = "SPAN")]
    timeout: Option<u64>,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// What can be waited for: what the journal tells as it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum For {
    /// Its agent is at work
    Working,
    /// It asked the person something
    Waiting,
    /// It asked whether it may use a tool
    Permission,
    /// Its agent is over
    Exited,
}

impl For {
    const fn state(self) -> ActivityState {
        match self {
            Self::Working => ActivityState::Working,
            Self::Waiting => ActivityState::Waiting,
            Self::Permission => ActivityState::Permission,
            Self::Exited => ActivityState::Exited,
        }
    }
}

/// Waits.
pub(super) fn run(context: &Context, args: &WaitArgs) -> Outcome {
    let end = args.timeout.map(|ms| Instant::now() + Duration::from_millis(ms));
    let (mut desk, row) = find(context, &args.name)?;
    let session = session_id(&row)?;
    let words = args.states.iter().map(|state| state.state().word().to_owned()).collect();
    let call = ProjectCall::WaitFor { session, words };
    loop {
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        match desk.ask_within(&call, left) {
            Ok(Reply::Sessions(rows)) => {
                let Some(row) = rows.first() else { return Err(gone()) };
                let word = row.activity.as_ref().map(|activity| activity.word.as_str());
                match args.format {
                    Format::Json => context.out.json(row)?,
                    Format::Text => {
                        let (name, word) = (one_line(&row.name), word.unwrap_or(&row.status));
                        context.out.answer(&format!("{name} is {word}."))?;
                    }
                }
                return Ok(ExitKind::Success);
            }
            Ok(other) => return Err(unexpected(&other)),
            Err(ClientError::Gone(_)) if end.is_some_and(|end| Instant::now() >= end) => {
                let name = one_line(&row.name);
                let message = format!("`{name}` did not come to that in time");
                return Err(CliError::new(ExitKind::Incomplete, message)
                    .hint(format!("`windrow explain {name}` says what it does")));
            }
            Err(ClientError::Gone(_)) => desk.daemon().reconnect()?,
            Err(error) => return Err(error.into()),
        }
    }
}

fn gone() -> CliError {
    CliError::internal("the session is not there any more")
}
