//! The keeper's line to the daemon.
//!
//! While the agent runs, an idle connection stands; when it breaks, the daemon is gone and a new
//! one is started. At the end one line on a new connection tells that there is an exit to read.
//! Nothing else is ever said: what happened stands in the job's folder.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use rustix::process::Signal;
use windrow_world::proc::{Reaper, Signals};

use super::end::pause;
use super::folder::Folder;
use super::launch::DaemonSpec;
use super::starter::start_daemon;

/// Keepers that lose the same daemon do not all start one at the same instant.
const JITTER_MS: u64 = 400;
/// The first wait between two tries to connect; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// The longest wait between two tries while the agent runs.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How long a started daemon has before another start; it doubles, too.
const FIRST_START_WAIT: Duration = Duration::from_secs(3);
/// How often the exit is rung for before the keeper leaves it to whoever looks next.
const RINGS: u32 = 9;
/// How many rings may go without an answer from a daemon that is there.
const UNANSWERED_RINGS: u32 = 2;
/// How long a daemon may take to answer the doorbell.
const ANSWER_WAIT: Duration = Duration::from_secs(5);

/// The line to the daemon of one job.
#[derive(Debug)]
pub(super) struct Bell<'a> {
    folder: &'a Folder,
    spec: DaemonSpec,
    reaper: &'a Reaper,
    line: Option<UnixStream>,
    next_try: Instant,
    wait: Duration,
    next_start: Instant,
    start_wait: Duration,
}

impl<'a> Bell<'a> {
    pub(super) fn new(
        folder: &'a Folder,
        spec: DaemonSpec,
        reaper: &'a Reaper,
        now: Instant,
    ) -> Self {
        Self {
            folder,
            spec,
            reaper,
            line: None,
            next_try: now,
            wait: FIRST_WAIT,
            next_start: now,
            start_wait: FIRST_START_WAIT,
        }
    }

    /// The idle connection, to be polled for its end.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.line.as_ref().map(|line| line.as_fd())
    }

    /// When [`Bell::attend`] has something to do even if the connection is quiet.
    pub(super) fn next(&self) -> Option<Instant> {
        self.line.is_none().then_some(self.next_try)
    }

    /// Notices that the daemon is gone, and brings one back.
    pub(super) fn attend(&mut self, now: Instant) {
        if self.line.as_mut().is_some_and(hung_up) {
            self.line = None;
            self.wait = FIRST_WAIT;
            self.next_try = now + self.jitter();
        }
        if self.line.is_some() || now < self.next_try {
            return;
        }
        let hello = format!("{{\"keeper\":{}}}\n", quoted(&self.folder.job()));
        match open(&self.spec, &hello) {
            Ok(line) => {
                self.line = Some(line);
                self.start_wait = FIRST_START_WAIT;
                return;
            }
            Err(error) => self.bring_back(&error, now),
        }
        self.next_try = now + self.wait;
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
    }

    /// Tells that there is an exit; tries for a while, or until it is asked to end, then leaves.
    pub(super) fn ring(mut self, signals: &Signals) {
        self.line = None;
        let ring = format!("{{\"doorbell\":{}}}\n", quoted(&self.folder.job()));
        let (mut wait, mut unanswered) = (FIRST_WAIT, 0);
        for _ in 0..RINGS {
            match open(&self.spec, &ring) {
                Ok(line) if answered(&line) => return,
                // It heard, or died hearing; more than a few of these is a daemon without manners.
                Ok(_) if unanswered == UNANSWERED_RINGS => return,
                Ok(_) => unanswered += 1,
                Err(error) if nobody_listens(&error) && self.stopped() => return,
                Err(error) => self.bring_back(&error, Instant::now()),
            }
            if signals.take(Signal::TERM) {
                return;
            }
            pause(wait);
            wait *= 2;
        }
    }

    /// Whether somebody wants no daemon.
    fn stopped(&self) -> bool {
        self.spec.unless.as_ref().is_some_and(|file| file.exists())
    }

    fn bring_back(&mut self, error: &io::Error, now: Instant) {
        if self.stopped() || !nobody_listens(error) || now < self.next_start {
            return;
        }
        self.next_start = now + self.start_wait;
        self.start_wait = (self.start_wait * 2).min(LONGEST_WAIT * 2);
        if let Err(error) = start_daemon(self.folder, &self.spec, self.reaper) {
            self.folder.complain(&error);
        }
    }

    fn jitter(&self) -> Duration {
        let mut hasher = DefaultHasher::new();
        self.folder.file("").hash(&mut hasher);
        Duration::from_millis(hasher.finish() % JITTER_MS)
    }
}

/// Connects and says one line. Never blocks: a daemon that hangs with a full backlog is an error.
fn open(spec: &DaemonSpec, text: &str) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(&spec.socket)?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&socket, &address)?;
    let mut line = UnixStream::from(socket);
    line.write_all(text.as_bytes())?;
    Ok(line)
}

/// Whether the other side is gone; what it may have said is dropped.
fn hung_up(line: &mut UnixStream) -> bool {
    let mut bytes = [0; 256];
    loop {
        match line.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
        }
    }
}

/// Waits for one line back: a daemon that died with our line unread must not count as told.
fn answered(mut line: &UnixStream) -> bool {
    let patient =
        line.set_nonblocking(false).and_then(|()| line.set_read_timeout(Some(ANSWER_WAIT)));
    loop {
        match line.read(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted && patient.is_ok() => {}
            said => return said.is_ok_and(|count| count > 0),
        }
    }
}

fn nobody_listens(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

fn quoted(job: &str) -> String {
    serde_json::Value::from(job).to_string()
}
