use windrow_core::spec::AgentCommand;

use super::*;

fn read(text: &str) -> Result<ProjectConfig, CliError> {
    let config: ProjectConfig = toml_file::parse(FILE, text)?;
    config.check(FILE)?;
    Ok(config)
}

fn check_error(text: &str, message: &str, hint: Option<&str>) {
    let error = read(text).expect_err(text);
    assert_eq!(error.message, message);
    assert_eq!(error.hints.first().map(String::as_str), hint, "{text}");
}

#[test]
fn every_setting_is_read() {
    let config = read(
        r#"
gates = ["cargo fmt --check", "cargo test"]
agent = "tester"
pool = 6
branch = "trunk"
leftovers = "refuse"
tries = 2
hold = true
ports = [3000, 5432]
precious = [".env.local"]
caches = ["target/"]
worktrees = "/trees/{project}"
worktree-names = "task"

[limits]
silence = "10m"
time = "1h"
gate = "90s"
grace = "2s"

[target]
busy = "ahead"

[agents.tester]
command = ["my-agent", "--quiet"]
co-author = "My Agent <agent@example.org>"

[agents.line]
run = "echo hi"
"#,
    )
    .expect("readable");
    assert_eq!(config.gates(), ["cargo fmt --check", "cargo test"]);
    assert_eq!(config.limits.silence, Some(600_000));
    assert_eq!(config.limits.gate, Some(90_000));
    assert_eq!(config.leftovers, Leftovers::Refuse);
    assert_eq!(config.worktree_names, TreeNames::Task);
    assert_eq!(config.target.busy, WhenBusy::Ahead);
    let agents = agents::resolved(FILE, &config.agents).expect("resolved");
    let argv = AgentCommand::Argv(vec!["my-agent".to_owned(), "--quiet".to_owned()]);
    assert_eq!(agents["tester"].command, argv);
    assert_eq!(agents["line"].command, AgentCommand::Shell("echo hi".to_owned()));
    let trees = config.worktrees(Path::new("/src/app"), "app").expect("outside");
    assert_eq!(trees, Path::new("/trees/app"));
}

#[test]
fn an_empty_file_leaves_everything_to_the_defaults() {
    let config = read("").expect("readable");
    assert_eq!(config, ProjectConfig::default());
    let trees = config.worktrees(Path::new("/src/app"), "app").expect("outside");
    assert_eq!(trees, Path::new("/src/app-worktrees"));
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest_one() {
    check_error(
        "pool = 2\ngat = \"x\"\n",
        "windrow.toml:2:1: there is no setting `gat` here",
        Some("write `gate`?"),
    );
    check_error(
        "[agents.a]\ncomand = [\"x\"]\n",
        "windrow.toml:2:1: there is no setting `comand` here",
        Some("write `command`?"),
    );
    check_error(
        "[limits]\nzebra = \"1m\"\n",
        "windrow.toml:2:1: there is no setting `zebra` here",
        Some("settings here: silence, time, gate, grace"),
    );
    check_error(
        "[target]\nbussy = \"ahead\"\n",
        "windrow.toml:2:1: there is no setting `bussy` here",
        Some("write `busy`?"),
    );
}

#[test]
fn a_wrong_value_is_named_with_its_place() {
    let error = read("[limits]\ntime = \"soon\"\n").expect_err("no span");
    assert!(error.message.starts_with("windrow.toml:2:8: `soon` is no span of time"), "{error:?}");
    let error = read("pool = \"many\"\n").expect_err("no number");
    assert!(error.message.starts_with("windrow.toml:1:8: "), "{error:?}");
    let error = read("[target]\nbusy = \"later\"\n").expect_err("no such word");
    assert!(error.message.starts_with("windrow.toml:2:8: "), "{error:?}");
    assert!(error.message.contains("`wait` or `ahead`"), "{error:?}");
}

#[test]
fn contradictions_are_refused() {
    for (text, part) in [
        ("gate = \"a\"\ngates = [\"b\"]\n", "keep one of them"),
        ("gate = \" \"\n", "a gate is empty"),
        ("agent = \"nobody\"\n", "there is no `[agents.nobody]`"),
        ("[agents.a]\n", "neither `command` nor `run`"),
        ("[agents.a]\ncommand = [\"x\"]\nrun = \"y\"\n", "both `command` and `run`"),
        ("[agents.a]\nclient = \"claude\"\nsecrets = [\"KEY\"]\n", "only a person's own settings"),
        ("[agents.a]\ncommand = []\n", "empty `command`"),
        ("[agents.a]\nrun = \"y\"\nco-author = \"someone\"\n", "no `Name <mail>`"),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.message.contains(part), "{text}: {error:?}");
    }
}

#[test]
fn worktrees_do_not_lie_inside_of_the_repository() {
    let config = read("worktrees = \"./trees\"\n").expect("readable");
    assert!(config.worktrees(Path::new("/src/app"), "app").is_err());
    let config = read("worktrees = \"../app/trees\"\n").expect("readable");
    assert!(config.worktrees(Path::new("/src/app"), "app").is_err());
}
