//! What there is: a repository with worktrees, job folders, processes, two journals, a person.
//!
//! Everything here survives the death of every process, as a disk does; what a process has in mind
//! is in its future alone. The few rules that hold at any instant are checked where things change.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use windrow_core::ids::TaskId;
use windrow_engine::keeper::Exit;
use windrow_journal::MemoryStore;

use super::check::Check;
use super::counts::Counts;
use super::daemon::Mail;
use super::git::{AHEAD, Files, Git, Oid, heads};
use super::stage::{Ms, Pid};

/// The moment at which a simulation begins, by the clock on the wall.
const BEGIN: i64 = 1_700_000_000_000;

/// A worktree that windrow made: of a session, or a lane for gates.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    /// The ref it is on; nothing when it is on a bare commit.
    pub(super) branch: Option<String>,
    /// The commit it is on, when it is on no branch.
    pub(super) head: Oid,
    pub(super) files: Files,
    /// Its files were checked out.
    pub(super) filled: bool,
    /// It is being reset.
    pub(super) apart: bool,
}

/// A job's folder.
#[derive(Clone, Debug, Default)]
pub(super) struct Folder {
    pub(super) launch: Option<Program>,
    pub(super) keeper: Option<Process>,
    pub(super) agent: Option<Process>,
    pub(super) stop: Option<String>,
    pub(super) exit: Option<Exit>,
    pub(super) locked: bool,
    /// Room was set aside for the exit.
    pub(super) reserve: bool,
    /// How often its program was let go.
    pub(super) starts: u32,
}

/// A process on record: its number, and the boot it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: Pid,
    pub(super) boot: u32,
}

/// What a job runs.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// The folder it runs in.
    pub(super) tree: String,
    pub(super) what: What,
    pub(super) time_ms: Option<u64>,
    pub(super) silence_ms: Option<u64>,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    /// Work on a task, at these paths.
    Work(Vec<String>),
    /// A command of a gate.
    Gate(String),
}

/// A process that lives.
#[derive(Clone, Debug)]
pub(super) struct Alive {
    pub(super) job: String,
    /// The folder it runs in, once it runs; a keeper has none.
    pub(super) tree: Option<String>,
    /// The keeper that waits for it.
    pub(super) parent: Option<Pid>,
}

/// How a child ended: its code, or a signal.
pub(super) type Ended = (Option<i32>, Option<i32>);

/// The person's checkout of a branch.
#[derive(Clone, Debug, Default)]
pub(super) struct Checkout {
    pub(super) branch: String,
    pub(super) files: Files,
    /// Paths that the person is editing.
    pub(super) edited: BTreeSet<String>,
    /// A landing has the index.
    pub(super) locked: bool,
    /// Rebases and the like that the person has not finished.
    pub(super) operations: u32,
    /// The person's git has the index.
    pub(super) gits: u32,
}

/// A move of a branch that was begun, as it is on record.
#[derive(Clone, Debug)]
pub(super) struct Moving {
    pub(super) branch: String,
    pub(super) old: Oid,
    pub(super) new: Oid,
}

pub(super) struct World {
    pub(super) seed: u64,
    pub(super) git: Git,
    pub(super) trees: BTreeMap<String, Tree>,
    pub(super) jobs: BTreeMap<String, Folder>,
    pub(super) alive: BTreeMap<Pid, Alive>,
    pub(super) ended: BTreeMap<Pid, Ended>,
    /// Keepers that were asked to end their agent.
    pub(super) signalled: BTreeSet<Pid>,
    pub(super) boot: u32,
    pub(super) project: MemoryStore,
    pub(super) machine: MemoryStore,
    pub(super) wall_offset: i64,
    /// Nothing can be written; journals look at it too.
    pub(super) full: Arc<AtomicBool>,
    /// Nothing goes wrong any more.
    pub(super) calm: bool,
    /// The inputs that wait for the daemon, while there is one.
    pub(super) daemon: Option<VecDeque<Mail>>,
    /// Somebody watches the daemon.
    pub(super) guarded: bool,
    /// Counts the daemons.
    pub(super) daemons: u32,
    pub(super) checkout: Checkout,
    pub(super) moving: Option<Moving>,
    /// Somebody moves a branch.
    pub(super) landing: bool,
    pub(super) checked_off: BTreeSet<TaskId>,
    /// Which report is to be told twice: that of one act, or the next there is; and when again.
    pub(super) echo: Option<(Option<Pid>, Ms)>,
    /// The next report is to be that late.
    pub(super) late: Option<Ms>,
    pub(super) counts: Counts,
    pub(super) check: Check,
}

