//! What a folder lies on, as far as it matters: whether other machines share it, whether it is full.

use std::path::Path;

/// Bytes below which a disk counts as full; a file that did not fit leaves less than its size.
const LEAST: u64 = 64 << 10;

/// File systems in user space that lead to other machines, by their names behind `fuse.`.
const REMOTE_IN_USER_SPACE: &[&str] = &[
    "ceph-fuse",
    "curlftpfs",
    "davfs",
    "gcsfuse",
    "glusterfs",
    "goofys",
    "gvfsd-fuse",
    "juicefs",
    "mfs",
    "rclone",
    "s3fs",
    "sshfs",
];

/// The network file system that `path` lies on, or would when it is made; nothing for a local one.
///
/// What cannot be found out counts as local.
#[must_use]
#[cfg(target_os = "linux")]
pub fn network(path: &Path) -> Option<String> {
    let there = path.ancestors().find(|folder| folder.exists())?;
    let magic = u32::try_from(rustix::fs::statfs(there).ok()?.f_type).ok()?;
    if magic != FUSE {
        return by_magic(magic).map(str::to_owned);
    }
    let dev = rustix::fs::stat(there).ok()?.st_dev;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let named = type_of(&mounts, rustix::fs::major(dev), rustix::fs::minor(dev))?;
    let name = named.strip_prefix("fuse.")?;
    REMOTE_IN_USER_SPACE.contains(&name).then(|| name.to_owned())
}

/// Whether there is no room for another file at `path`; what cannot be found out is not full.
#[must_use]
pub fn is_full(path: &Path) -> bool {
    rustix::fs::statvfs(path).is_ok_and(|room| {
        let out_of_names = room.f_files > 0 && room.f_favail == 0;
        out_of_names || room.f_bavail.saturating_mul(room.f_frsize) < LEAST
    })
}

/// Elsewhere it is not looked at.
#[must_use]
#[cfg(not(target_os = "linux"))]
pub fn network(_: &Path) -> Option<String> {
    None
}

/// As in linux/magic.h.
#[cfg(target_os = "linux")]
const FUSE: u32 = 0x6573_5546;

/// The name of a network file system of the kernel; the numbers are those of linux/magic.h and of
/// statfs(2), the last three of Lustre, GPFS and BeeGFS themselves.
#[cfg(target_os = "linux")]
fn by_magic(magic: u32) -> Option<&'static str> {
    match magic {
        0x6969 => Some("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB"),
        0x0102_1997 => Some("9p"),
        0x00c3_6400 => Some("Ceph"),
        0x5346_414f | 0x6b41_4653 => Some("AFS"),
        0x786f_4256 => Some("a shared folder of VirtualBox"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x4750_4653 => Some("GPFS"),
        0x1983_0326 => Some("BeeGFS"),
        _ => None,
    }
}

/// The type of the file system with that device number, out of `/proc/self/mountinfo`; see proc(5).
#[cfg(target_os = "linux")]
fn type_of(mounts: &str, major: u32, minor: u32) -> Option<&str> {
    let number = format!("{major}:{minor}");
    let line = mounts.lines().find(|line| line.split(' ').nth(2) == Some(&number))?;
    line.split_once(" - ")?.1.split(' ').next()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_number_and_local_ones_are_not() {
        assert_eq!(by_magic(0x6969), Some("NFS"));
        assert_eq!(by_magic(0xfe53_4d42), Some("SMB"));
        for local in [0xef53, 0x0102_1994, 0x9123_683e, 0x5846_5342, 0x794c_7630] {
            assert_eq!(by_magic(local), None, "{local:x}");
        }
        let here = tempfile::tempdir().unwrap();
        assert_eq!(network(&here.path().join("not/there/yet")), None);
    }

    #[test]
    fn a_mount_is_found_by_its_device() {
        let mounts = "36 35 98:0 /a /b rw,noatime master:1 - ext3 /dev/root rw\n\
                      40 36 0:52 / /far\\040away rw - fuse.sshfs me@there:/ rw\n";
        assert_eq!(type_of(mounts, 0, 52), Some("fuse.sshfs"));
        assert_eq!(type_of(mounts, 98, 0), Some("ext3"));
        assert_eq!(type_of(mounts, 0, 5), None);
    }
}
