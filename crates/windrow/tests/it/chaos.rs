//! kill -9 on any part of windrow, while it replays a history whose final tree is known.
//!
//! The same with a real repository and as many kills as one likes: `cargo run -p windrow-testkit
//! --example cherry_pick`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use windrow_testkit::chaos::{Storm, landed_once, nothing_left_behind, orphan};
use windrow_testkit::{Dice, History, Plan, PlanTask, Role, TestEnv, cherry, wait_until};

use crate::place::{bare_place, detach_plan, landings, place, run_plan, write_plan};

/// Decides what the histories look like and who is killed when.
const SEED: u64 = 20_261_121;

struct Scene {
    env: TestEnv,
    history: History,
    tree: String,
    plan: Plan,
}

/// A history of its own for each test, and its plan.
#[expect(clippy::print_stdout, reason = "a failed test says with which seed")]
fn scene(nth: u64, commits: usize, then: Option<&str>) -> Scene {
    let env = bare_place();
    let mut dice = Dice::seeded(SEED + nth);
    println!("seed {} for the history", SEED + nth);
    let history = History::grow(env.repo(), &mut dice, commits);
    let plan = cherry::plan(env.repo(), &history.base, &history.tip, then);
    assert_eq!(plan.count(), commits, "none is empty");
    let tree = env.repo().tree_of(&history.tip);
    Scene { env, history, tree, plan }
}

#[test]
fn a_history_picked_in_parallel_ends_in_its_own_tree() {
    let Scene { env, history, tree, plan } = scene(1, 64, None);
    let _ran = run_plan(&env, &plan, &["--pool", "8", "--format", "json"]).ok();
    landed_once(&env, &history.base, &tree, plan.count());
    nothing_left_behind(&env);
}

#[test]
fn n2_kills_at_random_lose_nothing_and_do_nothing_twice() {
    let Scene { env, history, tree, plan } = scene(2, 60, Some("sleep 0.7"));
    write_plan(&env, &plan);
    let mut storm = Storm {
        dice: Dice::seeded(SEED),
        kills: 25,
        spacing_ms: 300..1000,
        limit: Duration::from_secs(160),
        tell: |hit| println!("kill -9 {:?} {}", hit.role, hit.line),
    };
    let args = ["run", "../plan.json", "--pool", "6", "--approve", "--format", "json"];
    let hits = storm.rage(&env, &args);
    println!("hit: {hits:?}");
    assert!(hits.values().sum::<u32>() >= 10 && hits.contains_key(&Role::Daemon), "{hits:?}");
    landed_once(&env, &history.base, &tree, plan.count());
    nothing_left_behind(&env);
}

#[test]
fn n2_kills_with_a_gate_land_nothing_that_did_not_pass() {
    let Scene { env, history, tree, plan } = scene(3, 24, Some("sleep 0.3"));
    write_plan(&env, &plan);
    let mut storm = Storm {
        dice: Dice::seeded(SEED + 3),
        kills: 15,
        spacing_ms: 300..900,
        limit: Duration::from_secs(160),
        tell: |hit| println!("kill -9 {:?} {}", hit.role, hit.line),
    };
    let gate = "sleep 0.2; test -d src -o -d docs -o -d tools";
    let args = ["run", "../plan.json", "--pool", "4", "--gate", gate, "--approve"];
    let hits = storm.rage(&env, &args);
    println!("hit: {hits:?}");
    let _ran = env.windrow(["run", "--resume"]).ok();
    landed_once(&env, &history.base, &tree, plan.count());
    nothing_left_behind(&env);
}

#[test]
fn n2_a_run_whose_daemon_is_killed_completes_with_nobody_there() {
    let Scene { env, history, tree, plan } = scene(4, 20, Some("sleep 0.5"));
    detach_plan(&env, &plan, &["--pool", "4"]);
    orphan(&env, 5);
    landed_once(&env, &history.base, &tree, plan.count());
    nothing_left_behind(&env);
}

/// A git that stops behind the first pin of a landing commit until it is let go.
fn git_that_stops(env: &TestEnv) -> String {
    let signs = env.signs();
    let made = signs.path("made").display().to_string();
    let said = env.root().join("said").display().to_string();
    // Refs are moved by a git that stays: what it is told is kept, and an answer can be held back.
    let script = format!(
        "#!/bin/sh\nPATH=\"${{PATH#*:}}\"; export PATH\n\
         case \"$*\" in *'update-ref --stdin') ;; *) exec git \"$@\";; esac\n\
         tee '{said}'.$$ | git \"$@\" | while read -r line; do\n\
         if [ \"$line\" = 'commit: ok' ] && grep -q refs/windrow/flight/ '{said}'.$$ \
         && mkdir '{made}' 2>/dev/null; then {}; fi\necho \"$line\"\ndone\n",
        signs.wait_line("go")
    );
    env.repo().script("../bin/git", &script);
    format!("{}:/usr/local/bin:/usr/bin:/bin", env.root().join("bin").display())
}

#[test]
fn a_landing_commit_that_is_made_again_after_a_kill_is_the_same() {
    let env = place();
    let path = git_that_stops(&env);
    let start = env.command(env.repo().path(), &["daemon", "start"]).env("PATH", path);
    let _started = env.finish(start).ok();
    let plan = Plan::new().with("a", PlanTask::run("add", "echo a > a.txt"));
    detach_plan(&env, &plan, &[]);
    let signs = env.signs();
    signs.wait("made");
    let made = env.repo().git(["for-each-ref", "--format=%(objectname)", "refs/windrow/flight/"]);
    let date: u64 = env.repo().git(["show", "-s", "--format=%ct", &made]).parse().unwrap();
    wait_until("a commit made now would have another date", || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        since.as_secs() > date
    });
    assert!(env.kill_daemon());
    signs.put("go");
    let _back = env.windrow(["status"]).ok();
    env.await_run_end();
    let landed: Vec<String> = landings(&env).into_iter().map(|landing| landing.commit).collect();
    assert_eq!(landed, [made]);
}
