//! The windrow binary: arguments in, exit code out.
//!
//! Hidden first arguments make it a keeper, an agent to be, the daemon or its guard; everything else is a
//! command of a person (see [`cli`]).

mod approval;
mod cli;
mod config;
mod context;
mod daemon;
mod desk;
mod engine;
mod env;
mod error;
#[cfg(test)]
mod fixture;
mod moment;
mod output;
mod render;
mod select;
mod source;
mod trees;
mod watch;
mod worker;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    match args.next().as_deref().and_then(std::ffi::OsStr::to_str) {
        Some("__keeper") => {
            engine::keeper_main(&args.next().map(PathBuf::from).unwrap_or_default())
        }
        Some("__exec") => engine::exec_shim_main(args.collect::<Vec<OsString>>()),
        Some(daemon::SUBCOMMAND) => cli::daemon_process(),
        Some("__guard") => cli::guard_process(),
        _ => cli::main(),
    }
}
