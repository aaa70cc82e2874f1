//! Repositories that are not the usual ones: huge, sparse, partial, filtered, oddly named.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use windrow_api::view::TaskStatus::{Landed, Open, Stuck, Working};
use windrow_testkit::{Plan, PlanTask, TestEnv, TestRepo, wait_until};

use crate::place::{detach_plan, failures_of, landings, note, place, restored, run_plan};

#[test]
fn names_that_differ_in_case_are_one_file_where_git_says_so() {
    let env = place();
    env.repo().git(["config", "core.ignoreCase", "true"]);
    let signs = env.signs();
    let line = format!(
        "{}; {}; mkdir -p SRC; echo a > SRC/a.rs",
        signs.put_line("up"),
        signs.wait_line("go")
    );
    let plan = Plan::new()
        .with("a", PlanTask::run("a", &line).list("files", &["SRC/**"]))
        .with("b", PlanTask::run("b", "echo b >> b.txt").list("files", &["src/a.rs"]))
        .with("c", PlanTask::run("c", "echo c >> c.txt").list("files", &["srcs/a.rs"]));
    detach_plan(&env, &plan, &["--pool", "3"]);
    signs.wait("up");
    let _landed = env.await_status("c", Landed);
    env.expect_status("a", Working);
    env.expect_status("b", Open);
    let why = env.windrow(["explain", "b"]).ok();
    let _named = why.says("src/a.rs");
    signs.put("go");
    env.await_run_end();
    env.expect_status("b", Landed);
}

#[test]
fn a_second_file_of_the_same_name_in_another_case_does_not_land() {
    let env = place();
    env.repo().git(["config", "core.ignoreCase", "true"]);
    // Such a commit comes from somewhere where case counts; git alone would not even see the file.
    let add = "echo x > readme && git -c core.ignoreCase=false add readme && git commit -qm x";
    let plan = Plan::new().with("a", PlanTask::run("a", add));
    let _stuck = run_plan(&env, &plan, &["--tries", "1"]).code(3);
    let why = note(&env, "a", Stuck);
    assert!(why.contains("README") && why.contains("readme"), "{why}");
    let shown = env.windrow(["show", "a"]).ok();
    let _told = shown.says("Case does not count in this repository (`core.ignoreCase`)");
    assert_eq!(landings(&env).len(), 0);

    env.repo().git(["config", "core.ignoreCase", "false"]);
    let again = Plan::new().with("b", PlanTask::run("b", add));
    let _ran = run_plan(&env, &again, &[]).ok();
}

#[test]
fn a_sparse_checkout_stays_sparse_and_workers_see_every_file() {
    for cone in ["--cone", "--no-cone"] {
        let env = place();
        for name in ["in/a.txt", "out/a.txt", "out/b.txt"] {
            env.repo().write(name, "base\n");
        }
        env.repo().commit("folders");
        let pattern = if cone == "--cone" { "in" } else { "/in/" };
        env.repo().git(["sparse-checkout", "set", cone, pattern]);
        let edit = "cat out/b.txt && echo more >> out/a.txt && echo new > out/new.txt";
        let plan = Plan::new()
            .with("out", PlanTask::run("out", edit))
            .with("in", PlanTask::run("in", "echo more >> in/a.txt"));
        let _ran = run_plan(&env, &plan, &[]).ok();
        assert_eq!(env.repo().text("in/a.txt"), "base\nmore\n");
        assert!(!env.repo().file("out").exists(), "{cone}: what is not in it appeared");
        assert_eq!(env.repo().at_revision("main", "out/new.txt").unwrap(), "new\n");
        assert_eq!(env.repo().at_revision("main", "out/a.txt").unwrap(), "base\nmore\n");
        assert_eq!(env.repo().status(), [""; 0], "{cone}");
    }
}

