//! The one place of xtask that starts programs, reads the environment and prints.
//!
//! It stays on the standard library: xtask must build and answer while every other room is broken.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The workspace's root folder.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// Whether the build machine's promise holds: nothing may be skipped.
#[expect(
    clippy::disallowed_methods,
    reason = "the environment is how a build machine names itself"
)]
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true" || value == "1")
}

/// Prints one piece of narration to standard error, in order with what the programs print.
#[expect(clippy::print_stderr, reason = "a task talks to the person who started it")]
pub(crate) fn say(text: &str) {
    eprintln!("{}", text.trim_end());
}

/// What a program said, on both of its outputs, and how it ended.
pub(crate) struct Heard {
    /// Its exit code; nothing when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
}

/// A program with its arguments, to be run in the workspace's root.
pub(crate) struct Program(Command);

impl Program {
    #[expect(clippy::disallowed_methods, reason = "xtask may not use the room that spawns")]
    pub(crate) fn new(program: impl AsRef<OsStr>, args: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(args).current_dir(root()).stdin(Stdio::null());
        Self(command)
    }

    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(key, value);
        self
    }

    /// Runs it in another folder than the workspace's root.
    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.0.current_dir(dir);
        self
    }

    /// Runs it to its end and returns what it said, whatever its exit code.
    pub(crate) fn heard(mut self) -> Result<Heard, String> {
        let line = self.line();
        let done = self.0.output().map_err(|error| format!("failed to start `{line}`: {error}"))?;
        let said = [done.stdout, done.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        Ok(Heard { code: done.status.code(), said })
    }

    /// Runs it with its output on the terminal, and requires success.
    pub(crate) fn shown(mut self) -> Result<(), String> {
        let line = self.line();
        let status =
            self.0.status().map_err(|error| format!("failed to start `{line}`: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("`{line}` ended with {status}")) }
    }

    /// Runs it with narration on the terminal, and returns its standard output.
    pub(crate) fn answer(mut self) -> Result<String, String> {
        let line = self.line();
        self.0.stderr(Stdio::inherit());
        let done = self.0.output().map_err(|error| format!("failed to start `{line}`: {error}"))?;
        if !done.status.success() {
            return Err(format!("`{line}` ended with {}", done.status));
        }
        String::from_utf8(done.stdout).map_err(|error| format!("`{line}` answered: {error}"))
    }

    /// Whether it can be started and succeeds; prints nothing.
    pub(crate) fn works(mut self) -> bool {
        self.0.stdout(Stdio::null()).stderr(Stdio::null());
        self.0.status().is_ok_and(|status| status.success())
    }

    fn line(&self) -> String {
        let mut line = self.0.get_program().to_string_lossy().into_owned();
        for arg in self.0.get_args() {
            line.push(' ');
            line.push_str(&arg.to_string_lossy());
        }
        line
    }
}
