//! Walking the chain: is the journal what was written, whole and in order?

use std::collections::BTreeMap;

use crate::error::StoreError;
use crate::hash::Hash;
use crate::journal::Reader;
use crate::record::{Head, Record, Seq};

/// Records held in memory at a time.
const STRIDE: usize = 1_000;

/// What a walk along the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyReport {
    /// How many records were found good, from the start of the walk.
    pub checked: u64,
    /// The last good record, or what the walk started from.
    pub head: Head,
    /// The first record that is not good; the walk ends there.
    pub bad: Option<BadRecord>,
}

/// The first record that breaks the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRecord {
    /// Its place.
    pub seq: Seq,
    /// What is wrong with it.
    pub flaw: Flaw,
}

/// How a record breaks the chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// There is no record here, though there are later ones.
    #[error("it is missing; the next one is {found}")]
    Missing {
        /// The next record there is.
        found: Seq,
    },
    /// The journal ends before a record that is known to have been there.
    #[error("it is missing, and so is everything after it")]
    Cut,
    /// The record cannot be read.
    #[error("it cannot be read: {what}")]
    Unreadable {
        /// What the store said.
        what: String,
    },
    /// The record does not name the hash of the one before it.
    #[error("it follows {stored}, but the record before it is {actual}")]
    Broken {
        /// What the record names.
        stored: Hash,
        /// What is there.
        actual: Hash,
    },
    /// The record's content does not have the hash it was stored with.
    #[error("its content has the hash {actual}, but it was stored with {stored}")]
    Changed {
        /// What the record was stored with.
        stored: Hash,
        /// What its fields give.
        actual: Hash,
    },
    /// The record and all before it agree, but elsewhere another hash is on record for it.
    #[error("its hash is {actual}, but {published} was published for it")]
    Rewritten {
        /// What was published.
        published: Hash,
        /// What the journal has.
        actual: Hash,
    },
}

/// Checks every record from `from` on: numbering, chaining and content.
///
/// The record before `from` is taken on trust. `published` are heads that were written down
/// elsewhere, such as in the trailers of landed commits: they show when the end of the journal was
/// cut off or all of it rewritten, which a chain alone cannot. Those before `from` are not looked
/// at.
///
/// # Errors
/// The store cannot be read; a bad record is a finding, not an error.
pub async fn verify(
    reader: &impl Reader,
    from: Seq,
    published: &[Head],
) -> Result<VerifyReport, StoreError> {
    let from = from.max(Seq::FIRST);
    let published: BTreeMap<Seq, Hash> = published
        .iter()
        .filter(|head| head.seq >= from)
        .map(|head| (head.seq, head.hash))
        .collect();
    let mut report = VerifyReport { checked: 0, head: before(reader, from).await?, bad: None };
    loop {
        let next = report.head.seq.next();
        let records = match reader.read(next, STRIDE).await {
            Err(StoreError::Damaged { seq: Some(seq), what, .. }) if seq <= next => {
                report.bad = Some(BadRecord { seq: next, flaw: Flaw::Unreadable { what } });
                return Ok(report);
            }
            // The records before the unreadable one are looked at first.
            Err(StoreError::Damaged { seq: Some(seq), .. }) => {
                let readable = usize::try_from(seq.0 - next.0).unwrap_or(STRIDE);
                reader.read(next, readable.min(STRIDE)).await?
            }
            other => other?,
        };
        if records.is_empty() {
            let cut = published.keys().find(|seq| **seq > report.head.seq);
            report.bad = cut.map(|_| BadRecord { seq: next, flaw: Flaw::Cut });
            return Ok(report);
        }
        for record in records {
            if let Some(flaw) = flaw(report.head, &record, &published) {
                report.bad = Some(BadRecord { seq: report.head.seq.next(), flaw });
                return Ok(report);
            }
            report.checked += 1;
            report.head = record.head();
        }
    }
}

/// What the walk starts from: the record before `from`, or the beginning.
async fn before(reader: &impl Reader, from: Seq) -> Result<Head, StoreError> {
    if from == Seq::FIRST {
        return Ok(Head::EMPTY);
    }
    let previous = Seq(from.0 - 1);
    let records = reader.read(previous, 1).await?;
    let anchor = records.first().filter(|record| record.seq == previous);
    // Nothing to stand on: the walk starts at the beginning and finds the gap.
    Ok(anchor.map_or(Head::EMPTY, Record::head))
}

fn flaw(head: Head, record: &Record, published: &BTreeMap<Seq, Hash>) -> Option<Flaw> {
    if record.seq != head.seq.next() {
        return Some(Flaw::Missing { found: record.seq });
    }
    if record.prev != head.hash {
        return Some(Flaw::Broken { stored: record.prev, actual: head.hash });
    }
    let actual = record.recomputed_hash();
    if record.hash != actual {
        return Some(Flaw::Changed { stored: record.hash, actual });
    }
    let published = *published.get(&record.seq)?;
    (published != actual).then_some(Flaw::Rewritten { published, actual })
}
