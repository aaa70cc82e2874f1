//! Running one test of this binary again, as a process of its own that plays another part.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the folder the other part works in; set only for that part.
const FOLDER: &str = "WINDROW_JOURNAL_TEST_FOLDER";

/// The folder to work in, when this process plays the other part.
#[expect(clippy::disallowed_methods, reason = "how the test tells its two parts apart")]
pub(crate) fn other_part() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// The command that runs `test` again in `folder`, behind `prefix` when there is one.
pub(crate) fn command(test: &str, folder: &Path, prefix: &[&str]) -> Command {
    let this = std::env::current_exe().unwrap();
    let words = [prefix, &[this.to_str().unwrap(), "--exact", test, "--nocapture"]].concat();
    let mut command = program(&words);
    command.env(FOLDER, folder);
    command
}

/// A program with its arguments.
#[expect(clippy::disallowed_methods, reason = "the journal may not use the crate that spawns")]
pub(crate) fn program(words: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}
