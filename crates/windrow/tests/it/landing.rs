//! Landing: messages, conflicts, red gates alone and together, gates that cannot run, hold.

use windrow_api::view::TaskStatus::{Held, Landed, Open, Stuck};
use windrow_api::{ProjectCall, Reply};
use windrow_testkit::{Plan, PlanTask, wait_until};

use crate::place::{
    commit_list, detach_plan, failures_of, landings, note, place, restored, run_list, run_plan,
};

/// Lines of a file, so far apart that edits of two of them do not conflict.
const FAR: &str = "1\n-\n-\n-\n2\n-\n-\n-\n3\n-\n-\n-\n4\n";

#[test]
fn o10_a_landing_commit_says_what_landed() {
    let env = place();
    env.settings(
        "[agents.mower]\nrun = \"echo c > c.txt\"\nco-author = \"Mower <mower@example.org>\"\n",
    );
    let list = windrow_testkit::TaskList::new()
        .task("add a", "echo a > a.txt", &["Type: feat"])
        .task("keep \"quotes\" & `ticks`", "echo b > b.txt", &[]);
    let base = commit_list(&env, &list);
    let text = format!("{}## Task 3: with an agent\n\nAgent: mower\n", list.text());
    env.repo().write("TASKS.md", text);
    let _ran = env.windrow(["run", "TASKS.md", "--approve", "--pool", "1"]).ok();
    let landed = landings(&env);
    let subjects: Vec<&str> = landed.iter().map(|one| one.subject.as_str()).collect();
    assert_eq!(subjects, ["feat: add a", "keep \"quotes\" & `ticks`", "with an agent"]);
    for (nth, one) in landed.iter().enumerate() {
        assert_eq!(one.parents, 2, "{one:?}");
        assert_eq!(one.refs.as_deref(), Some(format!("TASKS.md#task-{}", nth + 1).as_str()));
        assert_eq!(one.task.as_deref(), Some(env.task(&(nth + 1).to_string()).id.as_str()));
        assert!(one.session.as_ref().is_some_and(|session| session.contains("s-")), "{one:?}");
        let co_author = one.message.contains("Co-Authored-By: Mower <mower@example.org>");
        assert_eq!(co_author, nth == 2, "{}", one.message);
    }
    let format = "--format=%an <%ae> %cn <%ce>";
    let people = env.repo().git(["log", "--first-parent", format, &format!("{base}..main")]);
    let me = "A Person <person@example.org> A Person <person@example.org>";
    assert!(people.lines().all(|line| line == me), "{people}");
    let summary = env.run().out.unwrap().join("summary.md");
    let summary = std::fs::read_to_string(summary).unwrap();
    for one in &landed {
        assert!(summary.contains(&one.commit[..10]), "{summary}");
    }
}

#[test]
fn o11_a_conflict_is_tried_again_on_the_new_base_with_both_versions() {
    let env = place();
    let signs = env.signs();
    let first = format!("echo 'from the first' > README; {}", signs.put_line("first-wrote"));
    let second = format!(
        "if [ $WINDROW_ATTEMPT = 1 ]; then {}; echo 'from the second' > README; {}; \
         else cp $WINDROW_BRIEF brief.txt; echo 'from both' > README; fi",
        signs.put_line("second-started"),
        signs.wait_line("first-landed"),
    );
    let plan = Plan::new()
        .with(
            "first",
            PlanTask::run("the first", &format!("{}; {first}", signs.wait_line("second-started"))),
        )
        .with("second", PlanTask::run("the second", &second));
    detach_plan(&env, &plan, &["--pool", "2"]);
    let _first = env.await_status("first", Landed);
    signs.put("first-landed");
    env.await_run_end();
    env.expect_status("second", Landed);
    let failures = failures_of(&env, "second");
    assert_eq!(failures.len(), 1, "{failures:#?}");
    assert_eq!(failures[0].kind, "conflict");
    assert!(failures[0].summary.contains("README"), "{failures:#?}");
    let brief = env.repo().text("brief.txt");
    for text in ["README", "from the first", "from the second"] {
        assert!(brief.contains(text), "no `{text}` in {brief}");
    }
    assert_eq!(env.repo().text("README"), "from both\n");
    let kept = restored(&env, failures[0].kept.as_deref().unwrap());
    assert_eq!(std::fs::read_to_string(kept.join("README")).unwrap(), "from the second\n");
}

