//! The folder with everything windrow keeps on a machine, and where in it things are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The longest path a Unix socket can have on Linux, in bytes, without the closing zero.
pub(crate) const LONGEST_SOCKET: usize = 107;

/// Windrow's home folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(PathBuf);

/// A home folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The folder cannot be made or written.
    #[error("failed to use `{path}` as windrow's home", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It lies where other machines can write too.
    #[error("failed to use `{path}` as windrow's home: it lies on {kind}, where the locks of journals do not hold and sockets reach nobody", path = path.display())]
    Network {
        /// The folder.
        path: PathBuf,
        /// The file system.
        kind: String,
    },
    /// Its path is not text.
    #[error("failed to use `{path}` as windrow's home: its path is not UTF-8", path = path.display())]
    NotUtf8 {
        /// The folder.
        path: PathBuf,
    },
    /// The socket's path would be longer than the system allows.
    #[error("failed to place the socket at `{path}`: the path has {length} bytes, the system allows {LONGEST_SOCKET}; set WINDROW_HOME to a shorter path", path = path.display())]
    LongPath {
        /// The socket's path.
        path: PathBuf,
        /// Its length in bytes.
        length: usize,
    },
}

impl Home {
    /// Uses `path`, which is made if it is not there.
    ///
    /// # Errors
    /// When the folder lies on a network file system, cannot be made, or is so deep that no socket
    /// fits in.
    pub fn at(path: impl AsRef<Path>) -> Result<Self, HomeError> {
        let path = path.as_ref();
        if let Some(kind) = windrow_world::disk::network(path) {
            return Err(HomeError::Network { path: path.to_owned(), kind });
        }
        if path.to_str().is_none() {
            return Err(HomeError::NotUtf8 { path: path.to_owned() });
        }
        let failed = |source| HomeError::Folder { path: path.to_owned(), source };
        fs::create_dir_all(path.join("projects")).map_err(failed)?;
        let home = Self(path.canonicalize().map_err(failed)?);
        if home.path().to_str().is_none() {
            return Err(HomeError::NotUtf8 { path: home.0 });
        }
        let socket = home.socket();
        let length = socket.as_os_str().len();
        if length > LONGEST_SOCKET {
            return Err(HomeError::LongPath { path: socket, length });
        }
        Ok(home)
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The daemon's socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.0.join("socket")
    }

    /// Locked by the daemon for its whole life.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.0.join("daemon.lock")
    }

    /// The daemon's log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.0.join("daemon.log")
    }

    /// While this file exists, keepers start no daemon: a person stopped it.
    #[must_use]
    pub fn stopped_marker(&self) -> PathBuf {
        self.0.join("stopped")
    }

    /// The machine's own journal.
    #[must_use]
    pub fn machine_journal(&self) -> PathBuf {
        self.0.join("machine.db")
    }

    /// Everything of one project.
    #[must_use]
    pub fn project(&self, id: &str) -> PathBuf {
        self.0.join("projects").join(id)
    }
}
