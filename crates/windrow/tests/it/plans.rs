//! `plan.json`: waves, needs, reads, outputs, parts of a plan, and going on with one.

use std::fs;

use windrow_api::view::TaskStatus::{Landed, Open, Stuck};
use windrow_testkit::{Plan, PlanTask, Signs, TestEnv};

use crate::place::{detach_plan, place, run_plan, write_plan};

/// A task that logs its start and its end.
fn logged(signs: &Signs, key: &str) -> PlanTask {
    let (start, end) =
        (signs.log_line("log", &format!("+{key}")), signs.log_line("log", &format!("-{key}")));
    PlanTask::run(key, &format!("{start}; echo {key} > {key}.txt; {end}"))
}

fn position(log: &[String], line: &str) -> usize {
    log.iter().position(|one| one == line).unwrap_or_else(|| panic!("no {line} in {log:?}"))
}

#[test]
fn w1_a_wave_waits_for_the_one_before_with_a_barrier() {
    let env = place();
    let signs = env.signs();
    let plan = ["a", "b", "c", "d"]
        .iter()
        .fold(Plan::new(), |plan, key| plan.with(key, logged(&signs, key)));
    let plan = plan.wave(&["a", "b"]).wave(&["c", "d"]);
    let _ran = run_plan(&env, &plan, &["--barrier", "--pool", "4"]).ok();
    let log = signs.log("log");
    for (early, late) in [("-a", "+c"), ("-a", "+d"), ("-b", "+c"), ("-b", "+d")] {
        assert!(position(&log, early) < position(&log, late), "{log:?}");
    }
}

#[test]
fn w1_without_a_barrier_only_needs_order() {
    let env = place();
    let signs = env.signs();
    let slow = format!("{}; echo a > a.txt", signs.wait_line("go"));
    let plan = Plan::new()
        .with("a", PlanTask::run("a", &slow))
        .with("b", logged(&signs, "b"))
        .with("c", logged(&signs, "c").list("needs", &["b"]))
        .wave(&["a", "b"])
        .wave(&["c"]);
    detach_plan(&env, &plan, &["--pool", "2"]);
    let _landed_beside_a = env.await_status("c", Landed);
    signs.put("go");
    env.await_run_end();
    let log = signs.log("log");
    assert!(position(&log, "-b") < position(&log, "+c"), "{log:?}");
}

#[test]
fn w2_what_others_wrote_arrives_whole_in_the_brief() {
    let env = place();
    let long = "line with `ticks`, \"quotes\", $dollars and ```` fences\n".repeat(300);
    env.repo().write("long.txt", &long);
    env.repo().commit("long");
    let read = "grep -c 'with `ticks`' $WINDROW_BRIEF > count.txt; cp $WINDROW_BRIEF brief.txt";
    let plan =
        Plan::new().with("writer", PlanTask::run("writes", "cat long.txt > $WINDROW_OUTPUT")).with(
            "reader",
            PlanTask::run("reads", read).list("reads", &["writer"]).set("prompt", "Do as it says."),
        );
    let _ran = run_plan(&env, &plan, &["--out", "../out"]).ok();
    assert_eq!(env.repo().text("count.txt"), "300\n");
    let brief = env.repo().text("brief.txt");
    assert!(brief.contains(&long) && brief.contains("Do as it says."), "{brief}");
    let out = env.root().join("out");
    assert_eq!(fs::read_to_string(out.join("writer/output.md")).unwrap(), long);
    let summary = fs::read_to_string(out.join("summary.md")).unwrap();
    assert!(summary.contains("writes") && summary.contains("reads"), "{summary}");
}

#[test]
fn w2_output_that_is_missing_is_said() {
    let env = place();
    let plan = Plan::new()
        .with("writer", PlanTask::run("writes nothing", "true"))
        .with("reader", PlanTask::run("reads", "true").list("reads", &["writer"]));
    let _ran = run_plan(&env, &plan, &["--tries", "1"]).code(3);
    let note = env.expect_status("reader", Stuck).note.unwrap();
    assert!(note.contains("writes nothing"), "{note}");
}

