//! Records, texts and snapshots as rows; used by the writer and the readers alike.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::error::StoreError;
use crate::hash::Hash;
use crate::record::{Draft, Head, Record, Seq, Stream};
use crate::snapshot::{NewestSnapshot, Snapshot, StoredSnapshot};
use crate::text::Text;

const HEAD: &str = "SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1";
const LAST_WORK: &str = "SELECT seq FROM record WHERE stream = 'work' ORDER BY seq DESC LIMIT 1";

/// Search from the end that is nearer to what is asked for: people ask for what is recent.
pub(super) const LAST_UNTIL: &str =
    "SELECT seq FROM record WHERE at_ms <= ?1 ORDER BY seq DESC LIMIT 1";
pub(super) const FIRST_SINCE: &str =
    "SELECT seq FROM record WHERE at_ms >= ?1 ORDER BY seq LIMIT 1";

/// How many snapshots of a schema are kept: the newest, and one to fall back on.
const SNAPSHOTS_KEPT: i64 = 2;

/// Says what a failed call on the store means.
pub(super) fn store_error(place: &str, act: &'static str, source: rusqlite::Error) -> StoreError {
    let place = place.to_owned();
    match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => StoreError::Full { place, source: Box::new(source) },
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
            StoreError::Damaged { place, seq: None, what: source.to_string() }
        }
        // Not the store failed, but what it holds is of no type it was given.
        None => StoreError::Damaged { place, seq: None, what: source.to_string() },
        _ => StoreError::Failed { act, place, source: Box::new(source) },
    }
}

/// The last record's place and hash.
pub(super) fn head(db: &Connection, place: &str) -> Result<Head, StoreError> {
    let found = db.prepare_cached(HEAD).and_then(|mut query| {
        query
            .query_row([], |row| Ok(Head { seq: seq_in(row, 0)?, hash: hash_in(row, 1)? }))
            .optional()
    });
    Ok(found.map_err(|error| store_error(place, "read", error))?.unwrap_or(Head::EMPTY))
}

/// The place of the last record of the work stream.
pub(super) fn last_work(db: &Connection, place: &str) -> Result<Seq, StoreError> {
    let found = db
        .prepare_cached(LAST_WORK)
        .and_then(|mut query| query.query_row([], |row| seq_in(row, 0)).optional());
    Ok(found.map_err(|error| store_error(place, "read", error))?.unwrap_or(Seq::EMPTY))
}

/// Up to `limit` records from `from` on.
pub(super) fn read(
    db: &Connection,
    place: &str,
    from: Seq,
    limit: usize,
) -> Result<Vec<Record>, StoreError> {
    let failed = |error| store_error(place, "read", error);
    let mut query = db
        .prepare_cached(
            "SELECT seq, at_ms, actor, stream, cause, kind, body, prev, hash
             FROM record WHERE seq >= ?1 ORDER BY seq LIMIT ?2",
        )
        .map_err(failed)?;
    let mut rows = query.query(params![clamped(from.0), clamped(limit as u64)]).map_err(failed)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let seq = seq_in(row, 0).map_err(failed)?;
        let record = record_in(row, seq).map_err(|error| StoreError::Damaged {
            place: place.to_owned(),
            seq: Some(seq),
            what: error.to_string(),
        })?;
        records.push(record);
    }
    Ok(records)
}

/// Writes one record inside the caller's transaction.
pub(super) fn insert(db: &Connection, record: &Record) -> rusqlite::Result<()> {
    let Record { seq, draft, prev, hash } = record;
    db.prepare_cached(
        "INSERT INTO record (seq, at_ms, actor, stream, cause, kind, body, prev, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        stored(*seq)?,
        draft.at_ms,
        draft.actor,
        draft.stream.as_str(),
        draft.cause.map(stored).transpose()?,
        draft.kind,
        draft.body,
        prev.as_bytes(),
        hash.as_bytes(),
    ])?;
    Ok(())
}

/// Keeps a text, once.
pub(super) fn insert_text(db: &Connection, text: &Text) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO text (hash, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![text.hash().as_bytes(), text.bytes()])?;
    Ok(())
}

/// The bytes kept under `hash`, checked.
pub(super) fn text(
    db: &Connection,
    place: &str,
    hash: &Hash,
) -> Result<Option<Vec<u8>>, StoreError> {
    let found: Option<Vec<u8>> = db
        .prepare_cached("SELECT bytes FROM text WHERE hash = ?1")
        .and_then(|mut query| query.query_row([hash.as_bytes()], |row| row.get(0)).optional())
        .map_err(|error| store_error(place, "read", error))?;
    if found.as_ref().is_some_and(|bytes| Hash::of(bytes) != *hash) {
        let what = format!("text {hash} is not what was stored");
        return Err(StoreError::Damaged { place: place.to_owned(), seq: None, what });
    }
    Ok(found)
}

