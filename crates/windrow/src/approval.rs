//! Consent to commands that come from files.
//!
//! Whatever would run because a file in the repository says so runs only after the person approved
//! it. What is approved is the set of a file's commands in one project: another command, another
//! file or another repository asks anew; prose, order and titles do not.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use windrow_api::{Call, Reply};
use windrow_core::spec::{AgentCommand, AgentSpec};

use crate::config::{FILE, ProjectConfig, quoted};
use crate::context::Context;
use crate::daemon::Daemon;
use crate::desk::unexpected;
use crate::error::CliError;
use crate::output::{Paint, one_line};

/// Stands at the start of what is hashed; another rule would get another text.
const VERSION: &str = "windrow approval 1";

/// The commands of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    project: PathBuf,
    /// The file, as it is named in sources.
    pub(crate) place: String,
    commands: BTreeSet<(String, String)>,
    /// The same commands as they stand in the file, for a person to read.
    shown: Vec<Shown>,
}

/// A command and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    /// The task's key and title; nothing for what belongs to no task.
    task: Option<String>,
    role: String,
    line: String,
}

impl Content {
    /// A file without commands; `project` is the common git directory.
    pub(crate) fn new(project: &Path, place: &str) -> Self {
        let (project, place) = (project.to_owned(), place.to_owned());
        Self { project, place, commands: BTreeSet::new(), shown: Vec::new() }
    }

    /// Adds commands; `role` says when they run.
    pub(crate) fn extend<'a>(&mut self, role: &str, commands: impl IntoIterator<Item = &'a str>) {
        commands.into_iter().for_each(|line| self.add(None, role, line));
    }

    /// Adds the commands of a task, which is shown by its key and title and not part of the hash.
    pub(crate) fn extend_for(
        &mut self,
        (key, title): (&str, &str),
        run: Option<&str>,
        gate: Option<&str>,
    ) {
        let task = format!("{key} {title}");
        for (role, line) in [("run", run), ("gate", gate)] {
            line.into_iter().for_each(|line| self.add(Some(&task), role, line));
        }
    }

    fn add(&mut self, task: Option<&str>, role: &str, line: &str) {
        let (role, line) = (role.to_owned(), line.to_owned());
        self.commands.insert((role.clone(), line.clone()));
        self.shown.push(Shown { task: task.map(str::to_owned), role, line });
    }

    /// Whether there is nothing to approve.
    pub(crate) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// Whether every command of `other` is one of these.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.project == other.project && other.commands.is_subset(&self.commands)
    }

    /// The hash under which consent is recorded.
    pub(crate) fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        // Each part with its length in front, so that no two contents read the same.
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        part(VERSION.as_bytes());
        part(self.project.as_os_str().as_encoded_bytes());
        part(self.place.as_bytes());
        for (role, line) in &self.commands {
            part(role.as_bytes());
            part(line.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// The commands for a person to read, in the order of the file, each below its task.
    pub(crate) fn listed(&self) -> String {
        let mut text = String::new();
        let mut task: Option<&str> = None;
        for shown in &self.shown {
            if shown.task.as_deref() != task {
                task = shown.task.as_deref();
                text.extend(task.map(|task| format!("  {}\n", one_line(task))));
            }
            let indent = if task.is_some() { "    " } else { "  " };
            let (role, line) = (&shown.role, one_line(&shown.line));
            let _never_fails = writeln!(text, "{indent}{role}: {line}");
        }
        text
    }

    /// The commands in the order of the file: the task's key and title, the role, the line.
    pub(crate) fn commands(&self) -> impl Iterator<Item = (Option<&str>, &str, &str)> {
        self.shown.iter().map(|shown| (shown.task.as_deref(), &*shown.role, &*shown.line))
    }
}

/// Everything that a project's settings file would have run.
pub(crate) fn settings(project: &Path, config: &ProjectConfig) -> Content {
    let mut content = Content::new(project, FILE);
    content.extend("gate", config.gates().iter().map(String::as_str));
    for (name, agent) in &config.agents {
        for (what, line) in agent.commands() {
            content.extend(&format!("agent {name}{what}"), [line.as_str()]);
        }
    }
    content
}

/// An agent's command as one line to read.
pub(crate) fn command_line(agent: &AgentSpec) -> String {
    match &agent.command {
        AgentCommand::Argv(argv) => quoted(argv),
        AgentCommand::Shell(line) => line.clone(),
    }
}

/// Makes sure that every content is approved; `given` says that the person just did.
pub(crate) fn settle(
    context: &Context,
    daemon: &mut Daemon,
    contents: &[Content],
    given: bool,
) -> Result<(), CliError> {
    let missing = missing(daemon, contents)?;
    if missing.is_empty() {
        return Ok(());
    }
    if !given && !context.out.attended() {
        return Err(refusal(&missing));
    }
    if given {
        show(context, &missing);
    } else {
        ask(context, &missing)?;
    }
    record(daemon, &missing)
}

/// Shows commands and asks the person at the terminal; anything but yes is a refusal.
pub(crate) fn ask(context: &Context, missing: &[&Content]) -> Result<(), CliError> {
    show(context, missing);
    if context.out.confirm("Let them run now and whenever these files say so?") {
        return Ok(());
    }
    Err(refusal(missing))
}

fn show(context: &Context, contents: &[&Content]) {
    for content in contents {
        let place = context.out.paint_err(Paint::Bold, &one_line(&content.place));
        context.out.say(&format!("Commands of {place} that would run:"));
        context.out.narrate(&content.listed());
    }
}

/// Records consent.
pub(crate) fn record(daemon: &mut Daemon, contents: &[&Content]) -> Result<(), CliError> {
    for content in contents {
        let call = Call::Approve { hash: content.hash(), place: content.place.clone() };
        match daemon.ask_again(&call)? {
            Reply::Done => {}
            other => return Err(unexpected(&other)),
        }
    }
    Ok(())
}

/// The contents that have commands and no consent yet.
pub(crate) fn missing<'a>(
    daemon: &mut Daemon,
    contents: &'a [Content],
) -> Result<Vec<&'a Content>, CliError> {
    let asked: Vec<&Content> = contents.iter().filter(|content| !content.is_empty()).collect();
    if asked.is_empty() {
        return Ok(asked);
    }
    let hashes = asked.iter().map(|content| content.hash()).collect();
    match daemon.ask_again(&Call::Approved { hashes })? {
        Reply::Approved(known) => {
            let known = known.into_iter().chain(std::iter::repeat(false));
            Ok(asked.into_iter().zip(known).filter(|(_, known)| !known).map(|(c, _)| c).collect())
        }
        other => Err(unexpected(&other)),
    }
}

