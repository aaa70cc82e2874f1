//! Putting together what a scan found and making the kept commit of it.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use super::capture::CaptureSpec;
use super::capture_index::{Entry, existing};
use super::capture_meta::{Meta, VERSION, percent};
use super::capture_scan::{Scan, TreePath};
use super::capture_sequencer as sequencer;
use super::capture_store::{Contents, Source, write_tree};
use super::capture_trash::{Left, Plan};
use super::capture_view::View;
use super::open::{Identity, operation_in_progress};
use super::repo::{DURABLE, GitError, Oid, Repo, Tree};
use super::restore::SUBJECT;
use super::worktree::short;
use super::worktree_registry::{self as registry, Head, file_error};
use crate::crash;

/// Everything known of a tree that is being captured.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) view: View,
    pub(super) scan: Scan,
    pub(super) head: Option<Oid>,
    pub(super) staged: Staged,
    /// Whether a merge, rebase or the like is unfinished.
    pub(super) operation: bool,
    /// Whether the tree's git directory holds repositories of submodules.
    pub(super) modules: bool,
}

/// How the index differs from HEAD.
#[derive(Debug, Default)]
pub(super) struct Staged {
    differs: bool,
    /// Blobs that the index names and HEAD does not: mode and object by stage and path.
    blobs: Vec<(u8, TreePath, u32, Oid)>,
    missing: Vec<Oid>,
}

impl Found {
    /// Tells whether the tree holds nothing beyond its HEAD.
    pub(super) fn is_clean(&self) -> bool {
        self.scan.changed.is_empty()
            && self.scan.unholdable.is_empty()
            && self.scan.deleted.values().all(|flagged| *flagged)
            && !self.staged.differs
            && !self.operation
            && !self.modules
    }
}

/// Tells whether a commit is reachable from any of the refs; those that do not exist are skipped.
pub(super) fn is_reachable(repo: &Repo, commit: &Oid, refs: &[String]) -> Result<bool, GitError> {
    let tips = existing(repo, refs.iter().map(|name| format!("{name}^{{commit}}")))?;
    let holds = |tip: &Oid| tip == commit || repo.made.has_parent(tip, commit);
    if tips.iter().flatten().any(holds) {
        return Ok(true);
    }
    let tips: Vec<String> = tips.into_iter().flatten().map(|tip| format!("^{tip}")).collect();
    if tips.is_empty() {
        return Ok(false);
    }
    Ok(repo.git(["rev-list", "-n", "1", commit.as_str()]).args(tips).success()?.is_empty())
}

/// Compares the index with HEAD.
pub(super) fn staged(
    repo: &Repo,
    entries: &[Entry],
    head: Option<&Oid>,
) -> Result<Staged, GitError> {
    let answer = match head {
        Some(head) => repo.git(["ls-tree", "-r", "-z", "--full-tree", head.as_str()]).success()?,
        None => Vec::new(),
    };
    let mut committed = HashMap::new();
    for line in answer.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let tab = line.iter().position(|byte| *byte == b'\t').unwrap_or(line.len());
        let text = String::from_utf8_lossy(&line[..tab]).into_owned();
        let bad = || GitError::Answer { what: "tree", text: text.clone() };
        let mut words = text.split(' ');
        let mode = words.next().and_then(|mode| u32::from_str_radix(mode, 8).ok());
        let oid = Oid::parse(words.nth(1).unwrap_or_default())?;
        let path = line.get(tab + 1..).unwrap_or_default();
        committed.insert(path, (mode.ok_or_else(bad)?, oid));
    }
    let mut staged = Staged::default();
    let mut news = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.is_intent()) {
        let old = committed.remove(&entry.path[..]);
        if entry.stage == 0
            && old.is_some_and(|(mode, oid)| (mode, &oid) == (entry.mode, &entry.oid))
        {
            continue;
        }
        staged.differs = true;
        if !entry.is_gitlink() {
            news.push((entry.stage, entry.path.clone(), entry.mode, entry.oid.clone()));
        }
    }
    staged.differs |= !committed.is_empty();
    let there = existing(repo, news.iter().map(|(_, _, _, oid)| oid.to_string()))?;
    for (new, there) in news.into_iter().zip(there) {
        if there.is_some() {
            staged.blobs.push(new);
        } else {
            staged.missing.push(new.3);
        }
    }
    Ok(staged)
}

