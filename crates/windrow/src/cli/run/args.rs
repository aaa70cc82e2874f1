//! What `windrow run` takes.

use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::output::Format;

/// Run tasks and land what they finish
///
/// Starts a run over the tasks of the named files, or over the project's own open tasks, and
/// watches it. The run belongs to the daemon: closing the terminal does not end it, and
/// `windrow run --resume` watches it again. Ctrl-C once hands out no more work, twice stops the
/// workers and keeps their work.
///
/// Exit codes: 0 all landed or done, 3 some not, 4 refused, 130 interrupted.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(
    after_help = "Examples:\n  windrow run TASKS.md --gate 'make test'\n  windrow run plan.json --wave 2 --hold\n  windrow run --resume"
)]
pub(crate) struct RunArgs {
    /// Task files: TASKS.md, plan.json
    #[arg(value_name = "SOURCE")]
    pub(crate) sources: Vec<PathBuf>,

    /// Run this many workers at once
    #[arg(long, value_name = "N")]
    pub(crate) pool: Option<NonZeroU32>,

    /// Require this command to pass before landing
    ///
    /// May be given several times; takes the place of the gates in windrow.toml.
    #[arg(long = "gate", value_name = "CMD")]
    pub(crate) gates: Vec<String>,

    /// Use this agent where a task names none
    #[arg(long, value_name = "NAME")]
    pub(crate) agent: Option<String>,

    /// Run only this task
    ///
    /// Its key in the file, its id (`t-3`) or its full name (`TASKS.md#task-3`); may be given
    /// several times or with commas.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) only: Vec<String>,

    /// Run only this wave of the plan
    #[arg(long, value_name = "N", conflicts_with = "only")]
    pub(crate) wave: Option<NonZeroU32>,

    /// Go on with the newest run
    #[arg(long, conflicts_with_all = ["only", "wave", "dry_run"])]
    pub(crate) resume: bool,

    /// Keep finished work until `windrow land`
    #[arg(long)]
    pub(crate) hold: bool,

    /// Print the run's id and do not watch
    #[arg(long)]
    pub(crate) detach: bool,

    /// Approve the commands of the files
    #[arg(long)]
    pub(crate) approve: bool,

    /// Show what would run and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Land on this branch
    #[arg(long, value_name = "BRANCH")]
    pub(crate) branch: Option<String>,

    /// Put the summary and the tasks' outputs here
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Finish each wave before the next starts
    #[arg(long)]
    pub(crate) barrier: bool,

    /// Put the check-off into the landed commit
    #[arg(long)]
    pub(crate) commit_progress: bool,

    /// Try each task at most this often
    #[arg(long, value_name = "N")]
    pub(crate) tries: Option<NonZeroU32>,

    /// Print changes and the end in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub(crate) format: Format,
}
