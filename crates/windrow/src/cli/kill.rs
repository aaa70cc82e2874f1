//! `windrow kill NAME...`: end workers now.

use windrow_api::request::EndHow;

use super::end::end_all;
use crate::context::Context;
use crate::error::Outcome;

/// Stop workers now, keeping their work
///
/// Everything in the worktree is kept under a ref; `windrow restore NAME` brings it back. Of files
/// that git ignores only those are kept that the settings call precious.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow kill toast")]
pub(crate) struct KillArgs {
    /// Workers, by name, id or task
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,

    /// Throw their work away
    #[arg(long)]
    drop_work: bool,
}

/// Ends workers.
pub(super) fn run(context: &Context, args: &KillArgs) -> Outcome {
    let how = if args.drop_work { EndHow::KillAndDrop } else { EndHow::Kill };
    end_all(context, &args.names, how)
}
