//! Looking at a tree: what of it is nowhere but in its files.
//!
//! The scan walks the folders itself and compares raw bytes with the index, because every shortcut
//! through git hides something: flags hide edits, attributes and filters change bytes, untracked
//! listings skip fifos, empty folders and what lies in nested repositories.
//! Invariant: a tracked file that the scan does not list holds exactly the bytes of its index
//! entry. Nothing in the tree is changed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::capture::Seen;
use super::capture_index::{Entry, entries, unconverted};
use super::capture_view::View;
use super::repo::{GitError, Oid, Repo};

/// A path inside of a tree, as bytes, without a leading slash.
pub(super) type TreePath = Vec<u8>;

/// What a tree holds beyond its HEAD.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Every entry of the index.
    pub(super) entries: Vec<Entry>,
    /// Files and links whose bytes or mode are not those of the index, with their git mode.
    pub(super) changed: BTreeMap<TreePath, u32>,
    /// Tracked paths that are not there, and whether a flag in the index explains it.
    pub(super) deleted: BTreeMap<TreePath, bool>,
    /// Folders with no file below them that git could know of.
    pub(super) empty: BTreeSet<TreePath>,
    /// What git cannot hold, and why.
    pub(super) unholdable: BTreeMap<TreePath, &'static str>,
    /// Whether anything is ignored.
    ignored: bool,
}

impl Scan {
    /// What a reset of the tree may rely on.
    pub(super) fn seen(&self) -> Seen {
        let entries = self.entries.iter();
        let entries = entries.filter(|entry| !entry.is_intent() && !entry.is_gitlink());
        let tracked: HashSet<&TreePath> = entries.map(|entry| &entry.path).collect();
        let nothing_else = !self.ignored && self.empty.is_empty() && self.unholdable.is_empty();
        Seen {
            plain_index: !self.entries.iter().any(Entry::is_flagged),
            tracked_only: nothing_else && self.changed.keys().all(|path| tracked.contains(path)),
        }
    }
}

/// The folders and files of a tree, ignored ones left out.
#[derive(Debug, Default)]
struct Walk {
    files: BTreeMap<TreePath, Metadata>,
    dirs: BTreeSet<TreePath>,
    unholdable: BTreeMap<TreePath, &'static str>,
    /// Something was found that no index knows, and nobody said what is ignored.
    strange: bool,
}

struct Rules {
    /// Ignored paths; unknown as long as nothing but tracked files is found.
    ignored: Option<HashSet<TreePath>>,
    files: HashSet<TreePath>,
    precious: GlobSet,
    /// Every folder that holds a tracked file.
    tracked: HashSet<TreePath>,
}

/// Looks at the whole of a tree.
///
/// `precious` are globs for ignored files that are worth keeping; `blob_limit` is the size in bytes
/// above which a file is not put into git.
pub(super) fn scan(
    repo: &Repo,
    view: &View,
    precious: &[String],
    blob_limit: u64,
) -> Result<Scan, GitError> {
    let entries = entries(repo, view)?;
    let mut rules = Rules {
        ignored: None,
        files: entries.iter().map(|entry| entry.path.clone()).collect(),
        precious: globs(precious)?,
        tracked: entries
            .iter()
            .filter(|e| !e.is_gitlink())
            .flat_map(|e| parents(&e.path))
            .collect(),
    };
    let mut walk = Walk::default();
    walk.dir(&view.tree.path, &[], &rules);
    if walk.strange {
        // Only git knows what of that is ignored.
        rules.ignored = Some(ignored(repo, view)?);
        walk = Walk::default();
        walk.dir(&view.tree.path, &[], &rules);
    }
    walk.set_aside_unreadable(&view.tree.path);
    let ignored = rules.ignored.is_some_and(|ignored| !ignored.is_empty());
    let mut scan = Scan { unholdable: walk.unholdable, ignored, ..Scan::default() };
    let same = same_as_index(repo, view, &entries, &walk.files)?;
    let inside = |path: &[u8]| parents(path).any(|dir| scan.unholdable.contains_key(&dir));
    for entry in entries.iter().filter(|entry| !entry.is_gitlink()) {
        let gone = !walk.files.contains_key(&entry.path);
        if gone && !scan.unholdable.contains_key(&entry.path) && !inside(&entry.path) {
            scan.deleted.insert(entry.path.clone(), entry.is_flagged());
        }
    }
    for (path, meta) in walk.files.iter().filter(|(path, _)| !same.contains(*path)) {
        if meta.is_file() && meta.len() > blob_limit {
            scan.unholdable.insert(path.clone(), "a file too large for git");
        } else {
            scan.changed.insert(path.clone(), git_mode(meta));
        }
    }
    let full: HashSet<TreePath> = walk.files.keys().flat_map(|path| parents(path)).collect();
    scan.empty = walk.dirs.into_iter().filter(|dir| !full.contains(dir)).collect();
    scan.entries = entries;
    Ok(scan)
}