/// Keeps a snapshot and drops those it makes superfluous, inside the caller's transaction.
///
/// Those of another history go first: they must not count as the newest.
pub(super) fn insert_snapshot(db: &Connection, sealed: &StoredSnapshot) -> rusqlite::Result<()> {
    let Snapshot { seq, schema, bytes } = &sealed.snapshot;
    db.execute(
        "INSERT OR REPLACE INTO snapshot (schema, seq, record, checksum, bytes)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![schema, stored(*seq)?, sealed.record.as_bytes(), sealed.checksum.as_bytes(), bytes],
    )?;
    db.execute(
        "DELETE FROM snapshot AS s WHERE schema = ?1 AND NOT EXISTS
         (SELECT 1 FROM record AS r WHERE r.seq = s.seq AND r.hash = s.record)",
        [schema],
    )?;
    db.execute(
        "DELETE FROM snapshot WHERE schema = ?1 AND seq NOT IN
         (SELECT seq FROM snapshot WHERE schema = ?1 ORDER BY seq DESC LIMIT ?2)",
        params![schema, SNAPSHOTS_KEPT],
    )?;
    Ok(())
}

/// The newest usable snapshot of a schema at or before a record.
pub(super) fn snapshot_until(
    db: &Connection,
    place: &str,
    schema: u32,
    until: Seq,
) -> Result<NewestSnapshot, StoreError> {
    let failed = |error| store_error(place, "read", error);
    let mut newest = NewestSnapshot::default();
    let mut query = db
        .prepare_cached(
            "SELECT s.seq, s.bytes, s.record, s.checksum, r.hash
             FROM snapshot s LEFT JOIN record r ON r.seq = s.seq
             WHERE s.schema = ?1 AND s.seq <= ?2 ORDER BY s.seq DESC",
        )
        .map_err(failed)?;
    let mut rows = query.query(params![schema, clamped(until.0)]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let stored = snapshot_in(row, schema).map_err(failed)?;
        let record = row.get::<_, Option<[u8; 32]>>(4).map_err(failed)?.map(Hash::from_bytes);
        match stored.open(record) {
            Ok(snapshot) => {
                newest.snapshot = Some(snapshot);
                break;
            }
            Err(ignored) => newest.ignored.push(ignored),
        }
    }
    Ok(newest)
}

/// The place of the record that a search by time finds.
pub(super) fn by_time(
    db: &Connection,
    place: &str,
    search: &str,
    at_ms: i64,
) -> Result<Option<Seq>, StoreError> {
    db.prepare_cached(search)
        .and_then(|mut query| query.query_row([at_ms], |row| seq_in(row, 0)).optional())
        .map_err(|error| store_error(place, "read", error))
}

/// The hash of the record at `seq`, if there is one.
pub(super) fn hash_at(db: &Connection, place: &str, seq: Seq) -> Result<Option<Hash>, StoreError> {
    db.query_row("SELECT hash FROM record WHERE seq = ?1", [clamped(seq.0)], |row| hash_in(row, 0))
        .optional()
        .map_err(|error| store_error(place, "read", error))
}

fn record_in(row: &Row<'_>, seq: Seq) -> rusqlite::Result<Record> {
    let stream: String = row.get(3)?;
    let stream = Stream::parse(&stream).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(
            3,
            Type::Text,
            format!("`{stream}` is not a stream").into(),
        )
    })?;
    let cause = match row.get::<_, Option<i64>>(4)? {
        None => None,
        Some(_) => Some(seq_in(row, 4)?),
    };
    let draft = Draft {
        at_ms: row.get(1)?,
        actor: row.get(2)?,
        stream,
        cause,
        kind: row.get(5)?,
        body: row.get(6)?,
    };
    Ok(Record { seq, draft, prev: hash_in(row, 7)?, hash: hash_in(row, 8)? })
}

fn snapshot_in(row: &Row<'_>, schema: u32) -> rusqlite::Result<StoredSnapshot> {
    Ok(StoredSnapshot {
        snapshot: Snapshot { seq: seq_in(row, 0)?, schema, bytes: row.get(1)? },
        record: hash_in(row, 2)?,
        checksum: hash_in(row, 3)?,
    })
}

fn hash_in(row: &Row<'_>, column: usize) -> rusqlite::Result<Hash> {
    row.get(column).map(Hash::from_bytes)
}

fn seq_in(row: &Row<'_>, column: usize) -> rusqlite::Result<Seq> {
    let number: i64 = row.get(column)?;
    u64::try_from(number)
        .map(Seq)
        .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// A place as SQLite's signed integer.
fn stored(seq: Seq) -> rusqlite::Result<i64> {
    i64::try_from(seq.0).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// A bound for a search: beyond the largest stored number there is nothing to find.
fn clamped(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, StatementStatus};

    use super::{HEAD, LAST_WORK, insert};
    use crate::conformance::draft;
    use crate::record::{Head, Stream, chain};
    use crate::sqlite::file;

    fn steps(db: &Connection, sql: &str) -> i32 {
        let mut query = db.prepare(sql).unwrap();
        query.query_row([], |_| Ok(())).unwrap();
        query.get_status(StatementStatus::VmStep)
    }

    #[test]
    fn finding_the_head_costs_the_same_at_any_size() {
        let folder = tempfile::tempdir().unwrap();
        let cost = |talk: u64| {
            let path = folder.path().join(talk.to_string());
            let mut db = file::open_writer(&path).unwrap();
            let tx = db.transaction().unwrap();
            let talk = (0..talk).map(|nth| draft(Stream::Talk, nth));
            let batch = std::iter::once(draft(Stream::Work, 0)).chain(talk).collect();
            chain(Head::EMPTY, batch).iter().for_each(|record| insert(&tx, record).unwrap());
            tx.commit().unwrap();
            (steps(&db, HEAD), steps(&db, LAST_WORK))
        };
        assert_eq!(cost(10), cost(2_000));
    }
}
