//! Signing commits as the person does.
//!
//! Invariants: whether and how is read once, by the person's own command, and comes back here as a
//! value, so nothing that a worker sets afterwards counts; the program comes from the person's own
//! settings and never from the repository's, which workers can write; and no commit that was to be
//! signed is made without a signature. A program that waits for somebody is ended after a while.

use std::ffi::OsString;
use std::time::Duration;

use super::open::{Identity, OpenError};
use super::repo::{GitError, Oid, Repo};
use crate::cmd::{Cmd, CmdError};

/// How long one signature may take: enough to type a passphrase or to touch a key.
const LIMIT: Duration = Duration::from_secs(60);

/// How a person signs commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// As in `gpg.format`: `openpgp`, `ssh` or `x509`.
    pub format: String,
    /// The key, as git takes it behind `-S`.
    pub key: String,
    /// The program that signs.
    pub program: String,
}

/// Signs commits: how, and the variables with which the program finds keys and agents.
#[derive(Clone, Debug)]
pub struct Signer {
    /// How.
    pub how: Signing,
    /// Variables for the program.
    pub env: Vec<(String, OsString)>,
    /// How long one signature may take.
    pub limit: Duration,
}

/// How the person's commits are to be signed; nothing when git's settings do not ask for it.
///
/// # Errors
/// The settings ask for it in a way that cannot be followed.
pub fn signing(repo: &Repo, who: &Identity) -> Result<Option<Signing>, OpenError> {
    let wanted = setting(repo, &["--type=bool", "--get", "commit.gpgSign"])?;
    if wanted.is_none_or(|wanted| wanted != "true") {
        return Ok(None);
    }
    let format = setting(repo, &["--get", "gpg.format"])?.unwrap_or_else(|| "openpgp".to_owned());
    let (usual, names): (_, &[&str]) = match format.as_str() {
        "openpgp" => ("gpg", &["gpg.openpgp.program", "gpg.program"]),
        "x509" => ("gpgsm", &["gpg.x509.program"]),
        "ssh" => ("ssh-keygen", &["gpg.ssh.program"]),
        _ => return Err(OpenError::SigningFormat { format }),
    };
    let key = setting(repo, &["--get", "user.signingKey"])?;
    let key = match key.filter(|key| !key.is_empty()) {
        Some(key) => key,
        None if format == "ssh" => return Err(OpenError::NoSigningKey),
        None => format!("{} <{}>", who.name, who.email),
    };
    let program = own_program(repo, names)?.unwrap_or_else(|| usual.to_owned());
    Ok(Some(Signing { format, key, program }))
}

/// The program of the first of these settings that is there, which must be the person's own.
fn own_program(repo: &Repo, names: &[&'static str]) -> Result<Option<String>, OpenError> {
    for name in names {
        let Some(found) = setting(repo, &["--show-scope", "--get", name])? else { continue };
        return match found.split_once('\t') {
            Some(("system" | "global", program)) => Ok(Some(program.to_owned())),
            _ => Err(OpenError::SigningProgram { setting: name }),
        };
    }
    Ok(None)
}

fn setting(repo: &Repo, args: &[&str]) -> Result<Option<String>, GitError> {
    let call = repo.git(["config"]).args(args);
    let line = call.line();
    let done = call.output()?;
    match done.status.code() {
        Some(0) => Ok(Some(String::from_utf8_lossy(&done.stdout).trim().to_owned())),
        Some(1) => Ok(None),
        _ => {
            let stderr = String::from_utf8_lossy(&done.stderr).trim().to_owned();
            Err(CmdError::Failed { line, status: done.status, stderr }.into())
        }
    }
}

impl Signer {
    /// A signer with the usual patience.
    #[must_use]
    pub fn new(how: Signing, env: Vec<(String, OsString)>) -> Self {
        Self { how, env, limit: LIMIT }
    }

    /// Git's settings for one call, in front of the command.
    fn settings(&self) -> [String; 4] {
        let Signing { format, program, .. } = &self.how;
        let set = || "-c".to_owned();
        [set(), format!("gpg.format={format}"), set(), format!("gpg.{format}.program={program}")]
    }

    fn failed(&self, why: String) -> GitError {
        GitError::Unsigned { program: self.how.program.clone(), why }
    }

    /// What a call that did not sign said, without what gpg tells only to programs.
    fn failure(&self, error: CmdError) -> GitError {
        match error {
            CmdError::TooSlow { limit, .. } => self.failed(format!(
                "it did not end within {} s, as when it waits for a passphrase or a touch",
                limit.as_secs()
            )),
            CmdError::Failed { stderr, .. } => {
                let told = |line: &&str| !line.is_empty() && !line.starts_with("[GNUPG:]");
                let lines: Vec<&str> = stderr.lines().map(str::trim).filter(told).collect();
                self.failed(lines.join("; "))
            }
            other => other.into(),
        }
    }
}

/// Runs `git commit-tree` with these arguments, signed if there is a signer.
///
/// `prepare` gives the call its message, identity and dates.
pub(super) fn commit_tree<A: AsRef<std::ffi::OsStr>>(
    repo: &Repo,
    signer: Option<&Signer>,
    args: impl IntoIterator<Item = A>,
    prepare: impl FnOnce(Cmd) -> Cmd,
) -> Result<Oid, GitError> {
    let call = repo.git(super::repo::DURABLE).args(["-c", "i18n.commitEncoding=UTF-8"]);
    let answer = match signer {
        None => {
            let call = call.args(["commit-tree", "--no-gpg-sign"]).args(args);
            prepare(call).success()?
        }
        Some(signer) => {
            let key = format!("-S{}", signer.how.key);
            let call = call.args(signer.settings()).args(["commit-tree", &key]).args(args);
            let call = signer.env.iter().fold(call, |call, (name, value)| call.env(name, value));
            prepare(call).success_within(signer.limit).map_err(|error| signer.failure(error))?
        }
    };
    Oid::parse(&String::from_utf8_lossy(&answer))
}

/// Whether `signed` is the commit `plain` with a signature, and otherwise the same.
pub(super) fn is_signed_form(repo: &Repo, signed: &Oid, plain: &Oid) -> Result<bool, GitError> {
    let read = |oid: &Oid| repo.git(["cat-file", "commit", oid.as_str()]).success();
    let (signed, plain) = (read(signed)?, read(plain)?);
    Ok(without_signature(&signed).is_some_and(|bare| bare == plain))
}

/// A commit without its signature; nothing when it has none.
fn without_signature(commit: &[u8]) -> Option<Vec<u8>> {
    let mut bare = Vec::with_capacity(commit.len());
    let (mut in_headers, mut in_signature, mut found) = (true, false, false);
    for line in commit.split_inclusive(|byte| *byte == b'\n') {
        in_headers &= line != b"\n";
        in_signature =
            in_headers && (line.starts_with(b"gpgsig") || (in_signature && line.starts_with(b" ")));
        found |= in_signature;
        if !in_signature {
            bare.extend_from_slice(line);
        }
    }
    found.then_some(bare)
}

#[cfg(test)]
#[path = "sign_tests.rs"]
mod tests;
