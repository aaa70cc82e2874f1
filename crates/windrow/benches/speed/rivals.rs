//! A worktree made and removed by other tools, in the same repository and in turns.
//!
//! `cargo xtask rivals` installs them below `target/rivals`; one that is not there is left out and
//! named. windrow is its own worktree room here, as it serves a session: a branch, a tree, and its
//! removal with everything safe.

use std::path::{Path, PathBuf};
use std::time::Instant;

use windrow_world::git::{Oid, Repo, Saved, Worktrees};

use crate::Size;
use crate::field::{Field, ms};
use crate::row::{Reach, Row};

pub(crate) fn measure(size: Size) -> Vec<Row> {
    let field = Field::new(size.files);
    let root = field.env.repo().path().to_owned();
    let base = Oid::parse(&field.env.repo().head()).unwrap();
    let state = field.env.root().join("rooms");
    let repo = Repo::at(root.join(".git"));
    let worktrees = Worktrees::open(repo, &field.env.trees(), &state).unwrap();
    let worktrunk = Rival::find("wt");
    let workmux = Rival::find("workmux").and_then(|program| Tmux::start(&field, program));
    let mut times: Vec<[Option<(f64, f64)>; 4]> = Vec::new();
    for turn in 0..size.turns {
        let git = by_git(&field, turn);
        let ours = by_windrow(&field, &worktrees, &base, turn);
        let wt = worktrunk.as_ref().map(|rival| rival.worktrunk(&field, turn));
        let mux = workmux.as_ref().map(|tmux| tmux.workmux(&field, turn));
        times.push([Some(git), Some(ours), wt, mux]);
    }
    rows(&times)
}

const MADE: [&str; 4] = [
    "a worktree made: git",
    "a worktree made: windrow",
    "a worktree made: worktrunk",
    "a worktree made: workmux",
];

const REMOVED: [&str; 4] = [
    "a worktree removed: git",
    "a worktree removed: windrow",
    "a worktree removed: worktrunk",
    "a worktree removed: workmux",
];

fn rows(times: &[[Option<(f64, f64)>; 4]]) -> Vec<Row> {
    let row = |names: [&'static str; 4], pick: fn((f64, f64)) -> f64| {
        (0..4).map(move |who| {
            let pairs: Vec<(f64, f64)> =
                times.iter().filter_map(|turn| Some((pick(turn[who]?), pick(turn[0]?)))).collect();
            if pairs.is_empty() {
                return Row::alone(names[who], "ms", vec![f64::NAN], Reach::Shown)
                    .note("not installed: `cargo xtask rivals`");
            }
            Row::pairs(names[who], "git worktree add and remove", "ms", &pairs, Reach::Shown)
        })
    };
    row(MADE, |(made, _)| made).chain(row(REMOVED, |(_, removed)| removed)).collect()
}

fn by_git(field: &Field, turn: usize) -> (f64, f64) {
    let path = field.env.root().join(format!("git-{turn}"));
    let (path, branch) = (path.to_str().unwrap(), format!("git-{turn}"));
    let repo = field.env.repo().path();
    let made = field.git_ms(repo, ["worktree", "add", "-q", "-b", &branch, path]);
    let since = Instant::now();
    field.git(repo, ["worktree", "remove", path]).success().unwrap();
    field.git(repo, ["branch", "-q", "-D", &branch]).success().unwrap();
    (made, ms(since))
}

fn by_windrow(field: &Field, worktrees: &Worktrees, base: &Oid, turn: usize) -> (f64, f64) {
    let path = field.env.trees().join(format!("windrow-{turn}"));
    let branch = format!("windrow-{turn}");
    let since = Instant::now();
    let tree = worktrees.create(&path, &branch, base).unwrap();
    let made = ms(since);
    let since = Instant::now();
    worktrees.remove(&tree, &Saved::scratch(&tree)).unwrap();
    worktrees.delete_branch(&branch, base).unwrap();
    (made, ms(since))
}

/// A program that was installed to be compared with.
struct Rival(PathBuf);

impl Rival {
    fn find(name: &str) -> Option<Self> {
        let house = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let path = house.join("target/rivals/bin").join(name);
        path.is_file().then_some(Self(path))
    }

    fn call(&self, field: &Field, args: &[&str]) -> f64 {
        let call = field.env.command_of(&self.0, field.env.repo().path(), args);
        let since = Instant::now();
        call.success().unwrap();
        ms(since)
    }

    fn worktrunk(&self, field: &Field, turn: usize) -> (f64, f64) {
        let branch = format!("trunk-{turn}");
        let made = self.call(field, &["switch", "--create", &branch, "--no-cd"]);
        let gone = ["remove", &branch, "--foreground", "--force-delete"];
        (made, self.call(field, &gone))
    }
}

/// A tmux server of our own, which the second rival needs; it ends with this value.
struct Tmux<'a> {
    field: &'a Field,
    rival: Rival,
    socket: String,
    inside: String,
}

impl<'a> Tmux<'a> {
    fn start(field: &'a Field, rival: Rival) -> Option<Self> {
        let socket = format!("windrow-bench-{}", std::process::id());
        let repo = field.env.repo().path();
        let tmux = |args: &[&str]| {
            let args = [&["-L", &socket, "-f", "/dev/null"][..], args].concat();
            field.env.command_of("tmux", repo, &args).success()
        };
        tmux(&["new-session", "-d", "-s", "bench"]).ok()?;
        let said = tmux(&["display-message", "-p", "#{socket_path},#{pid},0 #{pane_id}"]).ok()?;
        let inside = String::from_utf8(said).unwrap().trim().to_owned();
        Some(Self { field, rival, socket, inside })
    }

    fn workmux(&self, field: &Field, turn: usize) -> (f64, f64) {
        let name = format!("mux-{turn}");
        let made = self.call(field, &["add", &name, "-b", "-H", "-C"]);
        (made, self.call(field, &["remove", "--force", &name]))
    }

    fn call(&self, field: &Field, args: &[&str]) -> f64 {
        let (tmux, pane) = self.inside.split_once(' ').unwrap();
        let call = field.env.command_of(&self.rival.0, field.env.repo().path(), args);
        let call = call.env("TMUX", tmux).env("TMUX_PANE", pane);
        let since = Instant::now();
        call.success().unwrap();
        ms(since)
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        let args = ["-L", self.socket.as_str(), "kill-server"];
        let _gone_is_fine =
            self.field.env.command_of("tmux", self.field.env.root(), &args).success();
    }
}
