//! Removes what is not needed any more: warm worktrees, gate lanes, and kept work that landed.
//!
//! The journal forgets first, so that no session takes a tree that is about to go; what a kill
//! leaves on disk after that is found by the next prune.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use windrow_api::view::{KeptRow, PruneRow};
use windrow_api::{ExitKind, Reply};
use windrow_core::Command;
use windrow_core::command::{DropKept, ForgetTree};
use windrow_core::ids::TreeId;
use windrow_core::state::{EntryState, Landing, RunPhase, TreeUse};
use windrow_world::crash;
use windrow_world::git::{self, FLIGHT, Oid, Saved, Tree};

use crate::chain;
use crate::hub::{HubHandle, failed, reply};
use crate::kept::{self, Known};
use crate::owner;
use crate::place::Place;
use crate::project::Project;

struct Plan {
    place: Arc<Place>,
    hub: HubHandle,
    known: Known,
    dry_run: bool,
    unlanded: bool,
    warm: Vec<(TreeId, Tree)>,
    stays: Vec<(PathBuf, String)>,
    roots: Vec<PathBuf>,
    in_use: Vec<PathBuf>,
    /// Queue entries whose pins are still needed.
    in_flight: Vec<String>,
    /// Kept refs of work that is still on its way.
    on_its_way: Vec<String>,
    /// Sessions that are not over.
    live: Vec<String>,
    /// Branches that runs land on.
    branches: BTreeSet<String>,
    /// No run is under way.
    idle: bool,
    /// No gate runs, so the lanes may go.
    quiet: bool,
}

/// Answers with what went, or would go.
pub(crate) fn prune(
    project: &mut Project,
    dry_run: bool,
    unlanded: bool,
    actor: &str,
    replies: mpsc::Sender<Reply>,
) {
    let plan = plan(project, dry_run, unlanded);
    if !dry_run {
        for (tree, _) in &plan.warm {
            project.tell(&Command::ForgetTree(ForgetTree { tree: *tree }), actor);
        }
    }
    // The answer is prepared after the append, so nothing goes that a session could still take.
    let (sender, mut ready) = mpsc::channel(1);
    project.answer(sender, Box::new(|_| Reply::Done));
    tokio::spawn(async move {
        match ready.recv().await {
            Some(Reply::Done) => {}
            Some(other) => return reply(&replies, other),
            None => return,
        }
        let carried_out = tokio::task::spawn_blocking(move || carry_out(&plan)).await;
        reply(
            &replies,
            match carried_out {
                Ok(Ok(rows)) => Reply::Pruned(rows),
                Ok(Err(reason)) => failed(ExitKind::World, reason),
                Err(panic) => failed(ExitKind::Internal, panic.to_string()),
            },
        );
    });
}

fn plan(project: &Project, dry_run: bool, unlanded: bool) -> Plan {
    let (state, tools) = (project.state(), project.tools());
    let tree = |record: &windrow_core::state::TreeRecord| Tree {
        path: record.path.clone().into(),
        git_dir: record.git_dir.clone().into(),
    };
    let mut plan = Plan {
        place: Arc::clone(&tools.place),
        hub: tools.hub.clone(),
        known: Known::of(state),
        dry_run,
        unlanded,
        warm: Vec::new(),
        stays: Vec::new(),
        roots: state.runs.values().map(|run| PathBuf::from(&run.spec.trees)).collect(),
        in_use: Vec::new(),
        in_flight: Vec::new(),
        on_its_way: Vec::new(),
        live: state.sessions.values().filter(|s| !s.closed).map(|s| s.id.to_string()).collect(),
        branches: state.runs.values().map(|run| run.spec.branch.clone()).collect(),
        idle: state.runs.values().all(|run| matches!(run.phase, RunPhase::Ended(_)))
            && state.sessions.values().all(|session| session.closed),
        quiet: state.turn.is_empty(),
    };
    plan.roots.sort();
    plan.roots.dedup();
    for (id, record) in &state.trees {
        match &record.used {
            TreeUse::Warm => plan.warm.push((*id, tree(record))),
            TreeUse::Stays(_, why) => plan.stays.push((record.path.clone().into(), why.clone())),
            TreeUse::Session(_) => plan.in_use.push(record.path.clone().into()),
        }
    }
    let open = state.queues.values().flatten().filter_map(|id| state.landings.get(id));
    for entry in open {
        plan.in_flight.push(format!("{FLIGHT}{}", entry.id));
        let rests = matches!(entry.state, EntryState::Landed(_));
        if !rests {
            plan.on_its_way.extend(kept_ref_of(entry));
        }
    }
    // What landed ahead may yet have to be put together with a person's commits.
    for id in state.ahead.values().flat_map(|ahead| &ahead.landings) {
        plan.in_flight.push(format!("{FLIGHT}{id}"));
        plan.on_its_way.extend(state.landings.get(id).and_then(kept_ref_of));
    }
    plan
}

