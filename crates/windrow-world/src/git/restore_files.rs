//! Writing captured files, index and sequencer state into a new worktree.
//!
//! A killed call may have begun, and a person may have been in the tree since. So each file is
//! judged by its content: what is absent, or the beginning of what belongs there, is written; what
//! is there already stays; anything else is somebody's, stays as well, and is reported.

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
use super::worktree_refill::Half;
use super::worktree_registry::{self as registry, file_error, is_there};

/// How many blobs are held in memory at a time.
const AT_ONCE: usize = 256;

/// One kept commit on its way into a worktree.
#[derive(Debug)]
pub(super) struct Refill<'a> {
    repo: &'a Repo,
    half: &'a Half<'a>,
    tree: &'a Tree,
    branch: &'a str,
    stored: Files,
}

/// Git mode and object by path.
type Files = BTreeMap<TreePath, (u32, Oid)>;

impl<'a> Refill<'a> {
    /// Lists what `commit` holds.
    pub(super) fn of(
        repo: &'a Repo,
        commit: &Oid,
        half: &'a Half<'a>,
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
        Ok(Self { repo, half, tree: half.tree, branch, stored })
    }

    /// Fills the tree; returns what is missing.
    pub(super) fn run(&self, meta: &Meta, trash: &Path) -> Result<Vec<PathBuf>, WorktreeError> {
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
            self.half.index(|path| registry::replace(path, index))?;
        }
        let mut missing = self.write_files(meta, &list("deleted").into_iter().collect())?;
        for dir in list("empty") {
            if !make_dirs(&self.tree.path, &dir)? {
                missing.push(as_path(&dir));
            }
        }
        missing.extend(self.bring_back(meta, trash)?);
        self.send_rebase_here()?;
        // What cannot be refreshed, such as a conflict, keeps its state: the status is no news.
        let refresh = self.repo.git_in(self.tree, ["update-index", "-q", "--refresh"]);
        drop(self.half.alone.run(refresh));
        Ok(missing)
    }

    fn write_files(
        &self,
        meta: &Meta,
        deleted: &HashSet<TreePath>,
    ) -> Result<Vec<PathBuf>, GitError> {
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
        self.write_all(&self.tree.path, files, Owner::Anybody)
    }

    /// Writes the state of a stopped operation into the git directory.
    fn write_state(&self) -> Result<(), GitError> {
        let files = self.below(b"gitdir/");
        if let Some(name) = files.keys().find(|name| !sequencer::is_state(name)) {
            return Err(hostile(name));
        }
        self.write_all(&self.tree.git_dir, files, Owner::Restore).map(drop)
    }

    /// Writes every file that is not there; returns those whose place somebody else's took.
    fn write_all(&self, root: &Path, files: Files, owner: Owner) -> Result<Vec<PathBuf>, GitError> {
        let mut taken = Vec::new();
        let files: Vec<_> = files.into_iter().collect();
        for part in files.chunks(AT_ONCE) {
            let bytes = blobs(self.repo, part.iter().map(|(_, (_, oid))| oid))?;
            for ((path, (mode, _)), bytes) in part.iter().zip(bytes) {
                step();
                if !write_one(root, path, *mode, &bytes, owner)? {
                    taken.push(as_path(path));
                }
            }
        }
        Ok(taken)
    }

    /// Everything below one folder of the kept tree, by its path in that.
    fn below(&self, folder: &[u8]) -> Files {
        let files = self
            .stored
            .iter()
            .filter_map(|(path, file)| Some((path.strip_prefix(folder)?.to_vec(), file.clone())));
        files.collect()
    }

    /// Sends a stopped rebase to the new branch.
    fn send_rebase_here(&self) -> Result<(), WorktreeError> {
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
            step();
            registry::replace(&name, format!("{branch}\n").as_bytes())?;
        }
        Ok(())
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
            let reachable = item.registration || make_parents(&self.tree.path, &item.path, true)?;
            if is_there(&from) && !is_there(&to) && reachable {
                step();
                fs::rename(&from, &to).map_err(file_error("bring back", &to))?;
                step();
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
        step();
        // A lock that is there now is of a killed call, whose git would hold that of the tree.
        let lock = git_dir.join("config.lock");
        registry::remove_if_there(&lock).map_err(file_error("remove", &lock))?;
        let config = self.repo.git(["config", "--file"]).arg(git_dir.join("config"));
        self.half.alone.run(config.arg("core.worktree").arg(&folder)).map(drop)
    }
}

