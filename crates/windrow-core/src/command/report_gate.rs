//! The gates ran on the merged result of a queue entry, or could not.

use crate::event::Event;
use crate::ids::LandingId;
use crate::message;
use crate::reject::Rejection;
use crate::spec::TextRef;
use crate::state::{DelayKey, EntryState, State, TryKind, TryReason, Verdict};
use crate::time::Stamp;

use super::report_setback::backoff;
use super::{report_merged, rules};

/// How often a gate that could not run is tried before the entry is parked.
const GATE_STARTS: u32 = 3;

/// Reports a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportGate {
    /// Which entry.
    pub landing: LandingId,
    /// Which round of it.
    pub round: u32,
    /// What the gates said.
    pub verdict: Verdict,
    /// One sentence: which command, how it ended.
    pub summary: String,
    /// The output.
    pub detail: Option<TextRef>,
}

impl ReportGate {
    pub(super) fn decide(&self, state: &State, stamp: Stamp) -> Result<Vec<Event>, Rejection> {
        let entry = rules::require_turn(state, self.landing, self.round)?;
        let EntryState::Merged { tree, .. } = &entry.state else {
            let (landing, round) = (self.landing, self.round);
            return Err(Rejection::EntryNotAwaited { landing, round });
        };
        let landing = self.landing;
        let verified = Event::EntryVerified {
            landing,
            tree: tree.clone(),
            gate: message::gate_text(&state.gates_of(entry)),
            verdict: self.verdict.clone(),
        };
        let reason = |kind| TryReason {
            kind,
            summary: rules::for_person(entry, kind, &self.summary),
            detail: self.detail.clone(),
            kept: report_merged::kept_ref(state, entry),
        };
        let mut events = vec![verified];
        match &self.verdict {
            Verdict::Passed => {}
            Verdict::Failed => {
                let reason = reason(TryKind::RedGate);
                events.extend(report_merged::reject(state, entry, reason)?);
            }
            Verdict::CouldNotRun(why) => {
                let key = DelayKey::Landing(landing);
                let count = state.setbacks(key);
                if count + 1 < GATE_STARTS {
                    let until = stamp.now.plus(backoff(count));
                    let reason = why.clone();
                    events.push(Event::Delayed { key, until, reason, waits: false });
                } else {
                    let reason = reason(TryKind::GateCouldNotRun);
                    events.extend(rules::give_up(entry, self.summary.clone(), reason));
                }
            }
        }
        Ok(events)
    }
}
