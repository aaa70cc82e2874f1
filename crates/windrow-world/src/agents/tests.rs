use std::path::Path;

use super::*;

fn client(name: &str) -> &'static dyn Client {
    find(name).expect("a known client")
}

fn told(name: &str, output: &str) -> Told {
    read(client(name), output.as_bytes()).expect("readable")
}

/// What the pinned client said, recorded against a scripted model.
macro_rules! recorded {
    ($client:literal, $name:literal) => {
        told($client, include_str!(concat!("../../tests/clients/", $client, "/", $name, ".jsonl")))
    };
}

fn turn<'a>(begin: Begin<'a>, args: &'a [String]) -> Turn<'a> {
    Turn { program: "/opt/client", args, model: Some("m-1"), begin, settings: None, folders: &[] }
}

fn failed(told: &Told) -> &str {
    match &told.end {
        Some(End::Failed(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_turn_of_claude_is_read() {
    let told = recorded!("claude", "turn");
    assert_eq!(told.end, Some(End::Well));
    let name = told.conversation.as_deref();
    assert_eq!(name, Some("0b9c2f4e-0000-4000-8000-000000000001"));
    assert_eq!((told.said.as_deref(), told.is_begun), (Some("Done."), true));
    assert_eq!(told.cost, Some(0.153_364));
    assert_eq!((told.input_tokens, told.output_tokens), (38_116, 45));
    assert_eq!((told.retries, told.denied.len(), told.broken), (0, 0, 0));
    assert!(told.unknown.is_empty(), "{:?}", told.unknown);
}

#[test]
fn a_turn_of_codex_is_read() {
    let told = recorded!("codex", "turn");
    assert_eq!(told.end, Some(End::Well));
    assert!(told.conversation.as_ref().is_some_and(|name| name.len() == 36));
    assert_eq!((told.said.as_deref(), told.is_begun), (Some("Done."), true));
    assert_eq!((told.cost, told.input_tokens, told.output_tokens), (None, 32_476, 40));
    // That it does not know the model is a remark.
    assert!(told.unknown.is_empty() && told.refusal.is_none(), "{told:?}");
}

#[test]
fn a_key_that_is_refused_is_named() {
    let claude = recorded!("claude", "bad-key");
    let said = "the key was refused (401): Failed to authenticate. API Error: 401 no such key";
    assert_eq!(failed(&claude), said);
    assert_eq!((claude.retries, claude.is_begun), (3, false));
    let codex = recorded!("codex", "bad-key");
    assert_eq!(failed(&codex), "the key was refused (401): no such key");
    assert_eq!((codex.retries, codex.is_begun), (2, false));
}

#[test]
fn a_model_that_could_not_answer_for_a_while_is_no_failure() {
    let claude = recorded!("claude", "overload");
    assert_eq!((claude.end.as_ref(), claude.retries), (Some(&End::Well), 1));
    let said = "the last time the model's service is overloaded (529).";
    assert!(claude.summary().contains(said), "{}", claude.summary());
    let codex = recorded!("codex", "limit");
    assert_eq!((codex.end.as_ref(), codex.retries), (Some(&End::Well), 1));
    let said = "asked again once; the last time the limit of requests was reached (429)";
    assert!(codex.summary().contains(said), "{}", codex.summary());
}

#[test]
fn a_tool_that_was_not_allowed_is_told_once() {
    let told = recorded!("claude", "denied");
    assert_eq!(
        (told.end.as_ref(), &*told.denied),
        (Some(&End::Well), &["WebFetch".to_owned()][..])
    );
    assert!(told.summary().ends_with("{\"model\":\"stub-model\",\"query_source\":\"sdk\"}"));
    assert!(told.summary().contains("It was not allowed to use: WebFetch."));
}

#[test]
fn an_end_is_what_the_client_says_and_not_only_its_kind() {
    let end = |more: &str| {
        told("claude", &format!("{{\"type\":\"result\",\"result\":\"Hm\",{more}}}")).end
    };
    let failed = |why: &str| Some(End::Failed(why.to_owned()));
    assert_eq!(end("\"subtype\":\"success\",\"is_error\":true"), failed("Hm"));
    assert_eq!(end("\"subtype\":\"error_max_turns\""), failed("it used up the turns it had"));
    assert_eq!(end("\"subtype\":\"error_during_execution\""), Some(End::Interrupted));
    assert_eq!(end("\"subtype\":\"error_new\""), failed("error_new: Hm"));
    let codex =
        told("codex", "{\"type\":\"turn.failed\",\"error\":{\"message\":\"stream ended\"}}");
    assert_eq!(codex.end, failed("stream ended"));
}

#[test]
fn what_the_person_says_stands_behind_what_windrow_says() {
    let args = ["--max-turns".to_owned(), "3".to_owned()];
    for known in ALL {
        let argv = known.headless(&turn(Begin::New("id-1"), &args));
        assert_eq!(argv[0], "/opt/client");
        let at = argv.iter().position(|word| word == "--max-turns").expect("theirs");
        let model = argv.iter().position(|word| word == "m-1").expect("the model");
        assert!(model < at, "{argv:?}");
    }
}

#[test]
fn a_conversation_is_begun_or_taken_up() {
    let line = |name: &str, begin| client(name).headless(&turn(begin, &[])).join(" ");
    assert!(line("claude", Begin::New("id-1")).contains(" --session-id id-1 "));
    assert!(line("claude", Begin::Resume("id-1")).contains(" --resume id-1 "));
    assert!(!line("codex", Begin::New("id-1")).contains("id-1"), "it names them itself");
    assert!(line("codex", Begin::Resume("id-1")).ends_with(" resume id-1 -"));
}

#[test]
fn folders_beside_the_worktree_are_named() {
    let turn = Turn { folders: &[Path::new("/out")], ..turn(Begin::New("i"), &[]) };
    for known in ALL {
        let line = known.headless(&turn).join(" ");
        assert!(line.contains(" --add-dir /out "), "{line}");
    }
}

#[test]
fn codex_is_started_without_the_sandbox_that_workers_would_break_for_each_other() {
    let args = ["-s".to_owned(), "workspace-write".to_owned()];
    let line = client("codex").headless(&turn(Begin::New("i"), &args)).join(" ");
    assert!(line.contains(" -c sandbox_mode=\"danger-full-access\" "), "{line}");
    assert!(line.ends_with(" -s workspace-write -"), "{line}");
}

#[test]
fn a_new_conversation_has_a_name_that_clients_take() {
    let name = new_conversation("s-1 1");
    assert_eq!(name, new_conversation("s-1 1"));
    assert_ne!(name, new_conversation("s-1 2"));
    let parts: Vec<usize> = name.split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12]);
    assert!(name[14..].starts_with('4') && "89ab".contains(&name[19..20]), "{name}");
}

#[test]
fn versions_are_found_in_what_clients_say() {
    assert_eq!(Version::in_text("2.1.329 (Claude Code)\n"), Some(Version(2, 1, 329)));
    assert_eq!(Version::in_text("codex-cli 0.169.0"), Some(Version(0, 169, 0)));
    assert_eq!(Version::in_text("v1.2.3-beta"), Some(Version(1, 2, 3)));
    assert_eq!(Version::in_text("what?"), None);
    assert!(Version(0, 169, 0) > Version(0, 99, 9));
}

#[test]
fn what_is_no_event_is_kept_and_what_is_unknown_is_named() {
    let output = "warning: slow\n{\"type\":\"new_thing\"}\n{\"type\":\"new_thing\"}\n{\"type\": broken\n\n\
        {\"type\":\"system\",\"subtype\":\"new_part\"}\nlast line";
    let told = told("claude", output);
    assert_eq!(told.beside, ["warning: slow", "last line"]);
    let unknown: Vec<_> = told.unknown.iter().map(|(kind, count)| (&**kind, *count)).collect();
    assert_eq!(unknown, [("new_thing", 2), ("system/new_part", 1)]);
    assert_eq!((told.broken, told.end), (1, None));
}

#[test]
fn a_flood_is_read_without_being_kept() {
    let mut output = "x\n".repeat(10_000);
    output.extend((0..1_000).map(|kind| format!("{{\"type\":\"kind-{kind}\"}}\n")));
    output.push_str(&"y".repeat(5_000));
    let told = told("codex", &output);
    assert!(told.beside.len() <= 20 && told.unknown.len() <= 100, "{told:?}");
    assert!(told.beside.iter().all(|line| line.len() <= 1_000));
}

#[test]
fn a_line_that_never_ends_hides_nothing_behind_it() {
    struct Endless(usize);
    impl std::io::Read for Endless {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            let some = to.len().min(self.0);
            to[..some].fill(b'{');
            self.0 -= some;
            Ok(some)
        }
    }
    let end = "\n{\"type\":\"turn.completed\",\"usage\":{\"output_tokens\":7}}\n";
    let output = std::io::Read::chain(Endless(70 << 20), end.as_bytes());
    let told = read(client("codex"), std::io::BufReader::new(output)).expect("readable");
    assert_eq!((told.broken, told.output_tokens), (1, 7));
}
