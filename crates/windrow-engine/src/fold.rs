//! Folds a state from a journal, and trusts no record that is not what was written.

use windrow_core::Timestamp;
use windrow_journal::{Reader, Seq, Walk};

use crate::ledger::{Aggregate, LedgerError, event_of};

/// Records read at once while folding.
const READ_AT_ONCE: usize = 1_000;

/// A state with what it was folded from.
pub(crate) struct Folded<A> {
    pub(crate) state: A,
    /// The last record folded in.
    pub(crate) head: Seq,
    /// The record of the snapshot it began with.
    pub(crate) snapshot_at: Seq,
}

/// Folds up to `until`, or to the journal's end when that comes before, beginning with the nearest
/// snapshot.
///
/// # Errors
/// The journal cannot be read, a record is not what was written, or a newer windrow wrote it.
pub(crate) async fn fold<A: Aggregate, R: Reader>(
    reader: &R,
    until: Seq,
) -> Result<Folded<A>, LedgerError> {
    let nearest = reader.snapshot_until(windrow_core::SCHEMA, until).await?;
    for ignored in &nearest.ignored {
        tracing::warn!("a snapshot is not used: {ignored:?}");
    }
    let snapshot = nearest.snapshot.and_then(|snapshot| {
        serde_json::from_slice::<A>(&snapshot.bytes).ok().map(|state| (snapshot.seq, state))
    });
    let (snapshot_at, mut state) = snapshot.unwrap_or((Seq::EMPTY, A::default()));
    let mut walk = Walk::behind(reader.clone(), snapshot_at).await?;
    while walk.head().seq < until {
        let left = usize::try_from(until.0 - walk.head().seq.0).unwrap_or(READ_AT_ONCE);
        let records = walk.next(left.min(READ_AT_ONCE)).await?;
        if records.is_empty() {
            break;
        }
        for record in &records {
            state.evolve(record.seq.0, Timestamp(record.draft.at_ms), event_of::<A>(record)?);
        }
    }
    Ok(Folded { state, head: walk.head().seq, snapshot_at })
}
