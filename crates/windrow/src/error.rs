//! The edge error: what a command that failed tells the person, and its exit code.
//!
//! Rooms below return their own errors; here each gets its kind and the hint that helps. The text
//! is the chain of causes, joined by colons.

use std::error::Error;
use std::fmt::Write as _;

use windrow_api::client::ClientError;
use windrow_api::{ExitKind, Failure};
use windrow_world::cmd::CmdError;
use windrow_world::files::ReplaceError;
use windrow_world::git::{GitError, OpenError};
use windrow_world::trackers::TrackerError;

/// How a command ended, or why it could not.
pub(crate) type Outcome = Result<ExitKind, CliError>;

/// A command that failed; nothing more than what its message says has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CliError {
    /// Which exit code fits.
    pub(crate) kind: ExitKind,
    /// What went wrong; empty when there is nothing to say (nobody reads the output any more).
    pub(crate) message: String,
    /// What helps, one command or sentence each.
    pub(crate) hints: Vec<String>,
}

impl CliError {
    pub(crate) fn new(kind: ExitKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new() }
    }

    /// What the person asked for is not possible as asked.
    pub(crate) fn user(message: impl Into<String>) -> Self {
        Self::new(ExitKind::User, message)
    }

    /// The command line itself is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(ExitKind::Usage, message)
    }

    /// A rule says no.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(ExitKind::Refused, message)
    }

    /// Git, the file system or another program failed.
    pub(crate) fn world(error: &dyn Error) -> Self {
        Self::new(ExitKind::World, chain(error))
    }

    /// A defect of windrow itself.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(ExitKind::Internal, message).hint("see `windrow daemon logs`")
    }

    /// Nobody reads the output any more, which is how `| head` ends things: a quiet success of a
    /// command that had nothing more to do than to answer.
    pub(crate) fn nobody_reads() -> Self {
        Self::new(ExitKind::Success, "")
    }

    /// Whether it is that.
    pub(crate) fn is_unread(&self) -> bool {
        self.kind == ExitKind::Success
    }

    /// Adds what helps.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds what helps, if there is something.
    pub(crate) fn hints(mut self, hints: impl IntoIterator<Item = String>) -> Self {
        self.hints.extend(hints);
        self
    }

    /// The whole message as it is shown.
    pub(crate) fn render(&self) -> String {
        let mut text = format!("windrow: error: {}\n", self.message);
        for (n, hint) in self.hints.iter().enumerate() {
            let gap = if n == 0 { "\n" } else { "" };
            let _never_fails = writeln!(text, "{gap}hint: {hint}");
        }
        text
    }
}

/// An error with all of its causes; one that says nothing new is left out.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            let _never_fails = write!(text, ": {said}");
        }
        cause = error.source();
    }
    text
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        let this = Self::user(chain(&error));
        match error {
            OpenError::NoGit(_) => this.hint("install git 2.38 or newer"),
            OpenError::OldGit { .. } => {
                this.hint("install a newer git; `windrow doctor` checks it")
            }
            OpenError::Missing { .. } => this.hint("start windrow in a folder that exists"),
            OpenError::NoRepository { .. } => {
                this.hint("start windrow inside of a repository, or make one with `git init`")
            }
            OpenError::Bare { .. } => this.hint("clone it, and start windrow in the clone"),
            OpenError::Unborn { .. } => this.hint("make a first commit, then try again"),
            OpenError::Untrusted { .. } => {
                this.hint("if it is to be trusted: `git config --global --add safe.directory PATH`")
            }
            OpenError::Unsupported { .. } => {
                this.hint("`git refs migrate --ref-format=files` changes the format")
            }
            OpenError::NoIdentity { missing } => {
                this.hint(format!("`git config --global {missing} \"...\"` sets it"))
            }
            OpenError::SigningFormat { .. } => {
                this.hint("`git config gpg.format ssh` (or openpgp, x509) mends it")
            }
            OpenError::NoSigningKey => this
                .hint("`git config --global user.signingKey ~/.ssh/KEY.pub` names one")
                .hint("`git config commit.gpgSign false` leaves commits unsigned"),
            OpenError::SigningProgram { setting } => {
                this.hint(format!("move it to your own: `git config --global {setting} PROGRAM`"))
            }
            OpenError::Git(error) => error.into(),
        }
    }
}

impl From<GitError> for CliError {
    fn from(error: GitError) -> Self {
        Self::world(&error)
    }
}

impl From<CmdError> for CliError {
    fn from(error: CmdError) -> Self {
        Self::world(&error)
    }
}

impl From<ReplaceError> for CliError {
    fn from(error: ReplaceError) -> Self {
        Self::world(&error)
    }
}

impl From<TrackerError> for CliError {
    fn from(error: TrackerError) -> Self {
        Self::user(error.to_string()).hint("nothing was changed; mend the file and try again")
    }
}

impl From<Failure> for CliError {
    fn from(failure: Failure) -> Self {
        Self { kind: failure.kind, message: failure.message, hints: failure.hints }
    }
}

impl From<ClientError> for CliError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Failed(failure) => failure.into(),
            ClientError::Absent { .. } => Self::world(&error).hint("`windrow daemon start`"),
            ClientError::Gone(_) => Self::world(&error)
                .hint("the command may have been carried out: see `windrow log`")
                .hint("see `windrow daemon logs` for the reason"),
            ClientError::Answer { .. } => Self::world(&error)
                .hint("a daemon of another version may be running: `windrow daemon stop`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_its_hints_below_a_blank_line() {
        let error = CliError::user("failed to x").hint("`a`").hint("`b`");
        assert_eq!(error.render(), "windrow: error: failed to x\n\nhint: `a`\nhint: `b`\n");
        assert_eq!(CliError::user("failed to x").render(), "windrow: error: failed to x\n");
    }

    #[test]
    fn causes_are_joined_once_each() {
        let inner = std::io::Error::other("disk on fire");
        let error = ClientError::Gone(inner);
        assert_eq!(chain(&error), "the daemon went away before it answered: disk on fire");
    }
}
