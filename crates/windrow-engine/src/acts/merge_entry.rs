//! Merges submitted work with the target in the object store and makes the landing commit.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use windrow_core::command::{MergeReport, ReportMerged};
use windrow_core::ids::LandingId;
use windrow_core::spec::TextRef;
use windrow_core::{Command, Effect, State, message};
use windrow_journal::Text;
use windrow_world::git::{self, ConflictFile, FLIGHT, Identity, MergeCommit, Merged, Oid, Signer};
use windrow_world::trackers::tasks_md;

use super::{Act, Outcome, Tools, blocking, chain};
use crate::place::Place;
use crate::published;

/// Bytes of each side of a conflict that go into the evidence.
const SIDE_LIMIT: usize = 16 << 10;

struct Entry {
    place: Arc<Place>,
    branch: String,
    commit: String,
    base: String,
    message: String,
    identity: Identity,
    signer: Option<Signer>,
    ignore_case: bool,
    seconds: i64,
    pin: String,
    check_off: Option<(String, String)>,
}

pub(super) fn prepare(state: &State, id: LandingId, effect: Effect, tools: &Tools) -> Option<Act> {
    let landing = state.landings.get(&id)?;
    let run = &state.runs.get(&landing.run)?.spec;
    let source = state.tasks.get(&landing.task)?.spec.source.clone();
    let mut entry = Entry {
        place: Arc::clone(&tools.place),
        branch: landing.branch.clone(),
        commit: landing.commit.clone(),
        base: landing.base.clone(),
        message: message::landing(state, landing)?,
        identity: Identity { name: run.identity.name.clone(), email: run.identity.email.clone() },
        signer: run.signing.as_ref().map(|how| tools.place.signer(how)),
        ignore_case: run.ignore_case,
        seconds: landing.taken_at.0 / 1000,
        pin: format!("{FLIGHT}{id}"),
        check_off: source
            .filter(|source| run.commit_progress && !source.file.ends_with(".json"))
            .map(|source| (source.file, source.key)),
    };
    let (round, seq) = (landing.round, landing.taken_seq);
    let texts = tools.texts.clone();
    Some(Box::pin(async move {
        match published::head(&texts, seq).await {
            Ok(head) => {
                let value = head.text();
                let _infallible = writeln!(entry.message, "{}: {value}", message::JOURNAL);
            }
            Err(reason) => return Outcome::setback(effect, reason),
        }
        match blocking(effect, move || merge(&entry)).await {
            Ok((report, text)) => {
                let report = ReportMerged { landing: id, round, report };
                Outcome::with_text(Command::ReportMerged(report), text)
            }
            Err(outcome) => outcome,
        }
    }))
}

fn merge(entry: &Entry) -> Result<(MergeReport, Option<Text>), String> {
    let repo = &entry.place.repo;
    let onto = repo.ref_value(&format!("refs/heads/{}", entry.branch)).map_err(|e| chain(&e))?;
    let onto = onto.ok_or_else(|| format!("the branch `{}` does not exist", entry.branch))?;
    let work = Oid::parse(&entry.commit).map_err(|e| chain(&e))?;
    match git::merge(repo, &onto, &work).map_err(|e| chain(&e))? {
        Merged::AlreadyIn => Ok((already_in(entry, &onto, &work)?, None)),
        Merged::Unrelated => Ok((MergeReport::Unrelated, None)),
        Merged::Conflict { files, messages } => {
            let names = files.iter().map(|f| f.path.to_string_lossy().into_owned()).collect();
            let text = Text::new(both_sides(entry, &files, &messages));
            let detail = Some(TextRef(text.hash().to_string()));
            Ok((MergeReport::Conflict { files: names, detail }, Some(text)))
        }
        Merged::Clean { tree } => {
            if tree == git::tree_of(repo, &onto).map_err(|e| chain(&e))? {
                return Ok((MergeReport::AlreadyIn, None));
            }
            match case_twins(entry, &onto, &tree)? {
                Some((report, text)) => Ok((report, Some(text))),
                None => clean(entry, &onto, &work, tree).map(|report| (report, None)),
            }
        }
    }
}

