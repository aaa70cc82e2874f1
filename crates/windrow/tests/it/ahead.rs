//! Landing ahead: a checkout that is in the way holds no work up, and the branch follows.

use std::fs;
use std::time::Duration;

use windrow_api::view::AheadRow;
use windrow_api::view::TaskStatus::{Landed, Landing as OnItsWay};
use windrow_testkit::{Dice, Plan, PlanTask, TestEnv, pause, wait_until};

use crate::place::{detach_plan, landings, place, run_plan};

const REF: &str = "refs/windrow/target/main";

/// Lines of a file, so far apart that edits of two of them do not conflict.
const FAR: &str = "1\n-\n-\n-\n2\n-\n-\n-\n3\n";

/// Every tree that windrow makes passes, and any with a `RED` in it does not.
const GATE: &str = "! grep -rq RED --include=*.txt .";

/// A place in which work may land ahead, with a committed file of far lines.
fn far_place() -> (TestEnv, String) {
    let env = place();
    env.settings("[target]\nbusy = \"ahead\"\n");
    env.repo().write("far.txt", FAR);
    let base = env.repo().commit("far lines");
    (env, base)
}

fn edit(line: &str) -> String {
    format!("sed -i 's/^{line}$/{line} by a worker/' far.txt")
}

/// Runs git as a person who tries again when windrow looks at the checkout at that very moment.
#[track_caller]
fn git(env: &TestEnv, args: &[&str]) {
    let mut said = String::new();
    wait_until("the index is not locked", || {
        let done = env.repo().try_git(args);
        said = String::from_utf8_lossy(&done.stderr).into_owned();
        done.status.success() || !said.contains(".lock")
    });
    assert!(!said.contains("fatal:") && !said.contains("error:"), "{args:?}: {said}");
}

/// Commits everything; returns the commit.
#[track_caller]
fn commit(env: &TestEnv, message: &str) -> String {
    git(env, &["add", "-A"]);
    git(env, &["commit", "-q", "-m", message]);
    env.repo().head()
}

fn main_at(env: &TestEnv) -> String {
    env.repo().git(["rev-parse", "refs/heads/main"])
}

fn has(env: &TestEnv, branch: &str, file: &str) -> bool {
    env.repo().at_revision(branch, file).is_some()
}

/// The state of the checkout, the settings left out.
fn status(env: &TestEnv) -> Vec<String> {
    let lines = env.repo().status().into_iter();
    lines.filter(|line| !line.ends_with("windrow.toml")).collect()
}

/// What is ahead, once something is.
fn ahead(env: &TestEnv) -> Option<AheadRow> {
    env.try_run().and_then(|run| run.ahead)
}

#[track_caller]
fn await_followed(env: &TestEnv) {
    wait_until("the branch followed", || {
        env.try_run().is_some_and(|run| run.ahead.is_none()) && env.repo().refs(REF).is_empty()
    });
}

#[track_caller]
fn await_person(env: &TestEnv) -> AheadRow {
    let mut row = None;
    wait_until("a person is needed", || {
        row = ahead(env).filter(|row| row.needs_person);
        row.is_some()
    });
    row.unwrap()
}

