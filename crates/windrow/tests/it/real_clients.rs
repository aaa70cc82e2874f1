//! Real agent clients, from their packages, at work for windrow against a model that is a script.
//!
//! They run with a home, settings and keys of their own; nothing but loopback is reached.

mod ground;

use serde_json::json;
use windrow_api::view::TaskStatus;

use crate::place::{failures_of, landings};
use ground::{Ground, step};

/// Tasks that end in one commit each by the model's own hands, one in changes that it leaves.
fn tasks() -> String {
    let commit = |key: u32, title: &str| {
        format!(
            "echo {key} > {key}.txt && git add -A && git commit -q -m 'feat: {title} by hand' -m 'Refs: TASKS.md#task-{key}'"
        )
    };
    let by_hand = |key: u32, title: &str| {
        ground::script(&json!([
            {"text": "I will.", "tools": [{"do": "bash", "cmd": commit(key, title)}]},
            {"text": "Done."}
        ]))
    };
    let left = ground::script(&json!([
        {"tools": [{"do": "write", "path": "{cwd}/3.txt", "content": "3\n"}]},
        {"text": "Written, not committed."}
    ]));
    format!(
        "## Task 1: One\nType: feat\n\nWrite one. {}\n\n## Task 2: Two\nType: feat\n\nWrite two. {}\n\n\
         ## Task 3: Three\nType: feat\n\nWrite three. {left}\n",
        by_hand(1, "One"),
        by_hand(2, "Two")
    )
}

/// A list of tasks lands, and the model was told what a worker has to know.
fn check_a_list_lands(client: &str, author: &str) {
    let Some(ground) = Ground::with(client) else { return };
    ground.commit_tasks(&tasks());
    let _ran = ground.windrow(&["run", "TASKS.md", "--agent", client, "--pool", "2"]).ok();
    let landed = landings(&ground.env);
    assert_eq!(landed.len(), 3, "{landed:#?}\n{}", ground.transcripts());
    for key in 1..=3 {
        let text = ground.env.repo().at_revision("main", &format!("{key}.txt"));
        assert_eq!(text, Some(format!("{key}\n")));
        let refs = format!("TASKS.md#task-{key}");
        let one = landed.iter().find(|one| one.refs.as_deref() == Some(&refs)).unwrap();
        assert!(one.subject.starts_with("feat: "), "{one:?}");
        assert!(one.message.contains(&format!("Co-Authored-By: {author}")), "{one:?}");
        let told = ground.prompt_with(&format!("({refs})"));
        for part in ["Do not merge and do not push", "on branch `windrow/", &one.subject, &refs] {
            assert!(told.contains(part), "no `{part}` in {told}");
        }
    }
    // What a worker left is committed for it; these two committed themselves.
    let log = ground.env.repo().git(["log", "--format=%s", "main"]);
    for title in ["One", "Two"] {
        let own = format!("feat: {title} by hand");
        assert!(log.lines().any(|subject| subject == own), "no `{own}` in {log}");
    }
    assert!(ground.stub.heard().iter().all(|heard| heard.key == ground::KEY));
    let log = ground.windrow(&["log"]).ok();
    for part in ["(conversation ", " tokens in, "] {
        assert_eq!(log.out.matches(part).count(), 3, "{log}");
    }
    if client == "claude" {
        assert_eq!(log.out.matches("; $0.").count(), 3, "{log}");
    }
}

#[test]
fn o3_a_task_list_lands_by_claude() {
    check_a_list_lands("claude", "Claude <noreply@anthropic.com>");
}

#[test]
fn o3_a_task_list_lands_by_codex() {
    check_a_list_lands("codex", "Codex <noreply@openai.com>");
}

