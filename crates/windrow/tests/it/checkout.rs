//! Landing into the person's own checkout: nothing of theirs is lost, and there is no half state.

use std::fs;
use std::time::Duration;

use windrow_api::view::TaskStatus::{Landed, Landing as OnItsWay};
use windrow_testkit::{Plan, PlanTask, pause, wait_until};

use crate::place::{detach_plan, landings, place};

#[test]
fn a_person_edits_stages_and_commits_during_sixty_landings() {
    const TASKS: usize = 60;
    let env = place();
    let repo = env.repo();
    repo.write("mine.txt", "0\n");
    repo.write("edited.txt", "as committed\n");
    let base = repo.commit("the person's files");
    let mut plan = Plan::new();
    for nth in 0..TASKS {
        // Every fourth touches the same file as well, in turn.
        let shared = if nth % 4 == 0 { format!("; echo {nth} >> README") } else { String::new() };
        let line = format!("mkdir -p made; echo {nth} > made/{nth}.txt{shared}");
        let needs =
            if nth % 4 == 0 && nth > 0 { vec![format!("k{}", nth - 4)] } else { Vec::new() };
        let task = PlanTask::run(&format!("make {nth}"), &line).list("needs", &needs);
        plan = plan.with(&format!("k{nth}"), task);
    }
    detach_plan(&env, &plan, &["--pool", "4"]);
    let (mut commits, mut round) = (Vec::new(), 0_u32);
    wait_until("every task landed", || {
        round += 1;
        // A person who commits without a break leaves no moment to land in.
        pause(Duration::from_millis(150));
        // An edit that is never committed, a file that is staged, and a commit of its own.
        repo.write("edited.txt", format!("my edit {round}\n"));
        repo.write("staged.txt", format!("staged {round}\n"));
        let _busy_index_is_fine = repo.try_git(["add", "staged.txt"]);
        repo.write("mine.txt", format!("{round}\n"));
        let text = format!("mine {round}");
        let done = repo.try_git(["commit", "-q", "-m", &text, "--", "mine.txt"]);
        if done.status.success() {
            commits.push((round, repo.head()));
        }
        env.try_run().is_some_and(|run| run.row.ended_ms.is_some() && run.sessions.is_empty())
    });
    let run = env.run();
    assert_eq!(usize::try_from(run.row.counts.landed).unwrap(), TASKS, "{run:#?}");
    assert_eq!(landings(&env).len(), TASKS);
    assert!(commits.len() > 3, "the person hardly committed: {commits:?}");
    let first_parents =
        repo.git(["log", "--first-parent", "--format=%s", &format!("{base}..main")]);
    for (round, _) in &commits {
        let subject = format!("mine {round}");
        assert_eq!(first_parents.lines().filter(|line| **line == subject).count(), 1, "{subject}");
    }
    // No landing was swallowed by a commit of the person, and none holds their edits.
    for landing in repo.landings(&base, "main").iter().filter(|one| one.task.is_none()) {
        let touched = repo.git(["show", "--format=", "--name-only", &landing.commit]);
        assert_eq!(touched, "mine.txt", "{landing:?}");
    }
    repo.write("edited.txt", "as committed\n");
    repo.write("mine.txt", format!("{}\n", commits.last().unwrap().0));
    let _gone = repo.try_git(["rm", "-q", "-f", "--cached", "staged.txt"]);
    fs::remove_file(repo.file("staged.txt")).unwrap();
    assert_eq!(repo.git(["status", "--porcelain"]), "", "the checkout is exactly the branch");
    assert_eq!(fs::read_dir(repo.file("made")).unwrap().count(), TASKS);
}

