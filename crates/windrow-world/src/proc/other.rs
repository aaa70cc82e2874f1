//! Systems other than Linux: nothing is seen, and what must be done is refused.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::process::Signal;

#[derive(Clone, Copy, Debug)]
pub(super) struct Stat {
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    pub(super) start_time: u64,
    pub(super) ended: bool,
}

pub(super) fn stat(_pid: i32) -> Option<Stat> {
    None
}

pub(super) fn pids() -> Vec<i32> {
    Vec::new()
}

pub(super) fn children(_pid: i32) -> Option<Vec<i32>> {
    None
}

pub(super) fn environ(_pid: i32) -> Vec<u8> {
    Vec::new()
}

pub(super) fn writes_to(_pid: i32, _file: (u64, u64)) -> bool {
    false
}

pub(super) fn boot_id() -> io::Result<String> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn open(_pid: i32) -> io::Result<OwnedFd> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn send(_process: BorrowedFd<'_>, _signal: Signal) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn adopt_orphans(_on: bool) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
