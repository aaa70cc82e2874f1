//! Writing captured files, index and sequencer state into a new, empty worktree.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};

use super::capture_index::{blobs, entries};
use super::capture_meta::{Meta, as_path};
use super::capture_scan::{TreePath, on_disk};
use super::capture_sequencer as sequencer;
use super::capture_view::View;
use super::repo::{GitError, Oid, Repo, Tree};
use super::worktree::WorktreeError;
use super::worktree_registry::{self as registry, Head, file_error, is_there};

/// How many blobs are held in memory at a time.
const AT_ONCE: usize = 256;

/// One kept commit on its way into a worktree.
#[derive(Debug)]
pub(super) struct Refill<'a> {
    pub(super) repo: &'a Repo,
    pub(super) tree: &'a Tree,
    pub(super) branch: &'a str,
    stored: Files,
}

/// Git mode and object by path.
type Files = BTreeMap<TreePath, (u32, Oid)>;

impl<'a> Refill<'a> {
    /// Lists what `commit` holds.
    pub(super) fn of(
        repo: &'a Repo,
        commit: &Oid,
        tree: &'a Tree,
        branch: &'a str,
    ) -> Result<Self, GitError> {
        let answer = repo.git(["ls-tree", "-r", "-z", "--full-tree", commit.as_str()]).success()?;
        let mut stored = Files::new();
        for line in answer.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
            let tab = line.iter().position(|byte| *byte == b'\t').unwrap_or(line.len());
            let text = String::from_utf8_lossy(&line[..tab]).into_owned();
            let mut words = text.split(' ');
            let mode = words.next().and_then(|mode| u32::from_str_radix(mode, 8).ok());
            let mode =
                mode.ok_or_else(|| GitError::Answer { what: "kept tree", text: text.clone() })?;
            let oid = Oid::parse(words.nth(1).unwrap_or_default())?;
            stored.insert(line.get(tab + 1..).unwrap_or_default().to_vec(), (mode, oid));
        }
        Ok(Self { repo, tree, branch, stored })
    }

    /// Fills the tree; returns what is missing and the HEAD it is to have.
    pub(super) fn run(
        &self,
        meta: &Meta,
        trash: &Path,
    ) -> Result<(Vec<PathBuf>, Head), WorktreeError> {
        let names = ["deleted", "empty", "index"];
        let found =
            names.iter().filter_map(|name| Some((*name, &self.stored.get(name.as_bytes())?.1)));
        let (named, oids): (Vec<&str>, Vec<&Oid>) = found.unzip();
        let found: BTreeMap<&str, Vec<u8>> =
            named.into_iter().zip(blobs(self.repo, oids)?).collect();
        let list = |name: &str| -> Vec<TreePath> {
            let bytes = found.get(name).map(Vec::as_slice).unwrap_or_default();
            bytes.split(|byte| *byte == 0).filter(|p| !p.is_empty()).map(<[u8]>::to_vec).collect()
        };
        self.write_state()?;
        if let Some(index) = found.get("index") {
            registry::replace(&self.tree.git_dir.join("index"), index)?;
        }
        self.write_files(meta, &list("deleted").into_iter().collect())?;
        for dir in list("empty") {
            make_dirs(&self.tree.path, &dir)?;
        }
        let missing = self.bring_back(meta, trash)?;
        let head = self.head(meta)?;
        // What cannot be refreshed, such as a conflict, keeps its state: the status is no news.
        let refresh = ["update-index", "-q", "--refresh"];
        self.repo.git_in(self.tree, refresh).output().map_err(GitError::from)?;
        Ok((missing, head))
    }

    fn write_files(&self, meta: &Meta, deleted: &HashSet<TreePath>) -> Result<(), GitError> {
        let mut files = self.below(b"files/");
        let trashed = |path: &[u8]| {
            meta.items.iter().any(|item| {
                path.strip_prefix(&item.path[..])
                    .is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
            })
        };
        let view = View::of(self.repo, self.tree)?;
        for entry in entries(self.repo, &view)? {
            let plain = entry.stage == 0 && !entry.is_gitlink() && !entry.is_intent();
            if plain && !deleted.contains(&entry.path) && !trashed(&entry.path) {
                files.entry(entry.path).or_insert((entry.mode, entry.oid));
            }
        }
        self.write_all(&self.tree.path, files)
    }

    /// Writes the state of a stopped operation into the git directory.
    fn write_state(&self) -> Result<(), GitError> {
        let files = self.below(b"gitdir/");
        if let Some(name) = files.keys().find(|name| !sequencer::is_state(name)) {
            return Err(hostile(name));
        }
        self.write_all(&self.tree.git_dir, files)
    }

    fn write_all(&self, root: &Path, files: Files) -> Result<(), GitError> {
        let files: Vec<_> = files.into_iter().collect();
        for part in files.chunks(AT_ONCE) {
            let bytes = blobs(self.repo, part.iter().map(|(_, (_, oid))| oid))?;
            for ((path, (mode, _)), bytes) in part.iter().zip(bytes) {
                write_one(root, path, *mode, &bytes)?;
            }
        }
        Ok(())
    }

    /// Everything below one folder of the kept tree, by its path in that.
    fn below(&self, folder: &[u8]) -> Files {
        let files = self
            .stored
            .iter()
            .filter_map(|(path, file)| Some((path.strip_prefix(folder)?.to_vec(), file.clone())));
        files.collect()
    }

    /// Decides what HEAD is to be, and sends a stopped rebase to the new branch.
    fn head(&self, meta: &Meta) -> Result<Head, WorktreeError> {
        let branch = format!("refs/heads/{}", self.branch);
        for folder in ["rebase-merge", "rebase-apply"] {
            let name = self.tree.git_dir.join(folder).join("head-name");
            let Ok(ends_on) = fs::read(&name) else { continue };
            if !ends_on.starts_with(b"refs/heads/") {
                continue;
            }
            let began = self.tree.git_dir.join(folder).join("orig-head");
            let began = fs::read_to_string(&began).map_err(file_error("read", &began))?;
            let began = Oid::parse(&began)?;
            match self.repo.ref_value(&branch)? {
                None => super::seal::pin(self.repo, &branch, &began, None)?,
                Some(at) if at == began => {}
                Some(at) => {
                    let branch = self.branch.to_owned();
                    return Err(WorktreeError::BranchExists { branch, at });
                }
            }
            registry::replace(&name, format!("{branch}\n").as_bytes())?;
        }
        match (&meta.branch, &meta.head) {
            (None, Some(head)) => Ok(Head::Detached(head.clone())),
            _ => Ok(Head::Branch(branch)),
        }
    }

    /// Moves trashed items back; returns those that are nowhere, or whose place is taken.
    fn bring_back(&self, meta: &Meta, trash: &Path) -> Result<Vec<PathBuf>, GitError> {
        let mut missing: Vec<PathBuf> = Vec::new();
        let mut placed: HashSet<&[u8]> = HashSet::new();
        // Of two at one path the later one was captured last; the other stays in the trash.
        for item in meta.items.iter().rev() {
            let (from, to) = (trash.join(item.stored.to_string()), item.home(self.tree));
            // In the git directory nothing but the submodules' repositories may be put.
            if item.registration && item.path != b"modules" {
                return Err(hostile(&item.path));
            }
            if is_there(&from) && !is_there(&to) {
                if !item.registration {
                    make_parents(&self.tree.path, &item.path, true)?;
                }
                fs::rename(&from, &to).map_err(file_error("bring back", &to))?;
            } else if is_there(&from) || !is_there(&to) || placed.contains(&item.path[..]) {
                missing.push(as_path(&item.path));
            }
            placed.insert(&item.path);
        }
        let modules = meta.items.iter().any(|item| item.registration);
        for item in meta.items.iter().filter(|item| modules && !item.registration) {
            self.relink_submodule(&item.path)?;
        }
        Ok(missing)
    }

    /// Lets a submodule's folder and its repository, which both moved, find each other again.
    fn relink_submodule(&self, path: &[u8]) -> Result<(), GitError> {
        let folder = on_disk(&self.tree.path, path);
        let link = folder.join(".git");
        let Ok(text) = fs::read(&link) else { return Ok(()) };
        let text = String::from_utf8_lossy(&text).into_owned();
        let Some((_, name)) = text.trim().rsplit_once("/modules/") else { return Ok(()) };
        let git_dir = self.tree.git_dir.join("modules").join(name);
        if name.split('/').any(|part| part == "..") || !git_dir.is_dir() {
            return Ok(());
        }
        let back = [b"gitdir: ", git_dir.as_os_str().as_bytes(), b"\n"].concat();
        registry::replace(&link, &back)?;
        let config = self.repo.git(["config", "--file"]).arg(git_dir.join("config"));
        config.arg("core.worktree").arg(&folder).success()?;
        Ok(())
    }
}

