//! A linear history as a plan: each task picks one commit, and waits wherever two touch one file.
//!
//! When every task has landed, the target's tree must be the history's own, whatever ran beside
//! what. So the order has to hold wherever git would look at two commits together: the same path,
//! both names of a rename, a path that is a file here and a folder there, and a file that is new in
//! a folder out of which others are renamed (git would carry it along).

use std::collections::{BTreeMap, BTreeSet};

use crate::repo::TestRepo;
use crate::tasks::{Plan, PlanTask};

/// One commit and what it touches.
struct Step {
    commit: String,
    title: String,
    paths: BTreeSet<String>,
    new: BTreeSet<String>,
    /// Folders out of which it renames something.
    left: BTreeSet<String>,
}

/// The newest `most` commits of `tip`'s linear past: their parent, for which see [`plan`].
///
/// A merge ends it, and so does the first commit of all.
#[must_use]
pub fn base_of(repo: &TestRepo, tip: &str, most: usize) -> String {
    let most = format!("-{most}");
    let listed = repo.git(["rev-list", "--first-parent", "--parents", &most, tip]);
    let mut base = repo.git(["rev-parse", tip]);
    for line in listed.lines() {
        let [_, parent] = line.split_whitespace().collect::<Vec<_>>()[..] else { break };
        parent.clone_into(&mut base);
    }
    base
}

/// The plan that picks every commit after `base` up to `tip`, but empty ones; `then` is a shell
/// line for behind each pick, such as `sleep 1`.
///
/// # Panics
/// When a merge lies between them.
#[must_use]
pub fn plan(repo: &TestRepo, base: &str, tip: &str, then: Option<&str>) -> Plan {
    let range = format!("{base}..{tip}");
    let merges = repo.git(["rev-list", "--first-parent", "--merges", &range]);
    assert!(merges.is_empty(), "merges lie between {base} and {tip}: {merges}");
    let listed = repo.git(["rev-list", "--first-parent", "--reverse", &range]);
    let steps: Vec<Step> = listed.lines().map(|commit| step(repo, commit)).collect();
    let steps: Vec<Step> = steps.into_iter().filter(|step| !step.paths.is_empty()).collect();
    let (files, left) = (file_and_folder(&steps), all_left(&steps));
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    let mut plan = Plan::new();
    for (nth, step) in steps.iter().enumerate() {
        let key = format!("c{:04}", nth + 1);
        let touched = step.touched(&files, &left);
        let needs: BTreeSet<&String> = touched.iter().filter_map(|what| last.get(what)).collect();
        let needs: Vec<&String> = needs.into_iter().collect();
        let then = then.map(|then| format!(" && {then}")).unwrap_or_default();
        let line = format!("git cherry-pick {}{then}", step.commit);
        plan = plan.with(&key, PlanTask::run(&step.title, &line).list("needs", &needs));
        last.extend(touched.into_iter().map(|what| (what, key.clone())));
    }
    plan
}

impl Step {
    /// Names of everything of which only one commit at a time may be under way.
    fn touched(&self, files: &BTreeSet<String>, left: &BTreeSet<String>) -> BTreeSet<String> {
        let above = |paths: &BTreeSet<String>, of: &BTreeSet<String>| -> Vec<String> {
            paths.iter().flat_map(|path| folders(path)).filter(|one| of.contains(one)).collect()
        };
        let mut touched = self.paths.clone();
        touched.extend(above(&self.paths, files));
        let moved = above(&self.new, left).into_iter().chain(self.left.iter().cloned());
        touched.extend(moved.map(|folder| format!("{folder}/")));
        touched
    }
}

fn step(repo: &TestRepo, commit: &str) -> Step {
    let diff = ["diff-tree", "-r", "-z", "--no-commit-id", "--root"];
    let raw = |more: &[&str]| {
        let bytes = repo.try_git([&diff[..], more, &[commit]].concat()).stdout;
        let parts = bytes.split(|byte| *byte == 0).filter(|part| !part.is_empty());
        parts.map(|part| String::from_utf8_lossy(part).into_owned()).collect::<Vec<_>>()
    };
    let paths = raw(&["--no-renames", "--name-only"]).into_iter().collect();
    let (mut new, mut left) = (BTreeSet::new(), BTreeSet::new());
    let mut words = raw(&["-M", "--name-status"]).into_iter();
    while let (Some(status), Some(path)) = (words.next(), words.next()) {
        match status.chars().next() {
            Some('R') => {
                left.extend(folders(&path));
                new.extend(words.next());
            }
            Some('A') => {
                new.insert(path);
            }
            _ => {}
        }
    }
    let title = repo.git(["show", "-s", "--format=%s", commit]);
    let title = title.chars().filter(|c| !c.is_control()).collect::<String>();
    let title = if title.trim().is_empty() { commit.to_owned() } else { title };
    Step { commit: commit.to_owned(), title, paths, new, left }
}

/// Paths that one commit has as a file and another as a folder.
fn file_and_folder(steps: &[Step]) -> BTreeSet<String> {
    let above: BTreeSet<String> =
        steps.iter().flat_map(|step| &step.paths).flat_map(|path| folders(path)).collect();
    steps
        .iter()
        .flat_map(|step| &step.paths)
        .filter(|path| above.contains(*path))
        .cloned()
        .collect()
}

fn all_left(steps: &[Step]) -> BTreeSet<String> {
    steps.iter().flat_map(|step| step.left.iter().cloned()).collect()
}

/// The folders above a path, the nearest first.
fn folders(path: &str) -> Vec<String> {
    let cuts = path.char_indices().rev().filter(|(_, c)| *c == '/').map(|(at, _)| at);
    cuts.map(|at| path[..at].to_owned()).collect()
}
