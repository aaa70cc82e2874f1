//! A real repository in a temporary folder, with worktrees, for the tests of this room.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Head, Identity, Oid, Repo, Tree, Worktrees};
use crate::cmd::{Cmd, Output};

pub(super) struct Fixture {
    pub(super) repo: Repo,
    pub(super) main: PathBuf,
    pub(super) worktrees: Worktrees,
    pub(super) base: Oid,
    dir: TempDir,
}

impl Fixture {
    /// A repository with a few committed files.
    pub(super) fn new() -> Self {
        Self::with(&[
            (".gitignore", "*.log\nbuild/\n"),
            ("a.txt", "one\ntwo\nthree\n"),
            ("b.txt", "b\n"),
            ("src/lib.rs", "fn main() {}\n"),
            ("run.sh", "#!/bin/sh\n"),
        ])
    }

    pub(super) fn with(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap();
        let main = home.join("main");
        fs::create_dir(&main).unwrap();
        git(&main, ["init", "-q", "-b", "main"]);
        for (name, text) in files {
            put(&main.join(name), text);
        }
        git(&main, ["add", "-A"]);
        git(&main, ["commit", "-q", "-m", "base"]);
        let repo = Repo::at(main.join(".git"));
        let base = repo.commit("main").unwrap().unwrap();
        let worktrees =
            Worktrees::open(repo.clone(), &home.join("trees"), &home.join("state")).unwrap();
        Self { repo, main, worktrees, base, dir }
    }

    /// A path in the same temporary folder, outside of every tree.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.worktrees.root().join(name)
    }

    pub(super) fn create(&self, name: &str) -> Tree {
        self.worktrees.create(&self.path(name), &format!("windrow/{name}"), &self.base).unwrap()
    }

    pub(super) fn head(tree: &Tree) -> Head {
        super::worktree_registry::head(tree).unwrap()
    }
}

pub(super) fn me() -> Identity {
    Identity { name: "A Person".to_owned(), email: "person@example.org".to_owned() }
}

/// Writes a file and the folders above it.
pub(super) fn put(path: &Path, text: impl AsRef<[u8]>) {
    use std::io::Write as _;
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = fs::File::create(path).unwrap();
    file.write_all(text.as_ref()).unwrap();
}

fn call<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> Cmd {
    me().stamp(Cmd::new("git"))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_EDITOR", "true")
        .dir(dir)
        .args(args)
}

/// Runs git as a person or a worker would, in `dir`; it must succeed.
pub(super) fn git<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> String {
    String::from_utf8_lossy(&call(dir, args).success().unwrap()).trim().to_owned()
}

/// Runs git as a person or a worker would, whatever comes of it.
pub(super) fn try_git<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> Output {
    call(dir, args).output().unwrap()
}
