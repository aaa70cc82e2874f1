//! What a journal holds: records, and the chain their hashes form.
//!
//! Invariants: records are numbered 1, 2, 3, ... without a gap; each names the hash of the record
//! before it (the first names [`Hash::ZERO`]); a record is never changed. The encoding that is
//! hashed carries [`RECORD_SCHEMA`]; another encoding is another version, never a change of this
//! one (golden files hold it).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hash::{Encoder, Hash};

/// The version of the record's hashed encoding.
///
/// Version 1, all integers little-endian: the length (8 bytes) and text `windrow record`, the
/// version (4), the previous hash (32), seq (8), `at_ms` (8, two's complement), the stream (1 =
/// work, 2 = talk, one byte), the cause (byte 0, or byte 1 and 8 bytes), then actor, kind and body,
/// each as length (8) and UTF-8.
pub const RECORD_SCHEMA: u32 = 1;

/// A record's place in the journal, counted from 1; [`Seq::EMPTY`] is the head of an empty journal.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first record.
    pub const EMPTY: Self = Self(0);
    /// The first record.
    pub const FIRST: Self = Self(1);

    /// The place after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which of the two streams a record belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// What decisions rest on; appended only by a writer that has seen all earlier work.
    Work,
    /// What people and sessions say; appended whatever came before.
    Talk,
}

impl Stream {
    /// The stream's name as it is stored: `work` or `talk`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Talk => "talk",
        }
    }

    /// Reads a stored name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Work, Self::Talk].into_iter().find(|stream| stream.as_str() == name)
    }

    const fn code(self) -> u8 {
        match self {
            Self::Work => 1,
            Self::Talk => 2,
        }
    }
}

/// A record before it has a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// When it happened by the writer's clock, in milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Who did it.
    pub actor: String,
    /// The stream it belongs to.
    pub stream: Stream,
    /// The record that led to this one.
    pub cause: Option<Seq>,
    /// The name of what happened; names the shape of the body.
    pub kind: String,
    /// The event as JSON text; kept byte for byte and never parsed here.
    pub body: String,
}

/// A record in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its place.
    pub seq: Seq,
    /// What was appended.
    #[serde(flatten)]
    pub draft: Draft,
    /// The hash of the record before it, or [`Hash::ZERO`].
    pub prev: Hash,
    /// The hash of this record: every field above, in the encoding of [`RECORD_SCHEMA`].
    pub hash: Hash,
}

impl Record {
    /// Puts a draft in the place after `head`.
    #[must_use]
    pub fn after(head: Head, draft: Draft) -> Self {
        let mut record = Self { seq: head.seq.next(), draft, prev: head.hash, hash: Hash::ZERO };
        record.hash = record.recomputed_hash();
        record
    }

    /// The hash the record's fields give now; equals [`Record::hash`] unless it was tampered with.
    #[must_use]
    pub fn recomputed_hash(&self) -> Hash {
        let Draft { at_ms, actor, stream, cause, kind, body } = &self.draft;
        Encoder::new("windrow record", RECORD_SCHEMA)
            .fixed(self.prev.as_bytes())
            .fixed(&self.seq.0.to_le_bytes())
            .fixed(&at_ms.to_le_bytes())
            .fixed(&[stream.code()])
            .optional(cause.map(|seq| seq.0))
            .bytes(actor.as_bytes())
            .bytes(kind.as_bytes())
            .bytes(body.as_bytes())
            .finish()
    }

    /// The head of a journal that ends with this record.
    #[must_use]
    pub const fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }
}

/// The end of a journal: its last record's place and hash, which vouch for everything before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The last record's place, or [`Seq::EMPTY`].
    pub seq: Seq,
    /// The last record's hash, or [`Hash::ZERO`].
    pub hash: Hash,
}

impl Head {
    /// The head of a journal without records.
    pub const EMPTY: Self = Self { seq: Seq::EMPTY, hash: Hash::ZERO };
}

/// Chains a whole batch behind `head`.
pub(crate) fn chain(mut head: Head, batch: Vec<Draft>) -> Vec<Record> {
    let chained = |draft| {
        let record = Record::after(head, draft);
        head = record.head();
        record
    };
    batch.into_iter().map(chained).collect()
}

#[cfg(test)]
mod tests {
    use super::{Draft, Head, Record, Seq, Stream};

    fn record() -> Record {
        let draft = Draft {
            at_ms: 7,
            actor: "toast".into(),
            stream: Stream::Work,
            cause: None,
            kind: "task_added".into(),
            body: "{}".into(),
        };
        Record::after(Head::EMPTY, draft)
    }

    #[test]
    fn every_field_is_under_the_hash() {
        let changes: [fn(&mut Record); 8] = [
            |r| r.seq = Seq(2),
            |r| r.draft.at_ms = -7,
            |r| r.draft.actor.push('!'),
            |r| r.draft.stream = Stream::Talk,
            |r| r.draft.cause = Some(Seq(0)),
            |r| r.draft.kind.push('!'),
            |r| r.draft.body.push(' '),
            |r| r.prev = r.hash,
        ];
        for (nth, change) in changes.iter().enumerate() {
            let mut changed = record();
            change(&mut changed);
            assert_ne!(changed.recomputed_hash(), record().hash, "change {nth}");
        }
    }

    #[test]
    fn a_record_reads_back_from_json() {
        let json = serde_json::to_string(&record()).unwrap();
        assert!(json.contains(r#""stream":"work""#), "{json}");
        assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record());
    }
}
