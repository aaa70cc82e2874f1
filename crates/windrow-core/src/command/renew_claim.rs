//! Renews a session's claim: its worker was seen alive.

use crate::event::Event;
use crate::ids::{Generation, SessionId};
use crate::reject::Rejection;
use crate::state::{State, Wish};
use crate::time::Stamp;

use super::rules;

/// Renews a claim for another lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewClaim {
    /// Whose claim.
    pub session: SessionId,
    /// Its generation.
    pub generation: Generation,
}

impl RenewClaim {
    pub(super) fn decide(&self, state: &State, stamp: Stamp) -> Result<Vec<Event>, Rejection> {
        let session = rules::require_session(state, self.session, self.generation)?;
        if session.wish() != Wish::End {
            return Err(Rejection::NotAwaited { session: self.session });
        }
        let deadline = rules::claim_until(state, session, stamp);
        let (session, generation) = (self.session, self.generation);
        Ok(vec![Event::ClaimRenewed { session, generation, deadline }])
    }
}
