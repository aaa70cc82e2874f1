//! `windrow completion SHELL`: what a shell needs to complete windrow's commands.

use clap_complete::{Shell, generate};
use windrow_api::ExitKind;

use super::command::command_line;
use crate::context::Context;
use crate::error::Outcome;

/// Print completions for a shell
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Example:\n  windrow completion bash > ~/.local/share/bash-completion/completions/windrow"
)]
pub(crate) struct CompletionArgs {
    /// Shell to print them for
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Prints the completion script.
pub(super) fn run(context: &Context, args: &CompletionArgs) -> Outcome {
    let mut script = Vec::new();
    generate(args.shell, &mut command_line(), "windrow", &mut script);
    context.out.bytes(&script)?;
    Ok(ExitKind::Success)
}