/// A key that is refused ends the only try, soon and by name.
fn check_a_bad_key_is_named(client: &str, most_requests: usize) {
    let Some(ground) = Ground::with(client) else { return };
    let refused =
        json!({"error": {"status": 401, "type": "authentication_error", "message": "no such key"}});
    ground
        .commit_tasks(&format!("## Task 1: One\n\nDo it. {}\n", ground::script(&json!([refused]))));
    let ran = ground.windrow(&["run", "TASKS.md", "--agent", client, "--tries", "1"]).code(3);
    let failures = failures_of(&ground.env, "1");
    assert_eq!(failures.len(), 1, "{ran}");
    let told = &failures[0].summary;
    assert!(told.contains("the key was refused (401)"), "{told}");
    // A client that goes on asking would do it for minutes.
    let asked = ground.stub.heard().len();
    assert!(asked <= most_requests, "the model was asked {asked} times");
}

#[test]
fn o3_a_bad_key_is_named_by_claude() {
    check_a_bad_key_is_named("claude", 4);
}

#[test]
fn o3_a_bad_key_is_named_by_codex() {
    check_a_bad_key_is_named("codex", 4);
}

/// A model that is overloaded for a while is asked again by the client, in the same try.
fn check_an_overload_passes(client: &str) {
    let Some(ground) = Ground::with(client) else { return };
    let busy = json!({"status": 529, "type": "overloaded_error", "message": "busy", "times": 1});
    let write = json!({"do": "write", "path": "{cwd}/1.txt", "content": "1\n"});
    let steps = json!([{"text": "I will.", "tools": [write], "error": busy}, {"text": "Done."}]);
    ground.commit_tasks(&format!("## Task 1: One\n\nDo it. {}\n", ground::script(&steps)));
    let _ran = ground.windrow(&["run", "TASKS.md", "--agent", client, "--tries", "1"]).ok();
    assert_eq!(ground.env.repo().at_revision("main", "1.txt").as_deref(), Some("1\n"));
    assert_eq!(ground.env.task("1").attempt, 1);
}

#[test]
fn o3_an_overload_passes_by_claude() {
    check_an_overload_passes("claude");
}

#[test]
fn o3_an_overload_passes_by_codex() {
    check_an_overload_passes("codex");
}

/// The task's own model goes before the agent's, and one client can be had twice.
fn check_models(client: &str) {
    let Some(ground) = Ground::with(client) else { return };
    ground.twice(client, "fast", "model-of-fast");
    let one = |key: u32, fields: &str| {
        let write =
            json!({"do": "write", "path": format!("{{cwd}}/{key}.txt"), "content": "{model}\n"});
        let script = ground::script(&json!([step(&write), {"text": "Done."}]));
        format!("## Task {key}: T{key}\n{fields}\n\nDo it. {script}\n\n")
    };
    let all = [one(1, ""), one(2, "Model: model-of-task"), one(3, "Agent: fast")].concat();
    ground.commit_tasks(&all);
    let _ran = ground.windrow(&["run", "TASKS.md", "--agent", client]).ok();
    for (key, model) in [(1, ground::MODEL), (2, "model-of-task"), (3, "model-of-fast")] {
        let wrote = ground.env.repo().at_revision("main", &format!("{key}.txt"));
        assert_eq!(wrote, Some(format!("{model}\n")));
    }
}

#[test]
fn o12_models_differ_by_task_and_agent_with_claude() {
    check_models("claude");
}

#[test]
fn o12_models_differ_by_task_and_agent_with_codex() {
    check_models("codex");
}

#[test]
fn o3_a_tool_that_was_not_allowed_is_told() {
    let Some(ground) = Ground::with("claude") else { return };
    let fetch = json!({"do": "tool", "name": "WebFetch",
        "args": {"url": "http://127.0.0.1:1/", "prompt": "what is there?"}});
    let write = json!({"do": "write", "path": "{cwd}/1.txt", "content": "1\n"});
    let script = ground::script(&json!([step(&fetch), step(&write), {"text": "Done."}]));
    ground.commit_tasks(&format!("## Task 1: One\n\nDo it. {script}\n"));
    let _ran = ground.windrow(&["run", "TASKS.md", "--agent", "claude", "--tries", "1"]).ok();
    let _log = ground.windrow(&["log"]).ok().says("was not allowed to use WebFetch");
}

