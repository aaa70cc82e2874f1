//! Exclusive ownership of a journal file, by a lock on a file beside it.
//!
//! Why not SQLite's own `locking_mode=EXCLUSIVE`: it would also keep out the connection that reads
//! beside the writer. Why not a lock on the database file: closing any handle to it would drop
//! the locks SQLite itself holds there. The kernel lets go of the lock when the owner dies, however
//! it dies; the lock file stays, because removing it would let two owners lock two files.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

/// The lock, held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Why the lock was not to be had.
#[derive(Debug)]
pub(super) enum LockError {
    /// Somebody holds it; the process id is what the holder wrote down.
    Held(String),
    /// The lock file could not be used.
    Io(PathBuf, io::Error),
}

impl Lock {
    /// Takes the lock of the journal at `path` without waiting.
    pub(super) fn take(path: &Path) -> Result<Self, LockError> {
        let mut name = OsString::from(path);
        name.push(".lock");
        let path = PathBuf::from(name);
        let io = |source| LockError::Io(path.clone(), source);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Only for the message; an unreadable note changes nothing.
                let _note = file.read_to_string(&mut holder);
                return Err(LockError::Held(holder.trim().to_owned()));
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        // The note helps whoever is refused. On a full disk the lock holds without it.
        let _note = note(&mut file);
        Ok(Self { _file: file })
    }
}

fn note(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}
