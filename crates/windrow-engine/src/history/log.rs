//! Records of the journal as rows: which, in which order, and those that come from now on.

use std::collections::{BTreeSet, VecDeque};

use tokio::sync::mpsc;
use windrow_api::request::LogQuery;
use windrow_api::view::LogRow;
use windrow_api::{ExitKind, Failure, Reply};
use windrow_core::ids::{SessionId, TaskId};
use windrow_journal::{Reader, Record, Seq, Walk, WalkError};

use super::names::Names;
use super::sentence::sentence;
use crate::chain;
use crate::ledger::event_of;
use crate::project::Project;

/// Records read at once.
const PAGE: u64 = 500;

/// Answers a query beside the loop, page by page, at the pace of whoever reads.
pub(crate) fn log(project: &Project, query: LogQuery, replies: mpsc::Sender<Reply>) {
    let names = Names::of(project.state());
    let reader = project.tools().texts.clone();
    let known = project.state().seq;
    tokio::spawn(async move {
        let mut search = Search { names, known, query, replies };
        let last = match search.answer(&reader).await {
            Ok(()) => Reply::Done,
            Err(Stop::Gone) => return,
            Err(Stop::Failed(failure)) => Reply::Failed(failure),
        };
        let _gone_is_fine = search.replies.send(last).await;
    });
}

/// Why a search does not go on.
enum Stop {
    /// Nobody reads any more.
    Gone,
    Failed(Failure),
}

struct Search {
    names: Names,
    /// The record up to which the names are known.
    known: u64,
    query: LogQuery,
    replies: mpsc::Sender<Reply>,
}

impl Search {
    async fn answer<R: Reader>(&mut self, reader: &R) -> Result<(), Stop> {
        let Some((from, to)) = self.range(reader).await? else {
            return self.follow(reader, None).await;
        };
        if self.query.newest_first {
            self.backwards(reader, from, to).await
        } else if let Some(limit) = self.query.limit {
            let newest = self.newest(reader, from, to, limit).await?;
            for page in newest.chunks(usize::try_from(PAGE).unwrap_or(usize::MAX)) {
                self.say(page.to_vec()).await?;
            }
            self.follow(reader, Some(to)).await
        } else {
            self.forwards(reader, from, to).await?;
            self.follow(reader, Some(to)).await
        }
    }

    /// The first and the last record that can be meant; nothing when there is none.
    async fn range<R: Reader>(&self, reader: &R) -> Result<Option<(Seq, Seq)>, Stop> {
        let query = &self.query;
        let mut from = Seq(query.from.unwrap_or(1).max(1));
        let mut to = reader.head().await.map_err(failed)?.seq;
        to = to.min(Seq(query.to.unwrap_or(u64::MAX)));
        if let Some(since) = query.since_ms {
            match reader.first_since(since).await.map_err(failed)? {
                Some(first) => from = from.max(first),
                None => return Ok(None),
            }
        }
        if let Some(until) = query.until_ms {
            match reader.last_until(until).await.map_err(failed)? {
                Some(last) => to = to.min(last),
                None => return Ok(None),
            }
        }
        Ok((from <= to).then_some((from, to)))
    }

    async fn forwards<R: Reader>(&mut self, reader: &R, from: Seq, to: Seq) -> Result<(), Stop> {
        let mut walk = behind(reader, from).await?;
        while walk.head().seq < to {
            let left = to.0 - walk.head().seq.0;
            let records = walk.next(size(left)).await.map_err(bad)?;
            if records.is_empty() {
                break;
            }
            let rows = self.rows(&records);
            self.say(rows).await?;
        }
        Ok(())
    }

    async fn backwards<R: Reader>(&mut self, reader: &R, from: Seq, to: Seq) -> Result<(), Stop> {
        let mut left = self.query.limit.unwrap_or(usize::MAX);
        let mut end = to;
        while end >= from && left > 0 {
            let mut rows = self.page_before(reader, from, end).await?;
            rows.reverse();
            rows.truncate(left);
            left -= rows.len();
            self.say(rows).await?;
            end = Seq(end.0.saturating_sub(PAGE));
        }
        Ok(())
    }

    /// The newest `limit` rows, oldest first.
    async fn newest<R: Reader>(
        &mut self,
        reader: &R,
        from: Seq,
        to: Seq,
        limit: usize,
    ) -> Result<Vec<LogRow>, Stop> {
        let mut found = VecDeque::new();
        let mut end = to;
        while end >= from && found.len() < limit {
            let rows = self.page_before(reader, from, end).await?;
            let left = limit - found.len();
            rows.into_iter().rev().take(left).for_each(|row| found.push_front(row));
            end = Seq(end.0.saturating_sub(PAGE));
        }
        Ok(found.into())
    }

    /// The rows of the page that ends with `end` and does not begin before `from`.
    async fn page_before<R: Reader>(
        &mut self,
        reader: &R,
        from: Seq,
        end: Seq,
    ) -> Result<Vec<LogRow>, Stop> {
        let start = Seq((end.0 + 1).saturating_sub(PAGE)).max(from);
        let mut walk = behind(reader, start).await?;
        let mut rows = Vec::new();
        while walk.head().seq < end {
            let records = walk.next(size(end.0 - walk.head().seq.0)).await.map_err(bad)?;
            if records.is_empty() {
                break;
            }
            rows.extend(self.rows(&records));
        }
        Ok(rows)
    }

