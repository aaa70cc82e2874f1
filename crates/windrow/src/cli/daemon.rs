//! `windrow daemon`: start, stop and look at the process that decides and acts.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use tracing_subscriber::EnvFilter;
use windrow_api::client::ClientError;
use windrow_api::view::DaemonView;
use windrow_api::{Call, ExitKind, Reply};
use windrow_world::files;

use crate::context::Context;
use crate::daemon::{self, Daemon};
use crate::desk::unexpected;
use crate::engine::Home;
use crate::env::Env;
use crate::error::{CliError, Outcome};
use crate::output::{Colour, Format, Output, lines, one_line};
use crate::render::clock;

/// Control the background process
///
/// It is started by whatever needs it; workers outlive it, and a worker that ends starts it again
/// unless it was stopped on purpose.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum DaemonCommand {
    /// Start it if it is not there
    Start {
        /// Print in this form
        #[arg(long, value_enum, default_value_t, value_name = "FORM")]
        format: Format,
    },
    /// Stop it; workers go on
    Stop,
    /// Say whether it is there
    Status {
        /// Print in this form
        #[arg(long, value_enum, default_value_t, value_name = "FORM")]
        format: Format,
    },
    /// Print the end of its log
    #[command(after_help = "Example:\n  windrow daemon logs -n 20")]
    Logs {
        /// Print this many lines
        #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
        lines: usize,
    },
    /// Run it in the foreground
    Run,
}

/// What is said of a daemon that is not there.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Absent<'a> {
    /// `false`.
    running: bool,
    /// A person stopped it; it does not start by itself.
    stopped: bool,
    /// Its home folder.
    home: &'a Path,
}

/// Controls the daemon.
pub(super) fn run(context: &Context, command: &DaemonCommand) -> Outcome {
    match command {
        DaemonCommand::Start { format } => show(context, &ping(&mut context.daemon()?)?, *format),
        DaemonCommand::Stop => stop(context),
        DaemonCommand::Status { format } => status(context, *format),
        DaemonCommand::Logs { lines: count } => {
            let log = context.home()?.log();
            context.out.answer(&lines(&daemon::last_lines(&log, *count).join("\n")))?;
            Ok(ExitKind::Success)
        }
        DaemonCommand::Run => foreground(context),
    }
}

/// The hidden form: becomes the daemon, leader of a session of its own.
pub(crate) fn daemon_process() -> ExitCode {
    let env = Env::read();
    let out = Output::new(&env, Colour::Never);
    // Whoever leads a session already may stay where it is.
    let _already_leading = rustix::process::setsid();
    log_to_stderr();
    let home = env.home().and_then(|path| Home::at(path).map_err(|error| CliError::world(&error)));
    match home {
        Ok(home) => daemon::run(&home),
        Err(error) => {
            out.narrate(&error.render());
            ExitCode::from(error.kind.code())
        }
    }
}

/// The hidden form: becomes the guard, which starts the daemon again when it is gone.
pub(crate) fn guard_process() -> ExitCode {
    let home = Env::read().home().ok().and_then(|path| Home::at(path).ok());
    match (home, std::env::current_exe()) {
        (Some(home), Ok(exe)) => crate::engine::guard_main(&home, &exe),
        (Some(_) | None, Ok(_) | Err(_)) => ExitCode::FAILURE,
    }
}

/// Asks who is there.
pub(super) fn ping(daemon: &mut Daemon) -> Result<DaemonView, CliError> {
    match daemon.ask_again(&Call::Ping)? {
        Reply::Daemon(view) => Ok(view),
        other => Err(unexpected(&other)),
    }
}

fn foreground(context: &Context) -> Outcome {
    if let Some(mut daemon) = context.find_daemon()? {
        let pid = ping(&mut daemon)?.pid;
        return Err(CliError::user(format!("a daemon is there already, pid {pid}"))
            .hint("`windrow daemon stop` ends it"));
    }
    log_to_stderr();
    context.launcher()?.allow()?;
    let code = daemon::run(&context.home()?);
    if code == ExitCode::SUCCESS {
        return Ok(ExitKind::Success);
    }
    Err(CliError::new(ExitKind::World, "the daemon ended with an error")
        .hint("the lines above say which")
        .hint("`windrow doctor` looks for the usual reasons"))
}

fn stop(context: &Context) -> Outcome {
    if end(context)? {
        context.out.say("The daemon is stopped. Workers go on; `windrow daemon start` or any command takes them up again.");
    } else {
        context.out.say("No daemon is running.");
    }
    Ok(ExitKind::Success)
}

/// Ends the daemon for good and waits until it is gone; says whether there was one.
pub(super) fn end(context: &Context) -> Result<bool, CliError> {
    let home = context.home()?;
    // First the marker: a keeper that notices the daemon's end must find it.
    files::replace(&home.stopped_marker(), b"stopped by a person\n")?;
    let Some(mut daemon) = context.find_daemon()? else {
        return Ok(false);
    };
    match daemon.ask_once(Call::Shutdown) {
        Ok(Reply::Done) | Err(ClientError::Gone(_)) => {}
        Ok(other) => return Err(unexpected(&other)),
        Err(error) => return Err(error.into()),
    }
    daemon.wait_for_end()?;
    Ok(true)
}

fn status(context: &Context, format: Format) -> Outcome {
    if let Some(mut daemon) = context.find_daemon()? {
        let view = ping(&mut daemon)?;
        return show(context, &view, format);
    }
    let home = context.home()?;
    let stopped = home.stopped_marker().exists();
    match format {
        Format::Json => {
            context.out.json(&Absent { running: false, stopped, home: home.path() })?;
        }
        Format::Text if stopped => {
            context.out.answer("No daemon; it was stopped. `windrow daemon start` starts it.")?;
        }
        Format::Text => {
            context.out.answer("No daemon; the first command that needs one starts it.")?;
        }
    }
    Ok(ExitKind::User)
}

fn show(context: &Context, view: &DaemonView, format: Format) -> Outcome {
    if format == Format::Json {
        context.out.json(view)?;
        return Ok(ExitKind::Success);
    }
    let (pid, version, home) = (view.pid, &view.version, view.home.display());
    let mut text = format!("The daemon is there: pid {pid}, version {version}.\n");
    let _never_fails = writeln!(text, "  started   {}\n  home      {home}", clock(view.started_ms));
    if !view.projects.is_empty() {
        let _never_fails = writeln!(text, "  projects  {}", one_line(&view.projects.join(", ")));
    }
    for trouble in &view.troubles {
        let _never_fails = writeln!(text, "  trouble   {}", one_line(trouble));
    }
    context.out.answer(&text)?;
    Ok(ExitKind::Success)
}

fn log_to_stderr() {
    let filter = EnvFilter::builder()
        .with_default_directive(tracing_subscriber::filter::LevelFilter::INFO.into());
    // A log that cannot be written (a full disk) must not end the daemon: complaining about it on
    // standard error would.
    let log = tracing_subscriber::fmt().with_ansi(false).with_target(false);
    let log = log.with_writer(io::stderr).log_internal_errors(false);
    let _set_once = log.with_env_filter(filter.from_env_lossy()).try_init();
}
