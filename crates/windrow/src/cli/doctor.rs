//! `windrow doctor`: looks for what usually goes wrong, and says what to do about it.
//!
//! It starts no daemon: what only a daemon knows is looked at when one is there.

use std::fmt::Write as _;
use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statvfs};
use serde::Serialize;
use windrow_api::ExitKind;
use windrow_world::cmd::Cmd;
use windrow_world::git::{self, OLDEST_GIT, Repo, operation_in_progress};

use super::daemon::ping;
use crate::context::{Context, Project};
use crate::daemon::Daemon;
use crate::desk::Desk;
use crate::error::{CliError, Outcome};
use crate::output::{Format, Paint, one_line};

/// Look for problems and say what helps
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow doctor")]
pub(crate) struct DoctorArgs {
    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum Level {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// In the way.
    Problem,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Finding {
    level: Level,
    what: String,
    /// What to do about it.
    remedies: Vec<String>,
}

/// Looks at everything; a problem makes the exit code 1.
pub(super) fn run(context: &Context, args: &DoctorArgs) -> Outcome {
    let mut findings = vec![git_version()];
    let project = context.project();
    findings.extend(home(context));
    findings.extend(daemon(context, project.as_ref().ok()));
    match &project {
        Ok(project) => findings.extend(repository(project)),
        Err(error) => findings.push(problem(error.clone())),
    }
    match args.format {
        Format::Json => context.out.json(&findings)?,
        Format::Text => context.out.answer(&text(context, &findings))?,
    }
    let bad = findings.iter().any(|finding| finding.level == Level::Problem);
    Ok(if bad { ExitKind::User } else { ExitKind::Success })
}

fn git_version() -> Finding {
    let (major, minor) = OLDEST_GIT;
    let needed = format!("install git {major}.{minor} or newer");
    let Ok(answer) = Cmd::new("git").arg("version").success() else {
        return found(Level::Problem, "git is not installed or not on PATH").remedy(needed);
    };
    let text = String::from_utf8_lossy(&answer).trim().to_owned();
    let numbers = text.trim_start_matches("git version ");
    let mut parts = numbers.split('.').map_while(|part| part.parse::<u32>().ok());
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if version >= OLDEST_GIT {
        found(Level::Good, text)
    } else {
        found(Level::Problem, format!("{text} is too old")).remedy(needed)
    }
}

fn home(context: &Context) -> Vec<Finding> {
    let home = match context.home() {
        Ok(home) => home,
        Err(error) => return vec![problem(error)],
    };
    let path = home.path();
    let shown = path.display();
    let mut findings = Vec::new();
    match tempfile::tempfile_in(path) {
        Ok(_) => findings.push(found(Level::Good, format!("home `{shown}` can be written"))),
        Err(error) => findings.push(
            found(Level::Problem, format!("home `{shown}` cannot be written: {error}"))
                .remedy("mend its permissions, or set WINDROW_HOME to another folder"),
        ),
    }
    let socket = home.socket();
    findings.push(found(Level::Good, format!("socket `{}`", socket.display())));
    findings.extend(file_system(path));
    findings
}

/// What the file system of windrow's home promises.
fn file_system(path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(read_only("home", path));
    let Ok(stat) = statvfs(path) else { return findings };
    let free = stat.f_bavail.saturating_mul(stat.f_frsize) / (1 << 20);
    if free < 512 {
        findings.push(
            found(Level::Problem, format!("only {free} MiB are free in `{}`", path.display()))
                .remedy("free some space; `windrow prune` removes what nobody needs"),
        );
    }
    findings
}

fn read_only(what: &str, path: &Path) -> Option<Finding> {
    let stat = statvfs(path).ok()?;
    let text = format!("{what} `{}` is mounted read-only", path.display());
    let found = found(Level::Problem, text).remedy("mount it for writing, or use another folder");
    stat.f_flag.contains(StatVfsMountFlags::RDONLY).then_some(found)
}

/// A folder of the project that other machines can write: allowed, and worth knowing.
fn shared(what: &str, path: &Path) -> Option<Finding> {
    let kind = windrow_world::disk::network(path)?;
    let text =
        format!("{what} `{}` lies on {kind}: slow, and open to other machines", path.display());
    Some(found(Level::Note, text).remedy("work on it from one machine at a time"))
}

fn daemon(context: &Context, project: Option<&Project>) -> Vec<Finding> {
    let mut daemon = match context.find_daemon() {
        Ok(Some(daemon)) => daemon,
        Ok(None) => return vec![found(Level::Note, "no daemon is running; it starts on demand")],
        Err(_) => return Vec::new(),
    };
    let mut findings = Vec::new();
    match ping(&mut daemon) {
        Ok(view) => {
            let (pid, version) = (view.pid, &view.version);
            findings.push(if *version == env!("CARGO_PKG_VERSION") {
                found(Level::Good, format!("daemon {version} answers, pid {pid}"))
            } else {
                found(Level::Note, format!("the daemon is of version {version}"))
                    .remedy("`windrow daemon stop`, then any command starts the new one")
            });
            let troubles = view
                .troubles
                .into_iter()
                .map(|text| found(Level::Problem, text).remedy("`windrow daemon logs` says more"));
            findings.extend(troubles);
        }
        Err(error) => findings.push(problem(error)),
    }
    if let Some(project) = project {
        findings.extend(trees(daemon, project).unwrap_or_else(|error| vec![problem(error)]));
    }
    findings
}

/// Worktrees that could not be captured and therefore stay, and kept work that waits.
fn trees(daemon: Daemon, project: &Project) -> Result<Vec<Finding>, CliError> {
    let mut desk = Desk::new(daemon, project.reference.clone());
    let mut findings = Vec::new();
    for tree in desk.trees()?.into_iter().filter(|tree| tree.used == "stays") {
        let why = tree.note.map(|note| format!(": {note}")).unwrap_or_default();
        let path = tree.path.display();
        findings.push(
            found(Level::Problem, format!("worktree `{path}` stays{why}"))
                .remedy("take what is needed out of it, then `windrow prune --unlanded`"),
        );
    }
    let waiting = desk.kept()?.iter().filter(|row| !row.landed).count();
    if waiting > 0 {
        findings.push(
            found(Level::Note, format!("{waiting} kept refs hold work that did not land"))
                .remedy("`windrow restore --list` shows them"),
        );
    }
    Ok(findings)
}

fn repository(project: &Project) -> Vec<Finding> {
    let repo = &project.found.repo;
    let mut findings = vec![match git::identity(repo) {
        Ok(who) => found(Level::Good, format!("commits are by {} <{}>", who.name, who.email)),
        Err(error) => problem(error.into()),
    }];
    findings.extend(signing(repo));
    findings.extend(shared("repository", project.root()));
    findings.extend(read_only("the repository", project.root()));
    if let Some(operation) = operation_in_progress(&project.found.main) {
        let path = project.root().display();
        findings.push(
            found(Level::Problem, format!("a {operation} is in progress in `{path}`"))
                .remedy("finish it or give it up before work is to land there"),
        );
    }
    match project.config().and_then(|config| config.worktrees(project.root(), &project.name)) {
        Ok(folder) => {
            findings.push(found(Level::Good, format!("worktrees lie in `{}`", folder.display())));
            findings.extend(shared("worktrees' folder", &folder));
        }
        Err(error) => findings.push(problem(error)),
    }
    findings
}

/// How commits are signed, where they are.
fn signing(repo: &Repo) -> Option<Finding> {
    let who = git::identity(repo).ok()?;
    match git::signing(repo, &who) {
        Ok(how) => how.map(|how| {
            let (key, program) = (how.key, how.program);
            found(Level::Good, format!("commits are signed with `{program}` and the key `{key}`"))
        }),
        Err(error) => Some(problem(error.into())),
    }
}

fn found(level: Level, what: impl Into<String>) -> Finding {
    Finding { level, what: what.into(), remedies: Vec::new() }
}

fn problem(error: CliError) -> Finding {
    Finding { level: Level::Problem, what: error.message, remedies: error.hints }
}

impl Finding {
    fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedies.push(remedy.into());
        self
    }
}

fn text(context: &Context, findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let (word, paint) = match finding.level {
            Level::Good => ("good   ", Paint::Green),
            Level::Note => ("note   ", Paint::Yellow),
            Level::Problem => ("problem", Paint::Red),
        };
        let what = one_line(&finding.what);
        let _never_fails = writeln!(text, "{} {what}", context.out.paint(paint, word));
        for remedy in &finding.remedies {
            let _never_fails = writeln!(text, "        hint: {remedy}");
        }
    }
    text
}
