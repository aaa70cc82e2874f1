//! Identity, marks and endings, on real processes.

use std::io::{BufRead as _, BufReader};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::*;
use crate::cmd::Cmd;

/// A shell that said "up".
struct Running {
    child: Child,
    id: ProcessId,
}

impl Running {
    fn line(line: &str) -> Self {
        Self::cmd(Cmd::new("sh").args(["-c", line]))
    }

    fn cmd(cmd: Cmd) -> Self {
        let mut child = cmd.dialogue().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "up\n");
        let id = ProcessId::of(i32::try_from(child.id()).unwrap()).unwrap();
        Self { child, id }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = end_tree(&[self.id], Duration::ZERO);
        self.child.wait().unwrap();
    }
}

#[test]
fn a_reused_id_is_another_process() {
    let running = Running::line("echo up; exec sleep 600");
    let former = ProcessId { start_time: running.id.start_time - 1, ..running.id };
    assert!(running.id.alive() && !former.alive());
    assert!(former.pidfd().unwrap().is_none());
    assert!(!former.signal(Signal::KILL).unwrap());
    assert!(running.id.alive());
    assert!(running.id.signal(Signal::CONT).unwrap());
}

#[test]
fn an_ended_process_is_not_alive_before_it_is_reaped() {
    let mut running = Running::line("echo up; read wait");
    let fd = running.id.pidfd().unwrap().unwrap();
    drop(running.child.stdin.take());
    let mut polled = [PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)];
    poll(&mut polled, None).unwrap();
    assert!(!running.id.alive());
    assert_eq!(ProcessId::of(running.id.pid), Some(running.id));
    assert!(running.id.pidfd().unwrap().is_none());
}

#[test]
fn the_calling_process_knows_itself_and_is_spared() {
    let own = ProcessId::current().unwrap();
    assert!(own.alive());
    assert_eq!(lineage().first(), Some(&own.pid));
    assert_eq!(lineage().last(), Some(&1));
    assert_eq!(end_found(|| vec![own]), Ended { rounds: 0, survivors: Vec::new() });
}

#[test]
fn a_tree_ends_whole_though_it_ignores_the_request() {
    let line = "trap '' TERM; sh -c 'sleep 600 & sleep 600 & echo up; wait' & wait";
    let running = Running::line(line);
    let all = descendants(&[running.id.pid]);
    assert_eq!(all.len(), 3);
    let ended = end_tree(&[running.id], Duration::from_millis(50));
    assert_eq!(ended.survivors, []);
    assert!(ended.rounds >= 1);
    assert!(!running.id.alive() && all.iter().all(|one| !one.alive()));
}

#[test]
fn a_tree_that_ends_when_asked_is_not_killed() {
    let dir = tempfile::tempdir().unwrap();
    let line = "trap 'touch asked; exit' TERM; echo up; while :; do sleep 0.01; done";
    let running = Running::cmd(Cmd::new("sh").args(["-c", line]).dir(dir.path()));
    let ended = end_tree(&[running.id], Duration::from_secs(50));
    assert_eq!(ended, Ended::default());
    assert!(dir.path().join("asked").exists());
}

#[test]
fn marks_find_what_no_walk_finds() {
    let dir = tempfile::tempdir().unwrap();
    let value = dir.path().display().to_string();
    // Three orphans of one mark each: the session, the environment, an open file.
    let line = r#"
        ( exec sleep 601 ) &
        ( setsid sleep 602 & )
        ( setsid env -u MARK sleep 603 9>>"$MARK/file" & )
        until [ -e "$MARK/file" ]; do sleep 0.01; done
        sleep 604 9<"$MARK/file" &
        echo up; read wait"#;
    let cmd = Cmd::new("setsid").args(["sh", "-c", line]).env("MARK", &value);
    let running = Running::cmd(cmd);
    let marks = Marks { value, file: dir.path().join("file") };
    let program = |process: &ProcessId| {
        let line = std::fs::read(format!("/proc/{}/cmdline", process.pid)).unwrap_or_default();
        String::from_utf8_lossy(&line).replace('\0', " ").trim().to_owned()
    };
    let programs = |found: Vec<ProcessId>| {
        let mut programs: Vec<String> = found.iter().map(program).collect();
        programs.retain(|line| line.starts_with("sleep 6"));
        programs.sort();
        programs
    };
    // The shells in between take their time to turn into the programs.
    settle(|| programs(find_in_session(running.id)) == ["sleep 601", "sleep 604"]);
    settle(|| {
        let marked = find_by_token("MARK", &marks.value);
        programs(marked) == ["sleep 601", "sleep 602", "sleep 604"]
    });
    settle(|| programs(find_writers(&marks.file)) == ["sleep 603"]);
    assert_eq!(find_by_token("MARK", "another"), []);
    let reused = ProcessId { start_time: running.id.start_time + 1, ..running.id };
    assert_eq!(find_in_session(reused), []);
    assert_eq!(marks.end().survivors, []);
    assert_eq!(find_by_token("MARK", &marks.value), []);
    assert_eq!(find_writers(&marks.file), []);
}

/// What the orphans carry; dropped, it ends them.
struct Marks {
    value: String,
    file: PathBuf,
}

impl Marks {
    fn end(&self) -> Ended {
        end_found(|| [find_by_token("MARK", &self.value), find_writers(&self.file)].concat())
    }
}

impl Drop for Marks {
    fn drop(&mut self) {
        let _ended = self.end();
    }
}

/// Waits until something observable holds.
fn settle(holds: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(50);
    let pause = Timespec::try_from(Duration::from_millis(2)).unwrap();
    while !holds() {
        assert!(Instant::now() < until, "waited in vain");
        poll(&mut [], Some(&pause)).unwrap();
    }
}

#[test]
fn a_watched_signal_wakes_and_is_told_once() {
    let signals = Signals::watch(&[Signal::USR1, Signal::USR2]).unwrap();
    assert!(ProcessId::current().unwrap().signal(Signal::USR1).unwrap());
    let mut polled = [PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN)];
    while poll(&mut polled, None).is_err() {}
    signals.drain();
    assert!(!signals.take(Signal::USR2));
    assert!(signals.take(Signal::USR1) && !signals.take(Signal::USR1));
}
