//! Processes as the kernel counts them, and the workers that the benches start.

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

/// Nanoseconds that a process and its threads were on a core.
pub(crate) fn on_core_ns(pid: i32) -> u64 {
    each_thread(pid, "schedstat", |text| {
        text.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
    })
}

/// How often a process and its threads went to sleep: each of these is followed by a wake-up.
pub(crate) fn sleeps(pid: i32) -> u64 {
    each_thread(pid, "status", |text| {
        let line = text.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
    })
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

fn each_thread(pid: i32, file: &str, count: impl Fn(&str) -> u64) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let texts = threads.filter_map(|thread| fs::read_to_string(thread.path().join(file)).ok());
    texts.map(|text| count(&text)).sum()
}