    /// Goes on with what is recorded from now on; the journal wakes it.
    async fn follow<R: Reader>(&mut self, reader: &R, shown: Option<Seq>) -> Result<(), Stop> {
        if !self.query.follow {
            return Ok(());
        }
        // Whoever is told something can be noticed when it goes away.
        self.replies.send(Reply::Log(Vec::new())).await.map_err(|_gone| Stop::Gone)?;
        // What was there and not meant is not shown late.
        let head = reader.head().await.map_err(failed)?.seq;
        let shown = shown.unwrap_or(head);
        let mut walk = behind(reader, shown.next()).await?;
        let last = Seq(self.query.to.unwrap_or(u64::MAX));
        while walk.head().seq < last {
            let mut tail = reader.tail(walk.head().seq.next());
            let woken = tokio::select! {
                woken = tail.next(1) => woken.map_err(failed)?,
                () = self.replies.closed() => return Err(Stop::Gone),
            };
            if woken.is_none() {
                return Ok(());
            }
            let left = last.0 - walk.head().seq.0;
            let records = walk.next(size(left)).await.map_err(bad)?;
            let rows = self.rows(&records);
            self.say(rows).await?;
        }
        Ok(())
    }

    /// The rows of those records that are meant.
    fn rows(&mut self, records: &[Record]) -> Vec<LogRow> {
        records.iter().filter_map(|record| self.row(record)).collect()
    }

    fn row(&mut self, record: &Record) -> Option<LogRow> {
        let event = event_of::<windrow_core::State>(record);
        if record.seq.0 > self.known
            && let Ok(event) = &event
        {
            self.names.learn(event);
            self.known = record.seq.0;
        }
        if !self.is_meant(record) {
            return None;
        }
        let (about, all, says) = match &event {
            Ok(event) => {
                let subjects = event.subjects();
                let says = sentence(&self.names, event);
                (self.names.about(&subjects), subjects.tasks.cloned().unwrap_or_default(), says)
            }
            // A newer windrow wrote it: it is shown as it is.
            Err(_) => ((None, None), BTreeSet::new(), record.draft.kind.clone()),
        };
        self.is_about(about, &all).then(|| row(record, about, says))
    }

    /// Whether the query leaves the record in, by what stands on the record itself.
    fn is_meant(&self, record: &Record) -> bool {
        let (query, draft) = (&self.query, &record.draft);
        let one_of = |wanted: &[String], text: &String| wanted.is_empty() || wanted.contains(text);
        query.from.is_none_or(|from| record.seq.0 >= from)
            && one_of(&query.actors, &draft.actor)
            && one_of(&query.kinds, &draft.kind)
            && query.since_ms.is_none_or(|since| draft.at_ms >= since)
            && query.until_ms.is_none_or(|until| draft.at_ms <= until)
    }

    /// Whether the query leaves it in, by what it is about.
    fn is_about(
        &self,
        (task, session): (Option<TaskId>, Option<SessionId>),
        all: &BTreeSet<TaskId>,
    ) -> bool {
        let (tasks, sessions) = (&self.query.tasks, &self.query.sessions);
        let a_task = task.is_some_and(|task| tasks.contains(&task));
        let of_all = tasks.iter().any(|task| all.contains(task));
        (tasks.is_empty() || a_task || of_all)
            && (sessions.is_empty() || session.is_some_and(|session| sessions.contains(&session)))
    }

    /// Hands rows over, if there are any.
    async fn say(&self, rows: Vec<LogRow>) -> Result<(), Stop> {
        if rows.is_empty() {
            return if self.replies.is_closed() { Err(Stop::Gone) } else { Ok(()) };
        }
        self.replies.send(Reply::Log(rows)).await.map_err(|_gone| Stop::Gone)
    }
}

async fn behind<R: Reader>(reader: &R, from: Seq) -> Result<Walk<R>, Stop> {
    Walk::behind(reader.clone(), Seq(from.0.saturating_sub(1))).await.map_err(bad)
}

fn size(left: u64) -> usize {
    usize::try_from(left.min(PAGE)).unwrap_or(usize::MAX)
}

fn row(
    record: &Record,
    (task, session): (Option<TaskId>, Option<SessionId>),
    says: String,
) -> LogRow {
    let draft = &record.draft;
    LogRow {
        seq: record.seq.0,
        at_ms: draft.at_ms,
        actor: draft.actor.clone(),
        stream: draft.stream.as_str().to_owned(),
        cause: draft.cause.map(|seq| seq.0),
        kind: draft.kind.clone(),
        body: draft.body.clone(),
        prev: record.prev.to_string(),
        hash: record.hash.to_string(),
        task: task.map(|task| task.to_string()),
        session: session.map(|session| session.to_string()),
        says,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn failed(error: windrow_journal::StoreError) -> Stop {
    let (kind, message) = (ExitKind::World, chain(&error));
    Stop::Failed(Failure { kind, message, hints: Vec::new() })
}

fn bad(error: WalkError) -> Stop {
    let WalkError::Bad(bad) = error else {
        return Stop::Failed(Failure {
            kind: ExitKind::World,
            message: chain(&error),
            hints: Vec::new(),
        });
    };
    let before = bad.seq.0.saturating_sub(1);
    let message = format!("record {} is not what was written: {}", bad.seq, bad.flaw);
    let mut hints = vec!["`windrow log verify` says how far the journal is good".to_owned()];
    if before > 0 {
        hints.push(format!("`windrow log --to {before}` shows what is before it"));
    }
    Stop::Failed(Failure { kind: ExitKind::World, message, hints })
}
