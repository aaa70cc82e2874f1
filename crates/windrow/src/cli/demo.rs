//! `windrow demo`: a small repository, a list of tasks, three workers, and what becomes of it all.
//!
//! Everything lies in one new folder with a home of its own, so nothing of the person's is touched.
//! The run is a run like any other; only the words beside it are different. At the end every promise
//! is looked at again with plain git, the daemon is stopped, and the folder stays to be looked at.

mod ending;
mod expected;
mod place;
mod proof;
mod story;

use std::num::NonZeroU32;
use std::path::PathBuf;

use windrow_api::ExitKind;
use windrow_api::view::TaskView;

use super::interrupt::Interrupts;
use super::run::{self, RunArgs};
use super::scratch::run_id;
use crate::approval;
use crate::context::Context;
use crate::error::{CliError, Outcome};
use crate::output::Format;
use crate::select::task_id;
use crate::source;
use crate::watch;

#[cfg(test)]
pub(crate) use ending::Ended;
use place::{Place, TASKS};
use story::Story;

/// Watch a small example from start to end
///
/// Makes a repository with a list of tasks in a temporary folder and runs it: two tasks that share a
/// file, a conflict, a red gate, a worker that crashes and one that hangs. Needs nothing but git and
/// touches nothing else. The folder stays, and the end says where it is and what to try in it.
///
/// Exit codes: 0 every task ended as it should, 3 one did not, 130 interrupted.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow demo --pool 5")]
pub(crate) struct DemoArgs {
    /// Run this many workers at once
    ///
    /// At least two: with one worker nothing meets anything.
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u32).range(2..=64))]
    pool: u32,

    /// Remove the folder if all went well
    #[arg(long)]
    remove: bool,

    /// Print changes and the end in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Makes the place, runs its tasks, looks at what came of it.
pub(super) fn run(context: &Context, args: &DemoArgs) -> Outcome {
    let interrupts = Interrupts::watch()?;
    let place = match Place::make() {
        Err(_) if interrupts.came() => {
            context.out.say("The demo was interrupted before it began; nothing is left of it.");
            return Ok(ExitKind::Interrupted);
        }
        other => other?,
    };
    let inside = place.context(context);
    if args.format == Format::Text {
        context.out.say(&ending::opening(context, &place, args.pool));
    }
    let ran = run_there(&inside, args, &interrupts);
    // Whatever came of it, nobody stays behind.
    let stopped = place.stop(&inside);
    if interrupts.came() || matches!(ran, Ok(Ran { kind: ExitKind::Interrupted, .. })) {
        return ending::interrupted(context, &place, args.format, stopped);
    }
    let ran = ran.map_err(|error| error.hint(ending::where_it_is(&place)))?;
    stopped.map_err(|error| error.hint(ending::where_it_is(&place)))?;
    let proof = match proof::look(&place, &ran.tasks) {
        Err(_) if interrupts.came() => {
            return ending::interrupted(context, &place, args.format, Ok(()));
        }
        other => other.map_err(|error| error.hint(ending::where_it_is(&place)))?,
    };
    ending::tell(context, &place, args, &ran.tasks, &proof)
}

/// A run that ended.
struct Ran {
    kind: ExitKind,
    /// Its tasks with everything, in the order of the list.
    tasks: Vec<TaskView>,
}

fn run_there(context: &Context, args: &DemoArgs, interrupts: &Interrupts) -> Result<Ran, CliError> {
    approve(context)?;
    let run = RunArgs {
        sources: vec![PathBuf::from(TASKS)],
        pool: NonZeroU32::new(args.pool),
        ..RunArgs::default()
    };
    let Some((mut desk, view)) = run::begin(context, &run)? else {
        return Err(CliError::internal("the demo's list has no open task"));
    };
    let id = run_id(&view.row.id)?;
    if interrupts.came() {
        return Ok(Ran { kind: ExitKind::Interrupted, tasks: Vec::new() });
    }
    let mut story = Story::new(&context.out);
    let watched = context.desk()?;
    let kind = watch::follow_told(context, watched, view, args.format, &mut story)?;
    let rows = desk.run(Some(id))?.tasks;
    let tasks = rows.iter().map(|row| desk.task(task_id(row)?).map(|task| *task));
    let tasks = tasks.collect::<Result<Vec<_>, CliError>>()?;
    Ok(Ran { kind, tasks })
}

/// Records consent to what windrow itself has written there a moment ago.
fn approve(context: &Context) -> Result<(), CliError> {
    let project = context.project()?;
    let tasks = source::read(context, &project, TASKS.as_ref())?;
    let settings = approval::settings(&project.reference.git_dir, &project.config()?);
    approval::record(&mut context.daemon()?, &[&tasks.content, &settings])
}
