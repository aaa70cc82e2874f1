//! Processes as the kernel counts them, and the workers that the benches start.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::SystemTime;

/// Worker: writes the moment of its first instruction into its output, then ends.
pub(crate) const STAMP: &str = "__stamp";

/// Plays a worker if the arguments say so.
pub(crate) fn is_worker(args: &[String]) -> bool {
    let now = now_ms();
    if args.first().map(String::as_str) != Some(STAMP) {
        return false;
    }
    #[expect(clippy::disallowed_methods, reason = "a worker is told by its environment")]
    let output = std::env::var_os("WINDROW_OUTPUT").map(PathBuf::from).unwrap();
    let mut file = fs::File::create(output).unwrap();
    writeln!(file, "{now}").unwrap();
    true
}

/// Milliseconds since 1970 with fractions.
pub(crate) fn now_ms() -> f64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    since.as_secs_f64() * 1_000.0
}

/// What the kernel counted for one thread.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    /// Nanoseconds on a core.
    pub(crate) on_core_ns: u64,
    /// How often it went to sleep: each of these is followed by a wake-up.
    pub(crate) sleeps: u64,
}

/// The counts of every thread of a process, by its id.
pub(crate) fn counted(pid: i32) -> BTreeMap<String, Counted> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let read = |thread: &fs::DirEntry| {
        let file = |name| fs::read_to_string(thread.path().join(name)).ok();
        let on_core_ns = file("schedstat")?.split_whitespace().next()?.parse().ok()?;
        let status = file("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        Some(Counted { on_core_ns, sleeps: line.trim().parse().ok()? })
    };
    let with_id = |thread: fs::DirEntry| {
        Some((thread.file_name().to_string_lossy().into_owned(), read(&thread)?))
    };
    threads.filter_map(with_id).collect()
}

/// What came since; threads that are new count from their beginning.
pub(crate) fn grown(
    before: &BTreeMap<String, Counted>,
    after: &BTreeMap<String, Counted>,
) -> Counted {
    let mut sum = Counted::default();
    for (id, now) in after {
        let then = before.get(id).copied().unwrap_or_default();
        sum.on_core_ns += now.on_core_ns.saturating_sub(then.on_core_ns);
        sum.sleeps += now.sleeps.saturating_sub(then.sleeps);
    }
    sum
}

/// Descriptors of a process that stand for other processes.
pub(crate) fn watched_processes(pid: i32) -> usize {
    let infos = fs::read_dir(format!("/proc/{pid}/fdinfo")).into_iter().flatten().flatten();
    let stands_for_one = |info: &fs::DirEntry| {
        let text = fs::read_to_string(info.path()).unwrap_or_default();
        text.lines().any(|line| line.strip_prefix("Pid:").is_some_and(|pid| pid.trim() != "-1"))
    };
    infos.filter(stands_for_one).count()
}