impl World {
    pub(super) fn new(seed: u64, branches: &[&str]) -> Self {
        let mut git = Git::default();
        let files = (0..8).map(|n| (format!("m{n}/base.rs"), format!("base {n}"))).collect();
        let first = git.commit(&[], files, "first", 0);
        for branch in branches {
            git.set(&heads(branch), Some(&first));
        }
        let branch = branches.first().map(|branch| (*branch).to_owned()).unwrap_or_default();
        let files = Files::clone(&git.files(&first));
        Self {
            seed,
            checkout: Checkout { branch, files, ..Checkout::default() },
            git,
            trees: BTreeMap::new(),
            jobs: BTreeMap::new(),
            alive: BTreeMap::new(),
            ended: BTreeMap::new(),
            signalled: BTreeSet::new(),
            boot: 1,
            project: MemoryStore::new(),
            machine: MemoryStore::new(),
            wall_offset: 0,
            full: Arc::default(),
            calm: false,
            daemon: None,
            guarded: false,
            daemons: 0,
            moving: None,
            landing: false,
            checked_off: BTreeSet::new(),
            echo: None,
            late: None,
            counts: Counts::default(),
            check: Check::default(),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    pub(super) fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::Relaxed);
    }

    /// The clock on the wall at a moment of the steady one.
    pub(super) fn wall(&self, now: Ms) -> i64 {
        BEGIN + self.wall_offset + i64::try_from(now).unwrap_or(i64::MAX)
    }

    pub(super) fn folder(&mut self, job: &str) -> &mut Folder {
        if !self.jobs.contains_key(job) {
            self.jobs.insert(job.to_owned(), Folder::default());
        }
        self.jobs.get_mut(job).unwrap()
    }

    /// The process on record, if it lives.
    pub(super) fn living(&self, process: Option<Process>) -> Option<Pid> {
        let process = process.filter(|process| process.boot == self.boot)?;
        self.alive.contains_key(&process.pid).then_some(process.pid)
    }

    /// Whether a commit is pinned: by a landing that the branch does not have yet.
    pub(super) fn is_pinned(&self, commit: &str) -> bool {
        let mut refs = self.git.refs.iter();
        refs.any(|(name, at)| {
            name.starts_with("refs/windrow/flight/") && self.git.is_ancestor(commit, at)
        })
    }

    /// The commit a tree is on.
    pub(super) fn head_of(&self, tree: &Tree) -> Oid {
        let on = tree.branch.as_ref().and_then(|branch| self.git.at(branch));
        on.unwrap_or_else(|| tree.head.clone())
    }

    /// Whether some worktree is on that ref.
    pub(super) fn is_out(&self, refname: &str) -> bool {
        self.trees.values().any(|tree| tree.branch.as_deref() == Some(refname))
    }

    /// A program is let go: once for each job, and alone in its tree.
    pub(super) fn started(&mut self, job: &str, pid: Pid, tree: &str) {
        let folder = self.folder(job);
        folder.starts += 1;
        let starts = folder.starts;
        if starts > 1 {
            self.check.broken(format!("the program of {job} was started {starts} times"));
        }
        self.nobody_in(tree, &format!("{job} is started"));
        if let Some(alive) = self.alive.get_mut(&pid) {
            alive.tree = Some(tree.to_owned());
        }
    }

    /// Nothing may run in a tree when something is done to it.
    pub(super) fn nobody_in(&mut self, tree: &str, what: &str) {
        let other = self.alive.values().find(|alive| alive.tree.as_deref() == Some(tree));
        if let Some(other) = other.map(|alive| alive.job.clone()) {
            self.check.broken(format!("{what} in {tree} while {other} runs in it"));
        }
    }

    /// Puts other files into a tree; everything a worker left in it must be kept by now.
    pub(super) fn fill(&mut self, path: &str, files: &Rc<Files>, dropped: bool) {
        self.nobody_in(path, "files are exchanged");
        let Some(tree) = self.trees.get(path) else { return };
        if !dropped {
            let kept = self.kept_commits();
            let is_work = |content: &str| content.starts_with("s-");
            let lost = tree.files.iter().find(|(path, content)| {
                let here = |oid: &Oid| self.git.files(oid).get(*path) == Some(content);
                is_work(content) && files.get(*path) != Some(content) && !kept.iter().any(here)
            });
            if let Some((file, content)) = lost {
                let what = format!("`{content}` in {path}/{file} is overwritten and nowhere kept");
                self.check.broken(what);
            }
        }
        if let Some(tree) = self.trees.get_mut(path) {
            tree.files = Files::clone(files);
            tree.filled = true;
        }
    }

    /// Every commit that a target branch, what is ahead of one or a kept ref holds.
    pub(super) fn kept_commits(&self) -> BTreeSet<Oid> {
        let keeps = |name: &str| {
            name.starts_with("refs/windrow/kept/")
                || name.starts_with(AHEAD)
                || (name.starts_with("refs/heads/") && !name.starts_with("refs/heads/windrow/"))
        };
        let refs = self.git.refs.iter().filter(|(name, _)| keeps(name));
        self.git.before(refs.map(|(_, oid)| oid.clone()))
    }
}
