//! Looking at what workers do and did: diff, show, status, report, JSON.

use windrow_testkit::TestEnv;

use crate::place::place;

/// A worker that leaves staged, unstaged and untracked work and waits until it is told to go on.
fn worker_at_work(env: &TestEnv) -> String {
    let (here, go) = (env.signs().put_line("here"), env.signs().wait_line("go"));
    let work =
        "echo edited > README; echo staged > staged.txt; git add staged.txt; echo new > new.txt";
    let line = format!("{work}; {here}; {go}");
    env.repo().write("TASKS.md", format!("## Task 1: Work\nRun: {line}\n"));
    env.windrow(["run", "TASKS.md", "--approve", "--detach"]).ok();
    env.signs().wait("here");
    let rows = env.windrow(["--format", "json"]).ok().json();
    rows[0]["name"].as_str().unwrap().to_owned()
}

fn let_go(env: &TestEnv) {
    env.signs().put("go");
    env.windrow(["run", "--resume"]).ok();
}

#[test]
fn a_diff_of_a_live_worker_has_everything_and_touches_nothing() {
    let env = place();
    let name = worker_at_work(&env);
    let tree = env.trees().join(&name);
    let index = std::fs::read(env.repo().file(&format!(".git/worktrees/{name}/index"))).unwrap();
    let diff = env.windrow(["diff", &name]).ok();
    for line in ["-base", "+edited", "+staged", "+new"] {
        assert!(diff.out.lines().any(|found| found == line), "no {line}: {diff}");
    }
    let status = env.windrow(["status"]).ok();
    assert!(status.out.starts_with("Active Sessions (1):\n\n[*] t-1 - WORKING ("), "{status}");
    assert!(status.out.contains("Files changed: 3 (+3, -1)"), "{status}");
    let now = std::fs::read(env.repo().file(&format!(".git/worktrees/{name}/index"))).unwrap();
    assert!(index == now && tree.join("new.txt").exists(), "looking changed the tree");
    let_go(&env);
}

#[test]
fn a_diff_of_killed_work_is_what_was_kept_of_it() {
    let env = place();
    let name = worker_at_work(&env);
    env.windrow(["kill", &name]).ok();
    let diff = env.windrow(["diff", &name]).ok();
    for line in ["-base", "+edited", "+staged", "+new"] {
        assert!(diff.out.lines().any(|found| found == line), "no {line}: {diff}");
    }
}

#[test]
fn a_second_run_of_the_same_tasks_says_how_to_watch_the_first() {
    let env = place();
    worker_at_work(&env);
    let ran = env.windrow(["run", "TASKS.md", "--approve"]).code(1);
    assert!(ran.err.contains("is part of run r-1, which goes on"), "{ran}");
    assert!(ran.err.contains("hint: `windrow run --resume` watches it"), "{ran}");
    let_go(&env);
    let diff = env.windrow(["diff", "1"]).ok();
    assert!(diff.out.contains("+staged") && diff.out.contains("+new"), "{diff}");
}

#[test]
fn changes_come_as_json_lines_with_the_end_last() {
    let env = place();
    env.repo().write("TASKS.md", "## Task 1: A\nRun: echo a > a\n## Task 2: B\nRun: exit 3\n");
    let ran = env.windrow(["run", "TASKS.md", "--approve", "--tries", "1", "--format", "json"]);
    let ran = ran.code(3);
    let lines: Vec<serde_json::Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = |event: &str, task: &str| {
        lines.iter().any(|line| line["event"] == event && line["task"] == task)
    };
    assert!(told("landed", "t-1") && told("stuck", "t-2"), "{ran}");
    let end = lines.last().unwrap();
    assert_eq!((&end["event"], &end["outcome"]), (&"end".into(), &"incomplete".into()));
    assert_eq!(end["run"]["row"]["counts"]["landed"], 1);
}

#[test]
fn a_report_exists_for_people_pages_and_programs() {
    let env = place();
    env.repo().write("TASKS.md", "## Task 1: A\nRun: echo a > a\n");
    env.windrow(["run", "TASKS.md", "--approve", "--out", "../out"]).ok();
    let page = env.windrow(["report", "--format", "markdown"]).ok().out;
    assert!(page.starts_with("# Run r-1 on `main`\n\n1 of 1 task landed.\n"), "{page}");
    let written = std::fs::read_to_string(env.root().join("out/summary.md")).unwrap();
    assert_eq!(written, page);
    env.windrow(["report"]).ok().says("Run r-1 on main: 1 of 1 task landed.");
    assert_eq!(env.windrow(["report", "--format", "json"]).ok().json()["row"]["id"], "r-1");
    let ran = env.windrow(["report", "r-9"]).code(1);
    assert!(ran.err.contains("there is no run `r-9`"), "{ran}");
}

#[test]
fn a_worker_is_ended_by_its_task_and_the_task_shown_once_with_what_helps() {
    let env = place();
    worker_at_work(&env);
    let ran = env.windrow(["kill", "t-1"]).ok();
    assert!(ran.err.contains("is stopped, its work kept"), "{ran}");
    let status = env.windrow(["status"]).ok();
    assert_eq!(status.out.matches("t-1 - ").count(), 1, "{status}");
    let explained = env.windrow(["explain", "t-1"]).ok();
    for part in ["t-1 Work: stuck", "It needs a person: ", "windrow show t-1", "run --resume"] {
        assert!(explained.out.contains(part), "no {part}: {explained}");
    }
    let ran = env.windrow(["close", "t-1"]).code(1);
    assert!(ran.err.contains("windrow explain t-1") || ran.err.contains("is over"), "{ran}");
}

#[test]
fn a_task_without_a_run_says_how_it_gets_one() {
    let env = place();
    env.windrow(["task", "add", "A", "--run", "true"]).ok();
    env.windrow(["explain", "t-1"]).ok().says("`windrow run --only t-1` works on it");
    env.windrow(["run"]).ok();
    env.windrow(["explain", "t-1"]).ok().says("nothing");
}

#[test]
fn a_run_whose_rest_was_cancelled_does_not_offer_to_go_on() {
    let env = place();
    env.repo().write("TASKS.md", "## Task 1: A\nRun: echo a > a\n## Task 2: B\nRun: exit 3\n");
    let ran = env.windrow(["run", "TASKS.md", "--approve", "--tries", "1"]).code(3);
    let said = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let mend = "`windrow run TASKS.md` takes what you mend in it";
    assert!(said.contains(mend) && said.contains("`windrow run --resume` tries"), "{ran}");
    assert_eq!(ran.err.matches("stuck ").count(), 1, "{ran}");
    env.windrow(["task", "close", "t-2"]).ok();
    let ran = env.windrow(["run", "--resume"]).code(3);
    assert!(!ran.out.contains("--resume") && ran.out.contains("cancelled stays so"), "{ran}");
}

#[test]
fn every_line_fits_sixty_columns() {
    let env = place();
    let title = "A title that is much longer than any terminal in the house would ever be 🚀";
    env.repo().write("TASKS.md", format!("## Task 1: {title}\nRun: echo a > a\n"));
    env.windrow(["run", "TASKS.md", "--approve"]).ok();
    for args in [&["task", "list"][..], &["restore", "--list"], &["log"], &["report"], &["status"]]
    {
        let call = env.command(env.repo().path(), args).env("COLUMNS", "60");
        let ran = env.finish(call).ok();
        let long = |line: &&str| line.chars().count() > 60 && !line.starts_with("Summary: ");
        assert_eq!(ran.out.lines().find(long), None, "{ran}");
    }
}
