//! Taking a job's lock and writing its exit, both against odds.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use rustix::event::Timespec;

use super::exit::Exit;
use super::folder::{Folder, KeeperError};

/// How long a lock is asked for. A daemon that looks at the job holds it for microseconds.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// Room set aside for `exit.json` while there is room: the longest possible tail, escaped.
const RESERVE_BYTES: usize = 32 * 1024;

/// The longest wait between two tries to write an exit.
const TRY_AGAIN_AT_MOST: Duration = Duration::from_secs(30);

/// Takes the job's lock; nothing when somebody keeps holding it.
pub(super) fn lock_patiently(folder: &Folder) -> Result<Option<File>, KeeperError> {
    lock_unless(folder, || false)
}

/// The same, but gives up as soon as `enough` says so.
pub(super) fn lock_unless(
    folder: &Folder,
    enough: impl Fn() -> bool,
) -> Result<Option<File>, KeeperError> {
    let until = Instant::now() + LOCK_PATIENCE;
    loop {
        let lock = folder.try_lock()?;
        if lock.is_some() || Instant::now() >= until || enough() {
            return Ok(lock);
        }
        pause(Duration::from_millis(10));
    }
}

/// Sets disk space aside for the exit. Failing to is no reason not to run.
pub(super) fn reserve(folder: &Folder) {
    let made = File::create(folder.file("exit.reserve"));
    let _a_full_disk_shows_later = made.and_then(|file| {
        // Where the file system can set blocks aside, nobody has to wait for the disk.
        let flags = rustix::fs::FallocateFlags::empty();
        if rustix::fs::fallocate(&file, flags, 0, RESERVE_BYTES as u64).is_ok() {
            return Ok(());
        }
        file.write_all_at(&[b' '; RESERVE_BYTES], 0)?;
        file.sync_all()
    });
}

/// Writes the exit, on a full disk into the reserved space.
pub(super) fn store_exit(folder: &Folder, exit: &Exit) -> Result<(), KeeperError> {
    let Err(error) = folder.write("exit.json", exit) else {
        let _may_never_have_been = fs::remove_file(folder.file("exit.reserve"));
        return Ok(());
    };
    let text = serde_json::to_vec(exit)
        .map_err(|source| KeeperError::Record { path: folder.file("exit.json"), source })?;
    let reserved = OpenOptions::new().write(true).open(folder.file("exit.reserve"));
    let written = reserved.and_then(|file| {
        file.write_all_at(&text, 0)?;
        file.set_len(text.len() as u64)?;
        file.sync_all()?;
        fs::rename(folder.file("exit.reserve"), folder.file("exit.json"))?;
        File::open(folder.file("."))?.sync_all()
    });
    written.map_err(|_| error)
}

/// Writes the exit, again and again until it stands: without it nobody knows how the job ended.
/// Only a folder that is gone itself has nobody who asks.
pub(super) fn store_exit_for_certain(folder: &Folder, exit: &Exit) {
    let mut wait = Duration::from_millis(100);
    while let Err(error) = store_exit(folder, exit) {
        if !folder.file("keeper.lock").exists() {
            return;
        }
        folder.complain(&error);
        pause(wait);
        wait = (wait * 2).min(TRY_AGAIN_AT_MOST);
    }
}

/// Lets time pass; a signal may shorten it.
pub(crate) fn pause(time: Duration) {
    let timeout = Timespec::try_from(time).ok();
    let _interrupted_is_fine = rustix::event::poll(&mut [], timeout.as_ref());
}
