//! What a person at a terminal sees and is asked, and what closed pipes do.

use windrow_api::view::TaskStatus::Stuck;
use windrow_testkit::TestEnv;

use crate::place::place;

const TASKS: &str = "## Task 1: Mark\nRun: echo one > one.txt\n";

fn is_approved(env: &TestEnv) -> bool {
    !env.windrow(["run", "TASKS.md", "--dry-run"]).ok().out.contains("Needs consent")
}

#[test]
fn approve_shows_the_commands_and_asks_whoever_sits_there() {
    let env = place();
    env.repo().write("TASKS.md", TASKS);
    let mut screen = env.on_terminal((80, 24), &["approve", "TASKS.md"]);
    screen.shows("run: echo one > one.txt");
    screen.shows("[y/N]");
    screen.types("n\n");
    let (code, shown) = screen.end();
    assert_eq!(code, 4, "{shown}");
    assert!(!is_approved(&env), "a no approved it");

    let mut screen = env.on_terminal((80, 24), &["approve", "TASKS.md"]);
    screen.shows("[y/N]");
    screen.types("y\n");
    let (code, shown) = screen.end();
    assert!(code == 0 && shown.ends_with("Approved in TASKS.md.\n"), "{code} {shown}");
    assert!(is_approved(&env), "a yes did not");
    // What is approved already needs no second question, and `--yes` none at all.
    let (code, shown) = env.on_terminal((80, 24), &["approve", "TASKS.md"]).end();
    assert!(code == 0 && !shown.contains("[y/N]") && shown.contains("echo one"), "{shown}");
    env.repo().write("TASKS.md", TASKS.replace("echo one", "echo two"));
    let (code, shown) = env.on_terminal((80, 24), &["approve", "--yes", "TASKS.md"]).end();
    assert!(code == 0 && !shown.contains("[y/N]") && shown.contains("echo two"), "{shown}");
    assert!(is_approved(&env), "--yes did not");
}

#[test]
fn a_red_gate_is_told_above_the_table_and_stays_there() {
    let env = place();
    env.repo().write("TASKS.md", "## Task 1: Mark\nRun: echo TODO > one.txt\n");
    let args = ["run", "TASKS.md", "--approve", "--tries", "2", "--gate", "! grep TODO one.txt"];
    let (code, shown) = env.on_terminal((60, 24), &args).end();
    assert_eq!(code, 3, "{shown}");
    let told = |word: &str| shown.lines().filter(|line| line.contains(word)).count();
    // Once for each try, and with the gate that was red; the second try's is why it is stuck.
    assert_eq!(told(" red       t-1 Mark: the gate"), 1, "{shown}");
    assert_eq!(told(" stuck     t-1 Mark"), 1, "{shown}");
    env.expect_status("1", Stuck);
}

#[test]
fn the_advice_of_a_landing_that_waits_fits_sixty_columns_whole() {
    let env = place();
    env.repo().write("README", "mine\n");
    env.repo().write("TASKS.md", "## Task 1: Mark\nRun: echo theirs > README\n");
    let mut screen = env.on_terminal((60, 24), &["run", "TASKS.md", "--approve"]);
    screen.shows("waiting: t-1 files in");
    screen.shows("stash");
    screen.shows("move them");
    env.repo().write("README", "base\n");
    let (code, shown) = screen.end();
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn a_pipe_that_nobody_reads_does_not_turn_a_failed_run_into_a_success() {
    let env = place();
    env.repo().write("TASKS.md", "## Task 1: A\nRun: exit 3\n");
    let piped = |args: &str| {
        let exe = env!("CARGO_BIN_EXE_windrow");
        // `true` reads nothing; the reader is gone before the first line comes.
        let line = format!("{{ '{exe}' {args}; echo $? > ../code; }} | true");
        let call = env.command_of("/bin/sh", env.repo().path(), &["-c", &line]);
        let _shell = env.finish(call);
        std::fs::read_to_string(env.root().join("code")).unwrap().trim().to_owned()
    };
    // The end is known, so the run's own code it is.
    assert_eq!(piped("run TASKS.md --approve --tries 1"), "3");
    // What happens is not read any more: the watcher leaves, and says that it does not know.
    assert_eq!(piped("run --resume --format json"), "141");
    env.await_run_end();
    // Commands that only answer have nothing more to say.
    assert_eq!(piped("task list"), "0");
}

#[test]
fn a_prune_names_everything_to_a_pipe_and_on_request_to_a_person() {
    let env = place();
    let all: String =
        (1..=8).map(|n| format!("## Task {n}: Fail\nRun: echo {n} > f{n}; exit 3\n")).collect();
    env.repo().write("TASKS.md", all);
    env.windrow(["run", "TASKS.md", "--approve", "--tries", "1"]).code(3);
    let names = |text: &str| text.matches("refs/windrow/kept/").count();
    let piped = env.windrow(["prune", "--dry-run"]).ok();
    assert!(names(&piped.out) == 8 && !piped.out.contains(" more"), "{piped}");
    let (_, shown) = env.on_terminal((120, 40), &["prune", "--dry-run"]).end();
    assert!(names(&shown) == 3 && shown.contains("`--verbose` names each"), "{shown}");
    let (_, shown) = env.on_terminal((120, 40), &["prune", "--dry-run", "--verbose"]).end();
    assert!(names(&shown) == 8, "{shown}");
}
