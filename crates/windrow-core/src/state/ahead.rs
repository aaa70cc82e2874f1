//! What landed ahead of a target branch that could not follow yet.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{LandingId, RunId};
use crate::time::Timestamp;

use super::TryReason;

/// The part of a target branch's history that so far only a ref of windrow's own has.
///
/// Invariant: `head` is a landing commit whose tree passed, and contains `known`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ahead {
    /// The last landing commit: what the branch is to follow to.
    pub head: String,
    /// Where the branch was when it was last known to be part of `head`.
    pub known: String,
    /// The entry whose landing commit `head` is.
    pub last: LandingId,
    /// The run of that entry; its gates and identity apply to a person's commits.
    pub run: RunId,
    /// Every entry that landed here since the branch fell behind.
    pub landings: BTreeSet<LandingId>,
    /// When the first of them did.
    pub since: Timestamp,
    /// What was in the way then.
    pub reason: String,
    /// How often something came of a try to let the branch follow; a late report of one is refused.
    #[serde(default)]
    pub looks: u32,
    /// A person's commits on their way into `head`.
    pub intake: Option<LandingId>,
    /// What only a person can settle; nothing else lands until then.
    pub trouble: Option<Trouble>,
}

/// Why a branch will not follow by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Where the branch was then; nothing when it was gone. Elsewhere, everything is looked at anew.
    pub head: Option<String>,
    /// What is wrong, and the next step.
    pub reason: TryReason,
}
