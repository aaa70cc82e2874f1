//! `windrow __exec`: the moment between "started" and "runs".
//!
//! A process must be on record before its first instruction, and no code can run between fork and
//! exec. So the keeper starts windrow itself; that becomes a session leader, waits for one byte on
//! its standard input, a socket, and only then turns into the program. If the keeper dies first,
//! the socket closes and nothing runs. If the program cannot run, the reason goes back.
//!
//! The second form starts a daemon and lets the keeper choose the moment at which it is orphaned.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, IntoRawFd as _};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use rustix::io::FdFlags;
use windrow_world::cmd::Cmd;

use super::folder::chain;

/// The hidden subcommand of the binary.
pub(super) const SUBCOMMAND: &str = "__exec";
/// `__exec run DIR STDIN PROGRAM ARG...`: an empty STDIN is none.
pub(super) const RUN: &str = "run";
/// `__exec start PROGRAM ARG...`
pub(super) const START: &str = "start";

/// Where the program finds its transcript open once more. High enough to be in nobody's way; it
/// marks descendants that redirect their output as still belonging to the job.
const MARK_FD: i32 = 200;

/// The main of `windrow __exec`; `args` are the arguments behind it.
#[must_use]
pub fn exec_shim_main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut args = args.into_iter();
    let form = args.next().unwrap_or_default();
    let rest: Vec<OsString> = args.collect();
    // Our parent leads no group we are in, so this works; if not, the walk finds us anyway.
    let _already_leading = rustix::process::setsid();
    let Ok(mut line) = io::stdin().as_fd().try_clone_to_owned().map(UnixStream::from) else {
        return ExitCode::FAILURE;
    };
    let refused = match form.to_str() {
        Some(RUN) => run(&mut line, &rest),
        Some(START) => start(&mut line, &rest),
        _ => Err("failed to understand the order".to_owned()),
    };
    let Err(error) = refused else { return ExitCode::SUCCESS };
    let _nobody_may_listen = line.write_all(error.as_bytes());
    ExitCode::FAILURE
}

/// Turns into the program; returns only when that was not to be or failed.
fn run(line: &mut UnixStream, rest: &[OsString]) -> Result<(), String> {
    let [dir, stdin, program, args @ ..] = rest else {
        return Err("failed to start a program without a name".to_owned());
    };
    if line.read(&mut [0]).unwrap_or(0) == 0 {
        return Ok(());
    }
    std::env::set_current_dir(dir).map_err(|error| failed("enter", dir, &error))?;
    let stdin = if stdin.is_empty() {
        None
    } else {
        Some(File::open(stdin).map_err(|error| failed("read", stdin, &error))?)
    };
    mark_output();
    Err(chain(&Cmd::new(program).args(args).replace_self(stdin)))
}

/// Starts the program and stays its parent until the line closes.
fn start(line: &mut UnixStream, rest: &[OsString]) -> Result<(), String> {
    let [program, args @ ..] = rest else {
        return Err("failed to start a daemon without a name".to_owned());
    };
    Cmd::new(program).args(args).whole_env().detach(None).map_err(|error| chain(&error))?;
    let _told = line.write_all(&[0]);
    let _until_closed = line.read(&mut [0]);
    Ok(())
}

/// Leaves a second descriptor of the output in the program.
fn mark_output() {
    let stdout = io::stdout();
    if let Ok(mark) = rustix::io::fcntl_dupfd_cloexec(stdout.as_fd(), MARK_FD) {
        let _only_a_mark = rustix::io::fcntl_setfd(&mark, FdFlags::empty());
        let _stays_open = mark.into_raw_fd();
    }
}

fn failed(act: &str, what: &OsString, error: &io::Error) -> String {
    format!("failed to {act} `{}`: {error}", what.to_string_lossy())
}
