//! How much memory is left for workers.
//!
//! The least of what the machine has available and what every control group above this process
//! still allows. Reads files of the kernel and nothing else; where they are missing (macOS), the
//! answer is that it is not known.

use std::fs;
use std::path::{Path, PathBuf};

/// Bytes that new processes can use before something has to give, or nothing when not known.
#[must_use]
pub fn available() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| mem_available(&text));
    let group = fs::read_to_string("/proc/self/cgroup")
        .ok()
        .and_then(|text| group_path(&text))
        .and_then(|path| group_left(Path::new("/sys/fs/cgroup"), &path));
    machine.into_iter().chain(group).min()
}

/// `MemAvailable` of `/proc/meminfo` (proc(5)), in bytes.
fn mem_available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// This process's group in the unified hierarchy, relative to its root (cgroups(7)).
fn group_path(own: &str) -> Option<PathBuf> {
    let path = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(PathBuf::from(path.trim_start_matches('/')))
}

/// The least that any limit between `root` and the group leaves, in bytes.
///
/// Pages of files count as used in a group although the kernel gives them back first, so the
/// inactive ones are taken off.
fn group_left(root: &Path, group: &Path) -> Option<u64> {
    group.ancestors().filter_map(|level| level_left(&root.join(level))).min()
}

fn level_left(level: &Path) -> Option<u64> {
    let number = |name| fs::read_to_string(level.join(name)).ok()?.trim().parse::<u64>().ok();
    let limit = number("memory.max")?;
    let used = number("memory.current")?;
    let stat = fs::read_to_string(level.join("memory.stat")).unwrap_or_default();
    let reclaimable = stat
        .lines()
        .find_map(|line| line.strip_prefix("inactive_file "))
        .and_then(|bytes| bytes.trim().parse::<u64>().ok())
        .unwrap_or(0);
    Some(limit.saturating_sub(used.saturating_sub(reclaimable)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files;

    #[test]
    fn the_machine_says_what_is_available() {
        let meminfo = "MemTotal:  16 kB\nMemFree:   1 kB\nMemAvailable:    7 kB\n";
        assert_eq!(mem_available(meminfo), Some(7 * 1024));
        assert_eq!(mem_available("MemFree: 1 kB\n"), None);
        #[cfg(target_os = "linux")]
        assert!(available().is_some_and(|bytes| bytes > 0));
    }

    #[test]
    fn the_tightest_group_on_the_way_up_counts() {
        let root = tempfile::TempDir::new().expect("temp dir");
        let level = |path: &str, max: &str, current: &str| {
            let dir = root.path().join(path);
            std::fs::create_dir_all(&dir).expect("mkdir");
            files::create_new(&dir.join("memory.max"), max.as_bytes()).expect("max");
            files::create_new(&dir.join("memory.current"), current.as_bytes()).expect("current");
        };
        level("a", "1000\n", "900\n");
        level("a/b", "max\n", "800\n");
        level("a/b/c", "5000\n", "700\n");
        let group = group_path("1:name=x:/q\n0::/a/b/c\n").expect("unified");
        assert_eq!(group_left(root.path(), &group), Some(100));
        files::create_new(&root.path().join("a/memory.stat"), b"anon 5\ninactive_file 300\n")
            .expect("stat");
        assert_eq!(group_left(root.path(), &group), Some(400));
        assert_eq!(group_left(root.path(), Path::new("none")), None);
    }
}