/// Writes the kept commit and its ref, or finds that it is there already.
pub(super) fn write(
    repo: &Repo,
    tree: &Tree,
    spec: &CaptureSpec<'_>,
    found: &Found,
    plan: Option<&Plan>,
    left: &[Left],
) -> Result<Oid, GitError> {
    let state = sequencer::read(tree)?;
    let mut parents: Vec<Oid> = found.head.iter().cloned().collect();
    parents.extend(sequencer::named_commits(repo, tree, &state, found.head.as_ref())?);
    let auto_merge = state.get(&b"AUTO_MERGE"[..]).map(|text| String::from_utf8_lossy(text));
    let auto_merge = match auto_merge.and_then(|text| Oid::parse(&text).ok()) {
        Some(oid) => existing(repo, [format!("{oid}^{{tree}}")])?.into_iter().flatten().next(),
        None => None,
    };
    let mut contents = contents(found)?;
    for (name, bytes) in state {
        contents.insert([b"gitdir/", &name[..]].concat(), (FILE, Source::Bytes(bytes)));
    }
    let meta = meta(tree, spec, found, plan, left)?;
    contents.insert(b"meta.json".to_vec(), (FILE, Source::Bytes(meta)));
    let whole = write_tree(repo, &found.view, &contents, auto_merge.as_ref())?;
    crash::point("capture", "written");
    commit(repo, spec, &whole, parents)
}

const FILE: u32 = 0o100_644;

fn contents(found: &Found) -> Result<Contents, GitError> {
    let mut contents = Contents::new();
    for (path, mode) in &found.scan.changed {
        let name = [b"files/", &path[..]].concat();
        contents.insert(name, (*mode, Source::Disk(path.clone())));
    }
    for (stage, path, mode, oid) in &found.staged.blobs {
        let name = [format!("staged/{stage}/").as_bytes(), path].concat();
        contents.insert(name, (*mode, Source::Object(oid.clone())));
    }
    let index = found.view.tree.git_dir.join("index");
    if registry::is_there(&index) {
        let bytes = fs::read(&index).map_err(file_error("read", &index))?;
        contents.insert(b"index".to_vec(), (FILE, Source::Bytes(bytes)));
    }
    let deleted = list(found.scan.deleted.keys());
    contents.insert(b"deleted".to_vec(), (FILE, Source::Bytes(deleted)));
    contents.insert(b"empty".to_vec(), (FILE, Source::Bytes(list(&found.scan.empty))));
    Ok(contents)
}

fn list<'a>(paths: impl IntoIterator<Item = &'a TreePath>) -> Vec<u8> {
    paths.into_iter().flat_map(|path| path.iter().copied().chain([0])).collect()
}

fn meta(
    tree: &Tree,
    spec: &CaptureSpec<'_>,
    found: &Found,
    plan: Option<&Plan>,
    left: &[Left],
) -> Result<Vec<u8>, GitError> {
    let branch = match registry::head(tree)? {
        Head::Branch(name) => Some(name),
        Head::Detached(_) => None,
    };
    let items = plan.map(|plan| plan.items.clone()).unwrap_or_default();
    let trash = (!items.is_empty()).then(|| percent::encode(spec.trash.as_os_str().as_bytes()));
    let encoded = |left: &Left| percent::encode(left.path.as_os_str().as_bytes());
    let meta = Meta {
        version: VERSION,
        head: found.head.clone(),
        branch,
        operation: operation_in_progress(tree).map(|operation| operation.to_string()),
        files: found.scan.changed.len(),
        deleted: found.scan.deleted.values().filter(|flagged| !**flagged).count(),
        staged: found.staged.blobs.len(),
        missing: found.staged.missing.clone(),
        trash,
        items,
        left: left.iter().map(encoded).collect(),
    };
    serde_json::to_vec_pretty(&meta)
        .map_err(|error| GitError::Answer { what: "own description", text: error.to_string() })
}

fn commit(
    repo: &Repo,
    spec: &CaptureSpec<'_>,
    whole: &Oid,
    mut parents: Vec<Oid>,
) -> Result<Oid, GitError> {
    let before = repo.ref_value(spec.name)?;
    if let Some(before) = &before {
        let shown = repo.git(["show", "-s", "--format=%T %P", before.as_str()]).success()?;
        let shown = String::from_utf8_lossy(&shown).into_owned();
        let mut words = shown.split_whitespace();
        let same_tree = words.next() == Some(whole.as_str());
        let older: BTreeSet<&str> = words.collect();
        if same_tree && parents.iter().all(|parent| older.contains(parent.as_str())) {
            return Ok(before.clone());
        }
        parents.push(before.clone());
    }
    let who = Identity { name: "windrow".to_owned(), email: "windrow@localhost".to_owned() };
    let when = format!("@{} +0000", spec.when);
    let call = who.stamp(repo.git(DURABLE));
    let call = call.env("GIT_AUTHOR_DATE", &when).env("GIT_COMMITTER_DATE", &when);
    let call = call.args(["commit-tree", "--no-gpg-sign", whole.as_str()]);
    let call = call.args(parents.iter().flat_map(|parent| ["-p", parent.as_str()]));
    let message = format!("{SUBJECT}{}\n", short(spec.name));
    let answer = call.args(["-F", "-"]).stdin(message).success()?;
    let commit = Oid::parse(&String::from_utf8_lossy(&answer))?;
    crash::point("capture", "committed");
    super::seal::pin(repo, spec.name, &commit, before.as_ref())?;
    crash::point("capture", "kept");
    Ok(commit)
}
