//! Replays the linear history of a real repository through windrow, in peace or under fire.
//!
//! `cargo run -p windrow-testkit --example cherry_pick -- REPO` makes a scratch repository at an
//! older commit of REPO, writes a plan in which every task picks one of the commits after it, runs
//! the plan, and compares the final tree with the real one. REPO itself is only read.

#![expect(clippy::print_stdout, reason = "a program talks to the person who started it")]
#![expect(clippy::unwrap_used, reason = "what breaks here ends the program, which is its verdict")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use windrow_testkit::chaos::{self, Storm};
use windrow_testkit::{Dice, Running, TestEnv, TestRepo, cherry};
use windrow_world::cmd::Cmd;
use windrow_world::files;

const USAGE: &str = "\
usage: cherry_pick REPO [OPTION VALUE]...
  --tip REVISION     the last commit to pick (HEAD)
  --commits N        how many, back to the nearest merge (200)
  --pool N           workers at once (8)
  --then CMD         what each worker does behind its pick, such as `sleep 2` (nothing)
  --gate CMD         a gate (none)
  --kills N          kill -9 this many processes, and only ever call `run --resume` (0)
  --every MS         on average one in this time (1000)
  --seed N           what decides who is hit (random)
  --orphan yes       kill the daemon once in the middle and call nothing more
  --prepare yes      only prepare, and print how to run it by hand
  --into DIR         where, and keep it (a temporary folder)
  --windrow PATH     the program (built with cargo)";

/// What was asked for.
struct Wish {
    source: PathBuf,
    tip: String,
    commits: usize,
    pool: String,
    then: Option<String>,
    gate: Option<String>,
    kills: u32,
    every: u64,
    seed: Option<u64>,
    orphan: bool,
    prepare: bool,
    into: Option<PathBuf>,
    windrow: Option<String>,
}

fn main() {
    let Some(wish) = wish(std::env::args().skip(1).collect()) else {
        println!("{USAGE}");
        return;
    };
    let exe = wish.windrow.clone().unwrap_or_else(built);
    let exe = Path::new(&exe).canonicalize().unwrap().display().to_string();
    let env = match &wish.into {
        Some(folder) => {
            fs::create_dir_all(folder).unwrap();
            TestEnv::in_folder(&exe, &folder.canonicalize().unwrap())
        }
        None => TestEnv::bare(&exe),
    };
    let scene = Scene::set(&wish, &env);
    println!("{} tasks in {}", scene.tasks, env.root().display());
    if wish.prepare {
        scene.explain(&wish, &env, &exe);
        return;
    }
    let since = Instant::now();
    scene.play(&wish, &env);
    println!("over after {:.1} s", since.elapsed().as_secs_f64());
    chaos::landed_once(&env, &scene.base, &scene.tree, scene.tasks);
    println!("the tree equals the real one, each task landed once, and the log is whole");
    chaos::nothing_left_behind(&env);
    println!("every tree left was warm, every ref was listed, and prune left none");
}

/// A repository at the base, with a plan in it.
struct Scene {
    base: String,
    tree: String,
    tasks: usize,
}

impl Scene {
    fn set(wish: &Wish, env: &TestEnv) -> Self {
        let source = TestRepo::at(&wish.source.canonicalize().unwrap(), &env.home());
        let tip = source.git(["rev-parse", &format!("{}^{{commit}}", wish.tip)]);
        let base = cherry::base_of(&source, &tip, wish.commits);
        let plan = cherry::plan(&source, &base, &tip, wish.then.as_deref());
        let objects = source.git(["rev-parse", "--path-format=absolute", "--git-path", "objects"]);
        let repo = env.repo();
        repo.write(".git/objects/info/alternates", format!("{objects}\n"));
        repo.git(["update-ref", "refs/source/tip", &tip]);
        repo.git(["update-ref", "refs/heads/main", &base]);
        repo.git(["reset", "-q", "--hard"]);
        files::replace(&env.root().join("plan.json"), plan.text().as_bytes()).unwrap();
        Self { base, tree: source.tree_of(&tip), tasks: plan.count() }
    }

    fn arguments(wish: &Wish, env: &TestEnv) -> Vec<String> {
        let plan = env.root().join("plan.json").display().to_string();
        let mut words: Vec<String> = ["run", &plan, "--pool", &wish.pool].map(str::to_owned).into();
        words.extend(["--approve", "--format", "json"].map(str::to_owned));
        if let Some(gate) = &wish.gate {
            words.extend(["--gate".to_owned(), gate.clone()]);
        }
        words
    }

    fn play(&self, wish: &Wish, env: &TestEnv) {
        let words = Self::arguments(wish, env);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if wish.orphan {
            let _run = env.windrow([&words[..], &["--detach"]].concat()).ok();
            chaos::orphan(env, self.tasks / 3);
            return;
        }
        let dice = wish.seed.map_or_else(Dice::fresh, Dice::seeded);
        println!("dice: {dice:?}");
        let mut storm = Storm {
            dice,
            kills: wish.kills,
            spacing_ms: wish.every / 2..wish.every * 3 / 2,
            limit: Duration::from_secs(3600),
            tell: |hit: &Running| println!("kill -9 {:?} {}", hit.role, hit.line),
        };
        let hits = storm.rage(env, &words);
        println!("hit: {hits:?}");
    }

    fn explain(&self, wish: &Wish, env: &TestEnv, exe: &str) {
        let words = Self::arguments(wish, env).join(" ");
        println!("cd {}", env.repo().path().display());
        println!(
            "HOME={} WINDROW_HOME={} {exe} {words}",
            env.home().display(),
            env.state().display()
        );
        println!("git diff --stat {} main", self.tree);
    }
}

/// The program, built the way this one was.
fn built() -> String {
    let cargo = Cmd::new("cargo").args(["build", "--quiet", "-p", "windrow"]).whole_env();
    cargo.success().unwrap();
    let own = std::env::current_exe().unwrap();
    let folder = own.parent().and_then(Path::parent).unwrap();
    folder.join("windrow").display().to_string()
}

fn wish(words: Vec<String>) -> Option<Wish> {
    let mut words = words.into_iter();
    let mut wish = Wish {
        source: words.next()?.into(),
        tip: "HEAD".to_owned(),
        commits: 200,
        pool: "8".to_owned(),
        then: None,
        gate: None,
        kills: 0,
        every: 1000,
        seed: None,
        orphan: false,
        prepare: false,
        into: None,
        windrow: None,
    };
    while let Some(option) = words.next() {
        let value = words.next()?;
        match option.as_str() {
            "--tip" => wish.tip = value,
            "--commits" => wish.commits = value.parse().ok()?,
            "--pool" => wish.pool = value,
            "--then" => wish.then = Some(value),
            "--gate" => wish.gate = Some(value),
            "--kills" => wish.kills = value.parse().ok()?,
            "--every" => wish.every = value.parse().ok().filter(|every| *every > 1)?,
            "--seed" => wish.seed = Some(value.parse().ok()?),
            "--orphan" => wish.orphan = value == "yes",
            "--prepare" => wish.prepare = value == "yes",
            "--into" => wish.into = Some(value.into()),
            "--windrow" => wish.windrow = Some(value),
            _ => return None,
        }
    }
    Some(wish)
}
