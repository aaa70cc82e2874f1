//! The one way windrow starts a process and waits for its answer.
//!
//! Every child gets an explicit environment (nothing is inherited but what the call names), a
//! closed stdin unless bytes or a file are given, and its output is collected whole. Long-running
//! agents and gates are not started here: a keeper owns those (see `proc`).
//!
//! Invariant: no other module names `std::process::Command`.

#[cfg(test)]
mod tests;
mod within;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

/// Variables that every child may inherit; everything else must be set by [`Cmd::env`].
pub const INHERITED: &[&str] =
    &["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME"];

/// A process to start: program, arguments, directory and environment.
#[derive(Debug)]
pub struct Cmd {
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    dir: Option<PathBuf>,
    stdin: Input,
    stderr: Option<File>,
    inherit: Inherit,
    limit: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
enum Inherit {
    /// The variables of [`INHERITED`].
    Listed,
    /// Nothing: the child's environment is exactly what [`Cmd::env`] set.
    Nothing,
    /// Everything the caller has.
    Everything,
}

#[derive(Debug)]
enum Input {
    Closed,
    Bytes(Vec<u8>),
    Piped,
}

/// What a finished process left behind.
#[derive(Debug)]
pub struct Output {
    /// The exit status as the kernel gave it.
    pub status: ExitStatus,
    /// Everything written to standard output.
    pub stdout: Vec<u8>,
    /// Everything written to standard error; empty when [`Cmd::stderr_to`] sent it to a file.
    pub stderr: Vec<u8>,
}

/// A process that could not be started, or that ended with a status the caller did not accept.
#[derive(Debug, thiserror::Error)]
pub enum CmdError {
    /// The program could not be started at all.
    #[error("failed to start `{program}`")]
    Start {
        /// The program as it was named.
        program: String,
        /// Why the system refused.
        #[source]
        source: io::Error,
    },
    /// The program ran and ended unsuccessfully.
    #[error("`{line}` ended with {status}: {stderr}")]
    Failed {
        /// The command line, for a person to read (not quoted for a shell).
        line: String,
        /// The status it ended with.
        status: ExitStatus,
        /// What it wrote to standard error, trimmed.
        stderr: String,
    },
    /// The program did not end in time; it was killed with all it started.
    #[error("`{line}` did not end within {} s", limit.as_secs())]
    TooSlow {
        /// The command line, for a person to read.
        line: String,
        /// How long it had.
        limit: Duration,
    },
    /// Talking to the running process failed.
    #[error("failed to talk to `{program}`")]
    Talk {
        /// The program as it was named.
        program: String,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
}

impl Cmd {
    /// Names a program; nothing runs yet.
    #[must_use]
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            dir: None,
            stdin: Input::Closed,
            stderr: None,
            inherit: Inherit::Listed,
            limit: None,
        }
    }

    /// Gives the child exactly the environment that [`Cmd::env`] sets, without the inherited list.
    #[must_use]
    pub fn bare(mut self) -> Self {
        self.inherit = Inherit::Nothing;
        self
    }

