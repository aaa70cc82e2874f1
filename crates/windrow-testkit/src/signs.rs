//! Signs between a test and the workers it started: files that one side puts and the other awaits.

use std::fs;
use std::path::{Path, PathBuf};

use windrow_world::files;

use crate::patience::wait_until;

/// A folder of signs. Names hold no characters that a shell would read.
#[derive(Clone, Debug)]
pub struct Signs {
    folder: PathBuf,
}

impl Signs {
    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).unwrap();
        Self { folder }
    }

    /// The file of a sign.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Puts a sign up.
    pub fn put(&self, name: &str) {
        files::replace(&self.path(name), b"").unwrap();
    }

    /// Takes a sign down.
    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Whether a sign is up.
    #[must_use]
    pub fn seen(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Waits for a sign.
    #[track_caller]
    pub fn wait(&self, name: &str) {
        wait_until(&format!("the sign `{name}` is up"), || self.seen(name));
    }

    /// Shell: puts a sign up.
    #[must_use]
    pub fn put_line(&self, name: &str) -> String {
        format!(": > {}", quoted(&self.path(name)))
    }

    /// Shell: waits for a sign.
    #[must_use]
    pub fn wait_line(&self, name: &str) -> String {
        format!("until [ -e {} ]; do sleep 0.02; done", quoted(&self.path(name)))
    }

    /// Shell: appends a line to the log of that name; a short line is written whole.
    #[must_use]
    pub fn log_line(&self, name: &str, text: &str) -> String {
        format!("echo \"{text}\" >> {}", quoted(&self.path(name)))
    }

    /// The lines of a log, none when there is no such log.
    #[must_use]
    pub fn log(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}
