//! Cuts a damaged journal to what is whole, so that the project goes on.
//!
//! Invariant: nothing that the cut journal does not know can be taken for something of its own. Ids
//! that lost records may have given out are left out, folders of jobs it does not know are put aside,
//! and what landed meanwhile is found by the trailers of its landing commits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use windrow_api::view::{FoundRow, RepairView};
use windrow_api::{ExitKind, Failure, ProjectRef};
use windrow_core::command::RecoverJournal;
use windrow_core::ids::{LandingId, SessionId, TaskId};
use windrow_core::message::{JOURNAL, JournalHead};
use windrow_core::{Command, State};
use windrow_journal::{OpenError, Repair, RepairError, Seq, SqliteJournal, examine};
use windrow_world::git::{self, Repo};

use crate::chain;
use crate::home::Home;
use crate::keeper::{self, JobState};
use crate::ledger::{Ledger, LedgerError};
use crate::opening::open_journal;
use crate::place::{Place, Windrow, now};
use crate::published::mark;

/// More ids than a batch gives out whose note was lost with the machine's power.
const MARGIN: u64 = 100;

/// What to say about a journal that could not be opened: how far it is good, and what helps.
pub(crate) async fn damage(path: PathBuf, what: String) -> Failure {
    let kind = ExitKind::World;
    let Ok(found) = examine(&path).await else {
        return Failure { kind, message: what, hints: Vec::new() };
    };
    let good = found.report.head.seq;
    let bad = found.report.bad.map(|bad| format!("; record {}: {}", bad.seq, bad.flaw));
    Failure {
        kind,
        message: format!("{what}{}; it is good up to record {good}", bad.unwrap_or_default()),
        hints: vec![
            format!("`windrow log repair --to {good}` keeps a copy aside and goes on from there"),
            "or stop the daemon and put the project's folder back from a backup".to_owned(),
        ],
    }
}

/// Whether a journal that could not be folded is damaged.
pub(crate) const fn is_damage(error: &LedgerError) -> bool {
    use windrow_journal::{StoreError, WalkError};
    matches!(
        error,
        LedgerError::Walk(WalkError::Bad(_) | WalkError::Store(StoreError::Damaged { .. }))
            | LedgerError::Store(StoreError::Damaged { .. })
    )
}

/// Repairs the journal of a project that nobody has open.
pub(crate) async fn repair(
    home: &Home,
    windrow: &Windrow,
    project: &ProjectRef,
    to: Option<u64>,
) -> Result<RepairView, Failure> {
    let place = Arc::new(Place::new(home, project, windrow));
    let jobs = place.folder.join("jobs");
    let idle = tokio::task::spawn_blocking(move || require_no_workers(&jobs));
    idle.await.map_err(|error| world(chain(&error)))??;
    let repair =
        Repair::begin(place.journal(), to.map(Seq)).await.map_err(|error| refused(&error))?;
    let (kept, lost) = (repair.head, repair.known.0.saturating_sub(repair.head.seq.0));

    // The new file gets its first own records before it takes the place of the old one.
    let journal = open_journal(repair.draft()).await.map_err(|error| world(chain(&error)))?;
    let mut ledger: Ledger<State, SqliteJournal> =
        Ledger::open(journal).await.map_err(|error| world(chain(&error)))?;
    let own = match kept.seq {
        Seq::EMPTY => None,
        _ => Some(mark(&ledger.reader()).await.map_err(world)?),
    };
    let repo = place.repo.clone();
    let found =
        tokio::task::spawn_blocking(move || unknown_landings(&repo, own.as_deref(), kept.seq.0));
    let found = found.await.map_err(|error| world(chain(&error)))?.map_err(world)?;
    let command = Command::RecoverJournal(recovery(&found, lost));
    ledger.apply(&command, "windrow", now()).map_err(|error| world(chain(&error)))?;
    ledger.commit().await.map_err(|error| world(chain(&error)))?;
    let jobs = put_aside(&place.folder.join("jobs"), &repair.aside.join("jobs"), ledger.state());
    drop(ledger);
    let jobs = jobs.map_err(world)?;
    let aside = repair.aside.clone();
    repair.finish().map_err(|error| refused(&error))?;
    Ok(RepairView { kept: kept.seq.0, lost, aside, landings: found, jobs })
}