/// Whose a file may be that is in the place of one to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// Only ours: it is written anew.
    Restore,
    /// Anybody's: it is judged.
    Anybody,
}

/// Writes a file or link below `root`; whether it is there now, and not somebody else's.
fn write_one(
    root: &Path,
    path: &[u8],
    mode: u32,
    bytes: &[u8],
    owner: Owner,
) -> Result<bool, GitError> {
    if !make_parents(root, path, false)? {
        return Ok(false);
    }
    let real = on_disk(root, path);
    let write = || {
        if owner == Owner::Anybody {
            match judge(&real, mode, bytes)? {
                Found::Ours => return Ok(true),
                Found::Foreign => return Ok(false),
                Found::Unfinished => {}
            }
        }
        registry::remove_if_there(&real)?;
        if mode == 0o120_000 {
            return symlink(std::ffi::OsStr::from_bytes(bytes), &real).map(|()| true);
        }
        let bits = if mode == 0o100_755 { 0o777 } else { 0o666 };
        let mut file = File::options().write(true).create_new(true).mode(bits).open(&real)?;
        let (first, second) = bytes.split_at(bytes.len() / 2);
        file.write_all(first)?;
        step();
        file.write_all(second).map(|()| true)
    };
    write().map_err(file_error("write", &real))
}

/// What is where a file belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The whole file.
    Ours,
    /// Nothing, or the beginning of it.
    Unfinished,
    /// Something else.
    Foreign,
}

/// Judges by its content what is where a file or link belongs.
pub(super) fn judge(real: &Path, mode: u32, bytes: &[u8]) -> io::Result<Found> {
    let meta = match real.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Unfinished),
        other => other?,
    };
    let held = if mode == 0o120_000 && meta.is_symlink() {
        let to = fs::read_link(real)?;
        return Ok(if to.as_os_str().as_bytes() == bytes { Found::Ours } else { Found::Foreign });
    } else if mode != 0o120_000 && meta.is_file() {
        fs::read(real)?
    } else {
        return Ok(Found::Foreign);
    };
    Ok(if held == bytes {
        Found::Ours
    } else if bytes.starts_with(&held) {
        Found::Unfinished
    } else {
        Found::Foreign
    })
}

/// Makes the folders above a path, refusing to go through a link; whether nothing is in the way.
fn make_parents(root: &Path, path: &[u8], git_folder: bool) -> Result<bool, GitError> {
    let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    let Some((name, above)) = parts.split_last() else { return Err(hostile(path)) };
    let mut dir = root.to_owned();
    for part in above {
        check_name(path, part)?;
        dir.push(std::ffi::OsStr::from_bytes(part));
        match fs::create_dir(&dir) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                match dir.symlink_metadata() {
                    Ok(meta) if meta.is_dir() => {}
                    Ok(meta) if meta.is_file() => return Ok(false),
                    _ => return Err(hostile(path)),
                }
            }
            other => other.map_err(file_error("make", &dir))?,
        }
    }
    if !(git_folder && name.eq_ignore_ascii_case(b".git")) {
        check_name(path, name)?;
    }
    Ok(true)
}

fn make_dirs(root: &Path, path: &[u8]) -> Result<bool, GitError> {
    make_parents(root, &[path, b"/x"].concat(), false)
}

fn check_name(path: &[u8], part: &[u8]) -> Result<(), GitError> {
    let odd = matches!(part, b"" | b"." | b"..") || part.eq_ignore_ascii_case(b".git");
    if odd { Err(hostile(path)) } else { Ok(()) }
}

fn hostile(path: &[u8]) -> GitError {
    GitError::Answer { what: "kept path", text: String::from_utf8_lossy(path).into_owned() }
}

/// A moment at which tests kill.
#[cfg(test)]
pub(super) use super::restore_kill_tests::step;

/// A moment at which tests kill.
#[cfg(not(test))]
pub(super) const fn step() {}
