//! `windrow land`: let held work land.

use windrow_api::view::TaskRow;
use windrow_api::{ExitKind, ProjectCall};
use windrow_core::ids::LandingId;

use crate::context::Context;
use crate::error::{CliError, Outcome};
use crate::output::one_line;
use crate::select;

/// Land work that waits for it
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  windrow land t-2\n  windrow land --all")]
pub(crate) struct LandArgs {
    /// Tasks whose work is to land
    #[arg(value_name = "TASK", required_unless_present = "all")]
    tasks: Vec<String>,

    /// Land everything that waits
    #[arg(long, conflicts_with = "tasks")]
    all: bool,
}

/// Releases held work.
pub(super) fn run(context: &Context, args: &LandArgs) -> Outcome {
    let mut desk = context.desk()?;
    let all = desk.tasks()?;
    let rows: Vec<&TaskRow> = if args.all {
        all.iter().filter(|row| row.held_as.is_some()).collect()
    } else {
        args.tasks.iter().map(|name| select::task(&all, name)).collect::<Result<_, _>>()?
    };
    if rows.is_empty() {
        context.out.say("Nothing is held.");
        return Ok(ExitKind::Success);
    }
    // Every name is looked at before the first one lands.
    let landings = rows.iter().map(|row| held(row)).collect::<Result<Vec<_>, _>>()?;
    for (row, landing) in rows.iter().zip(landings) {
        desk.do_once(ProjectCall::Land { landing })?;
        context.out.say(&format!("{} {} may land.", row.id, one_line(&row.title)));
    }
    context.out.say("`windrow status` shows how far they are.");
    Ok(ExitKind::Success)
}

fn held(row: &TaskRow) -> Result<LandingId, CliError> {
    let Some(landing) = &row.held_as else {
        let status = row.status.word();
        return Err(CliError::user(format!("`{}` is not held, but {status}", row.id))
            .hint(format!("`windrow explain {}` says why", row.id)));
    };
    landing
        .parse()
        .map_err(|error: windrow_core::ids::IdError| CliError::internal(error.to_string()))
}