    /// Lets the child inherit the caller's whole environment. Only for a process whose own
    /// environment was set exactly before.
    #[must_use]
    pub fn whole_env(mut self) -> Self {
        self.inherit = Inherit::Everything;
        self
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds several arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets one variable in the child's environment.
    #[must_use]
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((key.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Starts the child in `dir`.
    #[must_use]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Writes `bytes` to the child's standard input, then closes it.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Input::Bytes(bytes.into());
        self
    }

    /// Sends standard error to `file` instead of collecting it.
    ///
    /// The child inherits the open file, and with it any `flock` held on it: a successor of the
    /// caller can wait on that lock until the child is gone.
    #[must_use]
    pub fn stderr_to(mut self, file: File) -> Self {
        self.stderr = Some(file);
        self
    }

    /// The command line for messages; git's own settings in front of a command are left out.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = self.program.to_string_lossy().into_owned();
        let mut args = self.args.iter().peekable();
        while self.program == "git"
            && let Some(own) = args.next_if(|arg| *arg == "-c" || *arg == "--literal-pathspecs")
        {
            let _value = (own == "-c").then(|| args.next());
        }
        for arg in args {
            line.push(' ');
            line.push_str(&arg.to_string_lossy());
        }
        line
    }

    /// Runs the process to its end, whatever its exit code; one that a signal ended said nothing,
    /// and that is an error.
    pub fn output(mut self) -> Result<Output, CmdError> {
        let bytes = match std::mem::replace(&mut self.stdin, Input::Closed) {
            Input::Bytes(bytes) => {
                self.stdin = Input::Piped;
                Some(bytes)
            }
            other => {
                self.stdin = other;
                None
            }
        };
        let (program, line) = (self.program.to_string_lossy().into_owned(), self.line());
        let mut child = self.spawn()?;
        // The writer runs beside the readers, so that a child that answers while it is still being
        // fed cannot block both sides. A child that stops reading is not an error: its status says
        // what it thought.
        let writer = child.stdin.take().zip(bytes).map(|(mut pipe, bytes)| {
            std::thread::spawn(move || {
                let _unread_is_fine = pipe.write_all(&bytes);
            })
        });
        let done = match self.limit {
            None => child.wait_with_output().map(Some),
            Some(limit) => within::output(child, limit),
        };
        let done = done.map_err(|source| CmdError::Talk { program, source })?;
        if let Some(writer) = writer {
            let _never_panics = writer.join();
        }
        let Some(done) = done else {
            return Err(CmdError::TooSlow { line, limit: self.limit.unwrap_or_default() });
        };
        if done.status.code().is_none() {
            let stderr = String::from_utf8_lossy(&done.stderr).trim().to_owned();
            return Err(CmdError::Failed { line, status: done.status, stderr });
        }
        Ok(Output { status: done.status, stdout: done.stdout, stderr: done.stderr })
    }

    /// Runs the process to its end and requires success; returns standard output.
    pub fn success(self) -> Result<Vec<u8>, CmdError> {
        let line = self.line();
        let done = self.output()?;
        if done.status.success() {
            return Ok(done.stdout);
        }
        let stderr = String::from_utf8_lossy(&done.stderr).trim().to_owned();
        Err(CmdError::Failed { line, status: done.status, stderr })
    }

    /// The same, but a process that takes longer than `limit` is killed with all it started.
    ///
    /// # Errors
    /// [`CmdError::TooSlow`] then; the others as ever.
    pub fn success_within(mut self, limit: Duration) -> Result<Vec<u8>, CmdError> {
        self.limit = Some(limit);
        self.success()
    }

    /// Starts the process with piped standard input and output, for a dialogue.
    pub fn dialogue(mut self) -> Result<Child, CmdError> {
        self.stdin = Input::Piped;
        self.spawn()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
    fn command(&mut self) -> std::process::Command {
        let mut command = std::process::Command::new(self.found());
        command.arg0(&self.program).args(&self.args);
        match self.inherit {
            Inherit::Everything => {}
            Inherit::Nothing => {
                command.env_clear();
            }
            Inherit::Listed => {
                command.env_clear();
                for key in INHERITED {
                    if let Some(value) = std::env::var_os(key) {
                        command.env(key, value);
                    }
                }
            }
        }
        command.envs(self.env.iter().map(|(key, value)| (key, value)));
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        command
    }

    /// The program by its path, looked up in the `PATH` it is to have.
    ///
    /// The standard library forks when it has to look that up itself, and copying the page tables of
    /// a daemon takes longer than starting git does.
    #[expect(clippy::disallowed_methods, reason = "PATH is what decides which program runs")]
    fn found(&self) -> OsString {
        let own =
            self.env.iter().rev().find(|(key, _)| key == "PATH").map(|(_, path)| path.clone());
        let inherited = || match self.inherit {
            Inherit::Nothing => None,
            Inherit::Listed | Inherit::Everything => std::env::var_os("PATH"),
        };
        let found = own.or_else(inherited).and_then(|path| {
            let name = Path::new(&self.program);
            (name.components().count() == 1 && !self.program.is_empty())
                .then(|| look_up(name, &path))
                .flatten()
        });
        found.map_or_else(|| self.program.clone(), PathBuf::into_os_string)
    }

    fn spawn(&mut self) -> Result<Child, CmdError> {
        let mut command = self.command();
        command.stdin(match self.stdin {
            Input::Closed => Stdio::null(),
            Input::Bytes(_) | Input::Piped => Stdio::piped(),
        });
        command.stdout(Stdio::piped());
        if self.limit.is_some() {
            command.process_group(0);
        }
        command.stderr(self.stderr.take().map_or_else(Stdio::piped, Stdio::from));
        command.spawn().map_err(|source| CmdError::Start {
            program: self.program.to_string_lossy().into_owned(),
            source,
        })
    }

    /// Starts the process in the background with all three streams on `log` (or closed), and does
    /// not wait for it. The child outlives the caller; it should call `setsid` itself.
    pub fn detach(mut self, log: Option<&File>) -> Result<Child, CmdError> {
        let program = self.program.to_string_lossy().into_owned();
        let talk = |source| CmdError::Talk { program: program.clone(), source };
        let mut command = self.command();
        command.stdin(Stdio::null());
        match log {
            Some(log) => {
                command.stdout(log.try_clone().map_err(talk)?);
                command.stderr(log.try_clone().map_err(talk)?);
            }
            None => {
                command.stdout(Stdio::null()).stderr(Stdio::null());
            }
        }
        command.spawn().map_err(|source| CmdError::Start { program: program.clone(), source })
    }

    /// Starts the process with `stdin` as its standard input and both outputs on `out` (or
    /// closed), and does not wait for it.
    pub fn start_on(mut self, stdin: OwnedFd, out: Option<&File>) -> Result<Child, CmdError> {
        let program = self.program.to_string_lossy().into_owned();
        let talk = |source| CmdError::Talk { program: program.clone(), source };
        let mut command = self.command();
        command.stdin(stdin);
        match out {
            Some(out) => {
                command.stdout(out.try_clone().map_err(talk)?);
                command.stderr(out.try_clone().map_err(talk)?);
            }
            None => {
                command.stdout(Stdio::null()).stderr(Stdio::null());
            }
        }
        command.spawn().map_err(|source| CmdError::Start { program: program.clone(), source })
    }

    /// Replaces the calling process by this one, with the caller's whole environment and output
    /// streams and `stdin` (or nothing) to read; returns only when that failed.
    #[must_use]
    pub fn replace_self(self, stdin: Option<File>) -> CmdError {
        let mut this = self.whole_env();
        let mut command = this.command();
        command.stdin(stdin.map_or_else(Stdio::null, Stdio::from));
        let source = command.exec();
        CmdError::Start { program: this.program.to_string_lossy().into_owned(), source }
    }
}

/// Does two things at once that mostly wait, as for processes.
pub fn beside<A: Send, B>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), other)
    })
}

/// Finds `program` the way a shell would, on the inherited `PATH`.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "PATH is what decides which program runs")]
pub fn which(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(Path::new(program).to_owned()).filter(|path| path.is_file());
    }
    look_up(Path::new(program), &std::env::var_os("PATH")?)
}

/// The first file of that name in the folders of `path` that may be executed.
fn look_up(name: &Path, path: &OsStr) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let runs = |file: &PathBuf| {
        file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(runs)
}