/// Turns the repository into a partial clone of what it was, sparse, so that objects are missing.
fn partial_clone(env: &TestEnv) -> std::path::PathBuf {
    let repo = env.repo();
    for (name, text) in [("in/a.txt", "in\n"), ("out/a.txt", "out\n")] {
        repo.write(name, text);
    }
    repo.commit("folders");
    repo.git(["config", "uploadpack.allowFilter", "true"]);
    repo.git(["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let origin = env.root().join("origin");
    fs::rename(repo.path(), &origin).unwrap();
    fs::create_dir(repo.path()).unwrap();
    let url = format!("file://{}", origin.display());
    repo.git(["clone", "-q", "--filter=blob:none", "--no-checkout", &url, "."]);
    repo.git(["sparse-checkout", "set", "in"]);
    repo.git(["checkout", "-q", "main"]);
    let missing = repo.git(["rev-list", "--objects", "--missing=print", "main"]);
    assert!(missing.lines().any(|line| line.starts_with('?')), "nothing is missing: {missing}");
    origin
}

#[test]
fn a_partial_clone_fetches_what_workers_need() {
    let env = place();
    let _origin = partial_clone(&env);
    let plan = Plan::new().with("a", PlanTask::run("a", "echo more >> out/a.txt"));
    let _ran = run_plan(&env, &plan, &[]).ok();
    assert_eq!(env.repo().at_revision("main", "out/a.txt").unwrap(), "out\nmore\n");
}

#[test]
fn a_partial_clone_whose_remote_is_away_says_so_and_goes_on_when_it_is_back() {
    let env = place();
    let origin = partial_clone(&env);
    let away = env.root().join("away");
    fs::rename(&origin, &away).unwrap();
    let plan = Plan::new().with("a", PlanTask::run("a", "echo more >> out/a.txt"));
    let _stuck = run_plan(&env, &plan, &[]).code(3);
    let why = note(&env, "a", Stuck);
    assert!(why.contains("objects of this partial clone are missing"), "{why}");
    assert!(why.contains("`git fetch` shows"), "{why}");
    fs::rename(&away, &origin).unwrap();
    let _ran = env.windrow(["run", "--resume"]).ok();
    assert_eq!(env.repo().at_revision("main", "out/a.txt").unwrap(), "out\nmore\n");
}

const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n";

/// Commits a pointer file that a filter stands for, which is not set up.
fn pointer_file(repo: &TestRepo) {
    repo.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    repo.write("a.bin", POINTER);
    repo.commit("a pointer");
}

#[test]
fn pointer_files_travel_as_they_are_where_their_filter_is_not_set_up() {
    let env = place();
    pointer_file(env.repo());
    let moved = "grep -q oid a.bin && cp a.bin b.bin";
    let _ran = run_plan(&env, &Plan::new().with("a", PlanTask::run("a", moved)), &[]).ok();
    assert_eq!(env.repo().text("a.bin"), POINTER);
    assert_eq!(env.repo().text("b.bin"), POINTER);
}

#[test]
fn a_required_filter_that_is_missing_is_named_and_nothing_is_lost() {
    let env = place();
    pointer_file(env.repo());
    for (key, value) in [
        ("filter.lfs.required", "true"),
        ("filter.lfs.smudge", "no-such-lfs smudge -- %f"),
        ("filter.lfs.clean", "no-such-lfs clean -- %f"),
    ] {
        env.repo().git(["config", key, value]);
    }
    let plan = Plan::new().with("a", PlanTask::run("a", "echo 1 > one.txt"));
    let _stuck = run_plan(&env, &plan, &[]).code(3);
    let why = note(&env, "a", Stuck);
    assert!(why.contains("the filter `lfs` failed for `a.bin`"), "{why}");
    assert!(why.contains("`git config filter.lfs.smudge` names"), "{why}");
    env.repo().git(["config", "filter.lfs.smudge", "cat"]);
    env.repo().git(["config", "filter.lfs.clean", "cat"]);
    let _ran = env.windrow(["run", "--resume"]).ok();
    assert_eq!(env.repo().text("one.txt"), "1\n");
}

#[test]
fn a_filter_works_in_worktrees_in_kept_work_and_where_work_lands() {
    let env = place();
    let repo = env.repo();
    repo.git(["config", "filter.up.clean", "tr a-z A-Z"]);
    repo.git(["config", "filter.up.smudge", "tr A-Z a-z"]);
    repo.git(["config", "filter.up.required", "true"]);
    repo.write(".gitattributes", "*.up filter=up\n");
    repo.write("a.up", "hello\n");
    repo.commit("filtered");
    assert_eq!(repo.at_revision("main", "a.up").unwrap(), "HELLO\n");
    let good = "grep -q hello a.up && echo more >> a.up && echo new > b.up";
    let plan = Plan::new()
        .with("a", PlanTask::run("a", good))
        .with("fails", PlanTask::run("fails", "echo kept >> a.up; exit 1"));
    let _ran = run_plan(&env, &plan, &["--tries", "1"]).code(3);
    assert_eq!(repo.text("a.up"), "hello\nmore\n");
    assert_eq!(repo.at_revision("main", "b.up").unwrap(), "NEW\n");
    assert_eq!(repo.status(), [""; 0]);
    let kept = failures_of(&env, "fails").pop().unwrap().kept.unwrap();
    let back = restored(&env, &kept);
    assert_eq!(fs::read_to_string(back.join("a.up")).unwrap(), "hello\nkept\n");
}

/// A name that is no UTF-8 in any reading.
const NAME: &[u8] = b"caf\xe9-\xff.txt";

fn odd(folder: &Path, name: &[u8]) -> std::path::PathBuf {
    folder.join(OsStr::from_bytes(name))
}

#[test]
fn names_that_are_not_utf_8_are_worked_on_kept_shown_and_landed() {
    let env = place();
    let repo = env.repo();
    fs::copy(repo.file("README"), odd(repo.path(), NAME)).unwrap();
    repo.commit("an odd name");
    let edit = "for f in caf*; do echo more >> \"$f\"; cp \"$f\" \"$f.new\"; done";
    let plan = Plan::new()
        .with("a", PlanTask::run("a", edit).list("files", &["caf*"]))
        .with("fails", PlanTask::run("fails", &format!("{edit}; exit 1")));
    let _ran = run_plan(&env, &plan, &["--hold", "--tries", "1"]).code(3);
    // A program reads valid JSON in which such bytes are U+FFFD; a person gets the bytes.
    let diff = env.windrow(["diff", "a", "--format", "json"]).ok();
    let shown = diff.json()["diff"].as_str().unwrap().to_owned();
    assert!(shown.contains("caf\u{fffd}-\u{fffd}.txt") && shown.contains("+more"), "{shown}");
    let raw = env.command(repo.path(), &["diff", "a"]).output().unwrap();
    assert!(raw.stdout.windows(NAME.len()).any(|part| part == NAME), "the bytes are not there");
    for args in [&["status", "--format", "json"][..], &["task", "show", "a", "--format", "json"]] {
        let _valid = env.windrow(args).ok().json();
    }
    let _landing = env.windrow(["land", "--all"]).ok();
    env.await_status("a", Landed);
    wait_until("the checkout follows", || odd(repo.path(), b"caf\xe9-\xff.txt.new").exists());
    assert_eq!(fs::read(odd(repo.path(), NAME)).unwrap(), b"base\nmore\n");
    let kept = failures_of(&env, "fails").pop().unwrap().kept.unwrap();
    let back = restored(&env, &kept);
    assert_eq!(fs::read(odd(&back, b"caf\xe9-\xff.txt.new")).unwrap(), b"base\nmore\n");
}

/// Shell words that go down `depth` folders whose names have 240 letters each.
fn go_down(depth: usize) -> String {
    let name = "y".repeat(240);
    format!("n=0; while [ $n -lt {depth} ]; do mkdir {name} && cd -P {name}; n=$((n+1)); done")
}

#[test]
fn names_and_paths_as_long_as_they_can_be_are_kept_and_landed() {
    let env = place();
    let name = "x".repeat(255);
    let line = format!("echo 1 > {name}; ({}; echo deep > g)", go_down(15));
    let plan = Plan::new()
        .with("a", PlanTask::run("a", &line))
        .with("fails", PlanTask::run("fails", &format!("{line}; exit 1")));
    let _ran = run_plan(&env, &plan, &["--tries", "1"]).code(3);
    env.expect_status("a", Landed);
    let deep = format!("{}/g", vec!["y".repeat(240); 15].join("/"));
    assert_eq!(env.repo().text(&name), "1\n");
    assert_eq!(env.repo().text(&deep), "deep\n");
    let kept = failures_of(&env, "fails").pop().unwrap().kept.unwrap();
    let back = restored(&env, &kept);
    assert_eq!(fs::read_to_string(back.join(deep)).unwrap(), "deep\n");
}

#[test]
fn a_path_longer_than_any_call_takes_fails_the_try_and_stays_where_it_is() {
    let env = place();
    let plan =
        Plan::new().with("a", PlanTask::run("a", &format!("{}; echo deep > g", go_down(18))));
    let _stuck = run_plan(&env, &plan, &["--tries", "1"]).code(3);
    let why = note(&env, "a", Stuck);
    assert!(why.contains("git cannot read") && why.contains("too long"), "{why}");
    assert!(why.len() < 600, "a path of thousands of letters is not shown whole: {why}");
    let tree = env.known_trees().pop().unwrap();
    let down = format!("{}; cat g", go_down(18).replace("mkdir", ": "));
    let read = env.finish(env.command_of("sh", &tree.path, &["-c", &down])).ok();
    assert_eq!(read.out, "deep\n");
}
