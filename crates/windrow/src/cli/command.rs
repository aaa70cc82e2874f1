//! Which commands there are, and the way from the command line to an exit code.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use windrow_api::ExitKind;

use super::{
    agents, answer, approve, ask, at, bench, close, completion, daemon, demo, diff, doctor,
    explain, inbox, init, kill, land, log, next, prune, ready, report, restore, run, sessions,
    show, status, task, tell, wait,
};
use crate::context::Context;
use crate::env::Env;
use crate::error::{CliError, Outcome};
use crate::output::{Colour, Format, Output};

/// Run many coding agents on one repository
///
/// Each works in its own git worktree; what they finish is gathered into one branch that stays
/// green. Without a command the live workers are shown.
#[derive(Debug, Parser)]
#[command(name = "windrow", version, max_term_width = 100, disable_help_subcommand = true)]
struct Cli {
    /// Start in this folder
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    directory: Option<PathBuf>,

    /// Print the live workers in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::DemoArgs),
    Bench(bench::BenchArgs),
    Run(Box<run::RunArgs>),
    Status(status::StatusArgs),
    #[command(subcommand)]
    Task(task::TaskCommand),
    Ready(ready::ReadyArgs),
    Show(show::ShowArgs),
    Diff(diff::DiffArgs),
    Explain(explain::ExplainArgs),
    Next(next::NextArgs),
    Answer(answer::AnswerArgs),
    Tell(tell::TellArgs),
    Wait(wait::WaitArgs),
    Ask(ask::AskArgs),
    Inbox(inbox::InboxArgs),
    Log(log::LogArgs),
    At(Box<at::AtArgs>),
    Report(report::ReportArgs),
    Kill(kill::KillArgs),
    Close(close::CloseArgs),
    Restore(restore::RestoreArgs),
    Land(land::LandArgs),
    Agents(agents::AgentsArgs),
    Approve(approve::ApproveArgs),
    Prune(prune::PruneArgs),
    Init(init::InitArgs),
    Doctor(doctor::DoctorArgs),
    #[command(subcommand)]
    Daemon(daemon::DaemonCommand),
    Completion(completion::CompletionArgs),
}

/// Runs the command that the person typed.
pub(crate) fn main() -> ExitCode {
    let matches = command_line().try_get_matches();
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let env = Env::read();
    let out = Output::new(&env, Colour::Auto);
    match Context::new(env, cli.directory.as_deref()).and_then(|context| run(&context, cli)) {
        Ok(kind) => ExitCode::from(kind.code()),
        Err(error) => {
            if !error.message.is_empty() {
                out.narrate(&error.render());
            }
            ExitCode::from(error.kind.code())
        }
    }
}

/// The command line as clap builds it, with the exit codes below the help.
pub(super) fn command_line() -> clap::Command {
    Cli::command().after_long_help(exit_codes())
}

fn exit_codes() -> String {
    let line = |kind: ExitKind| format!("{:>5}  {}", kind.code(), kind.says().replace('`', ""));
    let lines: Vec<String> = ExitKind::ALL.into_iter().map(line).collect();
    format!("Exit codes:\n{}", lines.join("\n"))
}

fn run(context: &Context, cli: Cli) -> Outcome {
    let Some(command) = cli.command else {
        return sessions::run(context, cli.format);
    };
    if cli.format != Format::Text {
        return Err(CliError::usage("`--format` stands before the command")
            .hint("write it behind the command: `windrow status --format json`"));
    }
    match command {
        Command::Demo(args) => demo::run(context, &args),
        Command::Bench(args) => bench::run(context, &args),
        Command::Run(args) => run::run(context, &args),
        Command::Status(args) => status::run(context, &args),
        Command::Task(command) => task::run(context, command),
        Command::Ready(args) => ready::run(context, &args),
        Command::Show(args) => show::run(context, &args),
        Command::Diff(args) => diff::run(context, &args),
        Command::Explain(args) => explain::run(context, &args),
        Command::Next(args) => next::run(context, &args),
        Command::Answer(args) => answer::run(context, &args),
        Command::Tell(args) => tell::run(context, &args),
        Command::Wait(args) => wait::run(context, &args),
        Command::Ask(args) => ask::run(context, &args),
        Command::Inbox(args) => inbox::run(context, &args),
        Command::Log(args) => log::run(context, &args),
        Command::At(args) => at::run(context, &args),
        Command::Report(args) => report::run(context, &args),
        Command::Kill(args) => kill::run(context, &args),
        Command::Close(args) => close::run(context, &args),
        Command::Restore(args) => restore::run(context, &args),
        Command::Land(args) => land::run(context, &args),
        Command::Agents(args) => agents::run(context, &args),
        Command::Approve(args) => approve::run(context, &args),
        Command::Prune(args) => prune::run(context, &args),
        Command::Init(args) => init::run(context, &args),
        Command::Doctor(args) => doctor::run(context, &args),
        Command::Daemon(command) => daemon::run(context, &command),
        Command::Completion(args) => completion::run(context, &args),
    }
}

/// Help, the version, or what is wrong with the command line.
fn usage(error: &clap::Error) -> ExitCode {
    // Nobody may be reading; help that was printed is a success all the same.
    let _nobody_reads = error.print();
    let kind = if error.use_stderr() { ExitKind::Usage } else { ExitKind::Success };
    ExitCode::from(kind.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command_line().debug_assert();
    }

    /// Words as a shell splits them, as far as examples need it; a redirection ends them.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut quoted) = (vec![String::new()], false);
        for c in line.trim().chars() {
            match c {
                '\'' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                c => words.last_mut().expect("there is one").push(c),
            }
        }
        words.into_iter().take_while(|word| word != ">").collect()
    }

    #[test]
    fn every_command_that_takes_something_has_an_example_that_is_right() {
        fn check(command: &clap::Command, name: &str) {
            for below in command.get_subcommands() {
                check(below, &format!("{name} {}", below.get_name()));
            }
            let takes = command.get_positionals().next().is_some();
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples: Vec<&str> =
                help.lines().filter(|line| line.starts_with("  windrow ")).collect();
            assert!(!takes || !examples.is_empty(), "`{name}` has no example");
            for example in examples {
                // In its order; what is between its words is what an outer one takes.
                let mut said = example.split(' ');
                let named = name.split(' ').all(|word| said.any(|other| other == word));
                assert!(named, "{name}: {example}");
                if let Err(error) = command_line().try_get_matches_from(words(example)) {
                    panic!("{example}: {error}");
                }
            }
        }
        check(&command_line(), "windrow");
    }

    #[test]
    fn every_help_line_is_short_and_ends_without_a_period() {
        fn check(command: &clap::Command) {
            let name = command.get_name().to_owned();
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let args = command.get_arguments().filter(|arg| !arg.is_hide_set());
            let helps = args.map(|arg| {
                (
                    arg.get_id().to_string(),
                    arg.get_help().map(ToString::to_string).unwrap_or_default(),
                )
            });
            for (what, text) in std::iter::once((name.clone(), about)).chain(helps) {
                let words = text.split_whitespace().count();
                assert!((1..=8).contains(&words), "{name} {what}: {text:?}");
                assert!(!text.ends_with('.'), "{name} {what}: {text:?}");
            }
            command.get_subcommands().for_each(check);
        }
        check(&command_line());
    }
}
