//! Builds the simulator with a profile of its own and starts it.
//!
//! It lives in `windrow-testkit`, which this crate may not use; so it is a program of its own.

use crate::run::Program;

/// Passes the words on: `--seeds N [--from K]`, or `--seed N [--only 1,2,3]`.
pub(crate) fn run(words: &[&str]) -> Result<(), String> {
    let mut args = vec!["run", "--locked", "--quiet", "--profile", "sim"];
    args.extend(["--package", "windrow-testkit", "--bin", "windrow-simulate", "--"]);
    args.extend(words);
    Program::new("cargo", &args).shown()
}

/// Runs that many seeds.
pub(crate) fn seeds(count: u64) -> Result<(), String> {
    run(&["--seeds", &count.to_string()])
}