#[test]
fn an_edited_file_holds_nothing_up_and_its_commit_is_taken_in_and_followed_to() {
    let (env, base) = far_place();
    env.repo().write("far.txt", FAR.replace('1', "1 by me"));
    let plan = Plan::new()
        .with("a", PlanTask::run("edit", &edit("2")))
        .with(
            "b",
            PlanTask::run("more", "grep -q worker far.txt && echo b > b.txt").list("needs", &["a"]),
        )
        .with("c", PlanTask::run("last", "cat b.txt > c.txt").list("needs", &["b"]));
    let ran = run_plan(&env, &plan, &["--gate", GATE]).ok();
    let told = format!("{}{}", ran.out, ran.err);
    assert!(told.contains("landed ahead of `main`") && told.contains("far.txt"), "{told}");
    assert_eq!(main_at(&env), base, "nothing is touched");
    assert_eq!(env.repo().text("far.txt"), FAR.replace('1', "1 by me"));
    let row = ahead(&env).unwrap();
    assert_eq!((row.refname.as_str(), row.tasks.len(), row.needs_person), (REF, 3, false));
    assert_eq!(env.repo().git(["rev-parse", REF]), row.commit);
    let _said = env.windrow(["status"]).ok().says("follows by itself").says("far.txt");
    let _said = env.windrow(["show", &env.task("a").id]).ok().says("landed ahead; `main` follows");
    let summary = env.run().out.unwrap().join("summary.md");
    wait_until("the summary tells it", || {
        fs::read_to_string(&summary).is_ok_and(|text| text.contains("landed ahead"))
    });
    let _all = env.windrow(["prune"]).ok();
    assert_eq!(env.repo().refs(REF), [REF], "what the branch lacks is never pruned");
    let _all = env.windrow(["log", "verify"]).ok();
    let mine = commit(&env, "mine");
    await_followed(&env);
    assert_eq!(
        env.repo().text("far.txt"),
        FAR.replace('1', "1 by me").replace('2', "2 by a worker")
    );
    assert_eq!(env.repo().text("c.txt"), "b\n");
    assert_eq!(status(&env), [] as [&str; 0]);
    assert_eq!(landings(&env).len(), 3);
    let _in_it = env.repo().git(["merge-base", "--is-ancestor", &mine, "main"]);
    env.repo().every_commit_passes(&base, "main", GATE);
    wait_until("the summary forgets it", || {
        fs::read_to_string(&summary).is_ok_and(|text| !text.contains("ahead"))
    });
    let _all = env.windrow(["log", "verify"]).ok();
}

#[test]
fn the_branch_follows_after_the_run_and_a_stop_of_the_daemon_once_the_edit_is_stashed() {
    let (env, base) = far_place();
    env.repo().write("far.txt", FAR.replace('1', "1 by me"));
    env.repo().write("new.txt", "mine, untracked\n");
    let line = format!("{}; echo theirs > new.txt", edit("2"));
    let _ran = run_plan(&env, &Plan::new().with("a", PlanTask::run("edit", &line)), &[]).ok();
    assert_eq!(main_at(&env), base);
    env.stop_daemon();
    git(&env, &["stash", "-q"]);
    fs::rename(env.repo().file("new.txt"), env.root().join("new.txt")).unwrap();
    let _back = env.windrow(["status"]).ok();
    await_followed(&env);
    git(&env, &["stash", "pop", "-q"]);
    assert_eq!(
        env.repo().text("far.txt"),
        FAR.replace('1', "1 by me").replace('2', "2 by a worker")
    );
    assert_eq!(env.repo().text("new.txt"), "theirs\n");
}

#[test]
fn commits_that_collide_are_shown_with_both_sides_and_nothing_lands_until_they_are_merged() {
    let (env, base) = far_place();
    let signs = env.signs();
    env.repo().write("far.txt", FAR.replace('1', "1 by me"));
    let later = format!("{}; echo later > later.txt", signs.wait_line("go"));
    let plan = Plan::new()
        .with("a", PlanTask::run("edit the first line", &edit("1")))
        .with("b", PlanTask::run("later", &later));
    detach_plan(&env, &plan, &["--pool", "2"]);
    let _ahead = env.await_status("a", Landed);
    assert_eq!(main_at(&env), base);
    let mine = commit(&env, "my first line");
    let row = await_person(&env);
    let sides = ["far.txt", "my first line", &mine[..7], "edit the first line"];
    for part in sides.into_iter().chain(["git merge refs/windrow/target/main"]) {
        assert!(row.waits_for.contains(part), "no `{part}` in {row:#?}");
    }
    let detail = row.detail.clone().unwrap();
    let detail = env.windrow(["status", "--format", "json"]).ok().out.contains(&detail);
    assert!(detail, "both versions are told in JSON by their hash");
    let _said = env.windrow(["status"]).ok().says("until this is settled").says("far.txt");
    signs.put("go");
    let _waits = env.await_status("b", OnItsWay);
    wait_until("it says why it waits", || {
        env.task("b").note.is_some_and(|note| note.contains("`main` must have what landed ahead"))
    });
    assert_eq!(main_at(&env), mine, "nothing of mine is rewritten");
    assert_eq!(env.repo().git(["rev-parse", REF]), row.commit, "nothing more lands");
    wait_until("the merge has begun", || {
        let _collides = env.repo().try_git(["merge", REF]);
        env.repo().text("far.txt").contains("<<<<<<<")
    });
    env.repo().write("far.txt", FAR.replace('1', "1 by both"));
    commit(&env, "both");
    let _landed = env.await_status("b", Landed);
    env.await_run_end();
    await_followed(&env);
    assert_eq!(env.repo().text("far.txt"), FAR.replace('1', "1 by both"));
    assert_eq!(env.repo().text("later.txt"), "later\n");
    assert_eq!(status(&env), [] as [&str; 0]);
}

