//! The branch's own move: a git transaction that is prepared, held, and then committed.
//!
//! While it is prepared the branch is locked at `old`. When the process that holds it loses its
//! standard input, because it was dropped or windrow died, git gives the lock back by itself.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout};

use super::calls::Calls;
use super::entry::Print;
use super::{LandError, Move};
use crate::cmd::{Cmd, CmdError};
use crate::git::Repo;

/// A prepared move of the branch.
#[derive(Debug)]
pub(super) struct RefMove {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// The lock files a transaction on the branch may make.
pub(super) fn lock_files(repo: &Repo, git_dir: &Path, refname: &str) -> Vec<PathBuf> {
    let common = repo.common_dir();
    let mut files = vec![
        common.join(format!("{refname}.lock")),
        common.join("reftable/tables.list.lock"),
        git_dir.join("HEAD.lock"),
    ];
    if git_dir != common {
        files.push(git_dir.join("reftable/tables.list.lock"));
    }
    files
}

impl RefMove {
    /// Locks the branch at `old`; or gives git's words when it cannot.
    ///
    /// `update` is a git command in the right place that ends with `update-ref`.
    pub(super) fn prepare(
        calls: &Calls,
        update: Cmd,
        request: &Move,
    ) -> Result<Result<Self, String>, LandError> {
        let mark = calls.mark();
        let message = format!("windrow: land {}", request.id);
        let update = update.args(["-m", &message, "--create-reflog", "--stdin"]);
        let mut child = update.stderr_to(calls.handle()?).dialogue()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(talk(std::io::ErrorKind::BrokenPipe.into()));
        };
        let mut moving = Self { child, input: Some(input), output: BufReader::new(output) };
        let Move { old, new, .. } = request;
        let order = format!("start\nupdate {} {new} {old}\nprepare\n", request.refname());
        if moving.say(&order, "prepare: ok") {
            return Ok(Ok(moving));
        }
        let refused = moving.finish();
        let words = calls.words(mark);
        // A git that was killed leaves its locks; one that refused has taken them back.
        if refused { Ok(Err(words)) } else { Err(ended_badly(words)) }
    }

    /// Takes the prints of the locks that are held now.
    pub(super) fn prints(files: &[PathBuf]) -> Vec<Print> {
        files.iter().filter_map(|file| Print::of(file)).collect()
    }

    /// Moves the branch. When this fails the branch may or may not have moved.
    pub(super) fn commit(mut self, calls: &Calls) -> Result<(), LandError> {
        let mark = calls.mark();
        if self.say("commit\n", "commit: ok") {
            return Ok(());
        }
        self.finish();
        Err(ended_badly(calls.words(mark)))
    }

    fn say(&mut self, order: &str, answer: &str) -> bool {
        let Some(input) = self.input.as_mut() else { return false };
        if input.write_all(order.as_bytes()).and_then(|()| input.flush()).is_err() {
            return false;
        }
        let mut line = String::new();
        loop {
            line.clear();
            match self.output.read_line(&mut line) {
                Ok(0) | Err(_) => return false,
                Ok(_) if line.trim() == answer => return true,
                Ok(_) => {}
            }
        }
    }

    /// Closes the dialogue and waits until git has let go of its locks; tells whether it ended by
    /// itself.
    fn finish(&mut self) -> bool {
        drop(self.input.take());
        self.child.wait().is_ok_and(|status| status.code().is_some())
    }
}

impl Drop for RefMove {
    fn drop(&mut self) {
        self.finish();
    }
}

fn ended_badly(stderr: String) -> LandError {
    LandError::Call { line: "git update-ref --stdin".to_owned(), stderr }
}

fn talk(source: std::io::Error) -> LandError {
    CmdError::Talk { program: "git update-ref".to_owned(), source }.into()
}
