//! The stories: each is played to its end whoever dies in it, and says what came of that.

use std::fs;

use windrow_api::view::TaskStatus::{Landed, Stuck};
use windrow_testkit::{Plan, PlanTask, Snapshot, TaskList, wait_until};

use super::scene::Scene;
use crate::place::write_plan;

/// A task of a list lands in the person's checkout and is checked off there.
pub(super) fn landing(deaths: &[&str]) -> String {
    let mut scene = Scene::new(deaths, |env| {
        let began = env.signs().log_line("began", "$WINDROW_TASK");
        let list = TaskList::new().task("add a", &format!("{began}; echo a > a.txt"), &[]);
        env.repo().write("TASKS.md", list.text());
    });
    scene.order();
    scene.start(&["TASKS.md"]);
    scene.rest();
    scene.env.expect_status("1", Landed);
    scene.landed(&[("a.txt", "a\n")], 1);
    let checked = || scene.env.repo().text("TASKS.md").matches("Status: done").count();
    wait_until("the task is checked off", || checked() == 1);
    scene.person_unharmed(&[" M TASKS.md"]);
    scene.clean();
    scene.outcome(1)
}

/// A task lands on a branch that nobody has checked out.
pub(super) fn landing_free(deaths: &[&str]) -> String {
    let mut scene = Scene::new(deaths, |_| ());
    scene.env.repo().git(["checkout", "-q", "-b", "mine"]);
    write_plan(
        &scene.env,
        &Plan::new().with("a", PlanTask::run("a", &scene.worker("echo a > a.txt"))),
    );
    scene.order();
    scene.start(&["../plan.json", "--branch", "main"]);
    scene.rest();
    scene.landed(&[("a.txt", "a\n")], 1);
    scene.person_unharmed(&[]);
    assert!(!scene.env.repo().file("a.txt").exists(), "the checkout is another branch's");
    scene.clean();
    scene.outcome(1)
}

/// What a worker leaves that no commit holds: new, changed and staged files, a nested repository.
const MESS: &str = "echo x > dirty.txt; echo y >> README; echo z > z.txt; git add z.txt; \
                    git init -q nested; echo n > nested/n.txt";

/// The first try fails and leaves a mess, the second lands.
pub(super) fn trying_again(deaths: &[&str]) -> String {
    let mut scene = Scene::new(deaths, |_| ());
    let line = format!("if [ $WINDROW_ATTEMPT = 1 ]; then {MESS}; exit 3; fi; echo a > a.txt");
    let task = PlanTask::run("a", &scene.worker(&line));
    write_plan(&scene.env, &Plan::new().with("a", task));
    scene.order();
    scene.start(&["../plan.json"]);
    scene.rest();
    scene.env.expect_status("a", Landed);
    scene.landed(&[("a.txt", "a\n")], 1);
    scene.person_unharmed(&[]);
    let kept = scene.env.kept();
    let failed: Vec<&str> =
        kept.iter().filter(|row| row.what == "captured").map(|row| row.refname.as_str()).collect();
    assert_eq!(failed.len(), 1, "what the failed try left is kept once: {kept:#?}");
    let shown = |name: &str| scene.env.repo().at_revision(failed[0], name);
    assert_eq!(shown("files/dirty.txt").as_deref(), Some("x\n"));
    let back = scene.env.root().join("back");
    let _back = scene.env.windrow(["restore", failed[0], "--to", back.to_str().unwrap()]).ok();
    assert_eq!(fs::read_to_string(back.join("nested/n.txt")).unwrap(), "n\n");
    assert_eq!(fs::read_to_string(back.join("z.txt")).unwrap(), "z\n");
    drop_restored(&scene, &back);
    scene.clean();
    scene.outcome(2)
}

/// The person removes a restored tree and its branch.
fn drop_restored(scene: &Scene, path: &std::path::Path) {
    let repo = scene.env.repo();
    repo.git(["worktree", "remove", "--force", path.to_str().unwrap()]);
    for name in repo.refs("refs/heads/windrow/restored/") {
        repo.git(["update-ref", "-d", &name]);
    }
}

/// A task begins in a worktree that an earlier one used.
pub(super) fn reusing(deaths: &[&str]) -> String {
    let mut scene = Scene::new(deaths, |_| ());
    for name in ["a", "b"] {
        let task = PlanTask::run(name, &scene.worker(&format!("echo {name} > {name}.txt")));
        write_plan(&scene.env, &Plan::new().with(name, task));
        if name == "b" {
            scene.order();
        }
        scene.start(&["../plan.json"]);
        scene.env.await_run_end();
    }
    scene.rest();
    scene.landed(&[("a.txt", "a\n"), ("b.txt", "b\n")], 2);
    scene.person_unharmed(&[]);
    assert_eq!(scene.env.known_trees().len(), 1, "{:#?}", scene.env.known_trees());
    scene.clean();
    scene.outcome(2)
}

/// Two tasks land one after the other, each through a gate of two commands.
pub(super) fn checking(deaths: &[&str]) -> String {
    let mut scene = Scene::new(deaths, |_| ());
    let task =
        |name: &str| PlanTask::run(name, &scene.worker(&format!("echo {name} > {name}.txt")));
    let plan = Plan::new().with("a", task("a")).with("b", task("b").list("needs", &["a"]));
    write_plan(&scene.env, &plan);
    scene.order();
    scene.start(&["../plan.json", "--gate", "test -f a.txt", "--gate", "test ! -e stop"]);
    scene.rest();
    scene.landed(&[("a.txt", "a\n"), ("b.txt", "b\n")], 2);
    scene.person_unharmed(&[]);
    scene.env.repo().every_commit_passes("main~2", "main", "test -f a.txt");
    scene.clean();
    scene.outcome(2)
}

