//! Moving what git cannot hold out of a tree, into a trash folder on the same file system.
//!
//! The folder holds numbered items and a manifest that is written before the first move, so that
//! a killed move is finished by the next call. Invariant: nothing is moved unless everything can
//! be; what cannot stays where it is and is named.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::capture_meta::{TrashItem, as_path};
use super::capture_scan::{TreePath, on_disk};
use super::repo::{GitError, Tree};
use super::worktree_registry::{file_error, is_there, replace};
use crate::crash;

const MANIFEST: &str = "manifest.json";

/// Something that could not be captured and was left in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Where it is, below the tree.
    pub path: PathBuf,
    /// What it is and why it stays, for a person to read.
    pub why: String,
}

/// What is to be moved to a trash folder.
#[derive(Debug)]
pub(super) struct Plan {
    folder: PathBuf,
    /// Everything the folder holds or will hold.
    pub(super) items: Vec<TrashItem>,
}

impl Plan {
    /// Decides what moves; when anything cannot, what and why is returned instead.
    ///
    /// `limit` bounds the sum of the files' sizes in bytes.
    pub(super) fn make(
        tree: &Tree,
        folder: &Path,
        what: &BTreeMap<TreePath, &'static str>,
        limit: u64,
    ) -> Result<Result<Self, Vec<Left>>, GitError> {
        let mut items = held(folder)?;
        let modules = is_there(&tree.git_dir.join("modules"));
        let modules = modules.then_some((&b"modules"[..], "the repositories of submodules", true));
        let what = what.iter().map(|(path, kind)| (&path[..], *kind, false));
        let what: Vec<(&[u8], &str, bool)> = what.chain(modules).collect();
        if what.is_empty() {
            return Ok(Ok(Self { folder: folder.to_owned(), items }));
        }
        fs::create_dir_all(folder).map_err(file_error("make", folder))?;
        let device = folder.metadata().map_err(file_error("look at", folder))?.dev();
        let mut left = Vec::new();
        let mut sum = 0_u64;
        for (path, kind, registration) in what {
            let real = on_disk(if registration { &tree.git_dir } else { &tree.path }, path);
            let weight = weigh(&real, device);
            let why = match weight {
                Err(error) => Some(format!("{kind}, which cannot be measured: {error}")),
                Ok(None) => Some(format!("{kind}, on another file system than the trash folder")),
                Ok(Some(size)) => {
                    sum = sum.saturating_add(size);
                    let over = sum > limit;
                    over.then(|| format!("{kind}, over the trash limit of {limit} bytes"))
                }
            };
            match why {
                Some(why) => left.push(Left { path: as_path(path), why }),
                // An item of that path that did move is an older one: this is another.
                None if items.iter().any(|item| {
                    item.path == path && !is_there(&folder.join(item.stored.to_string()))
                }) => {}
                None => {
                    let stored = items.iter().map(|item| item.stored + 1).max().unwrap_or(0);
                    let (path, kind) = (path.to_vec(), kind.to_owned());
                    items.push(TrashItem { path, stored, kind, registration });
                }
            }
        }
        let plan = Self { folder: folder.to_owned(), items };
        Ok(if left.is_empty() { Ok(plan) } else { Err(left) })
    }

    /// Moves everything that has not been moved yet; what refuses stays and is returned.
    pub(super) fn carry_out(&self, tree: &Tree) -> Result<Vec<Left>, GitError> {
        let mut left = Vec::new();
        if self.items.is_empty() {
            return Ok(left);
        }
        let text = serde_json::to_vec_pretty(&self.items).map_err(|error| GitError::Answer {
            what: "trash manifest",
            text: error.to_string(),
        })?;
        replace(&self.folder.join(MANIFEST), &text)?;
        crash::point("capture", "listed");
        for item in &self.items {
            let (from, to) = (item.home(tree), self.folder.join(item.stored.to_string()));
            if is_there(&to) || !is_there(&from) {
                continue;
            }
            if let Err(error) = fs::rename(&from, &to) {
                let why = format!("{}, which cannot be moved: {error}", item.kind);
                left.push(Left { path: as_path(&item.path), why });
            }
            crash::point("capture", "trashed");
        }
        let synced = fs::File::open(&self.folder).and_then(|dir| dir.sync_all());
        synced.map_err(file_error("flush", &self.folder))?;
        Ok(left)
    }
}

/// What a trash folder's manifest names and the folder holds.
fn held(folder: &Path) -> Result<Vec<TrashItem>, GitError> {
    let path = folder.join(MANIFEST);
    let text = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(file_error("read", &path))?,
    };
    serde_json::from_slice(&text)
        .map_err(|error| GitError::Answer { what: "trash manifest", text: error.to_string() })
}

/// The size of everything at `path`; nothing when part of it is on another file system.
fn weigh(path: &Path, device: u64) -> io::Result<Option<u64>> {
    let meta = path.symlink_metadata()?;
    if meta.dev() != device {
        return Ok(None);
    }
    let mut sum = if meta.is_file() { meta.len() } else { 0 };
    if meta.is_dir() {
        for entry in fs::read_dir(path)? {
            match weigh(&entry?.path(), device)? {
                Some(size) => sum = sum.saturating_add(size),
                None => return Ok(None),
            }
        }
    }
    Ok(Some(sum))
}
