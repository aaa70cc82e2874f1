//! Runs the gates on the exact merged tree, one command after another, in a lane of its own.
//!
//! A lane is a worktree in which only gates run. Ignored files stay in it from one gate to the next,
//! so that builds are warm; everything else is exactly the merged tree.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use windrow_core::command::{MoveReport, ReportGate, ReportMoved};
use windrow_core::ids::LandingId;
use windrow_core::spec::{TextRef, WhenBusy};
use windrow_core::state::{EntryState, Verdict};
use windrow_core::{Command, Effect, State};
use windrow_journal::Text;
use windrow_world::crash;
use windrow_world::git::{Move, Oid, Saved};

use super::move_target::in_words;
use super::{Act, Outcome, Tools, blocking, chain, watch_agent};
use crate::jobs;
use crate::keeper::{self, JobState, Launch, Program};
use crate::place::Place;

/// Milliseconds a gate gets that was given no limit: nobody could end one that waits forever.
const LONGEST_MS: u64 = 2 * 3_600_000;

/// How often a long gate is looked after while it runs.
const EVERY: Duration = Duration::from_secs(3600);

struct Gate {
    place: Arc<Place>,
    landing: LandingId,
    round: u32,
    commit: String,
    /// Its folder; each branch has one, since gates of different branches run at the same time.
    lane: String,
    commands: Vec<String>,
    time_ms: Option<u64>,
    grace_ms: u64,
}

struct Said {
    verdict: Verdict,
    summary: String,
    output: String,
}

pub(super) fn prepare(state: &State, id: LandingId, effect: Effect, tools: &Tools) -> Option<Act> {
    let landing = state.landings.get(&id)?;
    let EntryState::Merged { onto, commit, .. } = &landing.state else { return None };
    let run = &state.runs.get(&landing.run)?.spec;
    let gate = Gate {
        place: Arc::clone(&tools.place),
        landing: id,
        round: landing.round,
        commit: commit.clone(),
        lane: lane_name(&landing.branch),
        commands: state.gates_of(landing),
        time_ms: Some(run.gate_ms.unwrap_or(LONGEST_MS)),
        grace_ms: run.grace_ms,
    };
    let round = landing.round;
    let request = (landing.branch.clone(), onto.clone(), commit.clone());
    // What goes ahead of the branch is in nobody's way.
    let looks = landing.ahead.is_none() && run.busy != WhenBusy::Ahead;
    Some(Box::pin(async move {
        if looks && let Some(reason) = in_the_way(&gate, request).await {
            let report = MoveReport::Busy(reason);
            return Outcome::report(Command::ReportMoved(ReportMoved {
                landing: id,
                round,
                report,
            }));
        }
        let said = match run_all(effect, gate).await {
            Ok(said) => said,
            Err(outcome) => return outcome,
        };
        crash::point("gate", "judged");
        let text = Text::new(said.output.into_bytes());
        let report = ReportGate {
            landing: id,
            round,
            verdict: said.verdict,
            summary: said.summary,
            detail: Some(TextRef(text.hash().to_string())),
        };
        Outcome::with_text(Command::ReportGate(report), Some(text))
    }))
}

/// What would keep the branch from moving once the gate passed, in words. A gate that runs already
/// runs to its end, and what cannot be seen now is found when the branch is to move.
async fn in_the_way(
    gate: &Gate,
    (branch, onto, commit): (String, String, String),
) -> Option<String> {
    let first = gate.place.gate_job(gate.landing, gate.round, 0);
    if first.exists() {
        return None;
    }
    let (place, id) = (Arc::clone(&gate.place), format!("look-{}", gate.landing));
    let looked = tokio::task::spawn_blocking(move || {
        let (old, new) = (Oid::parse(&onto).ok()?, Oid::parse(&commit).ok()?);
        let request = Move { branch, old, new, id };
        let lander = place.lander.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = lander.look(&request).ok()??;
        Some(in_words(&busy, &request.branch))
    });
    looked.await.ok()?
}

async fn run_all(effect: Effect, gate: Gate) -> Result<Said, Outcome> {
    let gate = Arc::new(gate);
    for (at, command) in gate.commands.clone().into_iter().enumerate() {
        let folder = gate.place.gate_job(gate.landing, gate.round, at);
        // Were it given up while it may run, the entry would step aside, and the next one's gate
        // would get its lane.
        let failed = |reason| Outcome::setback(effect, reason);
        let stands = watch_agent::stands(&folder).await.map_err(failed)?;
        if stands == JobState::NotLaunched {
            let (begin, to) = (Arc::clone(&gate), folder.clone());
            let line = command.clone();
            blocking(effect, move || launch(&begin, &to, &line)).await?;
            crash::point("gate", "launched");
        }
        let exit = watch_agent::surely_ended(&folder, EVERY).await.map_err(failed)?;
        crash::point("gate", "ended");
        let said = judge(&command, &exit);
        if said.verdict != Verdict::Passed {
            return Ok(said);
        }
    }
    let summary = "every gate passed".to_owned();
    Ok(Said { verdict: Verdict::Passed, summary, output: String::new() })
}

/// Prepares the lane and starts the command in it.
fn launch(gate: &Gate, folder: &Path, line: &str) -> Result<(), String> {
    let lane = lane(gate)?;
    crash::point("gate", "laned");
    let job = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let program = Program::Shell { line: line.to_owned() };
    let mut launch = Launch::new(job.unwrap_or_default(), program, lane, folder.join("transcript"));
    launch.env = gate.place.env.clone();
    let tmp = folder.join("tmp");
    std::fs::create_dir_all(&tmp)
        .map_err(|e| format!("failed to make `{}`: {e}", tmp.display()))?;
    launch.env.push(("TMPDIR".to_owned(), tmp.to_string_lossy().into_owned()));
    launch.time_ms = gate.time_ms;
    launch.grace_ms = gate.grace_ms;
    launch.daemon = Some(gate.place.daemon.clone());
    keeper::launch(folder, &launch, &gate.place.keeper).map_err(|e| chain(&e))?;
    Ok(())
}

/// The folder of a branch's lane: the branch in letters a folder may have, and told apart for sure.
fn lane_name(branch: &str) -> String {
    let hash = windrow_journal::Hash::of(branch.as_bytes()).to_string();
    let short: String = hash.chars().take(6).collect();
    format!("{}-{short}", windrow_world::git::path_slug(branch))
}

/// The lane with exactly the merged tree in it.
fn lane(gate: &Gate) -> Result<PathBuf, String> {
    let worktrees = gate.place.lanes().map_err(|e| chain(&e))?;
    let commit = Oid::parse(&gate.commit).map_err(|e| chain(&e))?;
    let path = worktrees.root().join(&gate.lane);
    let tree = match worktrees.find(&path).map_err(|e| chain(&e))? {
        Some(tree) => {
            worktrees.reset_warm(&tree, &Saved::scratch(&tree), &commit).map_err(|e| chain(&e))?;
            tree
        }
        None => worktrees.create_detached(&path, &commit).map_err(|e| chain(&e))?,
    };
    Ok(tree.path)
}

fn judge(command: &str, exit: &keeper::Exit) -> Said {
    let (verdict, how) = jobs::gate_verdict(&exit.how);
    let said = jobs::last_line(&exit.tail).map(|line| format!("; it said: {line}"));
    let said = said.filter(|_| verdict != Verdict::Passed).unwrap_or_default();
    let summary = format!("the gate `{command}` {how}{said}");
    Said { verdict, summary, output: exit.tail.clone() }
}
