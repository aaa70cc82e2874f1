//! Agents as they are configured, with scripts in the place of clients: what they say decides.

use std::os::unix::fs::PermissionsExt as _;

use windrow_api::view::TaskStatus;
use windrow_testkit::TestEnv;

use crate::place::{failures_of, note, place};

const TASKS: &str = "## Task 1: One\n\nDo it.\n";

/// A place with a person whose `claude` is this script, and a task.
fn with_script(script: &str) -> TestEnv {
    let env = place();
    let program = env.root().join("their-claude");
    let text = format!("#!/bin/sh\n{script}\n");
    windrow_world::files::replace(&program, text.as_bytes()).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    persons(&env, &format!("[agents.claude]\nprogram = \"{}\"\n", program.display()));
    env.repo().write("TASKS.md", TASKS);
    let _commit = env.repo().commit("tasks");
    env
}

fn persons(env: &TestEnv, text: &str) {
    let file = env.root().join("config/windrow/config.toml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    windrow_world::files::replace(&file, text.as_bytes()).unwrap();
}

/// The only try of the task, as the run told of it.
fn only_failure(script: &str) -> String {
    let env = with_script(script);
    let _ran = env.windrow(["run", "TASKS.md", "--agent", "claude", "--tries", "1"]).code(3);
    let failures = failures_of(&env, "1");
    assert_eq!(failures.len(), 1);
    failures[0].summary.clone()
}

#[test]
fn o3_a_client_that_failed_is_no_success_whatever_its_status() {
    let said =
        r#"echo '{"type":"result","subtype":"success","is_error":true,"result":"It broke"}'"#;
    let told = only_failure(&format!("cat > /dev/null\necho work > a.txt\n{said}"));
    assert_eq!(told, "the worker failed: It broke");
    let told = only_failure("echo '{\"type\":\"result\", broken'");
    assert!(told.contains("ended without a word on how the turn ended"), "{told}");
    assert_eq!(only_failure("exit 3"), "the worker ended with 3");
}

#[test]
fn o3_what_a_client_writes_to_its_standard_error_is_shown_with_the_failure() {
    let env = with_script("echo 'it will not run as that person' >&2\nexit 1");
    let _ran = env.windrow(["run", "TASKS.md", "--agent", "claude", "--tries", "1"]).code(3);
    let _shown = env.windrow(["show", "t-1"]).ok().says("it will not run as that person");
}

#[test]
fn o3_a_client_that_floods_its_output_still_lands() {
    let end = r#"echo '{"type":"result","subtype":"success","is_error":false}'"#;
    let flood = "head -c 200000000 /dev/zero | tr '\\0' '{'";
    let env = with_script(&format!("cat > /dev/null\n{flood}\necho\necho a > a.txt\n{end}"));
    let _ran = env.windrow(["run", "TASKS.md", "--agent", "claude"]).ok();
    let _row = env.expect_status("1", TaskStatus::Landed);
}

#[test]
fn o3_a_client_finds_a_clean_environment_and_the_brief_as_its_input() {
    let end = r#"echo '{"type":"result","subtype":"success","is_error":false}'"#;
    let env = with_script(&format!("cat > brief\nenv > vars\necho \"$@\" > args\n{end}"));
    let own = std::fs::read_to_string(env.root().join("config/windrow/config.toml")).unwrap();
    let more = "env = { LEVEL = \"high\" }\nsecrets = [\"THE_KEY\"]\nargs = [\"--more\"]\n";
    persons(&env, &(own + more));
    let args = ["run", "TASKS.md", "--agent", "claude"];
    // A secret that nobody gave is missed before anything starts.
    let refused = env.windrow(args).code(1);
    assert!(refused.err.contains("its secret `THE_KEY` has no value"), "{refused}");
    let command = env.command(env.repo().path(), &args);
    let ran = env.finish(command.env("THE_KEY", "sk-of-a-person").env("NOT_NAMED", "x")).ok();
    let written = |name: &str| env.repo().at_revision("main", name).unwrap();
    let vars = written("vars");
    for line in ["THE_KEY=sk-of-a-person", "LEVEL=high", "CLAUDE_CODE_MAX_RETRIES=3"] {
        assert!(vars.lines().any(|var| var == line), "no {line} in {vars}");
    }
    assert!(!vars.contains("NOT_NAMED"), "{vars}");
    let tmp = vars.lines().find_map(|line| line.strip_prefix("TMPDIR=")).unwrap();
    assert!(tmp.ends_with("/jobs/s-1.1/tmp"), "{tmp}");
    assert!(written("brief").contains("Do not merge and do not push"));
    assert!(written("args").contains("--session-id") && written("args").ends_with(" --more\n"));
    // The secret stands in no journal, and in no output.
    assert!(!(ran.out + &ran.err).contains("sk-of-a-person"));
    assert!(!env.windrow(["log", "--format", "jsonl"]).ok().out.contains("sk-of-a-person"));
}

#[test]
fn o3_an_agent_of_the_repository_needs_consent_for_all_that_it_brings() {
    let env = place();
    env.repo().write("TASKS.md", TASKS);
    let agent = "[agents.claude]\nprogram = \"./fake\"\nargs = [\"-x\"]\nenv = { A = \"1\" }\n";
    env.settings(agent);
    let ran = env.windrow(["run", "TASKS.md", "--agent", "claude"]);
    assert!(ran.code != 0, "{ran}");
    let shown = env.windrow(["approve", "--show", "windrow.toml"]).ok();
    for line in
        ["agent claude program: ./fake", "agent claude args: \"-x\"", "agent claude env: A=1"]
    {
        assert!(shown.out.contains(line), "{shown}");
    }
    env.repo().script("fake", "#!/bin/sh\ntouch was-run\n");
    let _refused = env.windrow(["run", "TASKS.md", "--agent", "claude"]).code(4);
    let _approved = env.windrow(["approve", "windrow.toml"]).ok();
    let _listed = env.windrow(["agents"]).ok().says("windrow.toml names its program");
    assert!(!env.repo().file("was-run").exists(), "listing ran what the repository names");
    // Another variable is another content.
    env.settings(&agent.replace("\"1\"", "\"2\""));
    let _refused = env.windrow(["run", "TASKS.md", "--agent", "claude"]).code(4);
}

#[test]
fn o3_agents_are_listed_with_what_is_missing() {
    let env = place();
    let version = |text: &str| format!("#!/bin/sh\necho '{text}'\n");
    env.repo().script("../old", &version("1.0.3 (Claude Code)"));
    env.repo().script("../good", &version("2.1.329 (Claude Code)"));
    let program = |name: &str| env.root().join(name).display().to_string();
    let (old, good) = (program("old"), program("good"));
    persons(
        &env,
        &format!(
            "[agents.claude]\nprogram = \"{old}\"\n[agents.codex]\nprogram = \"/no/such/codex\"\n\
             [agents.good]\nclient = \"claude\"\nprogram = \"{good}\"\nmodel = \"m-1\"\n"
        ),
    );
    let rows = env.windrow(["agents", "--format", "json"]).ok().json();
    let row = |name: &str| rows.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap();
    assert_eq!(row("good")["version"], "2.1.329");
    assert_eq!(row("good")["missing"], serde_json::Value::Null);
    assert_eq!(
        (&row("good")["model"], &row("good")["client"]),
        (&"m-1".into(), &"Claude Code".into())
    );
    assert!(row("claude")["missing"].as_str().unwrap().contains("too old"));
    assert!(row("codex")["missing"].as_str().unwrap().contains("no program `/no/such/codex`"));
    env.repo().write("TASKS.md", TASKS);
    let ran = env.windrow(["run", "TASKS.md", "--agent", "codex"]).code(1);
    assert!(ran.err.contains("npm install -g @openai/codex"), "{ran}");
}

#[test]
fn o3_a_mode_that_is_not_there_is_refused() {
    let env = with_script("exit 1");
    persons(&env, "[agents.claude]\nmode = \"interactive\"\n");
    let ran = env.windrow(["run", "TASKS.md", "--agent", "claude"]).code(1);
    assert!(ran.err.contains("agent `claude` has the mode `interactive`"), "{ran}");
    assert_eq!(env.repo().refs("refs/windrow"), Vec::<String>::new());
}

#[test]
fn o3_children_that_outlive_a_client_end_with_it() {
    let end = r#"echo '{"type":"result","subtype":"success","is_error":false}'"#;
    let orphan = "(setsid sh -c 'sleep 1000 & sleep 1000' &)";
    let env = with_script(&format!("cat > /dev/null\n{orphan}\necho a > a.txt\n{end}"));
    let _ran = env.windrow(["run", "TASKS.md", "--agent", "claude"]).ok();
    let left: Vec<_> =
        env.running().into_iter().filter(|one| one.line.contains("sleep 1000")).collect();
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(note(&env, "1", TaskStatus::Landed), "");
}
