//! The environment: the one place that reads variables, once, at the start.
//!
//! Every variable that changes what windrow does is in [`KNOWN`]. Git's and the shell's own are
//! not windrow's affair.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::error::CliError;

/// Every variable that is read, and what it does.
pub(crate) const KNOWN: &[(&str, &str)] = &[
    ("WINDROW_HOME", "the folder with the daemon's socket, journals and logs"),
    ("XDG_STATE_HOME", "where that folder lies when WINDROW_HOME is not set"),
    ("XDG_CONFIG_HOME", "where windrow/config.toml lies"),
    ("HOME", "where both lie when those are not set"),
    ("NO_COLOR", "no colour when set to anything"),
    ("TERM", "`dumb` stands for a terminal that cannot redraw"),
    ("COLUMNS", "how wide the output may be"),
    ("WINDROW_JOB", "set for workers: a command among them waits for a daemon and starts none"),
    ("WINDROW_SESSION", "set for workers: whose shell it is, for `ask` and `inbox`"),
    (
        "WINDROW_GENERATION",
        "set for workers: which of its processes, so that an old one is refused",
    ),
    ("WINDROW_PROJECT", "set for workers: the repository they work for, wherever they are"),
    ("CI", "no questions and no live table when set to anything but false"),
];

/// What the daemon gets besides what every child gets, because agents and gates may need it.
const FOR_DAEMON: &[&str] = &[
    "CARGO_HOME",
    "CLAUDE_CONFIG_DIR",
    "CODEX_HOME",
    "GNUPGHOME",
    "GOPATH",
    "JAVA_HOME",
    "NIX_PATH",
    "RUSTUP_HOME",
    "SHELL",
    "SSH_AUTH_SOCK",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
];

/// The variables as they were at the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Env {
    vars: BTreeMap<&'static str, OsString>,
}

impl Env {
    /// Reads every known variable; an empty one counts as not set.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads variables")]
    pub(crate) fn read() -> Self {
        let names = KNOWN.iter().map(|(name, _)| *name).chain(FOR_DAEMON.iter().copied());
        let found = names.filter_map(|name| std::env::var_os(name).map(|value| (name, value)));
        Self { vars: found.filter(|(_, value)| !value.is_empty()).collect() }
    }

    /// Windrow's home folder.
    pub(crate) fn home(&self) -> Result<PathBuf, CliError> {
        let home = self
            .path("WINDROW_HOME")
            .or_else(|| self.path("XDG_STATE_HOME").map(|state| state.join("windrow")))
            .or_else(|| self.path("HOME").map(|home| home.join(".local/state/windrow")));
        let home = home.ok_or_else(|| {
            CliError::user("failed to find a home folder: HOME is not set")
                .hint("set WINDROW_HOME to a folder")
        })?;
        if home.is_absolute() {
            Ok(home)
        } else {
            let text = home.display();
            Err(CliError::user(format!("failed to use `{text}` as windrow's home: not absolute"))
                .hint("set WINDROW_HOME to an absolute path"))
        }
    }

    /// The same with another home, which is nobody's yet: whoever asks starts its daemon.
    pub(crate) fn with_home(mut self, home: &Path) -> Self {
        self.vars.insert("WINDROW_HOME", home.as_os_str().to_owned());
        self.vars.remove("WINDROW_JOB");
        self
    }

    /// The person's own settings file, whether it exists or not.
    pub(crate) fn config_file(&self) -> Option<PathBuf> {
        let folder = self
            .path("XDG_CONFIG_HOME")
            .or_else(|| self.path("HOME").map(|home| home.join(".config")))?;
        Some(folder.join("windrow/config.toml"))
    }

    /// Whether colour is unwelcome.
    pub(crate) fn plain(&self) -> bool {
        self.var("NO_COLOR").is_some() || self.dumb()
    }

    /// Whether the terminal cannot redraw.
    pub(crate) fn dumb(&self) -> bool {
        self.var("TERM") == Some(OsStr::new("dumb"))
    }

    /// Whether nobody is there to answer.
    pub(crate) fn unattended(&self) -> bool {
        self.var("CI").is_some_and(|value| value != "false" && value != "0")
    }

    /// How wide the person wants the output.
    pub(crate) fn columns(&self) -> Option<usize> {
        self.var("COLUMNS")?.to_str()?.parse().ok().filter(|columns| *columns > 0)
    }

    /// What a daemon started from here gets besides what every child gets.
    pub(crate) fn for_daemon(&self) -> Vec<(&'static str, OsString)> {
        let listed = FOR_DAEMON.iter().copied();
        listed.filter_map(|name| self.vars.get(name).map(|value| (name, value.clone()))).collect()
    }

    /// The value of a variable that a person's settings name as an agent's secret.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads variables")]
    pub(crate) fn secret(name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    /// The worker whose shell this is: its session and its generation.
    pub(crate) fn worker(&self) -> Option<(&str, &str)> {
        let text = |name| self.var(name).and_then(OsStr::to_str);
        Some((text("WINDROW_SESSION")?, text("WINDROW_GENERATION")?))
    }

    /// The repository that worker works for.
    pub(crate) fn worker_project(&self) -> Option<PathBuf> {
        self.path("WINDROW_PROJECT")
    }

    fn var(&self, name: &str) -> Option<&OsStr> {
        self.vars.get(name).map(OsString::as_os_str)
    }

    /// Whether a variable was set to anything.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.vars.contains_key(name)
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.var(name).map(PathBuf::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(vars: &[(&'static str, &str)]) -> Env {
        Env { vars: vars.iter().map(|(name, value)| (*name, OsString::from(value))).collect() }
    }

    #[test]
    fn the_home_is_the_nearest_that_was_named() {
        let all = [("WINDROW_HOME", "/w"), ("XDG_STATE_HOME", "/s"), ("HOME", "/h")];
        let home = |vars| env(vars).home().expect("a home");
        assert_eq!(home(&all), PathBuf::from("/w"));
        assert_eq!(home(&all[1..]), PathBuf::from("/s/windrow"));
        assert_eq!(home(&all[2..]), PathBuf::from("/h/.local/state/windrow"));
        assert!(env(&[]).home().is_err());
        assert!(env(&[("WINDROW_HOME", "relative")]).home().is_err());
    }

    #[test]
    fn ci_set_to_false_is_not_ci() {
        assert!(env(&[("CI", "true")]).unattended());
        assert!(!env(&[("CI", "false")]).unattended());
        assert!(!env(&[]).unattended());
    }
}
