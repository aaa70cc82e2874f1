//! Merges submitted work with the target in the object store and makes the landing commit.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use windrow_core::command::{MergeReport, ReportMerged, Sides};
use windrow_core::ids::LandingId;
use windrow_core::spec::TextRef;
use windrow_core::{Command, Effect, State, message};
use windrow_journal::Text;
use windrow_world::crash;
use windrow_world::git::{
    self, ConflictFile, FLIGHT, Identity, MergeCommit, Merged, Oid, Repo, Signer, Tip,
};
use windrow_world::trackers::tasks_md;

use super::move_ahead::{self, is_on_branch, known};
use super::{Act, Outcome, Tools, blocking, chain};
use crate::place::Place;
use crate::published;

/// Bytes of each side of a conflict that go into the evidence.
const SIDE_LIMIT: usize = 16 << 10;

/// Commits of each side of a person's conflict that are named.
const SIDE_COMMITS: usize = 5;

struct Entry {
    place: Arc<Place>,
    branch: String,
    /// What landed ahead of it.
    landed: Option<String>,
    commit: String,
    base: String,
    message: String,
    identity: Identity,
    signer: Option<Signer>,
    ignore_case: bool,
    seconds: i64,
    pin: String,
    check_off: Option<(String, String)>,
    /// It is a person's commits on the branch rather than a worker's.
    persons: bool,
}

pub(super) fn prepare(state: &State, id: LandingId, effect: Effect, tools: &Tools) -> Option<Act> {
    let landing = state.landings.get(&id)?;
    let run = &state.runs.get(&landing.run)?.spec;
    let task = landing.task.and_then(|task| state.tasks.get(&task));
    let source = task.and_then(|task| task.spec.source.clone());
    let mut entry = Entry {
        place: Arc::clone(&tools.place),
        branch: landing.branch.clone(),
        landed: move_ahead::landed(state, &landing.branch),
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
        persons: landing.is_persons(),
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
    let tip = move_ahead::tip(&entry.place, &entry.branch, entry.landed.as_deref())?;
    if entry.persons && !is_on_branch(&entry.place, &entry.branch, &entry.commit)? {
        return Ok((MergeReport::Gone, None));
    }
    let work = Oid::parse(&entry.commit).map_err(|e| chain(&e))?;
    match git::merge(repo, &tip.commit, &work).map_err(|e| chain(&e))? {
        Merged::AlreadyIn => Ok((already_in(entry, &tip, &work)?, None)),
        Merged::Unrelated => Ok((MergeReport::Unrelated, None)),
        Merged::Conflict { files, messages } => {
            let names = files.iter().map(|f| f.path.to_string_lossy().into_owned()).collect();
            let text = Text::new(both_sides(entry, &files, &messages));
            let detail = Some(TextRef(text.hash().to_string()));
            let sides = if entry.persons { Some(sides(repo, &tip.commit, &work)?) } else { None };
            Ok((MergeReport::Conflict { files: names, detail, sides }, Some(text)))
        }
        // A person's commits are to be part of what is ahead, whatever they change.
        Merged::Unchanged if entry.persons => {
            let tree = git::tree_of(repo, &tip.commit).map_err(|e| chain(&e))?;
            clean(entry, &tip.commit, &work, tree).map(|report| (report, None))
        }
        Merged::Unchanged => Ok((MergeReport::AlreadyIn, None)),
        Merged::Clean { tree } => match case_twins(entry, &tip.commit, &tree)? {
            Some((report, text)) => Ok((report, Some(text))),
            None => clean(entry, &tip.commit, &work, tree).map(|report| (report, None)),
        },
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
    Ok(Some((
        MergeReport::Conflict { files: files.into_iter().collect(), detail, sides: None },
        text,
    )))
}

/// The commits of both sides of a collision between a person and what landed ahead.
fn sides(repo: &Repo, ahead: &Oid, branch: &Oid) -> Result<Sides, String> {
    let lines = |without, with| git::lines_between(repo, without, with, SIDE_COMMITS);
    Ok(Sides {
        branch: lines(ahead, branch).map_err(|e| chain(&e))?,
        ahead: lines(branch, ahead).map_err(|e| chain(&e))?,
    })
}

/// How the target came to have the work: by a merge commit of exactly this work, or otherwise.
fn already_in(entry: &Entry, tip: &Tip, work: &Oid) -> Result<MergeReport, String> {
    let place = &entry.place;
    let base = Oid::parse(&entry.base).map_err(|e| chain(&e))?;
    let merge = git::merge_of(&place.repo, &base, &tip.commit, work).map_err(|e| chain(&e))?;
    let Some(commit) = merge else { return Ok(MergeReport::AlreadyIn) };
    let landed = is_on_branch(place, &entry.branch, commit.as_str())?;
    let ahead = if landed { None } else { Some(known(place, &entry.branch, &commit)?) };
    Ok(MergeReport::Landed { commit: commit.to_string(), ahead })
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
    crash::point("merge", "committed");
    git::pin(repo, &entry.pin, &commit, before.as_ref()).map_err(|e| chain(&e))?;
    crash::point("merge", "pinned");
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
        let (on, left) = if entry.persons {
            (format!("as it landed ahead of `{branch}`"), format!("on `{branch}`"))
        } else {
            (format!("on `{branch}`"), "as the worker left it".to_owned())
        };
        let _infallible =
            write!(text, "\n\n--- `{path}` {on}\n{ours}\n--- `{path}` {left}\n{theirs}\n");
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
