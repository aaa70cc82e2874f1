//! Finding processes by what they carry, when their parents are gone.
//!
//! A process whose ancestors died is a child of init and no walk finds it. What it still has: the
//! session it was born in, the environment it was started with, the files it holds open. Each can
//! be shed on purpose (setsid, `env -i`, closing descriptors); together they find what does not
//! shed all three.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::id::ProcessId;
use super::os;

/// Living processes that were started with `key=value` in their environment.
#[must_use]
pub fn find_by_token(key: &str, value: &str) -> Vec<ProcessId> {
    let wanted = format!("{key}={value}").into_bytes();
    find(|pid, _| os::environ(pid).split(|byte| *byte == 0).any(|entry| entry == wanted))
}

/// Living processes of the session that `leader` founded, the leader included.
///
/// The session's number is not given to another process while any member lives, so a member that
/// started before the leader shows that the number was reused since and the session is gone.
#[must_use]
pub fn find_in_session(leader: ProcessId) -> Vec<ProcessId> {
    let reused = os::stat(leader.pid).is_some_and(|now| now.start_time != leader.start_time);
    if reused {
        return Vec::new();
    }
    find(|_, stat| stat.session == leader.pid && stat.start_time >= leader.start_time)
}

/// Living processes that hold the file at `path` open for writing.
#[must_use]
pub fn find_writers(path: &Path) -> Vec<ProcessId> {
    let Ok(meta) = std::fs::metadata(path) else { return Vec::new() };
    let file = (meta.dev(), meta.ino());
    find(|pid, _| os::writes_to(pid, file))
}

fn find(belongs: impl Fn(i32, &os::Stat) -> bool) -> Vec<ProcessId> {
    let living = os::pids().into_iter().filter_map(|pid| Some((pid, os::stat(pid)?)));
    living
        .filter(|(pid, stat)| !stat.ended && belongs(*pid, stat))
        .map(|(pid, stat)| ProcessId { pid, start_time: stat.start_time })
        .collect()
}