/// A worker that has made a mess and goes on for ever; returns its name.
fn busy(scene: &mut Scene, args: &[&str]) -> String {
    let signs = scene.env.signs();
    let line = format!("{MESS}; {}; {}", signs.put_line("up"), signs.wait_line("never"));
    let plan = Plan::new().with("a", PlanTask::run("a", &scene.worker(&line)));
    write_plan(&scene.env, &plan);
    scene.start(&[&["../plan.json", "--tries", "1"], args].concat());
    signs.wait("up");
    scene.env.sessions().pop().unwrap().name
}

/// A person kills a worker; what it made is kept, byte for byte.
pub(super) fn killing(deaths: &[&str]) -> String {
    let mut scene = Scene::new(deaths, |_| ());
    let name = busy(&mut scene, &[]);
    let path = scene.env.sessions().pop().unwrap().path.unwrap();
    let before = Snapshot::of(&path, &scene.env.home());
    scene.order();
    let _killed = scene.insist(&["kill", &name]);
    scene.rest();
    scene.env.expect_status("a", Stuck);
    scene.landed(&[], 0);
    scene.person_unharmed(&[]);
    assert_eq!(scene.env.kept().len(), 1, "{:#?}", scene.env.kept());
    let back = scene.env.root().join("back");
    let _back = scene.env.windrow(["restore", &name, "--to", back.to_str().unwrap()]).ok();
    before.assert_same(&Snapshot::of(&back, &scene.env.home()));
    drop_restored(&scene, &back);
    let _pruned = scene.env.windrow(["prune", "--unlanded"]).ok();
    scene.clean();
    scene.outcome(1)
}

/// A person closes a worker; what it made lands.
pub(super) fn closing(deaths: &[&str]) -> String {
    let mut scene = Scene::new(deaths, |_| ());
    let signs = scene.env.signs();
    let line = format!("echo a > a.txt; {}; {}", signs.put_line("up"), signs.wait_line("never"));
    write_plan(&scene.env, &Plan::new().with("a", PlanTask::run("a", &scene.worker(&line))));
    scene.start(&["../plan.json", "--tries", "1"]);
    signs.wait("up");
    let name = scene.env.sessions().pop().unwrap().name;
    scene.order();
    let _closed = scene.insist(&["close", &name]);
    scene.rest();
    scene.env.expect_status("a", Landed);
    scene.landed(&[("a.txt", "a\n")], 1);
    scene.person_unharmed(&[]);
    scene.clean();
    scene.outcome(1)
}

/// Kept work is brought back.
pub(super) fn restoring(deaths: &[&str]) -> String {
    let mut scene = Scene::new(deaths, |_| ());
    let name = busy(&mut scene, &[]);
    let path = scene.env.sessions().pop().unwrap().path.unwrap();
    let before = Snapshot::of(&path, &scene.env.home());
    let _killed = scene.env.windrow(["kill", &name]).ok();
    scene.env.await_run_end();
    scene.order();
    let _restored = scene.insist(&["restore", &name]);
    scene.rest();
    let made = fs::read_dir(scene.env.trees()).unwrap().flatten().map(|entry| entry.path());
    let mut made: Vec<_> =
        made.filter(|path| path.to_string_lossy().contains("restored-")).collect();
    made.sort();
    // Only a restore that was over, and whose answer was lost, is another one when asked again.
    let over = deaths.contains(&"restore.struck 1");
    assert_eq!(made.len(), if over { 2 } else { 1 }, "{made:?}");
    before.assert_same(&Snapshot::of(&made[0], &scene.env.home()));
    made.iter().for_each(|path| drop_restored(&scene, path));
    let _pruned = scene.env.windrow(["prune", "--unlanded"]).ok();
    scene.clean();
    scene.outcome(1)
}

/// Two warm worktrees and the kept work of two landed tasks are removed.
pub(super) fn pruning(deaths: &[&str]) -> String {
    let mut scene = Scene::new(deaths, |_| ());
    let signs = scene.env.signs();
    let task = |name: &str, other: &str| {
        let line = format!(
            "{}; {}; echo {name} > {name}.txt",
            signs.put_line(name),
            signs.wait_line(other)
        );
        PlanTask::run(name, &scene.worker(&line))
    };
    let plan = Plan::new().with("a", task("a", "b")).with("b", task("b", "a"));
    write_plan(&scene.env, &plan);
    scene.start(&["../plan.json", "--pool", "2"]);
    scene.env.await_run_end();
    scene.order();
    let _pruned = scene.insist(&["prune"]);
    scene.rest();
    scene.landed(&[("a.txt", "a\n"), ("b.txt", "b\n")], 2);
    scene.person_unharmed(&[]);
    scene.clean();
    scene.outcome(2)
}

/// So many tasks that snapshots are made on the way.
pub(super) fn many_events(deaths: &[&str]) -> String {
    const TASKS: usize = 7;
    let mut scene = Scene::new(deaths, |_| ());
    let names: Vec<String> = (0..TASKS).map(|nth| format!("k{nth}")).collect();
    let mut plan = Plan::new();
    for name in &names {
        let line = scene.worker(&format!("echo {name} > {name}.txt"));
        plan = plan.with(name, PlanTask::run(name, &line));
    }
    write_plan(&scene.env, &plan);
    scene.order();
    scene.start(&["../plan.json", "--pool", "3"]);
    scene.rest();
    let texts: Vec<(String, String)> =
        names.iter().map(|name| (format!("{name}.txt"), format!("{name}\n"))).collect();
    let files: Vec<(&str, &str)> =
        texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    scene.landed(&files, TASKS);
    scene.person_unharmed(&[]);
    scene.clean();
    scene.outcome(TASKS)
}
