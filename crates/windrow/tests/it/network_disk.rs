//! A file system of the kernel's FUSE under any name, with an empty folder in it and nothing else.
//!
//! It answers what is asked before a folder is used, and refuses to make anything.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// Between two looks at a device that is not mounted yet.
const LOOK: Duration = Duration::from_millis(5);

/// Requests of the protocol; see linux/fuse.h.
const FORGET: u32 = 2;
const GETATTR: u32 = 3;
const STATFS: u32 = 17;
const OPENDIR: u32 = 27;
const LOOKUP: u32 = 1;
const INIT: u32 = 26;
const BATCH_FORGET: u32 = 42;

const NOT_THERE: i32 = -2;
const NOT_POSSIBLE: i32 = -38;

/// The kernel's side, for `mount -o fd=...`, and a thread that answers until it is unmounted.
///
/// Nothing where this machine has no FUSE.
pub(crate) fn serve() -> Option<OwnedFd> {
    let mut device = File::options().read(true).write(true).open("/dev/fuse").ok()?;
    let kernel = OwnedFd::from(device.try_clone().unwrap());
    std::thread::spawn(move || {
        let mut request = vec![0; 1 << 20];
        loop {
            match device.read(&mut request) {
                Ok(length) => {
                    let answer = answer(&request[..length]);
                    let _gone_is_seen_next = answer.map(|answer| device.write_all(&answer));
                }
                // It is not mounted yet.
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    std::thread::park_timeout(LOOK);
                }
                Err(_) => break,
            }
        }
    });
    Some(kernel)
}

fn answer(request: &[u8]) -> Option<Vec<u8>> {
    let number = |at: usize| u32::from_ne_bytes(request[at..at + 4].try_into().unwrap());
    let (code, unique) = (number(4), &request[8..16]);
    let (error, body) = match code {
        FORGET | BATCH_FORGET => return None,
        INIT => (0, init(number(44))),
        GETATTR => (0, folder()),
        OPENDIR => (0, vec![0; 16]),
        STATFS => (0, vec![0; 80]),
        LOOKUP => (NOT_THERE, Vec::new()),
        _ => (NOT_POSSIBLE, Vec::new()),
    };
    let length = u32::try_from(16 + body.len()).unwrap();
    let head = [&length.to_ne_bytes()[..], &error.to_ne_bytes()[..], unique].concat();
    Some([head, body].concat())
}

/// Version 7 with the kernel's minor number, nothing optional, writes of 4096 bytes.
fn init(minor: u32) -> Vec<u8> {
    let words = [7, minor, 0, 0, 0, 4096, 1];
    let mut body: Vec<u8> = words.iter().flat_map(|word: &u32| word.to_ne_bytes()).collect();
    body.resize(64, 0);
    body
}

/// The attributes of the folder at the root.
fn folder() -> Vec<u8> {
    let mut body = vec![0; 16 + 88];
    body[16..24].copy_from_slice(&1_u64.to_ne_bytes());
    body[16 + 60..16 + 64].copy_from_slice(&0o040_755_u32.to_ne_bytes());
    body[16 + 64..16 + 68].copy_from_slice(&2_u32.to_ne_bytes());
    body
}
