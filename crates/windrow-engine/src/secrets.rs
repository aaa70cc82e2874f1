//! Values of variables that agents need and that stand in no journal.
//!
//! A person names them in their own settings; the command that starts a run takes their values from
//! the person's environment and puts them here, in a file of windrow's home that only the person can
//! read. So a worker finds them in the night as well, whoever started the daemon by then.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use windrow_world::files::{self, ReplaceError};

use crate::home::Home;

/// The file with the values.
#[derive(Clone, Debug)]
pub struct Secrets {
    path: PathBuf,
}

/// The file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// It could not be read or made.
    #[error("failed to {act} `{path}`", path = path.display())]
    File {
        /// What was attempted.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// It could not be written.
    #[error(transparent)]
    Replace(#[from] ReplaceError),
}

impl Secrets {
    /// The secrets of a home.
    #[must_use]
    pub fn of(home: &Home) -> Self {
        Self { path: home.path().join("secrets.json") }
    }

    /// Every value by its name; none when nothing was put there.
    ///
    /// # Errors
    /// When the file cannot be read, or holds something else.
    pub fn load(&self) -> Result<BTreeMap<String, String>, SecretsError> {
        let failed = |source| SecretsError::File { act: "read", path: self.path.clone(), source };
        match fs::read(&self.path) {
            Ok(bytes) if bytes.is_empty() => Ok(BTreeMap::new()),
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| failed(error.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Puts values beside those that are there; a newer one takes the place of an older one.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn keep(&self, values: BTreeMap<String, String>) -> Result<(), SecretsError> {
        let old = self.load()?;
        let mut all = old.clone();
        all.extend(values);
        if all == old {
            return Ok(());
        }
        let failed = |source| SecretsError::File { act: "make", path: self.path.clone(), source };
        // Made for its owner alone before anything is in it; writing keeps the mode.
        let mut options = File::options();
        options.append(true).create(true).mode(0o600).open(&self.path).map_err(failed)?;
        let bytes = serde_json::to_vec_pretty(&all).map_err(|error| failed(error.into()))?;
        Ok(files::replace(&self.path, &bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn one(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn a_secret_is_kept_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets { path: folder.path().join("secrets.json") };
        assert_eq!(secrets.load().unwrap(), BTreeMap::new());
        secrets.keep(one("A", "1")).unwrap();
        secrets.keep(one("B", "2")).unwrap();
        secrets.keep(one("A", "3")).unwrap();
        let all: BTreeMap<_, _> = one("A", "3").into_iter().chain(one("B", "2")).collect();
        assert_eq!(secrets.load().unwrap(), all);
        let mode = fs::metadata(&secrets.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
