use super::*;

fn tables(text: &str) -> AgentTables {
    toml::from_str(text).expect("readable")
}

/// What the project and the person say, as a run takes it.
fn both(project: &str, person: &str) -> Result<BTreeMap<String, AgentSpec>, CliError> {
    let all = above(above(built_in(), &tables(project)), &tables(person));
    resolved("settings", &all)
}

fn argv(words: &[&str]) -> AgentCommand {
    AgentCommand::Argv(words.iter().map(|word| (*word).to_owned()).collect())
}

#[test]
fn known_clients_are_there_without_being_written_down() {
    let all = both("", "").expect("resolved");
    let names: Vec<&str> = all.keys().map(String::as_str).collect();
    assert_eq!(names, ["claude", "codex"]);
    assert_eq!(all["claude"].command, argv(&["claude"]));
    assert_eq!(all["claude"].client.as_deref(), Some("claude"));
    assert!(all["codex"].co_author.as_ref().is_some_and(|author| author.starts_with("Codex <")));
}

#[test]
fn what_the_person_says_stands_above_what_the_project_says() {
    let project = "[claude]\nmodel = \"small\"\nargs = [\"-x\"]\nenv = { A = \"1\", B = \"1\" }\n";
    let person = "[claude]\nprogram = \"/opt/claude\"\nenv = { B = \"2\" }\nsecrets = [\"KEY\"]\n";
    let claude = &both(project, person).expect("resolved")["claude"];
    assert_eq!(claude.command, argv(&["/opt/claude", "-x"]));
    assert_eq!(claude.model.as_deref(), Some("small"));
    let env: Vec<_> = claude.env.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(env, [("A", "1"), ("B", "2")]);
    assert!(claude.secrets.contains("KEY"));
}

#[test]
fn one_client_can_be_had_twice() {
    let all = both("[fast]\nclient = \"claude\"\nmodel = \"small\"\n", "").expect("resolved");
    assert_eq!(all["fast"].client.as_deref(), Some("claude"));
    assert_eq!((all["fast"].model.as_deref(), &all["claude"].model), (Some("small"), &None));
}

#[test]
fn whoever_says_what_is_started_says_it_whole() {
    let plain = &both("[claude]\nrun = \"my-claude\"\n", "").expect("resolved")["claude"];
    assert_eq!(*plain, AgentSpec::of(AgentCommand::Shell("my-claude".to_owned())));
    let back = both("[a]\nrun = \"x\"\n", "[a]\nclient = \"codex\"\n").expect("resolved");
    assert_eq!(back["a"].command, argv(&["codex"]));
    let program = both("[a]\nrun = \"x\"\n", "[a]\nprogram = \"y\"\nargs = [\"z\"]\n");
    assert_eq!(program.expect("resolved")["a"].command, argv(&["y", "z"]));
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (text, part) in [
        ("[a]\n", "neither `command` nor `run`"),
        ("[a]\ncommand = [\"x\"]\nrun = \"y\"\n", "both `command` and `run`"),
        ("[a]\nclient = \"claude\"\nrun = \"y\"\n", "both `run` and `client` or `program`"),
        ("[a]\nclient = \"claud\"\n", "client `claud`, which is not known"),
        ("[a]\nprogram = \"x\"\nmodel = \"m\"\n", "no `client` that could be told"),
        ("[a]\nrun = \"x\"\nargs = [\"y\"]\n", "`args` beside a whole command"),
        ("[claude]\nmode = \"interactive\"\n", "only \"headless\" is there so far"),
        ("[claude]\npermissions = \"allow\"\n", "write \"deny\" or \"ask\""),
        ("[codex]\npermissions = \"ask\"\n", "only \"claude\" does"),
        ("[claude]\nenv = { \"A=B\" = \"1\" }\n", "variable `A=B`"),
        ("[claude]\nsecrets = [\"1A\"]\n", "variable `1A`"),
        ("[claude]\nprogram = \" \"\n", "empty `program`"),
    ] {
        let error = both(text, "").expect_err(text);
        assert!(error.message.contains(part), "{text}: {error:?}");
    }
    let error = both("[a]\nclient = \"claud\"\n", "").expect_err("no such client");
    assert_eq!(error.hints, ["write `claude`?"]);
}

#[test]
fn everything_that_would_run_or_be_handed_over_needs_consent() {
    let text = "[a]\nclient = \"claude\"\nprogram = \"p\"\nargs = [\"b c\"]\nmodel = \"m\"\n\
        env = { A = \"1\" }\nmode = \"headless\"\nco-author = \"A <a@b>\"\n";
    let said: Vec<String> =
        tables(text)["a"].commands().iter().map(|(word, line)| format!("{word}: {line}")).collect();
    let expected = [" client: claude", " program: p", " args: \"b c\"", " env: A=1", " model: m"];
    assert_eq!(said, expected);
}