#[test]
fn w3_the_summary_is_there_while_the_run_goes_on_and_names_failures() {
    let env = place();
    let signs = env.signs();
    let plan = Plan::new()
        .with("good", PlanTask::run("works", "echo x > x.txt"))
        .with("bad", PlanTask::run("fails", "exit 9"))
        .with("slow", PlanTask::run("waits", &signs.wait_line("go")));
    detach_plan(&env, &plan, &["--out", "../out", "--tries", "1"]);
    let summary = env.root().join("out/summary.md");
    let text = || fs::read_to_string(&summary).unwrap_or_default();
    windrow_testkit::wait_until("the summary shows how far it is", || {
        text().contains("| landed |")
            && text().contains("| stuck |")
            && text().contains("| working |")
    });
    signs.put("go");
    env.await_run_end();
    windrow_testkit::wait_until("the summary shows the end", || text().contains("| done |"));
    assert!(text().contains("ended with 9"), "{}", text());
}

fn three(env: &TestEnv) -> Plan {
    let signs = env.signs();
    let keys = ["a", "b", "c"];
    let plan = keys.iter().fold(Plan::new(), |plan, key| plan.with(key, logged(&signs, key)));
    plan.wave(&["a"]).wave(&["b", "c"])
}

#[test]
fn w4_only_some_tasks_or_one_wave() {
    let env = place();
    let plan = three(&env);
    let _ran = run_plan(&env, &plan, &["--only", "a"]).ok();
    assert_eq!(env.signs().log("log"), ["+a", "-a"]);
    let _ran = run_plan(&env, &plan, &["--wave", "2", "--pool", "1"]).ok();
    assert_eq!(env.signs().log("log"), ["+a", "-a", "+b", "-b", "+c", "-c"]);
}

#[test]
fn w4_a_resumed_run_does_only_what_is_not_done() {
    let env = place();
    let signs = env.signs();
    let repaired = format!(
        "{}; test -e '{}'; echo b > b.txt",
        signs.log_line("log", "+b"),
        signs.path("fixed").display()
    );
    let repaired = format!("set -e; {repaired}");
    let plan = Plan::new()
        .with("a", logged(&signs, "a"))
        .with("b", PlanTask::run("b", &repaired))
        .with("c", logged(&signs, "c").list("needs", &["b"]));
    let _ran = run_plan(&env, &plan, &["--tries", "1"]).code(3);
    env.expect_status("b", Stuck);
    env.expect_status("c", Stuck);
    signs.put("fixed");
    let _ran = env.windrow(["run", "--resume"]).ok();
    let statuses: Vec<_> = env.statuses().into_iter().map(|(_, status)| status).collect();
    assert_eq!(statuses, [Landed, Landed, Landed]);
    let log = signs.log("log");
    assert_eq!(log.iter().filter(|line| *line == "+a").count(), 1, "{log:?}");
    assert_eq!(log.iter().filter(|line| *line == "+c").count(), 1, "{log:?}");
}

#[test]
fn nothing_starts_before_what_it_needs_landed() {
    let env = place();
    let mut plan = Plan::new();
    for nth in 0..8 {
        let key = format!("n{nth}");
        let (line, needs) = match nth {
            0 => ("echo 0 > n0.txt".to_owned(), Vec::new()),
            _ => {
                let before = nth - 1;
                (
                    format!("test -e n{before}.txt && echo {nth} > n{nth}.txt"),
                    vec![format!("n{before}")],
                )
            }
        };
        plan = plan.with(&key, PlanTask::run(&key, &line).list("needs", &needs));
    }
    let _ran = run_plan(&env, &plan, &["--pool", "8", "--tries", "1"]).ok();
}

#[test]
fn a_plan_of_ten_thousand_tasks_is_taken_in() {
    let env = place();
    let mut plan = Plan::new();
    for nth in 0..10_000 {
        let needs = if nth % 3 == 0 { Vec::new() } else { vec![format!("k{}", nth - 1)] };
        let task = PlanTask::run(&format!("task number {nth}"), "true").list("needs", &needs);
        plan = plan.with(&format!("k{nth}"), task);
    }
    write_plan(&env, &plan);
    let _ran = env.windrow(["task", "import", "../plan.json"]).ok();
    let ready = env.windrow(["ready", "--format", "json"]).ok();
    assert_eq!(ready.json().as_array().unwrap().len(), 3334);
    env.kill_daemon();
    let ready = env.windrow(["ready", "--format", "json"]).ok();
    assert_eq!(ready.json().as_array().unwrap().len(), 3334, "after a restart");
    let _ran =
        env.windrow(["run", "../plan.json", "--approve", "--only", "k0", "--only", "k1"]).ok();
    let done = env.run().tasks.iter().filter(|task| task.status != Open).count();
    assert_eq!(done, 2);
}