/// A client that is killed in the middle of a command is followed by one that goes on in its
/// conversation.
fn check_a_killed_one_goes_on(client: &str) {
    let Some(ground) = Ground::with(client) else { return };
    let signs = ground.env.signs();
    let once = signs.path("once").display().to_string();
    let wait = format!("test -e {once} || {{ touch {once}; sleep 1000; }}");
    let wait = json!({"do": "bash", "cmd": wait});
    let write = json!({"do": "write", "path": "{cwd}/1.txt", "content": "1\n"});
    let script = ground::script(&json!([step(&write), step(&wait), {"text": "Done."}]));
    ground.commit_tasks(&format!("## Task 1: One\n\nDo it. {script}\n"));
    let _run = ground.windrow(&["run", "TASKS.md", "--agent", client, "--detach"]).ok();
    signs.wait("once");
    ground.kill_client();
    ground.env.await_run_end();
    let row = ground.env.expect_status("1", TaskStatus::Landed);
    assert_eq!(row.attempt, 1, "being killed is no failed try");
    let heard = ground.stub.heard();
    let scripts: Vec<usize> = heard.iter().map(|heard| heard.scripts).collect();
    assert_eq!(scripts.iter().max(), Some(&2), "{scripts:?}");
}

#[test]
fn o3_a_killed_claude_goes_on_in_its_conversation() {
    check_a_killed_one_goes_on("claude");
}

#[test]
fn o3_a_killed_codex_goes_on_in_its_conversation() {
    check_a_killed_one_goes_on("codex");
}

/// A turn that ended with a question goes on in its conversation when the answer is there.
fn check_a_question_is_answered(client: &str) {
    let Some(ground) = Ground::with(client) else { return };
    // Named as the brief names it: a client's shell may have a `PATH` of its own.
    let exe = env!("CARGO_BIN_EXE_windrow");
    let half =
        format!("echo half > half.txt; {exe} ask 'Which colour?' --option red --option blue");
    let ask = json!({"do": "bash", "cmd": half});
    let script = ground::script(&json!([step(&ask), {"text": "I wait for the answer."}]));
    ground.commit_tasks(&format!("## Task 1: One\n\nDo it. {script}\n"));
    let args = ["run", "TASKS.md", "--agent", client, "--tries", "1", "--detach"];
    let _run = ground.windrow(&args).ok();
    let _asked = ground.windrow(&["wait", "t-1", "--for", "waiting"]).ok();
    ground.env.await_run(|run| run.sessions.iter().any(|row| row.status == "waiting"));
    assert_eq!(ground.env.task("1").status, TaskStatus::Working, "nothing landed");
    let write = json!({"do": "bash", "cmd": "echo blue > colour.txt"});
    let then = ground::script(&json!([step(&write), {"text": "Done."}]));
    let _answered = ground.windrow(&["answer", "t-1", &format!("Blue, please. {then}")]).ok();
    ground.env.await_run_end();
    let row = ground.env.expect_status("1", TaskStatus::Landed);
    assert_eq!(row.attempt, 1);
    let at = |name: &str| ground.env.repo().at_revision("main", name);
    assert_eq!(at("half.txt").as_deref(), Some("half\n"), "{}", ground.transcripts());
    assert_eq!(at("colour.txt").as_deref(), Some("blue\n"));
    // The model got the answer in the conversation in which it asked, once, and marked as a text.
    assert!(ground.prompt_with("TASKS.md#task-1").contains(&format!("finds it as `{exe}`")));
    let told = ground.prompt_with("Blue, please.");
    assert!(told.starts_with("The person's word:"), "{told}");
    assert!(told.contains("answer to m-1 (Which colour?)") && told.contains("```text\n"), "{told}");
    let scripts = ground.stub.heard().iter().map(|heard| heard.scripts).max();
    assert_eq!(scripts, Some(2));
    let _shown = ground.windrow(&["explain", "s-1"]).ok().says("m-2 answer to m-1, seen");
}

#[test]
fn p7_a_question_of_claude_is_answered() {
    check_a_question_is_answered("claude");
}

