//! Settings of a repository that decide how its files are read.
//!
//! Each is asked for once and remembered until the repository's own settings change. Whoever changes
//! one of these for all of their repositories is heard when windrow starts again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::repo::{GitError, Repo};
use super::served::{Ground, ground};

/// What is known, shared by all clones of a repository's handle.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// Under which settings file it was asked.
    ground: Ground,
    /// Values by key; nothing for a key that is not set.
    values: BTreeMap<&'static str, Option<String>>,
}

impl Repo {
    /// Whether a setting is on; no setting counts as off.
    pub(super) fn is_set(&self, key: &'static str) -> Result<bool, GitError> {
        Ok(self.setting(key, "--type=bool")?.as_deref() == Some("true"))
    }

    /// A path that is set, with `~` resolved.
    pub(super) fn path_set(&self, key: &'static str) -> Result<Option<String>, GitError> {
        self.setting(key, "--type=path")
    }

    fn setting(&self, key: &'static str, kind: &str) -> Result<Option<String>, GitError> {
        let now = ground(self.common_dir());
        let mut known = self.settings.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.ground != now {
            *known = Known { ground: now, values: BTreeMap::new() };
        }
        if let Some(value) = known.values.get(key) {
            return Ok(value.clone());
        }
        let call = self.git(["config", kind, "--get", key]);
        let line = call.line();
        let done = call.output()?;
        let value = match done.status.code() {
            Some(0) => Some(String::from_utf8_lossy(&done.stdout).trim().to_owned()),
            Some(1) => None,
            _ => return Err(super::merge::failed(line, &done)),
        };
        let value = value.filter(|value| !value.is_empty());
        known.values.insert(key, value.clone());
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, git};

    #[test]
    fn a_setting_is_heard_when_the_repository_s_own_settings_change() {
        let made = Fixture::new();
        assert!(!made.repo.is_set("core.ignoreCase").unwrap());
        git(&made.main, ["config", "core.ignoreCase", "yes"]);
        assert!(made.repo.is_set("core.ignoreCase").unwrap());
        assert_eq!(made.repo.path_set("core.attributesFile").unwrap(), None);
        git(&made.main, ["config", "core.ignoreCase", "perhaps"]);
        made.repo.is_set("core.ignoreCase").unwrap_err();
    }
}
