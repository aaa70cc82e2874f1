//! A control group of our own for one agent, where the system lets us have one.
//!
//! Only the unified hierarchy (cgroup v2) is used, below the group this process is already in,
//! and no controller is touched: the group is there to know all members and to kill them at once.
//! A daemonised, environment-scrubbed descendant cannot leave it without meaning to.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::id::{ProcError, ProcessId};

/// A control group that windrow made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cgroup {
    path: PathBuf,
}

impl Cgroup {
    /// Where a group called `name` would lie below the group of this process; nothing when there
    /// is no unified hierarchy.
    #[must_use]
    pub fn place(name: &str) -> Option<PathBuf> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        own_group(&mounts, &own).map(|group| group.join(name))
    }

    /// Takes a recorded group; it need not exist any more.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes the group at `path` and puts `process` into it.
    ///
    /// # Errors
    /// When the hierarchy is not ours to write; nothing is left behind then.
    pub fn hold(path: &Path, process: ProcessId) -> Result<Self, ProcError> {
        let group = Self::at(path);
        let made = fs::create_dir(&group.path)
            .and_then(|()| put(&group.path.join("cgroup.procs"), &process.pid.to_string()));
        if let Err(source) = made {
            group.remove();
            return Err(ProcError::System { act: "make a control group", source });
        }
        Ok(group)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The living members, those of nested groups included.
    #[must_use]
    pub fn members(&self) -> Vec<ProcessId> {
        let mut members = Vec::new();
        for group in self.groups() {
            let list = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
            let ids = list.lines().filter_map(|line| line.parse().ok());
            members.extend(ids.filter_map(ProcessId::of).filter(|process| process.alive()));
        }
        members
    }

    /// Kills every member at once (`cgroup.kill`, Linux 5.14); says whether the kernel did it.
    /// Members end a moment later.
    #[must_use]
    pub fn kill(&self) -> bool {
        put(&self.path.join("cgroup.kill"), "1").is_ok()
    }

    /// Removes the group and the empty ones nested in it. A group with members stays.
    pub fn remove(&self) {
        for group in self.groups().into_iter().rev() {
            let _stays_while_it_has_members = fs::remove_dir(group);
        }
    }

    /// The group and those nested in it, parents first.
    fn groups(&self) -> Vec<PathBuf> {
        let mut groups = vec![self.path.clone()];
        let mut next = 0;
        while let Some(group) = groups.get(next) {
            let nested = fs::read_dir(group).into_iter().flatten().flatten();
            let nested: Vec<PathBuf> = nested
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                .map(|entry| entry.path())
                .collect();
            groups.extend(nested);
            next += 1;
        }
        groups
    }
}

/// Control files take one write and are never created.
fn put(file: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).open(file)?.write_all(text.as_bytes())
}

/// The folder of the group that `own` (`/proc/self/cgroup`) names in the unified hierarchy, by
/// the mounts of `/proc/self/mountinfo` (cgroups(7), proc_pid_mountinfo(5)).
fn own_group(mounts: &str, own: &str) -> Option<PathBuf> {
    let group = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    mounts.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        if right.split(' ').next()? != "cgroup2" {
            return None;
        }
        let mut fields = left.split(' ').skip(3);
        let (root, mount) = (fields.next()?, fields.next()?);
        // A container may see only a part of the hierarchy.
        let below = Path::new(group).strip_prefix(root).ok()?;
        Some(Path::new(mount).join(below))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
        38 31 0:35 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

    #[test]
    fn the_unified_hierarchy_is_found_beside_old_ones() {
        let own = "9:name=systemd:/\n4:memory:/x\n0::/user.slice/a.scope\n";
        let found = own_group(HYBRID, own);
        assert_eq!(found, Some(PathBuf::from("/sys/fs/cgroup/unified/user.slice/a.scope")));
    }

    #[test]
    fn a_group_outside_the_visible_part_is_not_ours() {
        let mounts = "38 31 0:35 /docker/a /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        assert_eq!(own_group(mounts, "0::/docker/b\n"), None);
        assert_eq!(own_group(mounts, "0::/docker/a/b\n"), Some("/sys/fs/cgroup/b".into()));
        assert_eq!(own_group("", "0::/\n"), None);
    }
}