#[test]
fn p7_a_question_of_codex_is_answered() {
    check_a_question_is_answered("codex");
}

/// A client that cannot be told anything while it works goes on with it at the end of its turn.
#[test]
fn h14_a_message_to_a_codex_at_work_is_the_prompt_of_its_next_turn() {
    let Some(ground) = Ground::with("codex") else { return };
    tell_at_work(&ground, "codex");
    let at = |name: &str| ground.env.repo().at_revision("main", name);
    assert_eq!(at("one.txt").as_deref(), Some("one\n"), "{}", ground.transcripts());
    assert_eq!(at("two.txt").as_deref(), Some("two\n"), "{}", ground.transcripts());
    assert_eq!(delivered(&ground), ("seen".to_owned(), "prompt".to_owned(), 2));
}

/// Claude Code gets a message with the answer to its report of a tool that is done.
#[test]
fn h14_a_message_to_a_claude_at_work_is_given_while_it_works() {
    let Some(ground) = Ground::with("claude") else { return };
    tell_at_work(&ground, "claude");
    assert_eq!(delivered(&ground), ("seen".to_owned(), "hook".to_owned(), 1));
    assert!(ground.stub.was_told("Also two, please."), "{}", ground.transcripts());
}

/// Tells a client something while a tool of its runs, and lets it come to its end.
fn tell_at_work(ground: &Ground, client: &str) {
    let signs = ground.env.signs();
    let wait = format!("{}; {}", signs.put_line("up"), signs.wait_line("go"));
    let wait = json!({"do": "bash", "cmd": wait});
    let write = json!({"do": "bash", "cmd": "echo one > one.txt"});
    let script = ground::script(&json!([step(&wait), step(&write), {"text": "Done."}]));
    ground.commit_tasks(&format!("## Task 1: One\n\nDo it. {script}\n"));
    let args = ["run", "TASKS.md", "--agent", client, "--tries", "1", "--detach"];
    let _run = ground.windrow(&args).ok();
    signs.wait("up");
    let more = json!({"do": "bash", "cmd": "echo two > two.txt"});
    let then = ground::script(&json!([step(&more), {"text": "Done."}]));
    let _told = ground.windrow(&["tell", "t-1", &format!("Also two, please. {then}")]).ok();
    signs.put("go");
    ground.env.await_run_end();
    ground.env.expect_status("1", TaskStatus::Landed);
}

/// How far the first message came, by which way, and how many processes that took.
fn delivered(ground: &Ground) -> (String, String, u64) {
    let shown = ground.windrow(&["explain", "s-1", "--format", "json"]).ok().json();
    let word = |name: &str| shown["talk"][0][name].as_str().unwrap_or_default().to_owned();
    (word("state"), word("by"), shown["session"]["generation"].as_u64().unwrap())
}

/// A long tool call says nothing and is work all the same: the client reports it.
#[test]
fn h10_what_claude_is_at_rests_on_its_own_report() {
    let Some(ground) = Ground::with("claude") else { return };
    let signs = ground.env.signs();
    let wait = format!("{}; {}", signs.put_line("up"), signs.wait_line("go"));
    let script =
        ground::script(&json!([step(&json!({"do": "bash", "cmd": wait})), {"text": "Done."}]));
    ground.commit_tasks(&format!("## Task 1: One\n\nDo it. {script}\n"));
    let args = ["run", "TASKS.md", "--agent", "claude", "--tries", "1", "--detach"];
    let _run = ground.windrow(&args).ok();
    signs.wait("up");
    let shown = ground.windrow(&["explain", "s-1", "--format", "json"]).ok().json();
    let activity = &shown["session"]["activity"];
    assert_eq!(
        (&activity["word"], &activity["evidence"], &activity["source"]),
        (&"working".into(), &"it uses Bash".into(), &"hook".into())
    );
    // The token lies in a file for the person alone, and in no command line or log.
    let find = windrow_world::cmd::Cmd::new("find")
        .args(["projects", "-name", "settings.json", "-perm", "0600"])
        .dir(ground.env.state());
    let found = String::from_utf8_lossy(&find.success().unwrap()).into_owned();
    let path = ground.env.state().join(found.trim());
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{found}: {error}"));
    let (_, token) = text.split_once("Bearer ").unwrap();
    let token = token.split('"').next().unwrap();
    assert!(token.len() > 30, "{text}");
    assert!(ground.env.running().iter().all(|one| !one.line.contains(token)));
    signs.put("go");
    ground.env.await_run_end();
}

