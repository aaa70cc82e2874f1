//! Declared files: no two workers that run at once hold the same, and a wide task is not starved.

use std::collections::BTreeMap;

use windrow_testkit::{Plan, PlanTask, Signs};

use crate::place::{detach_plan, place, run_plan};

/// A task that writes down when it holds its scopes, and fails if somebody else holds one.
fn holder(signs: &Signs, key: &str, scopes: &[&str], locks: &[&str]) -> PlanTask {
    let folder = signs.path("locks").display().to_string();
    let take: Vec<String> =
        locks.iter().map(|lock| format!("mkdir '{folder}/{lock}' || exit 66")).collect();
    let give: Vec<String> = locks.iter().map(|lock| format!("rmdir '{folder}/{lock}'")).collect();
    let line = format!(
        "mkdir -p '{folder}'; {}; {}; sleep 0.05; echo {key} > {key}.txt; {}",
        take.join("; "),
        signs.log_line("log", key),
        give.join("; ")
    );
    PlanTask::run(key, &line).list("files", scopes)
}

#[test]
fn o1_no_two_running_tasks_hold_the_same_files() {
    let env = place();
    let signs = env.signs();
    let kinds: [(&[&str], &[&str]); 5] = [
        (&["src/a/**"], &["a"]),
        (&["src/b/**"], &["b"]),
        (&["src/*/mod.rs"], &["a", "b", "c"]),
        (&["src/c/x.rs", "src/c/y.rs"], &["c"]),
        (&["docs/**"], &["docs"]),
    ];
    let mut plan = Plan::new();
    for nth in 0..20 {
        let (scopes, locks) = kinds[nth % kinds.len()];
        let key = format!("n{nth}");
        plan = plan.with(&key, holder(&signs, &key, scopes, locks));
    }
    // A task that met another in its scopes ends with 66, and one try is all it has.
    let _ran = run_plan(&env, &plan, &["--pool", "6", "--tries", "1"]).ok();
    assert_eq!(signs.log("log").len(), 20);
}

#[test]
fn o8_a_wide_urgent_task_is_not_starved_by_small_ones() {
    let env = place();
    let signs = env.signs();
    let small = |key: &str| {
        let log = signs.log_line("log", key);
        let line =
            format!("{log}; {}; echo {key} > {key}.txt", signs.wait_line(&format!("go-{key}")));
        PlanTask::run(key, &line).list("files", &[format!("src/{key}/**")])
    };
    let wide = PlanTask::run("wide", &format!("{}; echo w > w.txt", signs.log_line("log", "wide")));
    let wide = wide.list("files", &["src/**"]).set("priority", "P0").list("needs", &["s0"]);
    let mut plan = Plan::new().with("wide", wide);
    for nth in 0..6 {
        plan = plan.with(&format!("s{nth}"), small(&format!("s{nth}")));
    }
    detach_plan(&env, &plan, &["--pool", "3"]);
    // s0 ends first and makes the wide one runnable; s1 and s2 still hold what it wants.
    windrow_testkit::wait_until("three run", || signs.log("log").len() == 3);
    signs.put("go-s0");
    let _landed = env.await_status("s0", windrow_api::view::TaskStatus::Landed);
    for nth in 1..6 {
        signs.put(&format!("go-s{nth}"));
    }
    env.await_run_end();
    let log = signs.log("log");
    let at: BTreeMap<&str, usize> =
        log.iter().enumerate().map(|(at, key)| (key.as_str(), at)).collect();
    // At most one small task took the slot of s0 before the wide one was runnable.
    assert!(at["wide"] <= 4, "{log:?}");
}
