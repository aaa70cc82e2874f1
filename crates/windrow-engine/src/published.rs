//! The journal's hashes that stand in landing commits, where whoever rewrites it cannot reach them.

use std::collections::BTreeSet;

use windrow_core::State;
use windrow_core::message::{JOURNAL, JournalHead};
use windrow_journal::{BadRecord, Head, Reader, Seq, VerifyReport, verify};
use windrow_world::git::{self, Repo};

use crate::chain;

/// What a walk along the journal and the landings found.
pub(crate) struct Findings {
    pub(crate) report: VerifyReport,
    /// Landings whose hash the journal was compared with.
    pub(crate) compared: u64,
    /// Landings that name another journal, by its mark: of another machine, or a home that is gone.
    pub(crate) others: u64,
    /// Landings whose records were lost before a repair.
    pub(crate) lost: u64,
    /// The landing commit that contradicts the first bad record.
    pub(crate) witness: Option<String>,
}

/// The journal up to a record, for a landing's trailer; the head when there is no such record.
pub(crate) async fn head(reader: &impl Reader, seq: u64) -> Result<JournalHead, String> {
    let found = reader.read(Seq(seq.max(1)), 1).await.map_err(|e| chain(&e))?;
    let head = match found.first() {
        Some(record) if record.seq.0 == seq => record.head(),
        Some(_) | None => reader.head().await.map_err(|e| chain(&e))?,
    };
    let mark = mark(reader).await?;
    Ok(JournalHead { mark, seq: head.seq.0, hash: head.hash.to_string() })
}

/// The start of the first record's hash.
pub(crate) async fn mark(reader: &impl Reader) -> Result<String, String> {
    let first = reader.read(Seq::FIRST, 1).await.map_err(|e| chain(&e))?;
    let hash = first.first().map(|record| record.hash.to_string()).unwrap_or_default();
    Ok(hash.chars().take(JournalHead::MARK).collect())
}

/// Walks the whole chain, and compares it with what landings on the runs' branches say.
pub(crate) async fn check(
    reader: &impl Reader,
    repo: Repo,
    branches: Vec<String>,
    orphans: &BTreeSet<String>,
) -> Result<Findings, String> {
    let landings = tokio::task::spawn_blocking(move || in_landings(&repo, &branches));
    let landings = landings.await.map_err(|e| e.to_string())??;
    let mark = mark(reader).await?;
    let (own, others): (Vec<_>, Vec<_>) =
        landings.into_iter().partition(|(_, head)| head.mark == mark);
    // Their records were lost, and a repair said so.
    let (lost, own): (Vec<_>, Vec<_>) =
        own.into_iter().partition(|(commit, _)| orphans.contains(commit));
    let heads: Vec<(String, Head)> = own
        .into_iter()
        .filter_map(|(commit, head)| {
            Some((commit, Head { seq: Seq(head.seq), hash: head.hash.parse().ok()? }))
        })
        .collect();
    let known: Vec<Head> = heads.iter().map(|(_, head)| *head).collect();
    let report = verify(reader, Seq::FIRST, &known).await.map_err(|e| chain(&e))?;
    let witness = report.bad.as_ref().and_then(|bad| witness(bad, &heads));
    Ok(Findings {
        report,
        compared: heads.len() as u64,
        others: others.len() as u64,
        lost: lost.len() as u64,
        witness,
    })
}

/// The first landing that was made when the bad record was there.
fn witness(bad: &BadRecord, heads: &[(String, Head)]) -> Option<String> {
    let after = heads.iter().filter(|(_, head)| head.seq >= bad.seq);
    after.min_by_key(|(_, head)| head.seq).map(|(commit, _)| commit.clone())
}

/// The branches on which work of this project lands.
pub(crate) fn branches(state: &State) -> Vec<String> {
    let mut names: Vec<String> = state.runs.values().map(|run| run.spec.branch.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// Every landing on these branches with the head it names, each once.
fn in_landings(repo: &Repo, branches: &[String]) -> Result<Vec<(String, JournalHead)>, String> {
    let mut found = Vec::new();
    for branch in branches {
        // What landed ahead of a branch is not on it yet.
        for tip in [format!("refs/heads/{branch}"), git::ahead_ref(branch)] {
            let values = git::trailers(repo, &tip, JOURNAL);
            for (commit, value) in values.map_err(|e| chain(&e))? {
                if let Some(head) = JournalHead::parse(&value) {
                    found.push((commit.to_string(), head));
                }
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found.dedup_by(|a, b| a.0 == b.0);
    Ok(found)
}