/// The folders above a path, the nearest first.
fn parents(path: &[u8]) -> impl Iterator<Item = TreePath> {
    let slashes = path.iter().enumerate().rev().filter(|(_, byte)| **byte == b'/');
    slashes.map(|(at, _)| path[..at].to_vec())
}

/// The mode git records for a file or a link.
pub(super) fn git_mode(meta: &Metadata) -> u32 {
    if meta.is_symlink() {
        0o120_000
    } else if meta.mode() & 0o100 != 0 {
        0o100_755
    } else {
        0o100_644
    }
}

/// The real path of something in a tree.
pub(super) fn on_disk(root: &Path, path: &[u8]) -> PathBuf {
    root.join(std::ffi::OsStr::from_bytes(path))
}

fn same_as_index(
    repo: &Repo,
    view: &View,
    entries: &[Entry],
    files: &BTreeMap<TreePath, Metadata>,
) -> Result<HashSet<TreePath>, GitError> {
    let mut same = HashSet::new();
    let mut unsure = Vec::new();
    let trusted = unconverted(repo, view, entries, files)?;
    for entry in entries.iter().filter(|entry| entry.stage == 0 && !entry.is_intent()) {
        let Some(meta) = files.get(&entry.path) else { continue };
        if entry.mode != git_mode(meta) {
            continue;
        }
        if trusted.contains(&entry.path) {
            same.insert(entry.path.clone());
        } else {
            unsure.push((entry, meta));
        }
    }
    let links = unsure.iter().filter(|(_, meta)| meta.is_symlink()).map(|(entry, _)| *entry);
    same.extend(same_links(repo, view, links)?);
    let plain: Vec<&Entry> =
        unsure.iter().filter(|(_, meta)| !meta.is_symlink()).map(|(entry, _)| *entry).collect();
    let hashes = raw_hashes(repo, view, plain.iter().map(|entry| entry.path.as_slice()))?;
    for (entry, hash) in plain.into_iter().zip(hashes) {
        if entry.oid == hash {
            same.insert(entry.path.clone());
        }
    }
    Ok(same)
}

/// The links whose targets are what the index says.
fn same_links<'a>(
    repo: &Repo,
    view: &View,
    entries: impl Iterator<Item = &'a Entry>,
) -> Result<Vec<TreePath>, GitError> {
    let entries: Vec<_> = entries.collect();
    let oids = entries.iter().map(|entry| &entry.oid);
    let blobs = super::capture_index::blobs(repo, oids)?;
    let same = |(entry, blob): (&&Entry, Vec<u8>)| {
        let target = fs::read_link(on_disk(&view.tree.path, &entry.path)).ok()?;
        (target.as_os_str().as_bytes() == blob).then(|| entry.path.clone())
    };
    Ok(entries.iter().zip(blobs).filter_map(same).collect())
}

/// The object names that the raw bytes of files would have.
fn raw_hashes<'a>(
    repo: &Repo,
    view: &View,
    paths: impl Iterator<Item = &'a [u8]>,
) -> Result<Vec<Oid>, GitError> {
    let input: Vec<u8> = paths.flat_map(|path| [quoted(path), b"\n".to_vec()].concat()).collect();
    if input.is_empty() {
        return Ok(Vec::new());
    }
    let call = repo.git_in(&view.tree, ["hash-object", "--no-filters", "--stdin-paths"]);
    let answer = String::from_utf8_lossy(&call.stdin(input).success()?).into_owned();
    answer.lines().map(Oid::parse).collect()
}

/// A path in the quoted form that git reads line by line.
fn quoted(path: &[u8]) -> Vec<u8> {
    let mut line = vec![b'"'];
    for byte in path {
        match byte {
            b'"' | b'\\' => line.extend([b'\\', *byte]),
            0x20..0x7f => line.push(*byte),
            _ => line.extend(format!("\\{byte:03o}").bytes()),
        }
    }
    line.push(b'"');
    line
}

