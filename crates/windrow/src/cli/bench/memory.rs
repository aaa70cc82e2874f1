//! How much memory the daemon and the keepers take, as the kernel counts it.
//!
//! Linux only; elsewhere nothing is said rather than something that means another thing.

use std::fs;
use std::path::Path;

use serde::Serialize;

/// Keepers looked at in one look.
const KEEPERS: usize = 32;

/// The most that was seen, in KiB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Memory {
    /// Resident memory of the daemon, its highest ever.
    pub(super) daemon_peak_kib: Option<u64>,
    /// The daemon's memory with its share of what it shares.
    pub(super) daemon_pss_kib: Option<u64>,
    /// Memory of a keeper that nobody shares: the middle one and the largest.
    pub(super) keeper_private_kib: Option<(u64, u64)>,
    /// Keepers that ran at that moment.
    pub(super) keepers: usize,
}

impl Memory {
    /// Looks at the daemon, and at the keepers below `home` when more of them run than ever before.
    pub(super) fn look(&mut self, daemon: u32, home: &Path) {
        self.daemon_peak_kib = self.daemon_peak_kib.max(field(daemon, "status", "VmHWM:"));
        self.daemon_pss_kib = self.daemon_pss_kib.max(field(daemon, "smaps_rollup", "Pss:"));
        let keepers = keepers(home);
        if keepers.len() <= self.keepers {
            return;
        }
        let step = keepers.len().div_ceil(KEEPERS);
        let mut private: Vec<u64> =
            keepers.iter().step_by(step).filter_map(|keeper| private(*keeper)).collect();
        private.sort_unstable();
        if let (Some(middle), Some(most)) = (private.get(private.len() / 2), private.last()) {
            self.keeper_private_kib = Some((*middle, *most));
            self.keepers = keepers.len();
        }
    }
}

/// The processes that keep a job below this home.
fn keepers(home: &Path) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let home = home.as_os_str().as_encoded_bytes();
    let keeps = |pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = line.split(|byte| *byte == 0).skip(1);
        words.next() == Some(b"__keeper".as_slice())
            && words.next().is_some_and(|folder| folder.starts_with(home))
    };
    pids.filter(keeps).collect()
}

fn private(pid: u32) -> Option<u64> {
    let clean = field(pid, "smaps_rollup", "Private_Clean:")?;
    Some(clean + field(pid, "smaps_rollup", "Private_Dirty:")?)
}

/// A number of KiB from a file of `/proc`.
fn field(pid: u32, file: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
