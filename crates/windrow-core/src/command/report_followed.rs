//! A target branch was brought to what landed ahead of it, or could not be.

use crate::effect::{Effect, Key, wanted_of};
use crate::event::Event;
use crate::ids::LandingId;
use crate::reject::Rejection;
use crate::state::{Ahead, DelayKey, State, TryKind, TryReason};
use crate::time::Stamp;

use super::report_setback::backoff;
use super::rules;

/// Reports a try to let the branch follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFollowed {
    /// The entry whose landing commit the branch was to have.
    pub landing: LandingId,
    /// Which try it was.
    pub look: u32,
    /// What came of it.
    pub report: FollowReport,
}

/// What came of the try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowReport {
    /// The branch has everything.
    Followed {
        /// Where it is.
        head: String,
    },
    /// Something is in the way; nothing was touched.
    Busy(String),
    /// The branch has commits on top of what is known of it.
    Commits {
        /// Where it is.
        head: String,
    },
    /// The branch lacks what it had: it was reset, amended or rebased.
    Rewritten {
        /// Where it is.
        head: String,
    },
    /// There is no such branch.
    Gone,
}

impl ReportFollowed {
    pub(super) fn decide(&self, state: &State, stamp: Stamp) -> Result<Vec<Event>, Rejection> {
        let (branch, ahead) = require_follow(state, self.landing, self.look)?;
        let delay = |reason: String| {
            let key = DelayKey::Landing(self.landing);
            let until = stamp.now.plus(backoff(state.waits(key)));
            Event::Delayed { key, until, reason, waits: true }
        };
        let known = |head: &Option<String>| {
            ahead.trouble.as_ref().is_some_and(|trouble| trouble.head == *head)
        };
        let settled = || Event::TargetSeen {
            branch: branch.to_owned(),
            head: Some(ahead.known.clone()),
            trouble: None,
        };
        Ok(match &self.report {
            FollowReport::Followed { head } => {
                let (branch, commit) = (branch.to_owned(), head.clone());
                vec![Event::TargetFollowed { branch, commit }]
            }
            FollowReport::Busy(reason) if ahead.trouble.is_some() => {
                vec![settled(), delay(reason.clone())]
            }
            FollowReport::Busy(reason) => vec![delay(reason.clone())],
            FollowReport::Commits { head } if !known(&Some(head.clone())) => {
                let (branch, commit) = (branch.to_owned(), head.clone());
                vec![Event::CommitsSubmitted { landing: state.next_landing(), branch, commit }]
            }
            FollowReport::Commits { .. } => vec![delay(wait_for_person(ahead))],
            FollowReport::Rewritten { head } => {
                let head = Some(head.clone());
                let trouble = rewritten(branch, ahead);
                told_once(branch, head.clone(), trouble, known(&head), delay)
            }
            FollowReport::Gone => told_once(branch, None, gone(branch), known(&None), delay),
        })
    }
}

/// The branch and what is ahead of it, while it is to follow to the landing commit of that entry.
pub(super) fn require_follow(
    state: &State,
    landing: LandingId,
    look: u32,
) -> Result<(&str, &Ahead), Rejection> {
    let found = state.ahead.iter().find(|(_, ahead)| ahead.last == landing);
    let found = found.filter(|(branch, _)| {
        wanted_of(state, &Key::Queue((*branch).clone()))
            .contains(&Effect::FollowTarget(landing, look))
    });
    let (branch, ahead) = found.ok_or(Rejection::FollowNotAwaited { landing })?;
    Ok((branch, ahead))
}

/// Records what a person must settle, unless that is known already, and looks again later.
fn told_once(
    branch: &str,
    head: Option<String>,
    trouble: TryReason,
    known: bool,
    delay: impl Fn(String) -> Event,
) -> Vec<Event> {
    let wait = delay(trouble.summary.clone());
    if known {
        return vec![wait];
    }
    let trouble = Some(trouble);
    vec![Event::TargetSeen { branch: branch.to_owned(), head, trouble }, wait]
}

fn wait_for_person(ahead: &Ahead) -> String {
    ahead.trouble.as_ref().map(|trouble| trouble.reason.summary.clone()).unwrap_or_default()
}

fn rewritten(branch: &str, ahead: &Ahead) -> TryReason {
    let known = rules::short(&ahead.known);
    let next = rules::merge_by_hand(branch);
    let summary = format!(
        "`{branch}` was reset, amended or rebased, and what landed ahead of it contains {known}, \
         which it lacks now; {next}"
    );
    TryReason { kind: TryKind::Person, summary, detail: None, kept: None }
}

fn gone(branch: &str) -> TryReason {
    let summary = format!(
        "`{branch}` was deleted; `git branch {branch} refs/windrow/target/{branch}` brings it back \
         with what landed ahead of it"
    );
    TryReason { kind: TryKind::Person, summary, detail: None, kept: None }
}
