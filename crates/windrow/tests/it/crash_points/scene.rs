//! A place in which windrow is going to die, and the promises that hold afterwards.

use std::fs;
use std::path::{Path, PathBuf};

use windrow_testkit::chaos::{landed_once, nothing_left_behind};
use windrow_testkit::{Ran, Role, TestEnv, TestRepo, wait_until};
use windrow_world::{crash, files};

use crate::place::place;

/// A place, the deaths that were ordered in it, and the person's checkout before all of it.
pub(super) struct Scene {
    pub(super) env: TestEnv,
    base: String,
    deaths: Vec<String>,
    status: Vec<String>,
    /// How often a command had to be given again because windrow died over it.
    again: usize,
}

impl Scene {
    /// A place with a repository of one commit and what `prepare` adds to it, in which a person has
    /// edited, staged, ignored and new files.
    pub(super) fn new(deaths: &[&str], prepare: impl FnOnce(&TestEnv)) -> Self {
        let env = place();
        let repo = env.repo();
        repo.write(".gitignore", "*.log\n");
        repo.write("edited.txt", "as committed\n");
        prepare(&env);
        let base = repo.commit("the base");
        repo.write("edited.txt", "my edit\n");
        repo.write("staged.txt", "staged\n");
        repo.git(["add", "staged.txt"]);
        repo.write("new.txt", "new\n");
        repo.write("mine.log", "ignored\n");
        let status = repo.status();
        let deaths = deaths.iter().map(|death| (*death).to_owned()).collect();
        Self { env, base, deaths, status, again: 0 }
    }

    /// Orders the deaths: from now on windrow dies where it was told to.
    pub(super) fn order(&self) {
        let plan = self.deaths.join("\n");
        files::replace(&self.env.state().join(crash::PLAN), plan.as_bytes()).unwrap();
    }

    /// Shell: notes that a worker began, then does `line`.
    pub(super) fn worker(&self, line: &str) -> String {
        format!("{}; {line}", self.env.signs().log_line("began", "$WINDROW_TASK"))
    }

    /// Starts a run, and asks what became of it when windrow died over that, as a person would.
    pub(super) fn start(&mut self, args: &[&str]) {
        let args = [&["run"], args, &["--approve", "--detach"]].concat();
        if self.env.windrow(&args).code == 0 {
            return;
        }
        self.again += 1;
        if self.env.windrow(["run", "--resume", "--detach"]).code != 0 {
            let _started = self.env.windrow(&args).ok();
        }
    }

    /// Gives a command until windrow does not die over it, or has done it by then.
    pub(super) fn insist(&mut self, args: &[&str]) -> Ran {
        loop {
            let ran = self.env.windrow(args);
            let over = ran.err.contains("is over");
            if ran.code == 0 || (over && self.again > 0) {
                return ran;
            }
            assert!(self.died().len() > self.again, "it was no death: {ran}");
            self.again += 1;
        }
    }

    /// Where windrow died so far, as it was ordered.
    pub(super) fn died(&self) -> Vec<String> {
        let text = fs::read_to_string(self.env.state().join(crash::DIED)).unwrap_or_default();
        let line = |line: &str| line.rsplit_once(' ').map(|(death, _)| death.to_owned());
        text.lines().filter_map(line).collect()
    }

    /// Waits until the run is over, windrow died as ordered, and nobody works any more.
    #[track_caller]
    pub(super) fn rest(&self) {
        self.env.await_run_end();
        wait_until("windrow died where it should", || self.died().len() == self.deaths.len());
        assert_eq!(self.died(), self.deaths);
        self.env.await_run_end();
        wait_until("nobody works any more", || self.env.playing(Role::Keeper).is_empty());
    }

    /// Checks that `branch` is the base with `files`, by as many landings as there are `tasks`, and
    /// that the checkout has them beside what the person did.
    #[track_caller]
    pub(super) fn landed(&self, files: &[(&str, &str)], tasks: usize) {
        let repo = self.env.repo();
        let wanted = TestRepo::init(&self.env.root().join("wanted"), &self.env.home());
        let listed = repo.git(["ls-tree", "-r", "--name-only", &self.base]);
        for name in listed.lines() {
            wanted.write(name, repo.at_revision(&self.base, name).unwrap());
        }
        for (name, text) in files {
            wanted.write(name, text);
        }
        wanted.commit("wanted");
        landed_once(&self.env, &self.base, &wanted.tree_of("HEAD"), tasks);
    }

    /// Checks that the person's checkout is as it was, but for `changed` lines of its status.
    #[track_caller]
    pub(super) fn person_unharmed(&self, changed: &[&str]) {
        let repo = self.env.repo();
        let mut wanted = self.status.clone();
        wanted.extend(changed.iter().map(|line| (*line).to_owned()));
        let mut status = repo.status();
        wanted.sort();
        status.sort();
        assert_eq!(status, wanted);
        assert_eq!(repo.text("edited.txt"), "my edit\n");
        assert_eq!(repo.text("mine.log"), "ignored\n");
    }

    /// Checks that nothing is there that windrow does not list, and nothing at all after a prune.
    #[track_caller]
    pub(super) fn clean(&self) {
        nothing_left_behind(&self.env);
        self.no_traces();
    }

    /// Checks that no lock and no record of something half done is left.
    #[track_caller]
    pub(super) fn no_traces(&self) {
        let mut locks = Vec::new();
        find(&self.env.repo().file(".git"), &mut locks);
        assert_eq!(locks, Vec::<PathBuf>::new(), "locks");
        let mut records = Vec::new();
        find_named(
            &self.env.state(),
            &["moving.json", "moving-locks.json", "restoring"],
            &mut records,
        );
        assert_eq!(records, Vec::<PathBuf>::new(), "records");
        assert!(!self.env.state().join(crash::PLAN).exists(), "a death is left over");
    }

    /// One line about what came of it; `workers` is how many begin when nobody dies.
    pub(super) fn outcome(&self, workers: usize) -> String {
        let more = self.env.signs().log("began").len().saturating_sub(workers);
        let work = match more {
            0 => "went on".to_owned(),
            _ => format!("{more} began again"),
        };
        let landed = self.env.repo().landings(&self.base, "main").len();
        let asked = match self.again {
            0 => String::new(),
            times => format!(", asked again {times}x"),
        };
        format!("{work}, {landed} landed{asked}")
    }
}

/// Files that end in `.lock` below a folder.
fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, found);
        } else if path.extension().is_some_and(|end| end == "lock") {
            found.push(path);
        }
    }
}

/// Files, and folders with something in them, of those names below a folder.
fn find_named(folder: &Path, names: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let named = names.iter().any(|name| path.ends_with(name));
        let holds = || fs::read_dir(&path).map_or(1, Iterator::count) > 0;
        if named && holds() {
            found.push(path);
        } else if path.is_dir() {
            find_named(&path, names, found);
        }
    }
}
