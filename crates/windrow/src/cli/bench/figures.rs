//! The figures of a bench, for people and for programs.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::Load;
use super::floor::Floor;
use super::memory::Memory;

/// Everything that was measured.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Figures {
    /// The version of windrow.
    version: &'static str,
    /// Cores of the machine, and calls of git at once in the floor.
    cores: usize,
    /// How many tasks were run.
    sessions: u32,
    /// How many workers at once.
    pool: u32,
    /// How long each worker waited.
    seconds: u32,
    /// Files in the repository.
    files: u32,
    /// From the command to the end of the run, everything landed.
    wall_s: f64,
    /// The longer of the longest chain of tasks and the work divided by the pool.
    work_s: f64,
    /// The same worktrees made and removed by git alone, the mean of before and after.
    trees_s: f64,
    /// Calls of git that met each other there and were made again.
    git_again: u32,
    /// Both together.
    floor_s: f64,
    /// The wall against the floor.
    ratio: f64,
    /// What daemon and keepers took.
    memory: Memory,
    /// What is not as it should be; the figures count only when this is empty.
    pub(super) differences: Vec<String>,
}

impl Figures {
    pub(super) fn new(
        load: Load,
        floor: Floor,
        wall: Duration,
        memory: Memory,
        differences: Vec<String>,
    ) -> Self {
        let work = work(load);
        let (wall_s, trees_s) = (wall.as_secs_f64(), floor.trees.as_secs_f64());
        let floor_s = work + trees_s;
        let Load { sessions, pool, seconds, files } = load;
        Self {
            version: env!("CARGO_PKG_VERSION"),
            cores: floor.cores,
            sessions,
            pool,
            seconds,
            files,
            wall_s,
            work_s: work,
            trees_s,
            git_again: floor.again,
            floor_s,
            ratio: wall_s / floor_s,
            memory,
            differences,
        }
    }

    /// The figures as sentences.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |line: String| {
            let _infallible = writeln!(text, "{line}");
        };
        line(format!("wall     {:8.2} s", self.wall_s));
        line(format!(
            "floor    {:8.2} s  ({:.2} s of work, {:.2} s for the worktrees by git on {} cores)",
            self.floor_s, self.work_s, self.trees_s, self.cores
        ));
        line(format!("ratio    {:8.2}", self.ratio));
        if let Some(peak) = self.memory.daemon_peak_kib {
            let pss = self.memory.daemon_pss_kib.unwrap_or(0);
            line(format!("daemon   {:8.1} MiB at most, {:.1} MiB of its own", mib(peak), mib(pss)));
        }
        if let Some((middle, most)) = self.memory.keeper_private_kib {
            let count = self.memory.keepers;
            line(format!(
                "keeper   {:8.2} MiB private, the largest {:.2} MiB; {count} ran",
                mib(middle),
                mib(most)
            ));
        }
        if self.differences.is_empty() {
            line(format!("landed   {:8}, each once and as it was written", self.sessions));
        } else {
            line("This is not as it should be:".to_owned());
            self.differences.iter().for_each(|difference| line(format!("- {difference}")));
        }
        text
    }
}

/// The tasks do not wait for each other, so the longest chain is one of them.
fn work(load: Load) -> f64 {
    let each = f64::from(load.seconds);
    (each * f64::from(load.sessions) / f64::from(load.pool)).max(each)
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(sessions: u32, pool: u32, seconds: u32) -> Load {
        Load { sessions, pool, seconds, files: 10 }
    }

    #[test]
    fn work_is_never_shorter_than_one_task() {
        assert!((work(load(100, 100, 1)) - 1.0).abs() < 1e-9);
        assert!((work(load(1000, 250, 10)) - 40.0).abs() < 1e-9);
        assert!((work(load(3, 8, 2)) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_difference_takes_the_place_of_what_landed() {
        let floor = Floor { trees: Duration::from_secs(1), again: 0, cores: 2 };
        let wall = Duration::from_secs(3);
        let make =
            |differences| Figures::new(load(2, 2, 1), floor, wall, Memory::default(), differences);
        let good = make(Vec::new());
        assert!((good.ratio - 1.5).abs() < 1e-9, "{}", good.ratio);
        assert!(good.text().contains("landed          2, each once"), "{}", good.text());
        let bad = make(vec!["t-1 landed 2 times".to_owned()]);
        assert!(bad.text().contains("- t-1 landed 2 times"), "{}", bad.text());
        assert!(!bad.text().contains("each once"), "{}", bad.text());
    }
}