#[test]
fn commits_that_do_not_pass_with_what_landed_are_the_persons_to_mend() {
    let (env, base) = far_place();
    env.repo().write("far.txt", FAR.replace('1', "1 by me"));
    let plan = Plan::new().with("a", PlanTask::run("edit", &edit("2")));
    let _ran = run_plan(&env, &plan, &["--gate", GATE]).ok();
    env.repo().write("far.txt", FAR.replace('1', "1 is RED"));
    let red = commit(&env, "red");
    let row = await_person(&env);
    assert!(row.waits_for.contains(&red[..10]) && row.waits_for.contains("grep"), "{row:#?}");
    assert_eq!(main_at(&env), red);
    env.repo().write("far.txt", FAR.replace('1', "1 is mended"));
    commit(&env, "mended");
    await_followed(&env);
    assert!(env.repo().text("far.txt").contains("1 is mended"));
    env.repo().every_commit_passes(&base, "main", GATE);
}

#[test]
fn a_branch_that_was_reset_or_deleted_meanwhile_is_left_as_it_is_until_a_person_settles_it() {
    let (env, base) = far_place();
    let plan = |name: &str| {
        let line = format!("{}; echo {name} > {name}.txt", edit("2"));
        Plan::new().with(name, PlanTask::run(name, &line))
    };
    env.repo().write("far.txt", FAR.replace('1', "1 by me"));
    let _ran = run_plan(&env, &plan("a"), &[]).ok();
    git(&env, &["commit", "-q", "--amend", "-m", "far lines, amended", "--", "far.txt"]);
    let amended = main_at(&env);
    let row = await_person(&env);
    assert!(row.waits_for.contains("reset, amended or rebased"), "{row:#?}");
    assert!(row.waits_for.contains(&base[..10]), "{row:#?}");
    assert_eq!(main_at(&env), amended);
    env.repo().git(["update-ref", "-d", "refs/heads/main"]);
    wait_until("the deletion is told", || {
        ahead(&env).is_some_and(|row| row.waits_for.contains("git branch main"))
    });
    assert_eq!(env.repo().refs("refs/heads/main"), Vec::<String>::new(), "nobody makes it again");
    env.repo().git(["update-ref", "-d", REF]);
    wait_until("the ref is held", || env.repo().refs(REF) == [REF]);
    env.repo().git(["update-ref", "refs/heads/main", &amended]);
    git(&env, &["merge", "-q", "--no-edit", "-X", "ours", REF]);
    await_followed(&env);
    assert!(env.repo().text("far.txt").contains("1 by me"));
    assert_eq!(env.repo().text("a.txt"), "a\n");
}

