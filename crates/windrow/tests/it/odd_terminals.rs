//! Terminals that are narrow, plain or not there, and readers that go away.

use windrow_testkit::{Plan, PlanTask, Ran, TestEnv, skip};
use windrow_world::cmd::which;

use crate::place::{place, run_plan};

/// Everything that prints, after a run with work that landed and work that is stuck.
const PRINTS: &[&str] = &[
    "status",
    "status --format json",
    "task list",
    "task list --format json",
    "task show t-1",
    "show t-2",
    "diff t-1",
    "explain t-2",
    "ready",
    "ready --format json",
    "log",
    "log --format json",
    "log verify",
    "restore --list",
    "prune --dry-run",
    "doctor",
    "daemon status",
    "daemon logs",
    "run ../plan.json --dry-run",
    "completion bash",
    "--help",
    "run --help",
    "--version",
];

/// Commands whose lines are for people and of their own width.
const TABLES: &[&str] =
    &["status", "task list", "log", "restore --list", "run ../plan.json --dry-run", "run --help"];

fn ran() -> TestEnv {
    let env = place();
    let title = "A title that is a good deal longer than sixty columns, and goes on for a while";
    let plan = Plan::new()
        .with("a", PlanTask::run(title, "echo a > a.txt"))
        .with("b", PlanTask::run("b", "exit 1"));
    let _stuck = run_plan(&env, &plan, &["--tries", "1"]).code(3);
    env
}

fn in_shell(env: &TestEnv, line: &str) -> Ran {
    let windrow = env!("CARGO_BIN_EXE_windrow");
    let line = line.replace("windrow", &format!("'{windrow}'"));
    env.finish(env.command_of("bash", env.repo().path(), &["-c", &line]))
}

#[test]
fn a_reader_that_goes_away_ends_every_command_quietly() {
    let env = ran();
    for command in PRINTS {
        let usual = in_shell(&env, &format!("windrow {command}")).code;
        let gone = in_shell(&env, &format!("windrow {command} | true; exit ${{PIPESTATUS[0]}}"));
        assert!(gone.code == usual || gone.code == 0, "{command}: {usual}, then {gone}");
        assert!(!gone.err.contains("panicked") && !gone.err.contains("rror"), "{command}: {gone}");
        let closed = in_shell(&env, &format!("windrow {command} >&-"));
        assert!(!closed.err.contains("panicked"), "{command}: {closed}");
        let deaf = in_shell(&env, &format!("windrow {command} 2>&-"));
        assert_eq!(deaf.code, usual, "{command}: {deaf}");
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_an_error() {
    let env = ran();
    let full = in_shell(&env, "windrow status >/dev/full").code(5);
    let _told = full.says("failed to write the answer: No space left on device");
}

#[test]
fn tables_fit_into_sixty_columns() {
    let env = ran();
    for command in TABLES {
        let told = in_shell(&env, &format!("COLUMNS=60 windrow {command}")).ok();
        let widest = told.out.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 60, "{command}: {widest} columns\n{told}");
        assert!(told.out.len() > 60, "{command} said nothing: {told}");
    }
}

#[test]
fn without_a_terminal_nothing_is_asked_and_nothing_is_painted() {
    let env = place();
    env.repo().write("TASKS.md", "- [ ] one\n  Run: echo 1 > one.txt\n");
    let alone = "setsid -w env -u NO_COLOR TERM=xterm windrow";
    let refused = in_shell(&env, &format!("{alone} run TASKS.md </dev/null")).code(4);
    let _told = refused.says("nobody approved").says("windrow approve");
    let ran = in_shell(&env, &format!("{alone} run TASKS.md --approve </dev/null")).ok();
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{ran}");
    let lines = ran.err.lines().filter(|line| line.contains("landed")).count();
    assert_eq!(lines, 1, "one line for each thing that happens: {ran}");
}

#[test]
fn a_plain_terminal_gets_no_colour_and_no_redrawing() {
    if which("script").is_none() {
        skip("there is no `script` to make a terminal with");
        return;
    }
    let env = ran();
    let painted = |set: &str, command: &str| {
        let line = format!("script -qec \"env -u NO_COLOR {set} windrow {command}\" /dev/null");
        in_shell(&env, &line).out.contains('\u{1b}')
    };
    assert!(
        painted("TERM=xterm-256color", "doctor"),
        "a terminal gets colour, or this shows nothing"
    );
    for plain in ["TERM=dumb", "TERM=xterm-256color NO_COLOR=1"] {
        for command in ["status", "task list", "doctor", "show t-2"] {
            assert!(!painted(plain, command), "{plain} {command}");
        }
    }
    assert!(!painted("TERM=dumb", "run ../plan.json --resume --approve"));
}
