//! The keeper as its tests start it, and the creatures it has to deal with.
//!
//! `__keeper` and `__exec` are what the real binary has under the same names, but that this keeper
//! can be told to die by SIGKILL at a step, or to do without a control group.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use rustix::event::{Timespec, poll};
use rustix::process::{Signal, getpid, kill_process, setsid};
use windrow_engine::keeper::{Step, exec_shim_main, keeper_main_observed};
use windrow_world::cmd::Cmd;
use windrow_world::files;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let form = args.next().unwrap_or_default();
    let rest: Vec<OsString> = args.collect();
    let text: Vec<String> = rest.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    match (form.to_str().unwrap_or_default(), text.as_slice()) {
        ("__exec", _) => exec_shim_main(rest),
        ("__keeper", [options @ .., dir]) => keeper(options, Path::new(dir)),
        ("__linger", [_token, kind, ready]) => linger(Path::new(ready), kind),
        ("__storm", [token, ready, left]) => storm(token, ready, left.parse().unwrap_or(0)),
        ("__daemon", [_token, socket, log]) => daemon(Path::new(socket), Path::new(log)),
        _ => ExitCode::FAILURE,
    }
}

/// `__keeper [--die-at=STEP] [--no-group] DIR`
fn keeper(options: &[String], dir: &Path) -> ExitCode {
    keeper_main_observed(dir, |step| {
        let name = format!("--die-at={step:?}");
        if options.contains(&name) {
            let _never_returns = kill_process(getpid(), Signal::KILL);
        }
        if step == Step::Recorded && options.iter().any(|option| option == "--no-group") {
            occupy_group(dir);
        }
    })
}

/// Takes the place of the agent's control group, so that none can be made there.
fn occupy_group(dir: &Path) {
    let record = fs::read(dir.join("keeper.json")).unwrap_or_default();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap_or_default();
    if let Some(path) = record["cgroup"].as_str() {
        let _no_groups_here_anyway = fs::create_dir(path);
    }
}

/// `__linger TOKEN KIND READY`: says that it is there, then stays for good.
fn linger(ready: &Path, kind: &str) -> ExitCode {
    let _told = files::replace(&ready.join(kind), b"");
    loop {
        let _interrupted = poll(&mut [], None);
    }
}

/// `__storm TOKEN READY LEFT`: a new session and a successor every few milliseconds.
fn storm(token: &str, ready: &str, left: u32) -> ExitCode {
    let _told = files::replace(&PathBuf::from(ready).join("storm"), b"");
    let _a_leader_already = setsid();
    let pause = Timespec::try_from(Duration::from_millis(3)).ok();
    let _paused = poll(&mut [], pause.as_ref());
    // Ends by itself after some minutes, should a test forget it.
    if left > 0 {
        let next = (left - 1).to_string();
        let _next = Cmd::new("/proc/self/exe").args(["__storm", token, ready, &next]).detach(None);
    }
    ExitCode::SUCCESS
}

/// `__daemon TOKEN SOCKET LOG`: appends every line it is told to LOG and answers it; ends when it
/// is told `quit`.
fn daemon(socket: &Path, log: &Path) -> ExitCode {
    let Ok(listener) = UnixListener::bind(socket) else { return ExitCode::FAILURE };
    let mut kept = Vec::new();
    for connection in listener.incoming().flatten() {
        let mut line = String::new();
        let _empty_when_broken = BufReader::new(&connection).read_line(&mut line);
        let _logged = files::append_line(log, line.trim_end().as_bytes());
        let _answered = (&connection).write_all(b"{}\n");
        if line.starts_with("quit") {
            break;
        }
        // Closed only at the end: a keeper watches this.
        kept.push(connection);
    }
    let _only_a_name = fs::remove_file(socket);
    ExitCode::SUCCESS
}