/// A worker that the cut journal does not know could not be ended by its command any more.
fn require_no_workers(jobs: &Path) -> Result<(), Failure> {
    for entry in std::fs::read_dir(jobs).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let state = keeper::look(&entry.path()).map_err(|error| world(chain(&error)))?;
        let process = match state {
            JobState::NotLaunched | JobState::Ended(_) | JobState::Orphaned { agent: None } => {
                continue;
            }
            JobState::Running { keeper } => keeper,
            JobState::Orphaned { agent } => agent,
        };
        let pid = process.map(|process| format!("`kill {}` ends it", process.pid));
        return Err(Failure {
            kind: ExitKind::Refused,
            message: format!("job `{name}` still runs, and the cut journal may not know it"),
            hints: vec![format!("wait until it has ended, or: {}", pid.unwrap_or_default())],
        });
    }
    Ok(())
}

/// The landings on the repository's branches that records behind `kept` made.
fn unknown_landings(repo: &Repo, own: Option<&str>, kept: u64) -> Result<Vec<FoundRow>, String> {
    let Some(own) = own else { return Ok(Vec::new()) };
    let mut found: BTreeMap<String, FoundRow> = BTreeMap::new();
    for branch in git::branches(repo).map_err(|error| chain(&error))? {
        let tip = format!("refs/heads/{branch}");
        let values = |key| git::trailers(repo, &tip, key).map_err(|error| chain(&error));
        let tasks: BTreeMap<_, _> = values("Task")?.into_iter().collect();
        let sources: BTreeMap<_, _> = values("Refs")?.into_iter().collect();
        for (commit, value) in values(JOURNAL)? {
            let Some(head) = JournalHead::parse(&value) else { continue };
            if head.mark == own && head.seq > kept {
                let row = FoundRow {
                    commit: commit.to_string(),
                    task: tasks.get(&commit).cloned(),
                    source: sources.get(&commit).cloned(),
                };
                found.insert(row.commit.clone(), row);
            }
        }
    }
    Ok(found.into_values().collect())
}

fn recovery(found: &[FoundRow], lost: u64) -> RecoverJournal {
    let task = |row: &FoundRow| {
        let id: TaskId = row.task.as_ref()?.parse().ok()?;
        Some((id, row.commit.clone()))
    };
    let source = |row: &FoundRow| Some((row.source.clone()?, row.commit.clone()));
    RecoverJournal {
        lost: lost + MARGIN,
        found: found.iter().filter_map(source).collect(),
        landed: found.iter().filter_map(task).collect(),
        landings: found.iter().map(|row| row.commit.clone()).collect::<BTreeSet<_>>(),
    }
}

/// Moves away the folders of jobs whose outcome could be taken for that of another: those of
/// generations that are not known, and all gates, whose verdicts are of merges that may be others.
fn put_aside(jobs: &Path, aside: &Path, state: &State) -> Result<u64, String> {
    let mut moved = 0;
    for entry in std::fs::read_dir(jobs).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if is_known(&name.to_string_lossy(), state) {
            continue;
        }
        let failed = |error: std::io::Error| {
            format!("failed to move `{}` aside: {error}", entry.path().display())
        };
        std::fs::create_dir_all(aside).map_err(failed)?;
        std::fs::rename(entry.path(), aside.join(&name)).map_err(failed)?;
        moved += 1;
    }
    Ok(moved)
}

/// Whether a job's folder, such as `s-3.1` or `gate-l-2.1.0`, is one of the state's own.
fn is_known(name: &str, state: &State) -> bool {
    let mut parts = name.strip_prefix("gate-").unwrap_or(name).split('.');
    let (Some(id), Some(number)) =
        (parts.next(), parts.next().and_then(|text| text.parse::<u32>().ok()))
    else {
        return true;
    };
    if let Ok(landing) = id.parse::<LandingId>() {
        let entry = state.landings.get(&landing);
        return entry.is_some_and(|entry| entry.state.is_final() && number <= entry.round);
    }
    let Ok(session) = id.parse::<SessionId>() else { return true };
    state.sessions.get(&session).is_some_and(|session| number <= session.generation)
}

fn refused(error: &RepairError) -> Failure {
    let (kind, hint) = match error {
        RepairError::Whole { .. } => {
            (ExitKind::User, "`windrow log verify` compares it with the landings".to_owned())
        }
        RepairError::Beyond { good, .. } => {
            (ExitKind::User, format!("`windrow log repair --to {good}`"))
        }
        RepairError::Open(OpenError::Newer { .. }) => {
            (ExitKind::World, "use the newer windrow".to_owned())
        }
        RepairError::Open(_) | RepairError::Files { .. } | RepairError::Store(_) => {
            (ExitKind::World, "the journal is as it was; mend that and try again".to_owned())
        }
    };
    Failure { kind, message: chain(error), hints: vec![hint] }
}

fn world(message: String) -> Failure {
    Failure { kind: ExitKind::World, message, hints: Vec::new() }
}
