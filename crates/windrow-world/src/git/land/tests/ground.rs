//! A repository with a checkout a person works in, and a lander beside it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::cmd::{Cmd, Output};
use crate::git::{Busy, InTheWay, Landed, Lander, Move, Oid, Repo, Why};

pub(super) struct Ground {
    pub(super) repo: Repo,
    pub(super) main: PathBuf,
    home: PathBuf,
    _dir: TempDir,
}

impl Ground {
    /// Files `a` to `e`, `dir/one`, `dir/two`, and `*.log` ignored, on `main`.
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap();
        let ground = Self::in_home(home, dir);
        git(&ground.home, ["init", "-q", "-b", "main", "main"]);
        for name in ["a", "b", "c", "d", "e", "dir/one", "dir/two"] {
            ground.put(name, format!("{name}: first line\n"));
        }
        ground.put(".gitignore", "*.log\n");
        ground.git(["add", "-A"]);
        ground.git(["commit", "-q", "-m", "base"]);
        ground
    }

    fn in_home(home: PathBuf, dir: TempDir) -> Self {
        let main = home.join("main");
        Self { repo: Repo::at(main.join(".git")), main, home, _dir: dir }
    }

    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    pub(super) fn lander(&self) -> Lander {
        Lander::new(self.repo.clone(), self.home.join("state"))
    }

    pub(super) fn git<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> String {
        git(&self.main, args)
    }

    pub(super) fn head(&self) -> Oid {
        self.repo.commit("refs/heads/main").unwrap().unwrap()
    }

    pub(super) fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        put(&self.main.join(name), text);
    }

    pub(super) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.main.join(name)).unwrap()
    }

    /// Commits on top of `main` in a worktree of its own, which is gone again afterwards.
    pub(super) fn work(&self, doing: impl FnOnce(&Path)) -> Oid {
        self.work_on("main", doing)
    }

    pub(super) fn work_on(&self, base: &str, doing: impl FnOnce(&Path)) -> Oid {
        let place = self.beside("work");
        let path = place.to_str().unwrap();
        self.git(["worktree", "add", "-q", "--detach", path, base]);
        doing(&place);
        git(&place, ["add", "-A", "-f"]);
        git(&place, ["commit", "-q", "-m", "work"]);
        let made = Oid::parse(&git(&place, ["rev-parse", "HEAD"])).unwrap();
        self.git(["update-ref", "refs/windrow/flight/work", made.as_str()]);
        self.git(["worktree", "remove", "--force", path]);
        made
    }

    /// Work that changes `a`, `dir/one`, removes `c` and adds `new/file`.
    pub(super) fn usual(&self) -> Oid {
        self.work(|at| {
            put(&at.join("a"), "a: landed\n");
            put(&at.join("dir/one"), "one: landed\nwith a second line\n");
            put(&at.join("new/file"), "new: landed\n");
            fs::remove_file(at.join("c")).unwrap();
        })
    }

    pub(super) fn request(&self, new: &Oid) -> Move {
        Move { branch: "main".to_owned(), old: self.head(), new: new.clone(), id: "7".to_owned() }
    }

    pub(super) fn land(&self, new: &Oid) -> Landed {
        self.lander().land(&self.request(new)).unwrap()
    }

    pub(super) fn status(&self) -> String {
        self.git(["status", "--porcelain", "--untracked-files=all"])
    }

    /// Nothing of ours is left: no lock, no token, no record.
    pub(super) fn assert_tidy(&self) {
        let mut left = Vec::new();
        for dir in [self.main.join(".git"), self.main.join(".git/refs/heads")] {
            left.extend(names(&dir).into_iter().filter(|name| name.ends_with(".lock")));
        }
        left.extend(
            names(&self.beside("state")).into_iter().filter(|name| name.contains("moving")),
        );
        assert!(left.is_empty(), "left behind: {left:?}");
    }

    /// The move happened: branch, index and files are at `new`, but for what `status` shows.
    pub(super) fn assert_landed(&self, landed: &Landed, new: &Oid, status: &str) {
        let followed = Some(self.main.clone());
        assert_eq!(landed, &Landed::Moved { followed, missing: Vec::new() });
        assert_eq!(&self.head(), new);
        assert_eq!(self.status(), status);
        self.assert_tidy();
    }

    /// Tries to land, and sees that it is refused for `files` with nothing touched.
    pub(super) fn assert_in_the_way(&self, new: &Oid, files: &[(&str, Why)]) {
        let before = self.everything();
        let landed = self.land(new);
        let files = files
            .iter()
            .map(|(path, why)| InTheWay { path: PathBuf::from(path), why: why.clone() })
            .collect();
        let worktree = self.main.clone();
        assert_eq!(landed, Landed::Busy(Busy::InTheWay { worktree, files }));
        assert_eq!(self.everything(), before);
        self.assert_tidy();
    }

    /// Tries to land, and sees that nothing was touched.
    pub(super) fn refused(&self, new: &Oid) -> Landed {
        let before = self.everything();
        let landed = self.land(new);
        assert_eq!(self.everything(), before);
        landed
    }

    /// The branch, the index and every file with its bytes: what must not change.
    pub(super) fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = vec![(PathBuf::from("main"), self.head().as_str().as_bytes().to_vec())];
        found.push((PathBuf::from("index"), fs::read(self.main.join(".git/index")).unwrap()));
        found.extend(files(&self.main));
        found
    }
}

/// Every file below a folder, without `.git`; a link counts by where it points.
pub(super) fn files(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    use std::os::unix::ffi::OsStrExt as _;
    let (mut found, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(&folder).unwrap() {
            let item = item.unwrap();
            let (path, kind) = (item.path(), item.file_type().unwrap());
            if kind.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                found.push((path, target.as_os_str().as_bytes().to_vec()));
            } else if kind.is_dir() && item.file_name() != ".git" {
                folders.push(path);
            } else if kind.is_file() {
                let bytes = fs::read(&path).unwrap();
                found.push((path, bytes));
            }
        }
    }
    found.sort();
    found
}

fn names(dir: &Path) -> Vec<String> {
    let Ok(listing) = fs::read_dir(dir) else { return Vec::new() };
    listing.map(|item| item.unwrap().file_name().to_str().unwrap().to_owned()).collect()
}

/// Writes a file, and the folders above it.
pub(super) fn put(path: &Path, text: impl AsRef<[u8]>) {
    use std::io::Write as _;
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = fs::File::create(path).unwrap();
    file.write_all(text.as_ref()).unwrap();
}

/// Runs git as the person does.
pub(super) fn try_git<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> Output {
    Cmd::new("git")
        .args(args)
        .dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_AUTHOR_NAME", "A Person")
        .env("GIT_AUTHOR_EMAIL", "person@example.org")
        .env("GIT_COMMITTER_NAME", "A Person")
        .env("GIT_COMMITTER_EMAIL", "person@example.org")
        .env("GIT_EDITOR", "true")
        .output()
        .unwrap()
}

pub(super) fn git<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> String {
    let done = try_git(dir, args);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}