fn kept_ref_of(entry: &Landing) -> Option<String> {
    Some(format!("{}/{}/{}", git::KEPT, entry.session?, entry.generation))
}

fn carry_out(plan: &Plan) -> Result<Vec<PruneRow>, String> {
    if owner::is_anothers(&plan.place).map_err(|e| chain(&e))? {
        return Err("another windrow home works in this repository; prune from there".to_owned());
    }
    crash::point("prune", "forgotten");
    let mut rows = Vec::new();
    for (_, tree) in &plan.warm {
        rows.push(warm_tree(plan, tree));
    }
    strays(plan, &mut rows)?;
    for (path, why) in &plan.stays {
        rows.push(PruneRow {
            what: "worktree".to_owned(),
            name: path.display().to_string(),
            gone: false,
            note: format!("stays: {why}"),
        });
    }
    for row in kept::rows(&plan.place, &plan.known).map_err(|e| chain(&e))? {
        rows.push(kept_ref(plan, &row));
    }
    pins(plan, &mut rows)?;
    ahead(plan, &mut rows)?;
    crash::point("prune", "pruned");
    if !plan.dry_run && plan.idle && rows.iter().all(|row| row.gone) {
        owner::release(&plan.place).map_err(|e| chain(&e))?;
    }
    Ok(rows)
}

fn warm_tree(plan: &Plan, tree: &Tree) -> PruneRow {
    let row = |gone: bool, note: String| PruneRow {
        what: "worktree".to_owned(),
        name: tree.path.display().to_string(),
        gone,
        note,
    };
    if plan.dry_run {
        return row(true, "warm, no session uses it".to_owned());
    }
    match remove(plan, tree) {
        Ok(()) => row(true, "warm, no session used it".to_owned()),
        Err(reason) => row(false, reason),
    }
}

/// Removes a tree if it is as it was reset; somebody's work in it would stay.
fn remove(plan: &Plan, tree: &Tree) -> Result<(), String> {
    let root = tree.path.parent().ok_or_else(|| "it has no parent folder".to_owned())?;
    let worktrees = plan.place.worktrees(root, &[]).map_err(|e| chain(&e))?;
    if tree.path.exists() && !worktrees.is_warm(tree) {
        return Err("somebody worked in it since it was reset; look at it and remove it by hand \
                    with `git worktree remove`"
            .to_owned());
    }
    worktrees.remove(tree, &Saved::scratch(tree)).map_err(|e| chain(&e))
}

/// Trees of ours that the journal does not know: lanes, and what a kill left behind.
fn strays(plan: &Plan, rows: &mut Vec<PruneRow>) -> Result<(), String> {
    let lanes = plan.place.lanes().map_err(|e| chain(&e))?;
    for listed in lanes.list().map_err(|e| chain(&e))? {
        let path = &listed.path;
        let known = plan.in_use.contains(path) || plan.stays.iter().any(|(stays, _)| stays == path);
        if known || plan.warm.iter().any(|(_, tree)| tree.path == *path) {
            continue;
        }
        if path.starts_with(lanes.root()) {
            rows.push(lane(plan, &lanes, path)?);
        } else if plan.roots.iter().any(|root| path.parent() == Some(root)) {
            let root = path.parent().unwrap_or(path);
            let worktrees = plan.place.worktrees(root, &[]).map_err(|e| chain(&e))?;
            if let Some(tree) = worktrees.find(path).map_err(|e| chain(&e))?
                && worktrees.is_warm(&tree)
            {
                rows.push(warm_tree(plan, &tree));
            }
        }
    }
    Ok(())
}

