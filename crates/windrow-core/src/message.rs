//! The texts that go into commits: subject and trailers of a landing.

use crate::spec::{Source, TaskSpec};
use crate::state::{Landing, Session, State, Task};

impl State {
    /// The commands that must pass for an entry: the run's, then the task's own.
    #[must_use]
    pub fn gates_of(&self, entry: &Landing) -> Vec<String> {
        let run = self.runs.get(&entry.run).map(|run| run.spec.gates.as_slice());
        let task = entry.task.and_then(|task| self.tasks.get(&task));
        let own = task.and_then(|task| task.spec.gate.clone());
        run.unwrap_or_default().iter().cloned().chain(own).collect()
    }
}

/// The gates as one text, the key under which a verdict may be used again.
#[must_use]
pub fn gate_text(gates: &[String]) -> String {
    gates.join("\n")
}

/// The first line of a commit for a task: `<type>: <title>`, or the title alone.
#[must_use]
pub fn subject(spec: &TaskSpec) -> String {
    match &spec.commit_type {
        Some(commit_type) => format!("{commit_type}: {}", spec.title),
        None => spec.title.clone(),
    }
}

/// The whole message of the commit that lands an entry.
#[must_use]
pub fn landing(state: &State, entry: &Landing) -> Option<String> {
    let Some(task) = entry.task else { return Some(taking_in(entry)) };
    let task = state.tasks.get(&task)?;
    let session = state.sessions.get(&entry.session?)?;
    let label = format!("{} ({})", session.label(), session.id);
    let refs = task.spec.source.as_ref().map_or_else(|| task.id.to_string(), |s| s.reference());
    let mut text =
        format!("{}\n\nTask: {}\nSession: {label}\nRefs: {refs}\n", subject(&task.spec), task.id,);
    if let Some(author) = co_author(state, &task.spec, session) {
        text.push_str("Co-Authored-By: ");
        text.push_str(&author);
        text.push('\n');
    }
    Some(text)
}

/// The message of the commit that takes a person's commits into what landed ahead of the branch.
fn taking_in(entry: &Landing) -> String {
    let Landing { branch, commit, .. } = entry;
    format!("Take in what was committed on `{branch}` meanwhile\n\nRefs: {commit}\n")
}

/// The trailer that names the journal as it stood when a landing commit was made.
pub const JOURNAL: &str = "Journal";

/// The value of that trailer: the journal's mark, a position in it and the hash there.
///
/// The mark is the start of the hash of the journal's first record, so that landings of another
/// machine, or of a home that is gone, are told apart from a journal that was rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalHead {
    /// The start of the first record's hash.
    pub mark: String,
    /// A position, from 1.
    pub seq: u64,
    /// The hash of the record there.
    pub hash: String,
}

impl JournalHead {
    /// How many characters of the first hash make a mark.
    pub const MARK: usize = 12;

    /// The value as it stands in the trailer.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}/{}/{}", self.mark, self.seq, self.hash)
    }

    /// Reads a value; nothing when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('/');
        let (mark, seq, hash) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        let whole = parts.next().is_none() && !mark.is_empty() && !hash.is_empty();
        whole.then(|| Self { mark: mark.to_owned(), seq, hash: hash.to_owned() })
    }
}

fn co_author(state: &State, spec: &TaskSpec, session: &Session) -> Option<String> {
    if spec.run.is_some() {
        return None;
    }
    let run = &state.runs.get(&session.run)?.spec;
    let agent = spec.agent.as_ref().or(run.agent.as_ref())?;
    run.agents.get(agent)?.co_author.clone()
}

/// The message of the commit that takes in what a worker left uncommitted.
#[must_use]
pub fn work(state: &State, task: &Task, session: &Session) -> String {
    let refs = task.spec.source.as_ref().map_or_else(|| task.id.to_string(), Source::reference);
    let mut text = format!("{}\n\nRefs: {refs}\n", subject(&task.spec));
    if let Some(author) = co_author(state, &task.spec, session) {
        text.push_str("Co-Authored-By: ");
        text.push_str(&author);
        text.push('\n');
    }
    text
}
