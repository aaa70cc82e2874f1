//! `windrow report`: the summary of a run, the newest when none is named.

use windrow_api::ExitKind;
use windrow_api::summary::summary;
use windrow_core::ids::RunId;

use crate::context::Context;
use crate::error::{CliError, Outcome};
use crate::watch::end_text;

/// Print the summary of a run
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow report r-1 --format markdown")]
pub(crate) struct ReportArgs {
    /// Run, the newest otherwise: `r-1`
    #[arg(value_name = "RUN")]
    run: Option<String>,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: ReportFormat,
}

/// In which form a report is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum ReportFormat {
    /// For people
    #[default]
    Text,
    /// For pages
    Markdown,
    /// For programs
    Json,
}

/// Prints the summary.
pub(super) fn run(context: &Context, args: &ReportArgs) -> Outcome {
    let run = args.run.as_deref().map(str::parse::<RunId>).transpose();
    let run = run.map_err(|error| {
        CliError::user(error.to_string()).hint("`windrow status` names the runs")
    })?;
    let view = context.desk()?.run(run)?;
    let out = &context.out;
    match args.format {
        ReportFormat::Text => out.answer(&end_text(&view, out.width()))?,
        ReportFormat::Markdown => out.answer(&summary(&view))?,
        ReportFormat::Json => out.json(&view)?,
    }
    Ok(ExitKind::Success)
}
