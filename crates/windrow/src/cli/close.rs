//! `windrow close NAME...`: end workers and land what they have.

use windrow_api::request::EndHow;

use super::end::end_all;
use crate::context::Context;
use crate::error::Outcome;

/// Stop workers and submit what they have
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow close toast")]
pub(crate) struct CloseArgs {
    /// Workers, by name, id or task
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
}

/// Ends workers as if they had finished.
pub(super) fn run(context: &Context, args: &CloseArgs) -> Outcome {
    end_all(context, &args.names, EndHow::Close)
}