#[test]
fn a_later_run_that_may_not_go_ahead_waits_until_the_branch_followed() {
    let (env, base) = far_place();
    env.repo().write("far.txt", FAR.replace('1', "1 by me"));
    let _ran = run_plan(&env, &Plan::new().with("a", PlanTask::run("a", &edit("2"))), &[]).ok();
    env.settings("[target]\nbusy = \"wait\"\n");
    detach_plan(&env, &Plan::new().with("b", PlanTask::run("b", "cp far.txt b.txt")), &[]);
    let _waits = env.await_status("b", OnItsWay);
    wait_until("it says why", || env.task("b").note.is_some_and(|note| note.contains("ahead")));
    assert_eq!(main_at(&env), base);
    assert!(!has(&env, REF, "b.txt"), "it does not land ahead");
    git(&env, &["restore", "far.txt"]);
    let _landed = env.await_status("b", Landed);
    await_followed(&env);
    env.await_run_end();
    assert!(
        env.repo().text("b.txt").contains("2 by a worker"),
        "later work is based on what landed"
    );
}

#[test]
fn two_checkouts_are_a_reason_to_go_ahead_and_a_branch_without_one_never_is() {
    let (env, _) = far_place();
    let second = env.root().join("second");
    env.repo().git(["worktree", "add", "-q", "--force", second.to_str().unwrap(), "main"]);
    let _ran = run_plan(&env, &Plan::new().with("a", PlanTask::run("a", &edit("2"))), &[]).ok();
    assert!(ahead(&env).unwrap().waits_for.contains("checked out more than once"));
    env.repo().git(["worktree", "remove", second.to_str().unwrap()]);
    await_followed(&env);
    git(&env, &["checkout", "-q", "--detach"]);
    env.repo().write("far.txt", "nobody minds\n");
    let plan = Plan::new().with("b", PlanTask::run("b", &edit("1")));
    let _ran = run_plan(&env, &plan, &["--branch", "main"]).ok();
    assert_eq!(ahead(&env), None);
    assert!(env.repo().at_revision("main", "far.txt").unwrap().contains("1 by a worker"));
    assert_eq!(env.repo().text("far.txt"), "nobody minds\n");
}

#[test]
fn a_daemon_that_is_killed_while_the_branch_follows_leaves_no_half_state() {
    const ROUNDS: usize = 8;
    let (env, base) = far_place();
    let signs = env.signs();
    let mut plan = Plan::new();
    for n in 0..ROUNDS {
        let go = signs.wait_line(&format!("go-{n}"));
        let line =
            format!("{go}; mkdir -p made; for f in 1 2 3 4 5; do echo {n} > made/{n}-$f.txt; done");
        let needs = if n == 0 { Vec::new() } else { vec![format!("k{}", n - 1)] };
        plan = plan.with(
            &format!("k{n}"),
            PlanTask::run(&format!("make {n}"), &line).list("needs", &needs),
        );
    }
    detach_plan(&env, &plan, &[]);
    let mut dice = Dice::seeded(20_261_127);
    for n in 0..ROUNDS {
        let file = format!("made/{n}-3.txt");
        env.repo().write(&file, "mine\n");
        env.repo().write("far.txt", format!("my edit {n}\n"));
        signs.put(&format!("go-{n}"));
        let _ahead = env.await_status(&format!("k{n}"), Landed);
        assert!(!has(&env, "main", &file) && has(&env, REF, &file), "it landed ahead");
        assert_eq!(env.repo().text(&file), "mine\n");
        fs::remove_file(env.repo().file(&file)).unwrap();
        for _ in 0..3 {
            pause(Duration::from_millis(dice.within(0..400)));
            let _there = env.kill_daemon();
        }
        wait_until("the branch followed", || has(&env, "main", &file));
        wait_until("the checkout shows it", || status(&env) == [" M far.txt"]);
        assert_eq!(env.repo().text("far.txt"), format!("my edit {n}\n"), "my edit stays");
    }
    env.await_run_end();
    await_followed(&env);
    assert_eq!(landings(&env).len(), ROUNDS, "each landed once");
    env.repo().every_commit_passes(&base, "main", GATE);
    let _whole = env.windrow(["log", "verify"]).ok();
}