fn lane(plan: &Plan, lanes: &git::Worktrees, path: &std::path::Path) -> Result<PruneRow, String> {
    let mut row = PruneRow {
        what: "worktree".to_owned(),
        name: path.display().to_string(),
        gone: true,
        note: "a gate's lane".to_owned(),
    };
    if !plan.quiet {
        row.gone = false;
        "a gate's lane, in use".clone_into(&mut row.note);
    } else if !plan.dry_run
        && let Some(tree) = lanes.find(path).map_err(|e| chain(&e))?
    {
        lanes.remove(&tree, &Saved::scratch(&tree)).map_err(|e| chain(&e))?;
    }
    Ok(row)
}

fn kept_ref(plan: &Plan, kept: &KeptRow) -> PruneRow {
    let row = |gone: bool, note: &str| PruneRow {
        what: "ref".to_owned(),
        name: kept.refname.clone(),
        gone,
        note: note.to_owned(),
    };
    if plan.on_its_way.contains(&kept.refname) {
        return row(false, "its work is not on the branch yet");
    }
    if plan.live.contains(&kept.session) {
        return row(false, "its session is not over yet");
    }
    let rest = kept.refname.ends_with(".rest");
    if rest && !plan.unlanded {
        return row(false, "what else its worktree held; `windrow prune --unlanded` lets it go");
    }
    if !kept.landed && !plan.unlanded && !on_target(plan, kept) {
        return row(false, "its work did not land; `windrow prune --unlanded` lets it go");
    }
    let why = if kept.landed && !rest { "the task landed" } else { "a person let it go" };
    if plan.dry_run {
        return row(true, why);
    }
    let command = DropKept { refname: kept.refname.clone(), why: why.to_owned() };
    plan.hub.tell(&plan.place.id, Command::DropKept(command));
    let dropped = Oid::parse(&kept.commit)
        .and_then(|commit| git::drop_kept(&plan.place.repo, &kept.refname, &commit));
    crash::point("prune", "dropped");
    match dropped {
        Ok(()) => row(true, why),
        Err(error) => row(false, &chain(&error)),
    }
}

/// Whether a pinned commit is on one of the branches by now.
fn on_target(plan: &Plan, kept: &KeptRow) -> bool {
    let Ok(commit) = Oid::parse(&kept.commit) else { return false };
    let holds = |branch: &String| {
        let at = plan.place.repo.ref_value(&format!("refs/heads/{branch}")).ok().flatten();
        at.is_some_and(|at| git::is_ancestor(&plan.place.repo, &commit, &at).unwrap_or(false))
    };
    kept.what == "submitted" && plan.branches.iter().any(holds)
}

/// Refs that are ahead of their branches; those that are not any more go.
fn ahead(plan: &Plan, rows: &mut Vec<PruneRow>) -> Result<(), String> {
    let repo = &plan.place.repo;
    for (name, _) in git::all_ahead(repo).map_err(|e| chain(&e))? {
        let branch = name.strip_prefix(git::AHEAD).unwrap_or(&name);
        let tip = git::tip(repo, branch).map_err(|e| chain(&e))?;
        let gone = !tip.is_some_and(|tip| tip.ahead);
        if gone && !plan.dry_run {
            git::let_go(repo, branch, None).map_err(|e| chain(&e))?;
        }
        let note = if gone {
            format!("`{branch}` has what landed ahead of it")
        } else {
            format!("`{branch}` lacks what landed ahead of it; `windrow status` says why")
        };
        rows.push(PruneRow { what: "ref".to_owned(), name: name.clone(), gone, note });
    }
    Ok(())
}

/// Pins of landings that are over.
fn pins(plan: &Plan, rows: &mut Vec<PruneRow>) -> Result<(), String> {
    let format = ["for-each-ref", "--format=%(refname)", FLIGHT];
    let listed = plan.place.repo.git(format).success().map_err(|e| chain(&e))?;
    for name in String::from_utf8_lossy(&listed).lines() {
        if plan.in_flight.iter().any(|needed| needed == name) {
            continue;
        }
        if !plan.dry_run {
            git::unpin(&plan.place.repo, name).map_err(|e| chain(&e))?;
        }
        rows.push(PruneRow {
            what: "ref".to_owned(),
            name: name.to_owned(),
            gone: true,
            note: "the landing it served is over".to_owned(),
        });
    }
    Ok(())
}
