//! Nothing that a file says runs before the person agreed to it.

use windrow_api::view::TaskView;
use windrow_api::{ProjectCall, Reply};
use windrow_testkit::TestEnv;

use crate::place::place;

const TASKS: &str = "## Task 1: Mark\nRun: echo one > one.txt\n";

#[test]
fn unattended_without_consent_is_refused_and_nothing_changes() {
    let env = place();
    env.repo().write("TASKS.md", TASKS);
    let ran = env.windrow(["run", "TASKS.md"]).code(4);
    assert!(ran.err.contains("windrow approve TASKS.md") && ran.err.contains("--approve"), "{ran}");
    assert_eq!(
        env.windrow(["task", "list", "--format", "json"]).ok().json(),
        serde_json::json!([])
    );
    assert_eq!(env.repo().refs("refs/windrow"), Vec::<String>::new());
}

#[test]
fn consent_is_for_the_commands_and_lasts_until_they_change() {
    let env = place();
    env.repo().write("TASKS.md", TASKS);
    env.windrow(["approve", "--show", "TASKS.md"]).ok().says("run: echo one > one.txt");
    env.windrow(["run", "TASKS.md"]).code(4);
    env.windrow(["approve", "TASKS.md"]).ok().says("run: echo one > one.txt");
    env.windrow(["run", "TASKS.md"]).ok();
    assert_eq!(env.repo().at_revision("main", "one.txt").as_deref(), Some("one\n"));
    // Other words around the same commands need no second consent; another command does.
    env.repo().write("TASKS.md", format!("# A title\n\n{TASKS}\nMore words.\n"));
    env.windrow(["run", "TASKS.md"]).ok();
    env.repo().write("TASKS.md", format!("{TASKS}## Task 2: More\nRun: echo two > two.txt\n"));
    env.windrow(["run", "TASKS.md"]).code(4);
    env.windrow(["run", "TASKS.md", "--approve"]).ok();
    assert_eq!(env.repo().at_revision("main", "two.txt").as_deref(), Some("two\n"));
}

#[test]
fn commands_are_shown_below_their_tasks_in_the_order_of_the_file() {
    let env = place();
    env.repo().write("TASKS.md", "## Task 2: Zebra\nRun: zz\n## Task 1: Ape\nRun: aa\nGate: g\n");
    let shown = env.windrow(["approve", "--show", "TASKS.md"]).ok().out;
    let expected = "  2 Zebra\n    run: zz\n  1 Ape\n    run: aa\n    gate: g\n";
    assert!(shown.ends_with(expected), "{shown}");
    // Tasks that change places need no second consent.
    env.windrow(["approve", "TASKS.md"]).ok();
    env.repo().write("TASKS.md", "## Task 1: Ape\nRun: aa\nGate: g\n## Task 2: Cat\nRun: zz\n");
    let ran = env.windrow(["run", "TASKS.md", "--dry-run"]).ok();
    assert!(!ran.out.contains("Needs consent"), "{ran}");
}

#[test]
fn gates_and_agents_of_the_settings_need_consent_and_typed_gates_do_not() {
    let env = place();
    env.settings("gate = \"true\"\nagent = \"a\"\n[agents.a]\nrun = \"echo a > a.txt\"\n");
    env.repo().write("TASKS.md", TASKS);
    env.windrow(["approve", "TASKS.md"]).ok();
    let ran = env.windrow(["run", "TASKS.md"]).code(4);
    assert!(ran.err.contains("windrow approve windrow.toml"), "{ran}");
    // With a gate that the person typed and no agent at work, nothing of the settings runs.
    env.windrow(["run", "TASKS.md", "--gate", "test -e one.txt"]).ok();
    env.windrow(["task", "add", "Do it"]).ok();
    env.windrow(["run", "--gate", "true"]).code(4);
    env.windrow(["approve", "windrow.toml"]).ok().says("agent a: echo a > a.txt");
    env.windrow(["run", "--gate", "true"]).ok();
    assert_eq!(env.repo().at_revision("main", "a.txt").as_deref(), Some("a\n"));
}

#[test]
fn imported_tasks_need_consent_and_typed_ones_do_not() {
    let env = place();
    env.repo().write("TASKS.md", TASKS);
    env.windrow(["task", "import", "TASKS.md"]).ok();
    env.windrow(["task", "add", "Typed", "--run", "echo t > t.txt"]).ok();
    env.windrow(["run"]).code(4);
    env.windrow(["run", "--only", "t-2"]).ok();
    assert_eq!(env.repo().at_revision("main", "t.txt").as_deref(), Some("t\n"));
    env.windrow(["approve", "TASKS.md"]).ok();
    env.windrow(["run"]).ok();
    assert_eq!(env.repo().at_revision("main", "one.txt").as_deref(), Some("one\n"));
}

#[test]
fn an_import_nobody_approved_leaves_the_commands_of_a_run_as_they_were_approved() {
    let env = place();
    let signs = env.signs();
    let first = format!("## Task 1: Wait\nRun: {}\n", signs.wait_line("go"));
    let agreed = "## Task 2: Mark\nDepends on: 1\nRun: echo agreed > two.txt\nGate: true\n";
    env.repo().write("TASKS.md", format!("{first}{agreed}"));
    env.settings("[agents.other]\nrun = \"echo other > two.txt\"\n");
    let _ran = env.windrow(["run", "TASKS.md", "--approve", "--detach"]).ok();

    let other = "## Task 2: Other words\nDepends on: 1\nRun: echo other > two.txt\nGate: false\n";
    let free = "## Task 3: In no run\nRun: echo three > three.txt\n";
    env.repo().write("TASKS.md", format!("{first}{other}{free}"));
    let _ran = env.windrow(["task", "import", "TASKS.md"]).ok().says("Other words");
    let agent = "## Task 2: Agent words\nDepends on: 1\nAgent: other\n";
    let freed = free.replace("echo three", "echo 3");
    env.repo().write("TASKS.md", format!("{first}{agent}{freed}"));
    let _ran = env.windrow(["task", "import", "TASKS.md"]).ok().says("Agent words");

    let two = shown(&env, "t-2");
    assert_eq!(two.run_line.as_deref(), Some("echo agreed > two.txt"));
    assert_eq!((two.gate.as_deref(), two.agent), (Some("true"), None));
    // What no run took up yet is asked about when one does.
    assert_eq!(shown(&env, "t-3").run_line.as_deref(), Some("echo 3 > three.txt"));
    signs.put("go");
    env.await_run_end();
    assert_eq!(env.repo().at_revision("main", "two.txt").as_deref(), Some("agreed\n"));
}

fn shown(env: &TestEnv, task: &str) -> TaskView {
    match env.ask(&ProjectCall::Task { task: task.parse().unwrap() }) {
        Reply::Task(view) => *view,
        other => panic!("{other:?}"),
    }
}
