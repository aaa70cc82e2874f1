//! A queue entry was merged with the target in memory, or could not be.

use crate::event::Event;
use crate::ids::LandingId;
use crate::reject::Rejection;
use crate::spec::TextRef;
use crate::state::{EntryState, Landing, State, TryKind, TryReason};

use super::rules;

/// Reports a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportMerged {
    /// Which entry.
    pub landing: LandingId,
    /// Which round of it.
    pub round: u32,
    /// What came of it.
    pub report: MergeReport,
}

/// What came of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeReport {
    /// A landing commit, pinned.
    Clean {
        /// The target's head it was merged with.
        onto: String,
        /// The landing commit.
        commit: String,
        /// Its tree.
        tree: String,
    },
    /// The target has the work already, by other means than a landing.
    AlreadyIn,
    /// The target has it already by this merge commit: a landing whose report was lost, or a
    /// person's own merge.
    Landed {
        /// The merge commit.
        commit: String,
        /// The last commit of the branch that is part of it, when the branch itself lacks it.
        ahead: Option<String>,
    },
    /// The person's commits are not on the branch any more.
    Gone,
    /// The target has no history in common with the work: the branch was replaced.
    Unrelated,
    /// It collides with what landed meanwhile.
    Conflict {
        /// The files, as shown to people.
        files: Vec<String>,
        /// Both versions.
        detail: Option<TextRef>,
        /// The commits of each side, where a person has to bring them together.
        sides: Option<Sides>,
    },
}

/// What two sides that collide are made of, newest first; each as its hash and subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sides {
    /// Commits that only the branch has.
    pub branch: Vec<String>,
    /// Landing commits that are ahead of it.
    pub ahead: Vec<String>,
}

impl ReportMerged {
    pub(super) fn decide(&self, state: &State) -> Result<Vec<Event>, Rejection> {
        let entry = rules::require_turn(state, self.landing, self.round)?;
        if entry.state != EntryState::Taken {
            let (landing, round) = (self.landing, self.round);
            return Err(Rejection::EntryNotAwaited { landing, round });
        }
        let landing = self.landing;
        match &self.report {
            MergeReport::Clean { onto, commit, tree } => Ok(vec![Event::EntryMerged {
                landing,
                onto: onto.clone(),
                commit: commit.clone(),
                tree: tree.clone(),
            }]),
            MergeReport::Landed { commit, ahead } => {
                let (commit, onto) = (commit.clone(), commit.clone());
                Ok(vec![Event::WorkLanded { landing, commit, onto, ahead: ahead.clone() }])
            }
            MergeReport::Gone => {
                let reason = format!("`{}` does not have them any more", entry.branch);
                Ok(vec![Event::EntryWithdrawn { landing, reason }])
            }
            MergeReport::AlreadyIn => {
                let why = format!("`{}` has the work already", entry.branch);
                let withdrawn = Event::EntryWithdrawn { landing, reason: why.clone() };
                let done = entry.task.map(|task| Event::TaskDone { task, why });
                Ok([Some(withdrawn), done].into_iter().flatten().collect())
            }
            MergeReport::Unrelated => {
                let summary = format!(
                    "`{}` was replaced: it has no history in common with the commit this work \
                     started from",
                    entry.branch
                );
                reject(state, entry, collision(state, entry, summary, None))
            }
            MergeReport::Conflict { files, detail, sides } => {
                let summary = match sides {
                    Some(sides) if entry.is_persons() => both_sides(entry, files, sides),
                    Some(_) | None => conflict(state, entry, files),
                };
                reject(state, entry, collision(state, entry, summary, detail.clone()))
            }
        }
    }
}

fn collision(
    state: &State,
    entry: &Landing,
    summary: String,
    detail: Option<TextRef>,
) -> TryReason {
    let kept = kept_ref(state, entry);
    TryReason { kind: TryKind::Conflict, summary, detail, kept }
}

/// The entry leaves the queue, and its task starts again from the target as it is now; a person's
/// commits are theirs to settle.
pub(super) fn reject(
    state: &State,
    entry: &Landing,
    reason: TryReason,
) -> Result<Vec<Event>, Rejection> {
    let follow = match entry.task {
        Some(task) => {
            let task = rules::require_task(state, task)?;
            Some(rules::after_failure(state, task, entry.run, reason.clone()))
        }
        None => None,
    };
    let rejected = Event::EntryRejected { landing: entry.id, reason };
    Ok([Some(rejected), follow].into_iter().flatten().collect())
}

/// Both sides of a collision between a person's commits and what landed ahead, and the next step.
fn both_sides(entry: &Landing, files: &[String], sides: &Sides) -> String {
    let branch = &entry.branch;
    format!(
        "commits on `{branch}` collide with what landed ahead of it, in {}; on `{branch}`: {}; \
         ahead: {}; {}",
        files.join(", "),
        sides.branch.join(", "),
        sides.ahead.join(", "),
        rules::merge_by_hand(branch)
    )
}

/// The ref that keeps an entry's work.
pub(super) fn kept_ref(state: &State, entry: &Landing) -> Option<String> {
    let session = state.sessions.get(&entry.session?)?;
    let kept = session.kept.iter().find(|kept| kept.commit == entry.commit)?;
    Some(kept.refname.clone())
}

/// Names the files, and the landed tasks that touched them outside their scopes.
fn conflict(state: &State, entry: &crate::state::Landing, files: &[String]) -> String {
    let mut text = format!("it collides with `{}` in {}", entry.branch, files.join(", "));
    for other in state.landings.values().filter(|other| other.id != entry.id) {
        let landed = matches!(other.state, EntryState::Landed(_));
        // An entry may have waited long: what counts is when it was taken up for the last time.
        if !landed || other.branch != entry.branch || other.taken_at < task_start(state, entry) {
            continue;
        }
        let Some(task) = other.task.and_then(|task| state.tasks.get(&task)) else { continue };
        let case = state.case();
        let scopes = || task.spec.scopes.iter().map(|scope| scope.when(case));
        let declared = |path: &&String| scopes().any(|scope| scope.matches(&case.fold(path)));
        let shared: Vec<&String> = other.touched.iter().filter(|p| files.contains(p)).collect();
        let outside = !task.spec.scopes.is_empty() && shared.iter().any(|path| !declared(path));
        if outside {
            push(
                &mut text,
                format_args!("; {} (`{}`) touched it outside its files", task.id, task.spec.title),
            );
        } else if !shared.is_empty() {
            push(
                &mut text,
                format_args!("; {} (`{}`) landed there meanwhile", task.id, task.spec.title),
            );
        }
    }
    text
}

fn task_start(state: &State, entry: &Landing) -> crate::time::Timestamp {
    let session = entry.session.and_then(|session| state.sessions.get(&session));
    session.map_or(entry.submitted_at, |session| session.requested_at)
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    use std::fmt::Write as _;
    let _never_fails = text.write_fmt(more);
}
