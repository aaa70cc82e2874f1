//! Invented linear histories: edits, new files, renames, modes, links and deletions.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::dice::Dice;
use crate::repo::TestRepo;

/// Folders that files live in and move between.
const FOLDERS: [&str; 5] = ["src", "src/state", "docs", "tests/data", "tools"];

/// Files there are at the start, and about as many as there stay.
const FILES: usize = 14;

/// A history on the branch `source`, while `main` stays at its base.
#[derive(Clone, Debug)]
pub struct History {
    /// Where `main` is.
    pub base: String,
    /// The last commit.
    pub tip: String,
}

/// What grows a history.
struct Gardener<'a> {
    repo: &'a TestRepo,
    dice: &'a mut Dice,
    files: Vec<String>,
    made: usize,
}

impl History {
    /// Grows `commits` commits, none of them empty.
    #[must_use]
    pub fn grow(repo: &TestRepo, dice: &mut Dice, commits: usize) -> Self {
        let mut gardener = Gardener { repo, dice, files: Vec::new(), made: 0 };
        for _ in 0..FILES {
            gardener.add();
        }
        let base = repo.commit("base");
        repo.git(["switch", "-q", "-c", "source"]);
        for nth in 1..=commits {
            let acts = gardener.dice.within(1..4);
            let said: Vec<String> = (0..acts).map(|_| gardener.act()).collect();
            repo.git(["add", "-A"]);
            if repo.try_git(["diff", "--cached", "--quiet"]).status.success() {
                gardener.add();
            }
            repo.commit(&format!("step {nth}: {}", said.join(", ")));
        }
        let tip = repo.head();
        repo.git(["switch", "-q", "main"]);
        Self { base, tip }
    }
}

impl Gardener<'_> {
    fn act(&mut self) -> String {
        match self.dice.within(0..12) {
            0..5 => self.edit(),
            5..7 => self.add(),
            7..9 => self.rename(),
            9 => self.mode(),
            10 => self.link(),
            _ if self.files.len() > FILES / 2 => self.delete(),
            _ => self.add(),
        }
    }

    fn fresh(&mut self) -> String {
        self.made += 1;
        let folder = *self.dice.pick(&FOLDERS).unwrap();
        format!("{folder}/file-{}.txt", self.made)
    }

    fn some(&mut self) -> String {
        self.dice.pick(&self.files).unwrap().clone()
    }

    fn lines(&mut self, count: usize) -> String {
        let mut line = || format!("{:016x}\n", self.dice.roll());
        (0..count).map(|_| line()).collect()
    }

    fn add(&mut self) -> String {
        let (name, text) = (self.fresh(), self.lines(12));
        self.repo.write(&name, text);
        self.files.push(name.clone());
        format!("add {name}")
    }

    fn edit(&mut self) -> String {
        let name = self.some();
        let mut lines: Vec<String> =
            self.repo.text(&name).lines().map(|line| format!("{line}\n")).collect();
        let at = usize::try_from(self.dice.roll() % 10_000).unwrap() % lines.len();
        lines[at] = self.lines(1);
        let text = lines.concat() + &self.lines(1);
        // In place, so that the mode stays.
        self.repo.write(&name, text);
        format!("edit {name}")
    }

    fn rename(&mut self) -> String {
        let (from, to) = (self.some(), self.fresh());
        fs::create_dir_all(self.repo.file(&to).parent().unwrap()).unwrap();
        fs::rename(self.repo.file(&from), self.repo.file(&to)).unwrap();
        self.files.retain(|name| *name != from);
        self.files.push(to.clone());
        if self.dice.within(0..2) == 0 {
            let text = self.repo.text(&to) + &self.lines(1);
            self.repo.write(&to, text);
        }
        format!("rename {from} to {to}")
    }

    fn mode(&mut self) -> String {
        let name = self.some();
        let path = self.repo.file(&name);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        fs::set_permissions(&path, Permissions::from_mode(mode ^ 0o111)).unwrap();
        format!("mode {name}")
    }

    fn link(&mut self) -> String {
        let (name, to) = (self.fresh(), self.some());
        let path = self.repo.file(&name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(format!("/nowhere/{to}"), path).unwrap();
        format!("link {name}")
    }

    fn delete(&mut self) -> String {
        let name = self.some();
        fs::remove_file(self.repo.file(&name)).unwrap();
        self.files.retain(|other| *other != name);
        format!("delete {name}")
    }
}
