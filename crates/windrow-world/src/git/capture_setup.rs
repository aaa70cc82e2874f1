//! What the tests of capture and restore stand on: a tree that is captured, removed and brought back,
//! and must then be what it was.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::git::fixture::{Fixture, git, try_git};
use crate::git::{CaptureSpec, Captured, Oid, Restored, Saved, Tree, capture, restore};

pub(super) const NAME: &str = "refs/windrow/kept/s1/1";

pub(super) struct Setup<'a> {
    pub(super) fx: &'a Fixture,
    pub(super) precious: Vec<String>,
    pub(super) trash_limit: u64,
    pub(super) blob_limit: u64,
}

impl<'a> Setup<'a> {
    pub(super) fn new(fx: &'a Fixture) -> Self {
        Self { fx, precious: Vec::new(), trash_limit: 1 << 20, blob_limit: 1 << 20 }
    }

    pub(super) fn capture(&self, tree: &Tree) -> Captured {
        let trash = self.trash();
        let safe = ["refs/heads/main".to_owned()];
        let spec = CaptureSpec {
            name: NAME,
            safe: &safe,
            precious: &self.precious,
            trash: &trash,
            trash_limit: self.trash_limit,
            blob_limit: self.blob_limit,
            when: 1_700_000_000,
        };
        capture(&self.fx.repo, tree, &spec).unwrap()
    }

    pub(super) fn trash(&self) -> PathBuf {
        self.fx.beside("trash")
    }

    /// Captures and removes a tree, brings it back, and requires it to be what it was.
    pub(super) fn round_trip(&self, tree: &Tree) -> Tree {
        let before = Shape::of(tree);
        let index = fs::read(tree.git_dir.join("index")).unwrap();
        let times = modified(&tree.path);
        let (commit, saved) = kept_as(self.capture(tree));
        assert_eq!(fs::read(tree.git_dir.join("index")).unwrap(), index, "the index was touched");
        assert_eq!(modified(&tree.path), times, "a file was touched");
        let (again, _) = kept_as(self.capture(tree));
        assert_eq!(again, commit, "a second capture differs");
        self.fx.worktrees.remove(tree, &saved).unwrap();
        assert!(!tree.path.exists() && !tree.git_dir.exists());
        forget_the_rest(self.fx);
        let back = self.restore();
        assert_eq!(back.missing, Vec::<PathBuf>::new());
        Shape::of(&back.tree).require(&before);
        back.tree
    }

    pub(super) fn restore(&self) -> Restored {
        let path = self.fx.path("back");
        restore(&self.fx.worktrees, NAME, &self.trash(), &path, "windrow/back").unwrap()
    }
}

/// Lets the kept ref alone hold what came from the tree.
fn forget_the_rest(fx: &Fixture) {
    for branch in git(&fx.main, ["branch", "--list", "--format=%(refname)", "windrow/*"]).lines() {
        git(&fx.main, ["update-ref", "-d", branch]);
    }
    git(&fx.main, ["reflog", "expire", "--expire=now", "--all"]);
    git(&fx.main, ["prune", "--expire=now"]);
}

pub(super) fn kept_as(captured: Captured) -> (Oid, Saved) {
    match captured {
        Captured::Kept { commit, saved } => (commit, saved),
        other => panic!("not kept: {other:?}"),
    }
}

fn modified(root: &Path) -> BTreeMap<PathBuf, (i64, i64)> {
    let files = walk(root).into_iter().filter(|path| !root.join(path).is_dir());
    files
        .map(|path| {
            let meta = root.join(&path).symlink_metadata().unwrap();
            (path, (meta.mtime(), meta.mtime_nsec()))
        })
        .collect()
}

fn walk(root: &Path) -> Vec<PathBuf> {
    fn below(root: &Path, dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(root.join(dir)).unwrap() {
            let entry = entry.unwrap();
            let path = dir.join(entry.file_name());
            if path == Path::new(".git") {
                continue;
            }
            found.push(path.clone());
            if entry.file_type().unwrap().is_dir() {
                below(root, &path, found);
            }
        }
    }
    let mut found = Vec::new();
    below(root, Path::new(""), &mut found);
    found.sort();
    found
}

/// Everything that must come back: files, and what git says of them.
#[derive(Debug)]
pub(super) struct Shape {
    files: BTreeMap<PathBuf, String>,
    pub(super) status: String,
    flags: String,
    pub(super) staged: String,
    head: Option<Oid>,
    state: BTreeMap<String, String>,
}

impl Shape {
    pub(super) fn of(tree: &Tree) -> Self {
        let mut files = BTreeMap::new();
        let ignored = git(&tree.path, ["ls-files", "-oi", "--exclude-standard", "--directory"]);
        for path in walk(&tree.path) {
            let skip = ignored.lines().any(|line| path.starts_with(line.trim_end_matches('/')));
            if !skip || path == Path::new(".env") {
                files.insert(path.clone(), describe(&tree.path.join(&path)));
            }
        }
        let state = ["MERGE_HEAD", "MERGE_MSG", "CHERRY_PICK_HEAD", "REBASE_HEAD", "BISECT_LOG"];
        let state = state.into_iter().chain(["rebase-merge/git-rebase-todo", "rebase-merge/onto"]);
        let read =
            |name: &str| Some((name.to_owned(), fs::read_to_string(tree.git_dir.join(name)).ok()?));
        Self {
            status: git(&tree.path, ["status", "--porcelain=v2", "-uall", "--no-renames"]),
            flags: git(&tree.path, ["ls-files", "-v"]),
            staged: git(&tree.path, ["ls-files", "-s"]),
            head: Oid::parse(&String::from_utf8_lossy(
                &try_git(&tree.path, ["rev-parse", "--verify", "-q", "HEAD"]).stdout,
            ))
            .ok(),
            state: state.filter_map(read).collect(),
            files,
        }
    }

    pub(super) fn require(&self, before: &Self) {
        assert_eq!(self.files, before.files);
        assert_eq!(self.status, before.status);
        assert_eq!(self.flags, before.flags);
        assert_eq!(self.staged, before.staged);
        assert_eq!(self.head, before.head);
        assert_eq!(self.state, before.state);
    }
}

fn describe(path: &Path) -> String {
    let meta = path.symlink_metadata().unwrap();
    if meta.is_symlink() {
        format!("link to {:?}", fs::read_link(path).unwrap())
    } else if meta.is_dir() {
        "folder".to_owned()
    } else if meta.is_file() {
        let bytes = fs::read(path).unwrap();
        format!("{:o} {:?}", meta.mode() & 0o100, OsStr::from_bytes(&bytes))
    } else {
        format!("special {:o}", meta.mode() & 0o170_000)
    }
}

pub(super) fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
