//! The brief: everything a worker is told, as one Markdown text.
//!
//! Texts that came from outside stand in quoted blocks, as data.

use std::fmt::Write as _;
use std::path::Path;

use windrow_core::State;
use windrow_core::message;
use windrow_core::spec::TextRef;
use windrow_core::state::{Message, Said, Session, Task, TryKind};

/// What goes into a brief.
pub(super) struct Brief {
    title: String,
    task: String,
    reference: String,
    path: String,
    branch: String,
    target: String,
    subject: String,
    files: Vec<String>,
    gates: Vec<String>,
    output: String,
    windrow: String,
    port_offset: u32,
    attempt: u32,
    role: Option<String>,
    failures: Vec<(TryKind, String)>,
    /// What was said before this agent process begins.
    pub(super) talk: Vec<Spoken>,
    /// The task's body.
    pub(super) body: Option<String>,
    /// What the last failure left: output, or both sides of a conflict.
    pub(super) evidence: Option<String>,
    /// Titles and outputs of the tasks this one reads.
    pub(super) reads: Vec<(String, String)>,
}

impl Brief {
    pub(super) fn of(
        state: &State,
        session: &Session,
        task: &Task,
        (output, windrow): (&Path, &str),
    ) -> Self {
        let run = state.runs.get(&session.run).map(|run| &run.spec);
        let source = task.spec.source.as_ref();
        let own = task.spec.gate.iter().cloned();
        Self {
            title: task.spec.title.clone(),
            task: task.id.to_string(),
            reference: source.map_or_else(|| task.id.to_string(), |source| source.reference()),
            path: session.tree.as_ref().map(|tree| tree.path.clone()).unwrap_or_default(),
            branch: session.tree.as_ref().map(|tree| tree.branch.clone()).unwrap_or_default(),
            target: run.map(|run| run.branch.clone()).unwrap_or_default(),
            subject: message::subject(&task.spec),
            files: task.spec.scopes.iter().map(ToString::to_string).collect(),
            gates: run
                .map(|run| run.gates.clone())
                .unwrap_or_default()
                .into_iter()
                .chain(own)
                .collect(),
            output: output.to_string_lossy().into_owned(),
            windrow: windrow.to_owned(),
            port_offset: session.lease.as_ref().map_or(0, |lease| lease.port_offset),
            attempt: session.attempt,
            role: task.spec.role.clone(),
            failures: task.reasons.iter().map(|r| (r.kind, r.summary.clone())).collect(),
            talk: Vec::new(),
            body: None,
            evidence: None,
            reads: Vec::new(),
        }
    }

    /// The text.
    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _infallible = self.write(&mut text);
        text
    }

    /// What the person said since the last turn, for a client that goes on in its conversation.
    pub(super) fn word(&self) -> String {
        let mut text = String::from("The person's word:\n\n");
        let news = self.talk.iter().filter(|spoken| spoken.is_news);
        let _infallible = news.into_iter().try_for_each(|spoken| spoken.write(&mut text));
        text.push_str("Go on with the task.\n");
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "# {} ({})\n", self.title, self.reference)?;
        if let Some(role) = &self.role {
            writeln!(text, "Role: {role}\n")?;
        }
        if let Some(body) = self.body.as_ref().filter(|body| !body.trim().is_empty()) {
            writeln!(text, "{}\n", body.trim_end())?;
        }
        self.write_failures(text)?;
        if !self.talk.is_empty() {
            writeln!(text, "## What was said\n")?;
            self.talk.iter().try_for_each(|spoken| spoken.write(text))?;
        }
        for (title, output) in &self.reads {
            writeln!(text, "## Output of `{title}`\n\n{}", quoted(output))?;
        }
        writeln!(text, "## Where\n")?;
        writeln!(text, "- Worktree: `{}`, on branch `{}`.", self.path, self.branch)?;
        writeln!(text, "- It is a copy of its own; work only in it. Others work beside it.")?;
        if !self.files.is_empty() {
            writeln!(text, "- Files of this task: `{}`.", self.files.join("`, `"))?;
        }
        writeln!(text, "- Ports: add {} to the usual ones (`PORT_OFFSET`).\n", self.port_offset)?;
        writeln!(text, "## Questions\n")?;
        writeln!(
            text,
            "- `windrow ask \"QUESTION\" --wait` asks the person and prints the answer."
        )?;
        writeln!(text, "  `--option` names a choice, `--context` adds what belongs to it.")?;
        writeln!(text, "- Without `--wait` it returns at once. When nothing can be done without")?;
        writeln!(text, "  the answer, end then: the work goes on with it in this worktree.")?;
        writeln!(text, "- `windrow inbox` prints what the person said meanwhile.")?;
        writeln!(text, "- A shell that does not find it finds it as `{}`.\n", self.windrow)?;
        writeln!(text, "## How it ends\n")?;
        writeln!(text, "- Commit to `{}` in this form:\n", self.branch)?;
        writeln!(text, "      {}\n\n      Refs: {}\n", self.subject, self.reference)?;
        writeln!(text, "- Do not merge and do not push: windrow lands it on `{}`.", self.target)?;
        for gate in &self.gates {
            writeln!(text, "- This must pass on the merged result: `{gate}`.")?;
        }
        writeln!(text, "- What other tasks should know goes into `{}`.", self.output)?;
        writeln!(text, "- End with status 0 when it is done, with another when it is not.")?;
        writeln!(text, "\nTask {}, try {}.", self.task, self.attempt)
    }

    fn write_failures(&self, text: &mut String) -> std::fmt::Result {
        let Some((kind, _)) = self.failures.last() else { return Ok(()) };
        writeln!(text, "## Earlier tries\n")?;
        for (n, (_, summary)) in self.failures.iter().enumerate() {
            writeln!(text, "{}. {summary}", n + 1)?;
        }
        if let Some(evidence) = self.evidence.as_ref().filter(|text| !text.trim().is_empty()) {
            let what = match kind {
                TryKind::Conflict => "Both versions",
                TryKind::RedGate | TryKind::GateCouldNotRun => "Output of the gate",
                _ => "The end of the last try's output",
            };
            writeln!(text, "\n{what}:\n\n{}", quoted(evidence))?;
        } else {
            writeln!(text)?;
        }
        Ok(())
    }
}

/// One thing that was said, with its text.
pub(super) struct Spoken {
    heading: String,
    /// The process that begins now is the first that is told.
    is_news: bool,
    pub(super) text: String,
}

impl Spoken {
    /// A message, and where its text is.
    pub(super) fn of(session: &Session, message: &Message) -> (Self, TextRef) {
        let heading = match &message.what {
            Said::Question { answer: None, .. } => {
                format!("This question was asked ({}) and is not answered yet:", message.id)
            }
            Said::Question { .. } => format!("This question was asked ({}):", message.id),
            Said::Answer { to } => {
                let asked = session.message(*to).map(|asked| asked.summary.as_str());
                format!("The person's answer to {to} ({}):", asked.unwrap_or_default())
            }
            Said::Word => "The person says:".to_owned(),
        };
        let is_news = session.told_at_start().any(|told| told.id == message.id);
        (Self { heading, is_news, text: String::new() }, message.text.clone())
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "{}\n\n{}", self.heading, quoted(&self.text))
    }
}

/// A text from outside, so fenced that nothing in it can end the block.
pub(crate) fn quoted(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}
