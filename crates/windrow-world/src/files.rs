//! Files that are whole at every instant.
//!
//! A replaced file is written beside the old one, made durable and then renamed over it, so that a
//! crash, a full disk or a folder that cannot be written leaves the old file as it was. The new
//! file keeps the old one's mode (and its owner, where that is permitted); a symbolic link keeps
//! pointing where it did and its target is replaced. Hard links, ACLs and extended attributes are
//! not kept: the new file is a new file.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// How many symbolic links are followed before a loop is assumed; Linux stops at the same number.
const MAX_LINKS: usize = 40;

/// A file that could not be written; what was there before is still there.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// The system refused a step.
    #[error("failed to {act} `{path}`", path = path.display())]
    Io {
        /// What was attempted.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Something other than a regular file has that name.
    #[error("`{path}` is not a regular file", path = path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is no longer what the caller read.
    #[error("`{path}` was changed by someone else meanwhile", path = path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file of that name exists already.
    #[error("`{path}` exists already", path = path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A line to append has a line end of its own.
    #[error("a line for `{path}` has a line end inside", path = path.display())]
    NotALine {
        /// The file.
        path: PathBuf,
    },
}

/// Replaces the content of `path`, or creates it; durable when this returns.
///
/// # Errors
/// When any step fails; the old content is then still there.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), ReplaceError> {
    let (temp, target) = prepared(path, bytes, None)?;
    temp.persist(&target).map_err(|error| io_error("replace", path, error.error))?;
    sync_folder(path, folder_of(&target))
}

/// The same without waiting for the disk: whole for whoever reads it, and after a crash of the
/// machine the old content, the new one or none.
///
/// Only for what nobody reads after such a crash.
///
/// # Errors
/// When any step fails; the old content is then still there.
pub fn replace_unflushed(path: &Path, bytes: &[u8]) -> Result<(), ReplaceError> {
    let target = follow_links(path)?;
    let mut temp = tempfile::Builder::new()
        .prefix(".windrow-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder_of(&target))
        .map_err(|source| io_error("write beside", path, source))?;
    temp.write_all(bytes).map_err(|source| io_error("write beside", path, source))?;
    temp.persist(&target).map_err(|error| io_error("replace", path, error.error))?;
    Ok(())
}

/// Replaces the content of `path` only if it still is `expected`.
///
/// The new file is written in the folder `stage` first, so that a kill leaves nothing beside `path`;
/// where the two lie on different file systems, it is written beside `path` after all.
///
/// Where the system can (Linux), the new file changes places with the old one, and what came out is
/// looked at: another writer who was faster is put back and nothing of theirs is lost. Elsewhere a
/// window of two system calls is left.
///
/// # Errors
/// [`ReplaceError::Changed`] when it is something else or gone, or any failed step.
pub fn replace_if_unchanged(
    stage: &Path,
    path: &Path,
    expected: &[u8],
    new: &[u8],
) -> Result<(), ReplaceError> {
    match replace_staged(Some(stage), path, expected, new) {
        Err(ReplaceError::Io { source, .. }) if source.kind() == io::ErrorKind::CrossesDevices => {
            replace_staged(None, path, expected, new)
        }
        done => done,
    }
}

fn replace_staged(
    stage: Option<&Path>,
    path: &Path,
    expected: &[u8],
    new: &[u8],
) -> Result<(), ReplaceError> {
    let (temp, target) = prepared(path, new, stage)?;
    let changed = || ReplaceError::Changed { path: path.to_owned() };
    let holds = |file: &Path| match fs::read(file) {
        Ok(now) => Ok(now == expected),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(io_error("read", path, source)),
    };
    if !holds(&target)? {
        return Err(changed());
    }
    if change_places(temp.path(), &target) {
        if !holds(temp.path())? {
            change_places(temp.path(), &target);
            return Err(changed());
        }
    } else {
        temp.persist(&target).map_err(|error| io_error("replace", path, error.error))?;
    }
    sync_folder(path, folder_of(&target))
}

/// Lets two files change names at once; false where the system or the file system cannot.
#[cfg(target_os = "linux")]
fn change_places(one: &Path, other: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok()
}

/// The same on systems that have no such call.
#[cfg(not(target_os = "linux"))]
fn change_places(_: &Path, _: &Path) -> bool {
    false
}

/// Creates `path` with this content, whole or not at all; durable when this returns.
///
/// # Errors
/// [`ReplaceError::Exists`] when anything (a dangling link too) has the name, or any failed step.
pub fn create_new(path: &Path, bytes: &[u8]) -> Result<(), ReplaceError> {
    let folder = folder_of(path);
    let temp = filled(path, folder, bytes, Permissions::from_mode(0o666))?;
    temp.persist_noclobber(path).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => ReplaceError::Exists { path: path.to_owned() },
        _ => io_error("create", path, error.error),
    })?;
    sync_folder(path, folder)
}