/// A tool that would be refused is the person's to allow, where the settings say so.
#[test]
fn p7_a_permission_that_claude_wants_is_the_persons_to_give() {
    let Some(ground) = Ground::with("claude") else { return };
    ground.also("permissions = \"ask\"\n");
    let fetch = json!({"do": "tool", "name": "WebFetch",
        "args": {"url": "http://127.0.0.1:1/", "prompt": "what is there?"}});
    let write = json!({"do": "write", "path": "{cwd}/1.txt", "content": "1\n"});
    let script =
        ground::script(&json!([step(&fetch), step(&fetch), step(&write), {"text": "Done."}]));
    ground.commit_tasks(&format!("## Task 1: One\n\nDo it. {script}\n"));
    let args = ["run", "TASKS.md", "--agent", "claude", "--tries", "1", "--detach"];
    let _run = ground.windrow(&args).ok();
    let wait = ["wait", "t-1", "--for", "permission"];
    let _wants = ground.windrow(&wait).ok();
    let next = ground.windrow(&["next", "--format", "json"]).ok().json();
    assert_eq!(next["activity"]["word"], "waiting for permission");
    assert_eq!(next["activity"]["evidence"], "it asked m-1: May it use WebFetch?");
    let _allowed = ground.windrow(&["answer", "t-1", "allow"]).ok();
    // The same again is another question, and the answer may be another.
    let again = |row: &windrow_api::view::SessionRow| {
        let question = row.activity.as_ref().and_then(|activity| activity.question.as_ref());
        question.is_some_and(|question| question.id == "m-3")
    };
    ground.env.await_run(|run| run.sessions.iter().any(again));
    let _denied = ground.windrow(&["answer", "t-1", "not today"]).ok();
    ground.env.await_run_end();
    ground.env.expect_status("1", TaskStatus::Landed);
    assert!(ground.stub.was_told("not today"), "{}", ground.transcripts());
    let log = ground.windrow(&["log"]).ok().out;
    // The one that was allowed is no denial.
    assert_eq!(log.matches("May it use WebFetch?").count(), 2, "{log}");
    let _shown = ground.windrow(&["explain", "s-1"]).ok().says("m-2 answer to m-1, seen");
}

/// A report that reaches nobody does not stop a client.
#[test]
fn h10_claude_goes_on_when_its_reports_reach_nobody() {
    let Some(ground) = Ground::with("claude") else { return };
    let signs = ground.env.signs();
    let wait = format!("{}; {}", signs.put_line("up"), signs.wait_line("go"));
    let write = json!({"do": "bash", "cmd": "echo one > one.txt"});
    let wait = json!({"do": "bash", "cmd": wait});
    let script = ground::script(&json!([step(&wait), step(&write), {"text": "Done."}]));
    ground.commit_tasks(&format!("## Task 1: One\n\nDo it. {script}\n"));
    let args = ["run", "TASKS.md", "--agent", "claude", "--tries", "1", "--detach"];
    let _run = ground.windrow(&args).ok();
    signs.wait("up");
    ground.env.stop_daemon();
    signs.put("go");
    windrow_testkit::wait_until("the client ends by itself", || {
        ground.env.playing(windrow_testkit::Role::Worker).is_empty()
    });
    let _back = ground.windrow(&["status"]).ok();
    ground.env.await_run_end();
    let row = ground.env.expect_status("1", TaskStatus::Landed);
    assert_eq!(row.attempt, 1);
    assert_eq!(ground.env.repo().at_revision("main", "one.txt").as_deref(), Some("one\n"));
}
