//! The daemon's life: one by lock, a socket, the loop, the end.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use windrow_world::crash;

use crate::guard;
use crate::home::Home;
use crate::hooks::HookServer;
use crate::hub::{Hub, Input};
use crate::keeper::pause;
use crate::place::Windrow;
use crate::{opening_machine, serve};

/// How many files, pipes and sockets the daemon may have open, where the system lets it.
const OPEN_FILES: u64 = 4096;

/// Between two looks at a lock whose holder does not answer.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// How many looks it gets: ten seconds, since a new daemon answers only when it is ready.
const LOCK_LOOKS: u32 = 500;

/// Lets clients report over HTTP to the daemon on a socket, on the given port if that is free;
/// returns the port. Called in the daemon's runtime.
pub type StartHooks = fn(PathBuf, Option<u16>) -> std::io::Result<u16>;

/// Runs the daemon in this process until it is asked to end.
///
/// A second one ends at once and well: the first answers for both. The caller has set up logging and
/// is the leader of a session of its own.
#[must_use]
pub fn daemon_main(home: &Home, hooks: StartHooks) -> ExitCode {
    raise_open_files();
    crash::arm(home.path());
    let lock = match take_lock(home) {
        Ok(Some(lock)) => lock,
        Ok(None) => {
            tracing::info!("another daemon is there");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            tracing::error!("failed to lock `{}`: {error}", home.lock().display());
            return ExitCode::FAILURE;
        }
    };
    // One thread for the loop and every connection: whatever takes long is done on other ones, and
    // handing a command from thread to thread takes longer than deciding it.
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(256)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("failed to start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(run(home, hooks));
    // Acts that are under way may be cut short: the next daemon repeats them.
    runtime.shutdown_background();
    let _gone_is_fine = fs::remove_file(home.socket());
    drop(lock);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Makes room for the pipes and connections of many workers, as far as this is allowed; a shell
/// usually gives less than a process may have, and workers get what the daemon has.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.map_or(OPEN_FILES, |most| most.min(OPEN_FILES));
    if limit.current.is_some_and(|current| current < most) {
        let raised = Rlimit { current: Some(most), ..limit };
        let _less_is_named_where_it_is_missing = setrlimit(Resource::Nofile, raised);
    }
}

/// Takes the daemon's lock; nothing when another daemon has it and answers.
///
/// A daemon that was killed may still be on its way out and hold the lock for a moment, so a lock
/// that is held proves nothing by itself.
fn take_lock(home: &Home) -> std::io::Result<Option<File>> {
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(home.lock())?;
    for _ in 0..LOCK_LOOKS {
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Some(lock)),
            Err(rustix::io::Errno::WOULDBLOCK) => {}
            Err(error) => return Err(error.into()),
        }
        if UnixStream::connect(home.socket()).is_ok() {
            return Ok(None);
        }
        pause(LOCK_PAUSE);
    }
    Ok(None)
}

async fn run(home: &Home, hooks: StartHooks) -> Result<(), String> {
    let (machine, trouble) = opening_machine::open(home).await?;
    if let Some(trouble) = &trouble {
        tracing::error!("{trouble}");
    }
    // The lock is ours, so a socket that is there was left by a daemon that is dead.
    let socket = home.socket();
    match fs::remove_file(&socket) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("failed to remove the stale `{}`: {error}", socket.display()));
        }
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&socket)
        .map_err(|error| format!("failed to listen on `{}`: {error}", socket.display()))?;
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o600))
        .map_err(|error| format!("failed to protect `{}`: {error}", socket.display()))?;
    let hooks = HookServer::open(home, |last| hooks(home.socket(), last));
    let hooks = hooks.inspect_err(|error| tracing::error!("clients cannot report: {error}")).ok();
    let windrow = windrow(hooks)?;
    guard::keep_one(home.clone(), windrow.exe.clone());
    let (hub, handle) = Hub::new(home.clone(), windrow, machine, trouble);
    tracing::info!("the daemon is there, pid {}", std::process::id());
    tokio::spawn(serve::serve(listener, handle.clone()));
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let mut signals = signal(kind).map_err(|error| error.to_string())?;
        let handle = handle.clone();
        tokio::spawn(async move {
            if signals.recv().await.is_some() {
                handle.send(Input::Shutdown);
            }
        });
    }
    hub.run().await;
    Ok(())
}

/// This program and this environment, for keepers and the next daemon.
fn windrow(hooks: Option<HookServer>) -> Result<Windrow, String> {
    let exe = std::env::current_exe().map_err(|e| format!("failed to find the program: {e}"))?;
    let exe = exe.to_string_lossy().trim_end_matches(" (deleted)").to_owned();
    let env = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
    Ok(Windrow { exe, env: env.collect(), hooks })
}
