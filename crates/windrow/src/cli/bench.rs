//! `windrow bench`: many scripted sessions by one command, measured against what they must cost.
//!
//! Everything lies in one new folder with a home of its own, which is removed at the end. The floor
//! is measured in the same run: the time the work itself takes, and the same number of worktrees
//! made and removed by git alone. What landed is looked at with plain git; a figure of a run that
//! lost something is worth nothing, so the command fails then.

mod figures;
mod floor;
mod ground;
mod landed;
mod memory;
mod sessions;

use std::num::NonZeroU32;
use std::time::Instant;

use windrow_api::ExitKind;

use super::interrupt::Interrupts;
use crate::context::Context;
use crate::error::{CliError, Outcome};
use crate::output::Format;

#[cfg(not(test))]
use figures::Figures;
#[cfg(test)]
pub(crate) use figures::Figures;
use ground::Ground;

/// Measure many scripted sessions
///
/// Makes a repository in a temporary folder, runs that many tasks whose worker waits, writes one
/// file and commits it, and compares the time with the work itself and the same worktrees made and
/// removed by git alone. The folder is removed at the end.
///
/// Exit codes: 0 everything landed, 3 something did not, 130 interrupted.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow bench --sessions 20 --files 500")]
pub(crate) struct BenchArgs {
    /// Run this many tasks
    #[arg(long, value_name = "N", default_value = "100")]
    sessions: NonZeroU32,

    /// Run this many workers at once
    ///
    /// As many as there are tasks when it is not given.
    #[arg(long, value_name = "N")]
    pool: Option<NonZeroU32>,

    /// Let each worker take this long
    #[arg(long, value_name = "SECONDS", default_value_t = 1)]
    seconds: u32,

    /// Give the repository this many files
    #[arg(long, value_name = "N", default_value = "3000")]
    files: NonZeroU32,

    /// Print the figures in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// What is run.
#[derive(Clone, Copy, Debug)]
struct Load {
    sessions: u32,
    pool: u32,
    seconds: u32,
    files: u32,
}

/// Makes the ground, measures the floor, runs the sessions, looks at what came of it.
pub(super) fn run(context: &Context, args: &BenchArgs) -> Outcome {
    let interrupts = Interrupts::watch()?;
    let sessions = args.sessions.get();
    let load = Load {
        sessions,
        pool: args.pool.map_or(sessions, NonZeroU32::get),
        seconds: args.seconds,
        files: args.files.get(),
    };
    let ground = Ground::make(load)?;
    let inside = ground.scratch.context(context);
    let measured = measure(context, &inside, &ground, &interrupts);
    // Whatever came of it, nobody stays behind.
    let stopped = ground.scratch.stop(&inside);
    if interrupts.came() {
        stopped?;
        context.out.say("The bench was interrupted; nothing is left of it.");
        return Ok(ExitKind::Interrupted);
    }
    let figures = measured?;
    stopped?;
    match args.format {
        Format::Json => context.out.json(&figures)?,
        Format::Text => context.out.answer(&figures.text())?,
    }
    Ok(if figures.differences.is_empty() { ExitKind::Success } else { ExitKind::Incomplete })
}

fn measure(
    context: &Context,
    inside: &Context,
    ground: &Ground,
    interrupts: &Interrupts,
) -> Result<Figures, CliError> {
    let load = ground.load;
    context.out.say(&format!(
        "{} tasks of {} s, {} at once, in a repository of {} files below {}.",
        load.sessions,
        load.seconds,
        load.pool,
        load.files,
        ground.scratch.root().display()
    ));
    context.out.say("The floor: the same worktrees by git alone.");
    let before = floor::measure(ground, interrupts)?;
    context.out.say("The sessions.");
    let since = Instant::now();
    let ran = sessions::run(inside, ground, interrupts)?;
    let wall = since.elapsed();
    let differences = landed::differences(ground, &ran.tasks)?;
    // Making files may take longer where others were just removed, so it is done on both sides.
    context.out.say("The floor again.");
    let floor = before.and(floor::measure(ground, interrupts)?);
    Ok(Figures::new(load, floor, wall, ran.memory, differences))
}