fn refusal(missing: &[&Content]) -> CliError {
    let places: Vec<String> = missing.iter().map(|c| format!("`{}`", one_line(&c.place))).collect();
    let what = if places.len() == 1 { "its commands" } else { "their commands" };
    let error = CliError::refused(format!(
        "nobody approved {} as it is now: {what} do not run",
        places.join(", ")
    ));
    let error = missing.iter().fold(error, |error, content| {
        error
            .hint(format!("`windrow approve {}` shows and approves them", one_line(&content.place)))
    });
    error.hint("`windrow run --approve ...` approves them with the run")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(project: &str, place: &str, commands: &[(&str, &str)]) -> Content {
        let mut content = Content::new(Path::new(project), place);
        for (role, line) in commands {
            content.extend(role, [*line]);
        }
        content
    }

    #[test]
    fn consent_is_for_the_commands_and_not_for_their_order() {
        let one = content("/p", "TASKS.md", &[("run", "a"), ("gate", "b"), ("run", "c")]);
        let other = content("/p", "TASKS.md", &[("run", "c"), ("run", "a"), ("gate", "b")]);
        assert_eq!(one.hash(), other.hash());
        assert_eq!(one.hash().len(), 64);
    }

    #[test]
    fn another_command_role_file_or_repository_asks_anew() {
        let base = content("/p", "TASKS.md", &[("run", "a"), ("run", "b")]);
        for other in [
            content("/p", "TASKS.md", &[("run", "a"), ("run", "b ")]),
            content("/p", "TASKS.md", &[("run", "a"), ("run", "b"), ("run", "c")]),
            content("/p", "TASKS.md", &[("run", "a")]),
            content("/p", "TASKS.md", &[("run", "a"), ("gate", "b")]),
            content("/p", "MORE.md", &[("run", "a"), ("run", "b")]),
            content("/q", "TASKS.md", &[("run", "a"), ("run", "b")]),
            content("/p", "TASKS.md", &[("run", "ab"), ("run", "")]),
            content("/p", "TASKS.md", &[("runa", ""), ("run", "b")]),
        ] {
            assert_ne!(base.hash(), other.hash(), "{other:?}");
        }
    }

    #[test]
    fn what_is_shown_cannot_hide_a_command() {
        let shown = content("/p", "T", &[("run", "echo hi\r\x1b[2K rm -rf .")]).listed();
        assert_eq!(shown, "  run: echo hi \u{fffd}[2K rm -rf .\n");
    }

    #[test]
    fn commands_are_shown_in_the_order_of_the_file_below_their_tasks() {
        let mut content = Content::new(Path::new("/p"), "TASKS.md");
        content.extend_for(("2", "Zebra"), Some("zz"), Some("check"));
        content.extend_for(("1", "Ape\x1b"), Some("aa"), None);
        let expected = "  2 Zebra\n    run: zz\n    gate: check\n  1 Ape\u{fffd}\n    run: aa\n";
        assert_eq!(content.listed(), expected);
        let bare = content_of_the_same_commands();
        assert_eq!(content.hash(), bare.hash(), "titles and order need no second consent");
    }

    fn content_of_the_same_commands() -> Content {
        content("/p", "TASKS.md", &[("run", "aa"), ("gate", "check"), ("run", "zz")])
    }

    #[test]
    fn a_refusal_names_the_files_and_the_remedy() {
        let one = content("/p", "TASKS.md", &[("run", "a")]);
        let error = refusal(&[&one]);
        assert_eq!(error.kind, windrow_api::ExitKind::Refused);
        assert_eq!(
            error.message,
            "nobody approved `TASKS.md` as it is now: its commands do not run"
        );
        assert!(error.hints[0].contains("windrow approve TASKS.md"));
        assert!(error.hints[1].contains("--approve"));
    }
}