#[test]
fn no_gate_runs_for_what_a_persons_edit_keeps_from_landing() {
    let env = place();
    let plan = Plan::new().with("a", PlanTask::run("add", "echo theirs > README"));
    env.repo().write("README", "mine, edited\n");
    let ran = env.signs().path("gates");
    let gate = format!("echo ran >> '{}'", ran.display());
    detach_plan(&env, &plan, &["--gate", &gate]);
    let looks = || env.windrow(["log", "--kind", "entry_taken"]).ok().out.lines().count();
    wait_until("it was looked at again", || looks() > 1);
    let named = || env.windrow(["status"]).ok().out.contains("`README` (edited)");
    wait_until("what is in the way is named", named);
    assert!(!ran.exists(), "a gate ran though its work could not land");
    let bare = env.windrow(Vec::<&str>::new()).ok();
    assert!(bare.err.contains("Run r-1 on main is active: "), "{bare}");
    env.repo().git(["checkout", "-q", "README"]);
    env.await_run_end();
    env.expect_status("a", Landed);
    assert_eq!(fs::read_to_string(&ran).unwrap(), "ran\n");
    assert_eq!(env.repo().text("README"), "theirs\n");
}

#[test]
fn files_in_the_way_are_named_and_the_landing_waits_until_they_are_gone() {
    let env = place();
    let signs = env.signs();
    let line = format!("{}; echo theirs > new.txt; echo theirs > README", signs.wait_line("go"));
    let plan = Plan::new().with("a", PlanTask::run("add", &line));
    detach_plan(&env, &plan, &[]);
    env.repo().write("new.txt", "mine, untracked\n");
    env.repo().write("README", "mine, edited\n");
    let before = env.repo().head();
    signs.put("go");
    let mut named = String::new();
    wait_until("the files in the way are named", || {
        let Some(run) = env.try_run() else { return false };
        named = run.queue.iter().filter_map(|row| row.note.clone()).collect();
        named.contains("new.txt") || named.contains("README")
    });
    assert_eq!(env.task("a").status, OnItsWay);
    assert_eq!(env.repo().git(["rev-parse", "main"]), before, "nothing is touched");
    assert_eq!(env.repo().text("new.txt"), "mine, untracked\n");
    assert_eq!(env.repo().text("README"), "mine, edited\n");
    fs::remove_file(env.repo().file("new.txt")).unwrap();
    env.repo().git(["restore", "README"]);
    let _landed = env.await_status("a", Landed);
    env.await_run_end();
    assert_eq!(env.repo().text("new.txt"), "theirs\n");
    assert_eq!(env.repo().status(), [] as [&str; 0]);
}

#[test]
fn an_ignored_file_in_the_way_is_not_overwritten() {
    let env = place();
    env.repo().write(".gitignore", "*.log\n");
    env.repo().commit("ignore");
    env.repo().write("build.log", "mine, ignored\n");
    let line = "echo theirs > build.log; git add -f build.log; git commit -qm 'force'";
    let plan = Plan::new().with("a", PlanTask::run("add", line));
    detach_plan(&env, &plan, &[]);
    wait_until("the file in the way is named", || {
        let run = env.try_run();
        let notes = run.iter().flat_map(|run| &run.queue).filter_map(|row| row.note.as_ref());
        notes.into_iter().any(|note| note.contains("build.log"))
    });
    assert_eq!(env.repo().text("build.log"), "mine, ignored\n");
    fs::remove_file(env.repo().file("build.log")).unwrap();
    env.await_run_end();
    assert_eq!(env.repo().text("build.log"), "theirs\n");
}

#[test]
fn a_branch_that_is_not_checked_out_is_landed_on_as_well() {
    let env = place();
    env.repo().git(["branch", "side"]);
    let before = env.repo().head();
    let plan = Plan::new().with("a", PlanTask::run("add", "echo a > a.txt"));
    detach_plan(&env, &plan, &["--branch", "side"]);
    env.await_run_end();
    assert_eq!(env.repo().head(), before);
    assert_eq!(env.repo().at_revision("side", "a.txt").as_deref(), Some("a\n"));
    assert!(!env.repo().file("a.txt").exists());
}
