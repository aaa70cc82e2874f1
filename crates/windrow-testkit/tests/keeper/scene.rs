//! A job in a folder of its own, and the ways to look at it from outside.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;
use tempfile::TempDir;
use windrow_engine::keeper::{self, DaemonSpec, Exit, JobState, Launch, Program};
use windrow_world::proc::ProcessId;

/// The binary that is keeper, shim, daemon and creature.
pub(crate) const BIN: &str = env!("CARGO_BIN_EXE_windrow-test-keeper");

/// Far beyond what anything here takes; reaching it fails the test.
const FOREVER: Duration = Duration::from_secs(50);

pub(crate) struct Scene {
    pub(crate) root: TempDir,
    pub(crate) dir: PathBuf,
    pub(crate) launch: Launch,
    /// Part of the command line of every creature of this scene.
    pub(crate) token: String,
}

impl Scene {
    pub(crate) fn new(program: Program) -> Self {
        Self::named("s-3.1", program)
    }

    pub(crate) fn shell(line: &str) -> Self {
        Self::new(Program::Shell { line: line.to_owned() })
    }

    pub(crate) fn argv(argv: &[&str]) -> Self {
        Self::new(Program::Argv { argv: argv.iter().map(|&arg| arg.to_owned()).collect() })
    }

    pub(crate) fn named(job: &str, program: Program) -> Self {
        let root = tempfile::tempdir().unwrap();
        let token = format!("scene{}", root.path().display()).replace('/', "-");
        let (dir, work) = (root.path().join("jobs").join(job), root.path().join("work"));
        fs::create_dir(&work).unwrap();
        fs::create_dir(root.path().join("ready")).unwrap();
        let mut launch = Launch::new(job, program, &work, root.path().join("transcript"));
        launch.grace_ms = 200;
        launch.env = vec![
            ("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into()),
            ("BIN".into(), BIN.into()),
            ("TOKEN".into(), token.clone()),
            ("READY".into(), root.path().join("ready").display().to_string()),
            ("JOB".into(), dir.display().to_string()),
        ];
        Self { root, dir, launch, token }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn work(&self, name: &str) -> PathBuf {
        self.launch.dir.join(name)
    }

    pub(crate) fn transcript(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.launch.transcript).unwrap_or_default()).into_owned()
    }

    /// A daemon that the keeper can start, listening at `<root>/sock`, writing `<root>/log`.
    pub(crate) fn daemon(&self) -> DaemonSpec {
        let (socket, log) = (self.path("sock"), self.path("log"));
        let argv = [BIN.into(), "__daemon".into(), self.token.clone()].into_iter();
        let paths = [&socket, &log].map(|path| path.display().to_string());
        DaemonSpec { argv: argv.chain(paths).collect(), env: Vec::new(), socket, unless: None }
    }

    pub(crate) fn start(&self) -> ProcessId {
        self.start_with(&[])
    }

    pub(crate) fn start_with(&self, options: &[&str]) -> ProcessId {
        let mut argv: Vec<OsString> = vec![BIN.into(), "__keeper".into()];
        argv.extend(options.iter().map(OsString::from));
        keeper::launch(&self.dir, &self.launch, &argv).unwrap()
    }

    /// Runs the job to its end.
    pub(crate) fn run(&self) -> Exit {
        let keeper = self.start();
        self.exit_of(keeper)
    }

    /// The exit, once the keeper is gone.
    pub(crate) fn exit_of(&self, keeper: ProcessId) -> Exit {
        await_gone(keeper);
        match keeper::look(&self.dir).unwrap() {
            JobState::Ended(exit) => exit,
            other => panic!(
                "{other:?}, keeper.log: {:?}",
                fs::read_to_string(self.dir.join("keeper.log"))
            ),
        }
    }

    pub(crate) fn record(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.dir.join(name)).unwrap()).unwrap()
    }

    pub(crate) fn await_ready(&self, kinds: &[&str]) {
        let ready = self.path("ready");
        await_that(|| kinds.iter().all(|kind| ready.join(kind).exists()));
    }

    /// The command lines of all living processes of this scene.
    pub(crate) fn creatures(&self) -> Vec<String> {
        living(&self.token).into_iter().map(|(_, line)| line).collect()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // Whatever a failed test left, storms included.
        let until = Instant::now() + FOREVER;
        while Instant::now() < until {
            let mut left = living(&self.token);
            left.extend(living(&self.dir.display().to_string()));
            if left.is_empty() {
                break;
            }
            for (process, _) in left {
                let _gone = process.signal(Signal::KILL);
            }
        }
    }
}

fn living(token: &str) -> Vec<(ProcessId, String)> {
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| {
        let process = ProcessId::of(pid)?;
        let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        (line.contains(token) && process.alive()).then_some((process, line))
    })
    .collect()
}

/// Waits for a child of this process to be gone, and reaps it.
pub(crate) fn await_gone(process: ProcessId) {
    if let Some(fd) = keeper::keeper_fd(process).unwrap() {
        let timeout = Timespec::try_from(FOREVER).unwrap();
        let mut polled = [PollFd::new(&fd, PollFlags::IN)];
        assert_ne!(poll(&mut polled, Some(&timeout)).unwrap(), 0, "the keeper hangs");
    }
    process.reap();
}

/// Waits until something observable holds.
pub(crate) fn await_that(holds: impl Fn() -> bool) {
    let until = Instant::now() + FOREVER;
    let pause = Timespec::try_from(Duration::from_millis(2)).unwrap();
    while !holds() {
        assert!(Instant::now() < until, "waited in vain");
        poll(&mut [], Some(&pause)).unwrap();
    }
}

pub(crate) fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}
