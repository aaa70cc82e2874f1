//! The arguments of `windrow log`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use windrow_core::subjects::KINDS;

use crate::moment;
use crate::output::Format;

/// Show what happened in this project
///
/// One line for each record of the journal, oldest first: when, its number, who, and what happened.
/// A time is a span back from now (`2h`), a time of today (`10:30`), a date, or both.
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:\n  windrow log -n 20\n  windrow log --task t-3 --since 2h\n  \
                        windrow log --format jsonl > export.jsonl")]
pub(crate) struct LogArgs {
    #[command(subcommand)]
    pub(super) command: Option<LogCommand>,

    /// Only about this task
    #[arg(long, value_name = "TASK")]
    pub(super) task: Vec<String>,

    /// Only about this worker, by name or id
    #[arg(long, value_name = "NAME")]
    pub(super) session: Vec<String>,

    /// Only what this one caused: person, windrow
    #[arg(long, value_name = "WHO")]
    pub(super) actor: Vec<String>,

    /// Only records of this kind
    #[arg(long, value_name = "KIND", value_delimiter = ',', hide_possible_values = true,
        value_parser = PossibleValuesParser::new(KINDS))]
    pub(super) kind: Vec<String>,

    /// Only what happened since then
    #[arg(long, value_name = "TIME", value_parser = moment::parse_ms)]
    pub(super) since: Option<i64>,

    /// Only what happened until then
    #[arg(long, value_name = "TIME", value_parser = moment::parse_ms)]
    pub(super) until: Option<i64>,

    /// Start at this record
    #[arg(long, value_name = "SEQ")]
    pub(super) from: Option<u64>,

    /// End with this record
    #[arg(long, value_name = "SEQ")]
    pub(super) to: Option<u64>,

    /// Show only the newest N
    #[arg(short = 'n', long, value_name = "N")]
    pub(super) limit: Option<usize>,

    /// Show the newest first
    #[arg(short, long, conflicts_with = "follow")]
    pub(super) reverse: bool,

    /// Go on with what happens from now on
    #[arg(short, long)]
    pub(super) follow: bool,

    /// Name the record that led to each
    #[arg(long)]
    pub(super) causes: bool,

    /// Print in this form, JSON as lines
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub(super) format: LogFormat,
}

/// In which form records are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One whole record a line
    #[value(alias = "json")]
    Jsonl,
}

#[derive(Clone, Debug, clap::Subcommand)]
pub(super) enum LogCommand {
    Verify(VerifyArgs),
    Repair(RepairArgs),
}

/// Check that nothing was cut or rewritten
///
/// Without FILE the project's journal is walked and compared with what its landings say of it.
/// FILE is an export, made with `windrow log --format jsonl`; neither a daemon nor the project is
/// needed for it.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  windrow log verify\n  windrow log verify export.jsonl")]
pub(super) struct VerifyArgs {
    /// An export, `-` for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub(super) format: Format,
}

/// Cut a damaged journal to what is good
///
/// The files are copied aside first. Records behind the cut are lost; what landed meanwhile is found
/// again by its landing commits, and does not land twice. Nothing may be under way in the project.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow log repair --to 119")]
pub(super) struct RepairArgs {
    /// Keep records up to this one
    #[arg(long, value_name = "SEQ")]
    pub(super) to: Option<u64>,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub(super) format: Format,
}
