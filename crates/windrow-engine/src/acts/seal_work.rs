//! Decides nothing, but makes the fate of a session's work durable: pins it or captures it.

use std::path::PathBuf;
use std::sync::Arc;

use windrow_core::command::{ReportSealed, SealMode, SealedWork, seal_mode};
use windrow_core::ids::SessionId;
use windrow_core::spec::Leftovers;
use windrow_core::{Command, Effect, State, message};
use windrow_world::cmd::beside;
use windrow_world::crash;
use windrow_world::git::{self, Captured, Identity, Oid, Signer, Tree};

use super::capture::{Capture, named, safe_refs};
use super::{Act, Outcome, Tools, blocking, chain, tree_path};
use crate::place::Place;

struct Ended {
    place: Arc<Place>,
    tree: Option<Tree>,
    branch: String,
    base: String,
    mode: SealMode,
    leftovers: Leftovers,
    message: String,
    identity: Identity,
    signer: Option<Signer>,
    refname: String,
    safe: Vec<String>,
    precious: Vec<String>,
    trash: PathBuf,
}

struct Sealed {
    work: SealedWork,
    kept: Option<(String, String)>,
    stays: Option<String>,
}

pub(super) fn prepare(state: &State, id: SessionId, effect: Effect, tools: &Tools) -> Option<Act> {
    let session = state.sessions.get(&id)?;
    let task = state.tasks.get(&session.task)?;
    let run = &state.runs.get(&session.run)?.spec;
    let generation = session.generation;
    let ended = Ended {
        place: Arc::clone(&tools.place),
        tree: tree_path::tree_of(session),
        base: session.tree.as_ref().map(|tree| tree.base.clone()).unwrap_or_default(),
        branch: session.tree.as_ref().map(|tree| tree.branch.clone()).unwrap_or_default(),
        mode: seal_mode(session),
        leftovers: run.leftovers,
        message: message::work(state, task, session),
        identity: Identity { name: run.identity.name.clone(), email: run.identity.email.clone() },
        signer: run.signing.as_ref().map(|how| tools.place.signer(how)),
        refname: format!("refs/windrow/kept/{id}/{generation}"),
        safe: safe_refs(&run.branch).into(),
        precious: run.precious.clone(),
        trash: tools.place.folder.join("trash").join(format!("{id}.{generation}")),
    };
    Some(Box::pin(async move {
        match blocking(effect, move || seal(&ended)).await {
            Ok(Sealed { work, kept, stays }) => {
                crash::point("seal", "sealed");
                let report = ReportSealed { session: id, generation, work, kept, stays };
                Outcome::report(Command::ReportSealed(report))
            }
            Err(outcome) => outcome,
        }
    }))
}

fn seal(ended: &Ended) -> Result<Sealed, String> {
    let Some(tree) = &ended.tree else {
        return Ok(Sealed { work: SealedWork::Captured, kept: None, stays: None });
    };
    match ended.mode {
        SealMode::Submit => match submit(ended, tree) {
            Ok(sealed) => Ok(sealed),
            Err(reason) => salvage(ended, tree, reason),
        },
        SealMode::Capture => capture(ended, tree, SealedWork::Captured),
        SealMode::Drop => Ok(Sealed { work: SealedWork::Captured, kept: None, stays: None }),
    }
}

fn submit(ended: &Ended, tree: &Tree) -> Result<Sealed, String> {
    let repo = &ended.place.repo;
    if let Some(refused) = commit_leftovers(ended, tree)? {
        return capture(ended, tree, SealedWork::Refused(refused));
    }
    let base = Oid::parse(&ended.base).map_err(|e| chain(&e))?;
    let head = git::head(repo, tree).map_err(|e| chain(&e))?;
    let Some(head) = head.filter(|head| *head != base) else {
        return Ok(Sealed { work: SealedWork::Nothing, kept: None, stays: None });
    };
    let before = repo.ref_value(&ended.refname).map_err(|e| chain(&e))?;
    let (touched, pinned) = beside(
        || git::changed_paths(repo, &base, &head),
        || git::pin(repo, &ended.refname, &head, before.as_ref()),
    );
    pinned.map_err(|e| chain(&e))?;
    crash::point("seal", "pinned");
    let touched = touched.map_err(|e| chain(&e))?;
    let touched = touched.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let commit = head.to_string();
    let kept = Some((ended.refname.clone(), commit.clone()));
    Ok(Sealed { work: SealedWork::Commit { commit, touched }, kept, stays: None })
}

/// Keeps what is left in a tree that was found broken; nobody knows whether that is the whole work.
fn salvage(ended: &Ended, tree: &Tree, reason: String) -> Result<Sealed, String> {
    let broken = capturing(ended, tree).mend(&ended.place)?;
    if broken.is_empty() {
        return Err(reason);
    }
    let path = tree.path.display();
    let why = format!("the worktree `{path}` was damaged: {}", broken.join(", "));
    capture(ended, tree, SealedWork::Broken(why))
}

/// Commits what is left, or says why it cannot be.
fn commit_leftovers(ended: &Ended, tree: &Tree) -> Result<Option<String>, String> {
    let repo = &ended.place.repo;
    let left = git::leftovers(repo, tree).map_err(|e| chain(&e))?;
    if left.is_empty() && left.operation.is_none() {
        return Ok(None);
    }
    if ended.leftovers == Leftovers::Refuse {
        let first: Vec<String> =
            left.paths.iter().take(5).map(|path| format!("`{}`", path.display())).collect();
        return Ok(Some(format!("the worker left changes uncommitted: {}", first.join(", "))));
    }
    let signer = ended.signer.as_ref();
    match git::commit_leftovers(repo, tree, &ended.message, &ended.identity, signer) {
        Ok(_) => Ok(None),
        Err(git::SealError::Git(error)) => Err(chain(&error)),
        Err(refused) => Ok(Some(chain(&refused))),
    }
}

fn capturing<'a>(ended: &'a Ended, tree: &'a Tree) -> Capture<'a> {
    Capture {
        tree,
        refname: &ended.refname,
        safe: &ended.safe,
        precious: &ended.precious,
        trash: &ended.trash,
        branch: &ended.branch,
        base: &ended.base,
    }
}

fn capture(ended: &Ended, tree: &Tree, work: SealedWork) -> Result<Sealed, String> {
    Ok(match capturing(ended, tree).run(&ended.place)? {
        Captured::Nothing(_) => Sealed { work, kept: None, stays: None },
        Captured::Kept { commit, .. } => {
            Sealed { work, kept: Some((ended.refname.clone(), commit.to_string())), stays: None }
        }
        Captured::Incomplete { commit, left } => Sealed {
            work,
            kept: Some((ended.refname.clone(), commit.to_string())),
            stays: Some(format!("it holds what cannot be kept elsewhere: {}", named(&left))),
        },
    })
}