#[test]
fn red_alone_is_tried_again_with_the_output_and_never_lands() {
    let env = place();
    env.repo().script(
        "check.sh",
        "#!/bin/sh\n! grep -rn BROKEN src || { echo 'it is broken here'; exit 1; }\n",
    );
    env.repo().write("src/x.txt", "fine\n");
    let base = env.repo().commit("a gate");
    let line = "if [ $WINDROW_ATTEMPT = 1 ]; then echo BROKEN > src/y.txt; \
                else cp $WINDROW_BRIEF brief.txt; echo fine > src/y.txt; fi";
    let plan = Plan::new()
        .with("red", PlanTask::run("red at first", line))
        .with("always", PlanTask::run("always red", "echo BROKEN > src/z.txt"))
        .with("green", PlanTask::run("green", "echo fine > src/g.txt"));
    let _ran = run_plan(&env, &plan, &["--gate", "./check.sh", "--tries", "2"]).code(3);
    env.expect_status("red", Landed);
    env.expect_status("green", Landed);
    assert!(note(&env, "always", Stuck).contains("check.sh"));
    let kinds: Vec<String> = failures_of(&env, "always").into_iter().map(|row| row.kind).collect();
    assert_eq!(kinds, ["red_gate", "red_gate"]);
    assert!(env.repo().text("brief.txt").contains("it is broken here"));
    env.repo().every_commit_passes(&base, "main", "./check.sh");
    assert_eq!(landings(&env).len(), 2);
}

#[test]
fn red_only_combined_is_found_before_it_lands() {
    let env = place();
    let signs = env.signs();
    env.repo().script("check.sh", "#!/bin/sh\ntest ! -e left -o ! -e right -o -e peace\n");
    let base = env.repo().commit("a gate");
    let meet = |own: &str, other: &str| {
        format!(
            "if [ $WINDROW_ATTEMPT = 1 ]; then {}; {}; echo x > {own}; \
             else echo x > {own}; echo x > peace; fi",
            signs.put_line(own),
            signs.wait_line(other)
        )
    };
    let plan = Plan::new()
        .with("left", PlanTask::run("left", &meet("left", "right")))
        .with("right", PlanTask::run("right", &meet("right", "left")));
    let _ran = run_plan(&env, &plan, &["--gate", "./check.sh", "--pool", "2"]).ok();
    let failed: usize = ["left", "right"].map(|key| failures_of(&env, key).len()).iter().sum();
    assert_eq!(failed, 1);
    env.repo().every_commit_passes(&base, "main", "./check.sh");
    assert_eq!(landings(&env).len(), 2);
}

#[test]
fn a_gate_that_cannot_run_lands_nothing_and_the_same_work_lands_after_the_repair() {
    let env = place();
    let signs = env.signs();
    let gate = env.root().join("gate-program").display().to_string();
    let line = format!("{}; echo a > a.txt", signs.log_line("starts", "x"));
    let plan = Plan::new().with("a", PlanTask::run("add a", &line));
    let before = env.repo().head();
    let _ran = run_plan(&env, &plan, &["--gate", &gate]).code(3);
    assert!(note(&env, "a", Stuck).contains("gate-program"));
    assert_eq!(env.repo().git(["rev-parse", "main"]), before);
    windrow_world::files::replace(env.root().join("gate-program").as_path(), b"#!/bin/sh\n")
        .unwrap();
    env.repo().git(["update-index", "--refresh"]);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(env.root().join("gate-program"), mode).unwrap();
    let _ran = env.windrow(["run", "--resume"]).ok();
    env.expect_status("a", Landed);
    assert_eq!(signs.log("starts"), ["x"], "the same work landed, nobody did it again");
    assert_eq!(landings(&env).len(), 1);
}

#[test]
fn the_gate_passes_at_every_commit_of_many_that_touch_one_file() {
    let env = place();
    env.repo().write("far.txt", FAR);
    env.repo().script("check.sh", "#!/bin/sh\ntest \"$(grep -c -- - far.txt)\" = 9\n");
    let base = env.repo().commit("far apart");
    let mut plan = Plan::new();
    for nth in 1..=4 {
        let line = format!("sed -i s/^{nth}$/{nth}{nth}/ far.txt");
        plan = plan.with(&format!("n{nth}"), PlanTask::run(&format!("line {nth}"), &line));
    }
    let _ran = run_plan(&env, &plan, &["--gate", "./check.sh", "--pool", "4"]).ok();
    assert_eq!(env.repo().text("far.txt").replace("-\n", ""), "11\n22\n33\n44\n");
    env.repo().every_commit_passes(&base, "main", "./check.sh");
    assert_eq!(landings(&env).len(), 4);
}

#[test]
fn held_work_waits_for_a_person() {
    let env = place();
    let before = env.repo().head();
    let list = windrow_testkit::TaskList::new().task("one", "echo 1 > one.txt", &[]).task(
        "two",
        "echo 2 > two.txt",
        &[],
    );
    let base = commit_list(&env, &list);
    assert_ne!(before, base);
    let _ran = run_list(&env, &list, &["--hold"]).ok();
    let one = env.expect_status("1", Held);
    env.expect_status("2", Held);
    assert_eq!(landings(&env).len(), 0);
    let _ran = env.windrow(["land", &one.id]).ok();
    let _landed = env.await_status("1", Landed);
    env.expect_status("2", Held);
    assert_eq!(env.repo().text("one.txt"), "1\n");
    assert!(!env.repo().file("two.txt").exists());
}

