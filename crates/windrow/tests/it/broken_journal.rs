//! A journal that broke: its project is refused with the last good record, others work, and after a
//! repair everything goes on without landing anything twice.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use windrow_api::view::TaskStatus::{Landed, Working};
use windrow_testkit::{Plan, PlanTask, Ran, TestEnv, TestRepo};

use crate::place::{detach_plan, landings, place, run_plan};
use crate::schemas::expect_form;

/// The folder of the only project.
fn project(env: &TestEnv) -> PathBuf {
    let mut projects = fs::read_dir(env.state().join("projects")).unwrap().flatten();
    projects.next().expect("a project").path()
}

/// Changes one byte of every place in the journal and its log where `text` stands.
fn break_at(env: &TestEnv, text: &str) {
    env.stop_daemon();
    let mut found = false;
    for name in ["journal.db", "journal.db-wal"] {
        let file = project(env).join(name);
        let Ok(mut bytes) = fs::read(&file) else { continue };
        let windows = bytes.windows(text.len()).enumerate();
        let places = windows.filter(|(_, window)| *window == text.as_bytes());
        let places: Vec<usize> = places.map(|(at, _)| at).collect();
        found |= !places.is_empty();
        places.iter().for_each(|at| bytes[*at] ^= 1);
        windrow_world::files::replace(&file, &bytes).unwrap();
    }
    assert!(found, "no `{text}` in the journal");
}

/// The record up to which a refused command says that the journal is good.
#[track_caller]
fn good(ran: &Ran) -> u64 {
    let (_, rest) =
        ran.err.split_once("it is good up to record ").unwrap_or_else(|| panic!("{ran}"));
    rest.lines().next().unwrap().trim().parse().unwrap()
}

fn step(key: &str) -> PlanTask {
    PlanTask::run(&format!("Step {key}"), &format!("echo {key} > {key}.txt"))
}

#[test]
fn d11_a_broken_journal_stops_its_project_alone_and_is_repaired() {
    let env = place();
    let plan = Plan::new()
        .with("a", step("a"))
        .with("b", step("b").list("needs", &["a"]))
        .with("c", step("c").list("needs", &["b"]));
    let _ran = run_plan(&env, &plan, &[]).ok();
    let more = Plan::new().with("d", step("d"));
    let _ran = run_plan(&env, &more, &[]).ok();
    let landed = landings(&env);
    assert_eq!(landed.len(), 4);
    // The record of the third worker's worktree: it and two landings are behind the damage.
    let opened = ["log", "--kind", "tree_opened", "--task", "c", "--format", "jsonl"];
    let opened = env.windrow(opened).ok().json();
    let body: Value = serde_json::from_str(opened["body"].as_str().unwrap()).unwrap();
    break_at(&env, body["tree"]["branch"].as_str().unwrap());

    let other = TestRepo::init(&env.root().join("other"), &env.home());
    other.write("README", "other\n");
    other.commit("base");
    let _ran = env.windrow_in(other.path(), ["task", "add", "Elsewhere"]).ok();
    let refused = env.windrow(["status"]).code(5);
    let good = good(&refused);
    let command = format!("`windrow log repair --to {good}`");
    assert!(refused.err.contains(&command), "{refused}");
    assert!(refused.err.contains(&format!("record {}: ", good + 1)), "{refused}");
    env.windrow(["daemon", "status"]).ok().says("is good up to record");
    let _ran = env.windrow_in(other.path(), ["task", "list"]).ok().says("Elsewhere");

    let beyond = (good + 1).to_string();
    env.windrow(["log", "repair", "--to", &beyond]).code(1).says("is good only up to record");
    let repaired = env.windrow(["log", "repair", "--to", &good.to_string()]).ok();
    let aside = project_of(&env, &refused).join("broken-journal-1");
    assert!(
        repaired.out.contains(&format!("The journal ends at record {good} now; ")),
        "{repaired}"
    );
    assert!(repaired.out.contains(aside.to_str().unwrap()), "{repaired}");
    assert!(repaired.out.contains("not landed again: "), "{repaired}");
    assert!(aside.join("journal.db").exists());

    // What the journal is now is said, and what landed is known by its trailers.
    let verified = env.windrow(["log", "verify"]).ok();
    assert!(verified.out.contains("2 more name records that were lost"), "{verified}");
    env.windrow(["log", "--kind", "journal_cut"]).ok().says("the journal was cut here");
    let _ran = env.windrow(["run", "--resume"]);
    env.await_run_end();
    env.expect_status("c", Landed);
    let _ran = run_plan(&env, &more, &[]);
    env.windrow(["task", "list", "--status", "landed"]).ok().says("Step d");
    assert_eq!(landings(&env).len(), landed.len(), "something landed twice");

    // New work lands as ever, under ids that nothing ever had.
    let _ran = run_plan(&env, &Plan::new().with("e", step("e")), &[]).ok();
    assert!(env.task("e").id.trim_start_matches("t-").parse::<u64>().unwrap() > 100);
    assert_eq!(landings(&env).len(), landed.len() + 1);
    let _ran = env.windrow(["log", "verify"]).ok();
    env.windrow(["log", "repair"]).code(1).says("is whole up to its last record");
}

/// The project's folder, from the path that a refusal names.
#[track_caller]
fn project_of(env: &TestEnv, refused: &Ran) -> PathBuf {
    let all = fs::read_dir(env.state().join("projects")).unwrap().flatten();
    let named = |path: &PathBuf| refused.err.contains(path.join("journal.db").to_str().unwrap());
    all.map(|entry| entry.path()).find(named).unwrap_or_else(|| panic!("{refused}"))
}

#[test]
fn d11_a_log_that_was_cut_under_a_killed_daemon_shows_and_is_repaired() {
    let env = place();
    let _ran = env.windrow(["task", "add", "One"]).ok();
    env.kill_daemon();
    let _ran = env.windrow(["task", "add", "Two"]).ok();
    let _ran = env.windrow(["task", "add", "Three"]).ok();
    // Nobody starts it again before the damage is done.
    fs::File::create(env.state().join("stopped")).unwrap();
    env.kill_daemon();
    // SQLite alone would take the rest for all there ever was.
    let log = fs::File::options().write(true).open(project(&env).join("journal.db-wal")).unwrap();
    let length = log.metadata().unwrap().len();
    log.set_len(length - 100).unwrap();
    let refused = env.windrow(["task", "list"]).code(5);
    assert!(refused.err.contains("it ends at record 2, but record 3 was there"), "{refused}");
    assert_eq!(good(&refused), 2);
    let repaired = env.windrow(["log", "repair", "--format", "json"]).ok();
    expect_form("log-repair.json", &repaired.out);
    let repaired = repaired.json();
    assert_eq!((repaired["kept"].as_u64(), repaired["lost"].as_u64()), (Some(2), Some(1)));
    let list = env.windrow(["task", "list"]).ok();
    assert!(list.out.contains("Two") && !list.out.contains("Three"), "{list}");
}

#[test]
fn d11_nothing_is_repaired_while_work_is_under_way() {
    let env = place();
    let signs = env.signs();
    let plan = Plan::new().with("a", PlanTask::run("Wait", &signs.wait_line("go")));
    detach_plan(&env, &plan, &[]);
    env.await_status("a", Working);
    env.windrow(["log", "repair"]).code(4).says("under way");
    env.await_status("a", Working);
    signs.put("go");
    env.await_run_end();
}