/// Appends `line` and a line end to `path`, or creates it; durable when this returns.
///
/// Appenders wait for each other. A last line without its end, left by a crash, is ended first.
/// When the disk is full, the file is cut back to what it was.
///
/// # Errors
/// [`ReplaceError::NotALine`] when `line` has a line end, or any failed step.
pub fn append_line(path: &Path, line: &[u8]) -> Result<(), ReplaceError> {
    if line.contains(&b'\n') {
        return Err(ReplaceError::NotALine { path: path.to_owned() });
    }
    let failed = |act| move |source| io_error(act, path, source);
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)
        .map_err(failed("open"))?;
    file.lock().map_err(failed("lock"))?;
    let length = file.metadata().map_err(failed("inspect"))?.len();
    let mut bytes = Vec::with_capacity(line.len() + 2);
    if length > 0 && last_byte(&mut file).map_err(failed("read"))? != b'\n' {
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(line);
    bytes.push(b'\n');
    if let Err(source) = file.write_all(&bytes).and_then(|()| file.sync_data()) {
        let _the_first_failure_is_told = file.set_len(length);
        return Err(io_error("append to", path, source));
    }
    if length == 0 { sync_folder(path, folder_of(path)) } else { Ok(()) }
}

/// The new content in `stage`, or beside the file it is for, with that file's mode and owner, and
/// where it goes.
fn prepared(
    path: &Path,
    bytes: &[u8],
    stage: Option<&Path>,
) -> Result<(NamedTempFile, PathBuf), ReplaceError> {
    let target = follow_links(path)?;
    let folder = stage.unwrap_or_else(|| folder_of(&target));
    let old = match fs::metadata(&target) {
        Ok(old) if old.is_file() => Some(old),
        Ok(_) => return Err(ReplaceError::NotAFile { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(io_error("inspect", path, source)),
    };
    let mode = old.as_ref().map_or(0o666, |old| old.mode() & 0o7777);
    let temp = filled(path, folder, bytes, Permissions::from_mode(mode))?;
    if let Some(old) = old {
        keep_owner_and_mode(temp.as_file(), &old)
            .map_err(|source| io_error("set the mode of", path, source))?;
    }
    Ok((temp, target))
}

/// A durable file with these bytes in `folder`, gone again when it is dropped.
fn filled(
    path: &Path,
    folder: &Path,
    bytes: &[u8],
    mode: Permissions,
) -> Result<NamedTempFile, ReplaceError> {
    let mut temp = tempfile::Builder::new()
        .prefix(".windrow-")
        .permissions(mode)
        .tempfile_in(folder)
        .map_err(|source| io_error("write beside", path, source))?;
    temp.write_all(bytes)
        .and_then(|()| temp.as_file().sync_all())
        .map_err(|source| io_error("write beside", path, source))?;
    Ok(temp)
}

/// Gives `file` the old mode, which the process's umask may have narrowed, and the old owner. The
/// owner is kept when the system permits it, which it does for the superuser.
fn keep_owner_and_mode(file: &File, old: &fs::Metadata) -> io::Result<()> {
    let now = file.metadata()?;
    if (now.uid(), now.gid()) != (old.uid(), old.gid()) {
        let _only_if_permitted = std::os::unix::fs::fchown(file, Some(old.uid()), Some(old.gid()));
    }
    file.set_permissions(Permissions::from_mode(old.mode() & 0o7777))
}

/// Where `path` points in the end; the last target need not exist.
fn follow_links(path: &Path) -> Result<PathBuf, ReplaceError> {
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&target) {
            Ok(next) => target = folder_of(&target).join(next),
            // Not a link, or nothing there: this is the end of the chain.
            Err(_) => return Ok(target),
        }
    }
    Err(io_error("follow", path, io::Error::from(io::ErrorKind::InvalidInput)))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

fn last_byte(file: &mut File) -> io::Result<u8> {
    let mut byte = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut byte)?;
    Ok(byte[0])
}

fn sync_folder(path: &Path, folder: &Path) -> Result<(), ReplaceError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| io_error("make durable", path, source))
}

fn io_error(act: &'static str, path: &Path, source: io::Error) -> ReplaceError {
    ReplaceError::Io { act, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