/// Ignored paths; a folder that is ignored as a whole ends in a slash.
fn ignored(repo: &Repo, view: &View) -> Result<HashSet<TreePath>, GitError> {
    let list = ["ls-files", "-z", "-o", "-i", "--exclude-standard", "--directory"];
    let answer = view.ask(repo, &list)?;
    Ok(answer.split(|byte| *byte == 0).filter(|p| !p.is_empty()).map(<[u8]>::to_vec).collect())
}

fn globs(patterns: &[String]) -> Result<GlobSet, GitError> {
    let bad = |error: globset::Error| GitError::Answer {
        what: "pattern for precious files",
        text: error.to_string(),
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let pattern = pattern.trim_end_matches('/');
        let anywhere = if pattern.contains('/') { "" } else { "**/" };
        let whole = format!("{anywhere}{}", pattern.trim_start_matches('/'));
        set.add(GlobBuilder::new(&whole).literal_separator(true).build().map_err(bad)?);
    }
    set.build().map_err(bad)
}

impl Walk {
    /// Takes in one folder; `dir` is its path inside of the tree.
    fn dir(&mut self, root: &Path, dir: &[u8], rules: &Rules) {
        let Ok(entries) = fs::read_dir(on_disk(root, dir)) else {
            self.unholdable.insert(dir.to_vec(), "a folder that cannot be read");
            return;
        };
        let mut names = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => names.push(entry.file_name()),
                Err(_) => {
                    self.unholdable.insert(dir.to_vec(), "a folder that cannot be read");
                    return;
                }
            }
        }
        let git_dirs: Vec<_> = names.iter().filter(|n| n.eq_ignore_ascii_case(".git")).collect();
        let nested = !dir.is_empty() && !git_dirs.is_empty();
        if nested && !rules.tracked.contains(dir) {
            self.unholdable.insert(dir.to_vec(), "a nested repository");
            return;
        }
        if !dir.is_empty() {
            self.dirs.insert(dir.to_vec());
        }
        for name in &names {
            let path = if dir.is_empty() {
                name.as_bytes().to_vec()
            } else {
                [dir, b"/", name.as_bytes()].concat()
            };
            self.one(root, path, rules);
        }
    }

    fn one(&mut self, root: &Path, path: TreePath, rules: &Rules) {
        let real = on_disk(root, &path);
        let Ok(meta) = real.symlink_metadata() else {
            self.unholdable.insert(path, "something that cannot be looked at");
            return;
        };
        if real.file_name().is_some_and(|name| name.eq_ignore_ascii_case(".git")) {
            // The link to windrow's own registration is the one that is expected.
            if path != b".git" || !meta.is_file() {
                self.unholdable.insert(path, "a nested repository");
            }
            return;
        }
        let known = rules.files.contains(&path) || rules.tracked.contains(&path);
        let folder = [&path[..], b"/"].concat();
        let is_ignored = match &rules.ignored {
            Some(ignored) => ignored.contains(&path) || ignored.contains(&folder),
            None if known => false,
            None => {
                self.strange = true;
                return;
            }
        };
        if is_ignored {
            self.ignored(root, path, rules);
        } else if meta.is_dir() {
            self.dir(root, &path, rules);
        } else if meta.is_file() || meta.is_symlink() {
            self.files.insert(path, meta);
        } else {
            let kind = meta.file_type();
            let what = if kind.is_fifo() {
                "a fifo"
            } else if kind.is_socket() {
                "a socket"
            } else {
                "a device"
            };
            self.unholdable.insert(path, what);
        }
    }

    /// Looks for precious files below something ignored.
    fn ignored(&mut self, root: &Path, path: TreePath, rules: &Rules) {
        if rules.precious.is_empty() {
            return;
        }
        let real = on_disk(root, &path);
        if rules.precious.is_match(std::ffi::OsStr::from_bytes(&path)) {
            self.unholdable.insert(path, "an ignored file that is listed as precious");
            return;
        }
        if !real.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
            return;
        }
        for entry in fs::read_dir(&real).into_iter().flatten().flatten() {
            let inner = [&path[..], b"/", entry.file_name().as_bytes()].concat();
            self.ignored(root, inner, rules);
        }
    }

    /// Takes out files that cannot be read.
    fn set_aside_unreadable(&mut self, root: &Path) {
        let shut = |path: &TreePath| super::capture_view::open_plain(&on_disk(root, path)).is_err();
        let files = self.files.iter().filter(|(path, meta)| meta.is_file() && shut(path));
        let shut: Vec<TreePath> = files.map(|(path, _)| path.clone()).collect();
        for path in shut {
            self.files.remove(&path);
            self.unholdable.insert(path, "a file that cannot be read");
        }
    }
}
