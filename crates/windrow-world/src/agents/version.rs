//! Which version of a client is installed.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use super::Client;
use crate::cmd::{Cmd, CmdError};

/// A version as clients number them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Version {
    /// The first version in a text, such as `2.1.329 (Claude Code)` or `codex-cli 0.169.0`.
    #[must_use]
    pub fn in_text(text: &str) -> Option<Self> {
        text.split_whitespace().find_map(|word| {
            let mut parts = word.trim_start_matches('v').splitn(3, '.');
            let (major, minor) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            let digits: String = parts.next()?.chars().take_while(char::is_ascii_digit).collect();
            Some(Self(major, minor, digits.parse().ok()?))
        })
    }
}

/// How long a client may take to say its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks an installed client for its version; nothing when its answer has none.
///
/// # Errors
/// When the program cannot be started, fails or does not end in time.
pub fn installed(client: &dyn Client, program: &Path) -> Result<Option<Version>, CmdError> {
    let mut cmd = Cmd::new(program).arg("--version");
    for (name, value) in client.variables() {
        cmd = cmd.env(name, value);
    }
    let said = cmd.success_within(PATIENCE)?;
    Ok(Version::in_text(&String::from_utf8_lossy(&said)))
}