/// Writes a file or link below `root`, anew if it is there already.
fn write_one(root: &Path, path: &[u8], mode: u32, bytes: &[u8]) -> Result<(), GitError> {
    make_parents(root, path, false)?;
    let real = on_disk(root, path);
    let write = || {
        registry::remove_if_there(&real)?;
        if mode == 0o120_000 {
            return symlink(std::ffi::OsStr::from_bytes(bytes), &real);
        }
        let bits = if mode == 0o100_755 { 0o777 } else { 0o666 };
        let mut file = File::options().write(true).create_new(true).mode(bits).open(&real)?;
        file.write_all(bytes)
    };
    write().map_err(file_error("write", &real))
}

/// Makes the folders above a path, refusing to go through anything but real folders.
fn make_parents(root: &Path, path: &[u8], git_folder: bool) -> Result<(), GitError> {
    let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    let Some((name, above)) = parts.split_last() else { return Err(hostile(path)) };
    let mut dir = root.to_owned();
    for part in above {
        check_name(path, part)?;
        dir.push(std::ffi::OsStr::from_bytes(part));
        match fs::create_dir(&dir) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if !dir.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
                    return Err(hostile(path));
                }
            }
            other => other.map_err(file_error("make", &dir))?,
        }
    }
    if git_folder && name.eq_ignore_ascii_case(b".git") {
        return Ok(());
    }
    check_name(path, name)
}

fn make_dirs(root: &Path, path: &[u8]) -> Result<(), GitError> {
    make_parents(root, &[path, b"/x"].concat(), false)
}

fn check_name(path: &[u8], part: &[u8]) -> Result<(), GitError> {
    let odd = matches!(part, b"" | b"." | b"..") || part.eq_ignore_ascii_case(b".git");
    if odd { Err(hostile(path)) } else { Ok(()) }
}

fn hostile(path: &[u8]) -> GitError {
    GitError::Answer { what: "kept path", text: String::from_utf8_lossy(path).into_owned() }
}
