//! Walking the chain: is the journal what was written, whole and in order?

use std::collections::BTreeMap;

use crate::error::StoreError;
use crate::hash::Hash;
use crate::journal::Reader;
use crate::record::{Head, Seq};
use crate::walk::{Walk, WalkError};

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
pub async fn verify<R: Reader>(
    reader: &R,
    from: Seq,
    published: &[Head],
) -> Result<VerifyReport, StoreError> {
    let from = from.max(Seq::FIRST);
    let published: BTreeMap<Seq, Hash> = published
        .iter()
        .filter(|head| head.seq >= from)
        .map(|head| (head.seq, head.hash))
        .collect();
    let mut report = VerifyReport { checked: 0, head: Head::EMPTY, bad: None };
    let mut walk = match Walk::behind(reader.clone(), Seq(from.0 - 1)).await {
        Ok(walk) => walk,
        Err(error) => return report.ended(error),
    };
    report.head = walk.head();
    loop {
        let records = match walk.next(STRIDE).await {
            Ok(records) => records,
            Err(error) => return report.ended(error),
        };
        if records.is_empty() {
            let cut = published.keys().find(|seq| **seq > report.head.seq);
            let seq = report.head.seq.next();
            report.bad = cut.map(|_| BadRecord { seq, flaw: Flaw::Cut });
            return Ok(report);
        }
        for record in records {
            if let Some(published) = published.get(&record.seq).filter(|hash| **hash != record.hash)
            {
                let flaw = Flaw::Rewritten { published: *published, actual: record.hash };
                report.bad = Some(BadRecord { seq: record.seq, flaw });
                return Ok(report);
            }
            report.checked += 1;
            report.head = record.head();
        }
    }
}

impl VerifyReport {
    /// The walk does not go on.
    fn ended(mut self, error: WalkError) -> Result<Self, StoreError> {
        match error {
            WalkError::Bad(bad) => self.bad = Some(bad),
            WalkError::Store(error) => return Err(error),
        }
        Ok(self)
    }
}