/// New files of which the checkouts of this repository could not hold both, as a collision.
fn case_twins(
    entry: &Entry,
    onto: &Oid,
    tree: &Oid,
) -> Result<Option<(MergeReport, Text)>, String> {
    if !entry.ignore_case {
        return Ok(None);
    }
    let twins = git::case_twins(&entry.place.repo, onto, tree).map_err(|e| chain(&e))?;
    if twins.is_empty() {
        return Ok(None);
    }
    let mut said = "Case does not count in this repository (`core.ignoreCase`):".to_owned();
    for (new, other) in &twins {
        let (new, other) = (new.display(), other.display());
        let _infallible = write!(said, "\n`{new}` and `{other}` are one file.");
    }
    let files = twins.iter().flat_map(|(new, other)| [new, other]);
    let files: BTreeSet<_> = files.map(|path| path.to_string_lossy().into_owned()).collect();
    let text = Text::new(said);
    let detail = Some(TextRef(text.hash().to_string()));
    Ok(Some((MergeReport::Conflict { files: files.into_iter().collect(), detail }, text)))
}

/// How the target came to have the work: by a merge commit of exactly this work, or otherwise.
fn already_in(entry: &Entry, onto: &Oid, work: &Oid) -> Result<MergeReport, String> {
    let base = Oid::parse(&entry.base).map_err(|e| chain(&e))?;
    let merge = git::merge_of(&entry.place.repo, &base, onto, work).map_err(|e| chain(&e))?;
    Ok(match merge {
        Some(commit) => MergeReport::Landed { commit: commit.to_string() },
        None => MergeReport::AlreadyIn,
    })
}

fn clean(entry: &Entry, onto: &Oid, work: &Oid, tree: Oid) -> Result<MergeReport, String> {
    let repo = &entry.place.repo;
    let tree = match &entry.check_off {
        Some((file, key)) => with_check_off(entry, &tree, file, key)?,
        None => tree,
    };
    let what = MergeCommit {
        tree: &tree,
        onto,
        commit: work,
        message: &entry.message,
        author: &entry.identity,
        committer: &entry.identity,
        seconds: entry.seconds,
    };
    let before = repo.ref_value(&entry.pin).map_err(|e| chain(&e))?;
    let commit = git::land_commit(repo, &what, entry.signer.as_ref(), before.as_ref());
    let commit = commit.map_err(|e| chain(&e))?;
    git::pin(repo, &entry.pin, &commit, before.as_ref()).map_err(|e| chain(&e))?;
    Ok(MergeReport::Clean {
        onto: onto.to_string(),
        commit: commit.to_string(),
        tree: tree.to_string(),
    })
}

/// The tree with the task checked off in its file; unchanged when the file does not have it.
fn with_check_off(entry: &Entry, tree: &Oid, file: &str, key: &str) -> Result<Oid, String> {
    let repo = &entry.place.repo;
    let Some(bytes) = git::file_in(repo, tree, file).map_err(|e| chain(&e))? else {
        return Ok(tree.clone());
    };
    match tasks_md::check_off(&bytes, key) {
        Ok(checked) => git::with_file(repo, tree, file, &checked).map_err(|e| chain(&e)),
        Err(why) => {
            tracing::warn!("`{file}` is landed without a check-off: {}", chain(&why));
            Ok(tree.clone())
        }
    }
}

/// Both versions of every file that collides, for the one who has to settle it.
fn both_sides(entry: &Entry, files: &[ConflictFile], messages: &[String]) -> String {
    let mut text = messages.join("\n");
    for file in files {
        let path = file.path.display();
        let theirs = side(entry, file.theirs.as_ref());
        let ours = side(entry, file.ours.as_ref());
        let branch = &entry.branch;
        let _infallible = write!(
            text,
            "\n\n--- `{path}` on `{branch}`\n{ours}\n--- `{path}` as the worker left it\n{theirs}\n",
        );
    }
    text
}

fn side(entry: &Entry, blob: Option<&Oid>) -> String {
    let Some(blob) = blob else { return "(deleted)".to_owned() };
    match entry.place.repo.git(["cat-file", "blob", blob.as_str()]).success() {
        Ok(bytes) if bytes.contains(&0) => format!("(binary, {} bytes)", bytes.len()),
        Ok(bytes) => {
            let shown = bytes.get(..SIDE_LIMIT).unwrap_or(&bytes);
            let more = bytes.len() - shown.len();
            let cut = if more > 0 { format!("\n({more} bytes more)") } else { String::new() };
            format!("{}{cut}", String::from_utf8_lossy(shown))
        }
        Err(error) => format!("(not readable: {})", chain(&error)),
    }
}
