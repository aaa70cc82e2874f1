//! What only Linux offers: `/proc`, pidfds and the child subreaper.
//!
//! Surface: a handful of functions that answer "nothing" for a process that is gone.

use std::fs;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::process::{Pid, PidfdFlags, Signal};

/// What `/proc/<pid>/stat` says of a process (proc_pid_stat(5)).
#[derive(Clone, Copy, Debug)]
pub(super) struct Stat {
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    /// Clock ticks between boot and the start of the process.
    pub(super) start_time: u64,
    /// Ended, but not yet reaped by its parent.
    pub(super) ended: bool,
}

/// Reads one process; nothing when there is none of that id.
pub(super) fn stat(pid: i32) -> Option<Stat> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, parentheses and spaces included.
    let after = text.iter().rposition(|byte| *byte == b')')? + 1;
    let rest = String::from_utf8_lossy(text.get(after..)?).into_owned();
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    Some(Stat {
        ended: matches!(*fields.first()?, "Z" | "X" | "x"),
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        session: fields.get(3)?.parse().ok()?,
        start_time: fields.get(19)?.parse().ok()?,
    })
}

/// The ids of all processes there are.
pub(super) fn pids() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// The direct children of a process, or nothing where the kernel does not list them
/// (`CONFIG_PROC_CHILDREN`).
///
/// A process that forks meanwhile may hide a sibling (proc_pid_task(5)): callers look again.
pub(super) fn children(pid: i32) -> Option<Vec<i32>> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let mut found = Vec::new();
    for task in tasks.flatten() {
        match fs::read_to_string(task.path().join("children")) {
            Ok(list) => {
                found.extend(list.split_ascii_whitespace().filter_map(|id| id.parse::<i32>().ok()));
            }
            // The thread may be gone; that the kernel lists nobody shows in our own process.
            Err(_) if children_are_listed() => {}
            Err(_) => return None,
        }
    }
    Some(found)
}

/// Whether this kernel lists children at all.
pub(super) fn children_are_listed() -> bool {
    let own = std::process::id();
    Path::new(&format!("/proc/{own}/task/{own}/children")).exists()
}

/// The environment a process was started with: `KEY=value` strings, each closed by a zero byte.
pub(super) fn environ(pid: i32) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/environ")).unwrap_or_default()
}

/// Whether a process holds the file `(device, inode)` open for writing.
pub(super) fn writes_to(pid: i32, file: (u64, u64)) -> bool {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    entries.flatten().any(|entry| {
        let same = fs::metadata(entry.path())
            .is_ok_and(|meta| meta.is_file() && (meta.dev(), meta.ino()) == file);
        same && opened_for_writing(pid, &entry.file_name().to_string_lossy())
    })
}

fn opened_for_writing(pid: i32, fd: &str) -> bool {
    const ACCESS_MODE: u32 = 0o3;
    let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).unwrap_or_default();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    flags
        .and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok())
        .is_some_and(|flags| flags & ACCESS_MODE != 0)
}

/// Names this boot of the machine; process ids mean nothing in another one.
pub(super) fn boot_id() -> io::Result<String> {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned())
}

/// Opens a pidfd: it polls readable once the process has ended.
pub(super) fn open(pid: i32) -> io::Result<OwnedFd> {
    let pid = Pid::from_raw(pid).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(rustix::process::pidfd_open(pid, PidfdFlags::empty())?)
}

/// Sends a signal to the very process a pidfd was opened for.
pub(super) fn send(process: BorrowedFd<'_>, signal: Signal) -> io::Result<()> {
    Ok(rustix::process::pidfd_send_signal(process, signal)?)
}

/// Makes this process the parent of every orphan below it, or stops that.
pub(super) fn adopt_orphans(on: bool) -> io::Result<()> {
    // The kernel only asks whether the argument is zero.
    let flag = on.then(rustix::process::getpid);
    Ok(rustix::process::set_child_subreaper(flag)?)
}