#[test]
fn what_waits_for_held_work_says_so() {
    let env = place();
    let list = windrow_testkit::TaskList::new().task("one", "echo 1 > one.txt", &[]).task(
        "two",
        "echo 2 > two.txt",
        &["Depends on: 1"],
    );
    let ran = run_list(&env, &list, &["--hold"]).code(3);
    assert!(ran.out.contains("`windrow land --all`"), "{ran}");
    let waits = "waits for t-1, which is held";
    let note = env.expect_status("2", Open).note.unwrap_or_default();
    assert!(note.contains(waits), "{note}");
    env.windrow(["ready"]).ok().says("t-2 waits for t-1, which is held: `windrow land t-1`");
    env.windrow(["explain", "t-2"]).ok().says("t-1 is held; `windrow land t-1` lets it land");
    env.windrow(["status"]).ok().says("    Waits for it: t-2");
}

#[test]
fn no_file_of_windrow_lies_in_the_work_tree_and_edits_stay() {
    let env = place();
    let list = windrow_testkit::TaskList::new().task("one", "echo 1 > one.txt", &[]);
    commit_list(&env, &list);
    env.repo().write("README", "my own edit\n");
    env.repo().write("staged.txt", "staged\n");
    env.repo().git(["add", "staged.txt"]);
    env.repo().write("untracked.txt", "untracked\n");
    let _ran = env.windrow(["run", "TASKS.md", "--approve"]).ok();
    let mut status = env.repo().status();
    status.sort();
    assert_eq!(status, [" M README", " M TASKS.md", "?? untracked.txt", "A  staged.txt"]);
    assert_eq!(env.repo().text("README"), "my own edit\n");
    assert_eq!(env.repo().text("one.txt"), "1\n");
}

#[test]
fn gates_of_two_branches_at_once_run_in_folders_of_their_own() {
    let env = place();
    let signs = env.signs();
    // Names that look the same as the name of a folder.
    for branch in ["up/to", "up-to"] {
        env.repo().git(["branch", branch]);
    }
    let gate = |own: &str, other: &str| {
        let here = signs.log_line(&format!("{own}-lane"), "$PWD");
        let (up, meet) = (signs.put_line(own), signs.wait_line(other));
        format!("{here}; {up}; {meet}; test -e {own}.txt -a ! -e {other}.txt")
    };
    for (own, other, branch) in [("a", "b", "up/to"), ("b", "a", "up-to")] {
        let plan = Plan::new().with(own, PlanTask::run(own, &format!("echo x > {own}.txt")));
        detach_plan(&env, &plan, &["--branch", branch, "--gate", &gate(own, other)]);
    }
    for run in ["r-1", "r-2"] {
        let run = run.parse().unwrap();
        wait_until("both runs ended", || match env.ask(&ProjectCall::Run { run: Some(run) }) {
            Reply::Run(run) => run.row.ended_ms.is_some() && run.sessions.is_empty(),
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(env.repo().at_revision("up/to", "a.txt").as_deref(), Some("x\n"));
    assert_eq!(env.repo().at_revision("up-to", "b.txt").as_deref(), Some("x\n"));
    let lanes = (signs.log("a-lane"), signs.log("b-lane"));
    assert_eq!((lanes.0.len(), lanes.1.len()), (1, 1), "each gate ran once: {lanes:?}");
    assert_ne!(lanes.0, lanes.1);
}

#[test]
fn every_gate_runs_one_after_another_and_the_last_can_refuse() {
    let env = place();
    let signs = env.signs();
    let says = |name: &str| signs.log_line("gates", name);
    let second = format!("{}; test ! -e bad.txt", says("second"));
    let own = format!("{}; test ! -e worse.txt", says("own"));
    let add =
        |key: &str| PlanTask::run(key, &format!("echo x > {key}.txt")).set("gate", own.clone());
    let plan = Plan::new().with("good", add("good")).with("bad", add("bad"));
    let plan = plan.with("worse", add("worse"));
    let gates = ["--gate", &says("first"), "--gate", &second];
    let args = [&gates[..], &["--pool", "1", "--tries", "1"]].concat();
    let _ran = run_plan(&env, &plan, &args).code(3);
    env.expect_status("good", Landed);
    assert!(note(&env, "bad", Stuck).contains("bad.txt"), "the second gate refuses");
    assert!(note(&env, "worse", Stuck).contains("worse.txt"), "its own gate refuses");
    assert_eq!(landings(&env).len(), 1);
    // `bad` comes first, and its own gate has nothing to say any more.
    let order = ["first", "second", "first", "second", "own", "first", "second", "own"];
    assert_eq!(signs.log("gates"), order);
}
