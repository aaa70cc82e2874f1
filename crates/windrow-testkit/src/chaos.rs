//! kill -9 on whatever windrow runs, again and again, and what must be true all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::{Duration, Instant};

use windrow_api::view::RunView;

use crate::dice::Dice;
use crate::env::TestEnv;
use crate::patience::{pause, wait_until};
use crate::running::{Role, Running};

/// A series of accidents.
#[derive(Clone, Debug)]
pub struct Storm {
    /// What decides who is hit and when.
    pub dice: Dice,
    /// How many are killed, unless the run ends before.
    pub kills: u32,
    /// Milliseconds between two.
    pub spacing_ms: Range<u64>,
    /// How long all of it may take.
    pub limit: Duration,
    /// Called at each kill, for programs that tell.
    pub tell: fn(&Running),
}

/// Who was hit.
pub type Hits = BTreeMap<Role, u32>;

/// The parts that are hit: what is windrow's and what it runs, but not git at work in between.
const HIT: [Role; 6] =
    [Role::Daemon, Role::Guard, Role::Keeper, Role::Command, Role::Shim, Role::Worker];

impl Storm {
    /// Runs `first` and kills, and only ever calls `windrow run --resume` again, until the run is
    /// over.
    ///
    /// # Panics
    /// When it is not over in time.
    #[track_caller]
    pub fn rage(&mut self, env: &TestEnv, first: &[&str]) -> Hits {
        let until = Instant::now() + self.limit;
        let mut hits = Hits::new();
        let mut watcher = env.start("run.log", first);
        wait_until("the run exists", || env.try_run().is_some());
        loop {
            if !watcher.alive() {
                watcher.reap();
                if env.try_run().is_some_and(|run| over(&run)) {
                    return hits;
                }
                watcher = env.start("run.log", ["run", "--resume", "--format", "json"]);
            }
            assert!(Instant::now() < until, "not over: {:#?}\n{}", env.try_run(), env.daemon_log());
            pause(Duration::from_millis(self.dice.within(self.spacing_ms.clone())));
            if hits.values().sum::<u32>() < self.kills
                && let Some(hit) = self.strike(env)
            {
                *hits.entry(hit).or_default() += 1;
            }
        }
    }

    /// Kills one process: first a part is drawn, then one that plays it.
    fn strike(&mut self, env: &TestEnv) -> Option<Role> {
        let running = env.running();
        let parts: Vec<Role> =
            HIT.into_iter().filter(|part| running.iter().any(|one| one.role == *part)).collect();
        let part = self.dice.pick(&parts)?;
        let actors: Vec<&Running> = running.iter().filter(|one| one.role == *part).collect();
        let victim = *self.dice.pick(&actors)?;
        (self.tell)(victim);
        victim.kill().then_some(*part)
    }
}

/// Kills the daemon once, when `landed` tasks have landed, and waits for the end of the run without
/// ever calling windrow: the keepers have to bring a daemon back.
#[track_caller]
pub fn orphan(env: &TestEnv, landed: usize) {
    let before = u32::try_from(landed).unwrap();
    env.await_run(|run| run.row.counts.landed >= before);
    assert!(env.kill_daemon(), "there was no daemon to kill");
    env.await_run_end();
}

fn over(run: &RunView) -> bool {
    run.row.ended_ms.is_some() && run.sessions.is_empty()
}

/// Checks that `branch` has the wanted tree, that each of `tasks` tasks landed exactly once, and
/// that the journal is whole.
#[track_caller]
pub fn landed_once(env: &TestEnv, base: &str, wanted_tree: &str, tasks: usize) {
    let repo = env.repo();
    let landings = repo.landings(base, "main");
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for landing in &landings {
        let task = landing.task.as_deref();
        let task = task.unwrap_or_else(|| panic!("not made by windrow: {landing:#?}"));
        *seen.entry(task).or_default() += 1;
    }
    let twice: Vec<_> = seen.iter().filter(|(_, count)| **count != 1).collect();
    assert!(twice.is_empty(), "landed more than once: {twice:?}");
    let run = env.run();
    assert_eq!(landings.len(), tasks, "{run:#?}");
    let status = repo.status();
    let difference = repo.git(["diff", "--stat", wanted_tree, "main"]);
    assert_eq!(repo.tree_of("main"), wanted_tree, "{difference}\n{status:#?}");
    env.windrow(["log", "verify"]).ok();
}

/// Checks that everything left of the runs is accounted for, and that `windrow prune` leaves none.
#[track_caller]
pub fn nothing_left_behind(env: &TestEnv) {
    let repo = env.repo();
    let warm: BTreeSet<_> = env
        .known_trees()
        .into_iter()
        .filter(|tree| tree.used == "warm")
        .map(|tree| tree.path)
        .collect();
    let lanes = env.state();
    let trees = repo.worktrees();
    let unlisted: Vec<_> =
        trees.iter().filter(|path| !path.starts_with(&lanes) && !warm.contains(*path)).collect();
    assert!(unlisted.is_empty(), "not warm: {unlisted:?}, known: {:#?}", env.known_trees());
    let kept: BTreeSet<String> = env.kept().into_iter().map(|row| row.refname).collect();
    let mut refs = repo.refs("refs/windrow/");
    refs.extend(repo.refs("refs/heads/windrow/"));
    // The mark of the home that works here holds nobody's work.
    refs.retain(|name| name != "refs/windrow/owner" && !kept.contains(name));
    assert!(refs.is_empty(), "refs that `restore --list` does not list: {refs:?}");
    env.windrow(["prune"]).ok();
    assert_eq!(repo.worktrees(), Vec::<std::path::PathBuf>::new(), "after prune");
    let left = repo.refs("refs/windrow/");
    let held: Vec<String> = left
        .iter()
        .filter(|name| name.contains("/kept/"))
        .map(|name| repo.git(["log", "-1", "-m", "--stat", "--format=%B", name]))
        .collect();
    assert_eq!(left, Vec::<String>::new(), "after prune: {held:#?}");
    assert_eq!(repo.refs("refs/heads/windrow/"), Vec::<String>::new(), "after prune");
    let folders = std::fs::read_dir(env.trees()).map(Iterator::count).unwrap_or(0);
    assert_eq!(folders, 0, "folders left in {}", env.trees().display());
}
