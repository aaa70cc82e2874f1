//! Waiting for a process that may wait for somebody, and ending it with all it started.
//!
//! Invariant: the group is signalled only while its leader is not reaped, so that its number cannot
//! belong to anybody else.

use std::io::{self, Read};
use std::process::{Child, Output};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// Waits for the end of a child that leads a process group, and of whoever holds its output.
///
/// Nothing when that took longer than `limit`; the group is killed then.
pub(super) fn output(mut child: Child, limit: Duration) -> io::Result<Option<Output>> {
    let until = Instant::now() + limit;
    let (said, heard) = mpsc::channel();
    let out = reader(child.stdout.take(), said.clone());
    let err = reader(child.stderr.take(), said);
    let mut in_time = true;
    // Both readers say when they are at the end, and then hang up.
    while in_time {
        match heard.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(()) => {}
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => in_time = false,
        }
    }
    if !in_time {
        let leader = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let _gone_is_fine = leader.map(|leader| kill_process_group(leader, Signal::KILL));
    }
    let [stdout, stderr] = [out, err].map(|reader| reader.join().unwrap_or_default());
    let status = child.wait()?;
    Ok(in_time.then_some(Output { status, stdout, stderr }))
}

fn reader(
    pipe: Option<impl Read + Send + 'static>,
    at_end: mpsc::Sender<()>,
) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _what_came_counts = pipe.read_to_end(&mut bytes);
        }
        let _nobody_waits_any_more = at_end.send(());
        bytes
    })
}
