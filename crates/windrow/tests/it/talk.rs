//! A worker asks, the person answers, the worker goes on; and who needs a person is named.

use serde_json::Value;
use windrow_api::view::{SessionRow, TaskStatus};
use windrow_testkit::{TaskList, TestEnv, wait_until};

use crate::place::{commit_list, failures_of, place};
use crate::schemas::expect_form;

/// Starts a run of tasks with these lines that goes on without a terminal.
#[track_caller]
fn begin(env: &TestEnv, lines: &[&str], args: &[&str]) {
    let list = lines.iter().fold(TaskList::new(), |list, line| list.task("Do", line, &[]));
    let _commit = commit_list(env, &list);
    let args = [&["run", "TASKS.md", "--approve", "--detach"], args].concat();
    let _ran = env.windrow(args).ok();
}

/// The worker on that task, once it waits for an answer.
#[track_caller]
fn waiting(env: &TestEnv, task: &str) -> SessionRow {
    let _ran = env.windrow(["wait", task, "--for", "waiting"]).ok();
    let found = env.sessions().into_iter().find(|row| row.task == task);
    found.unwrap()
}

/// What was said, with how far it came.
fn talk(env: &TestEnv, name: &str) -> Vec<(String, String, String)> {
    let said = env.windrow(["explain", name, "--format", "json"]).ok().json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let talk = said["talk"].as_array().unwrap().iter();
    talk.map(|one| (text(&one["kind"]), text(&one["text"]), text(&one["state"]))).collect()
}

fn said(kind: &str, text: &str, state: &str) -> (String, String, String) {
    (kind.to_owned(), text.to_owned(), state.to_owned())
}

#[test]
fn p7_a_worker_waits_for_the_answer_and_goes_on_with_it() {
    let env = place();
    let ask =
        "windrow ask 'Which colour?' --option red --option blue --context 'for the door' --wait";
    begin(&env, &[&format!("{ask} > colour.txt")], &[]);
    let row = waiting(&env, "t-1");
    let activity = row.activity.unwrap();
    assert_eq!(activity.evidence, "it asked m-1: Which colour?");
    assert!(activity.needs_person);
    // A number is one of the choices.
    let _answered = env.windrow(["answer", &row.name, "2"]).ok().says("the answer to m-1");
    env.await_run_end();
    env.expect_status("1", TaskStatus::Landed);
    assert_eq!(env.repo().at_revision("main", "colour.txt").as_deref(), Some("blue\n"));
    let asked = said("question", "Which colour?\n\nfor the door", "answered");
    assert_eq!(talk(&env, "s-1"), [asked, said("answer", "blue", "seen")]);
    let log = env.windrow(["log", "--format", "jsonl"]).ok().out;
    let actors = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let asked = actors.into_iter().find(|one| one["kind"] == "question_asked").unwrap();
    assert_eq!(asked["actor"], "worker");
}

#[test]
fn p7_an_answer_comes_through_although_the_daemon_was_killed_meanwhile() {
    let env = place();
    begin(&env, &["windrow ask 'Which?' --wait > answer.txt"], &[]);
    let row = waiting(&env, "t-1");
    for _ in 0..2 {
        assert!(env.kill_daemon());
        // Answered by the one that a keeper or the guard brings back.
        let _run = env.run();
    }
    let _answered = env.windrow(["answer", &row.id, "this", "one"]).ok();
    env.await_run_end();
    assert_eq!(env.repo().at_revision("main", "answer.txt").as_deref(), Some("this one\n"));
    assert_eq!(talk(&env, "s-1")[1], said("answer", "this one", "seen"));
}

#[test]
fn p7_a_command_that_ended_with_a_question_begins_again_with_the_answer() {
    let env = place();
    // What it wrote before it asked is still there, and asking again asks nobody.
    let first = "test -e half.txt || { echo half > half.txt; windrow ask 'Which?'; exit 9; }";
    let then = "windrow ask 'Which?' > whole.txt && cp $WINDROW_BRIEF brief.txt";
    begin(&env, &[&format!("{first}; {then}"), "echo two > two.txt"], &["--pool", "1"]);
    let row = waiting(&env, "t-1");
    wait_until("the slot is free for the other", || env.task("2").status == TaskStatus::Landed);
    assert_eq!(env.task("1").status, TaskStatus::Working);
    assert_eq!(env.sessions()[0].status, "waiting");
    let run = env.try_run().unwrap();
    assert_eq!((run.row.phase.as_str(), run.row.busy), ("active", 0));
    let asks = format!("{0} asks m-1: Which?; `windrow answer {0} TEXT` answers", row.name);
    assert_eq!(run.troubles, [asks]);
    let _answered = env.windrow(["answer", &row.name, "this"]).ok().says("goes on with it");
    env.await_run_end();
    env.expect_status("1", TaskStatus::Landed);
    assert_eq!(failures_of(&env, "1"), []);
    let at = |name: &str| env.repo().at_revision("main", name).unwrap();
    assert_eq!((at("half.txt"), at("whole.txt")), ("half\n".to_owned(), "this\n".to_owned()));
    let brief = at("brief.txt");
    assert!(brief.contains("## What was said") && brief.contains("```text\nthis\n```"), "{brief}");
}

#[test]
fn p7_a_worker_that_waits_is_not_silent() {
    let env = place();
    env.settings("[limits]\nsilence = \"1s\"\ngrace = \"100ms\"\n");
    begin(&env, &["windrow ask 'Which?' --wait > answer.txt"], &["--tries", "1"]);
    let row = waiting(&env, "t-1");
    // As long as a silent worker would live three times over.
    let asked = env.windrow(["wait", &row.name, "--for", "exited", "--timeout", "3s"]).code(3);
    assert!(asked.err.contains("did not come to that in time"), "{asked}");
    let _answered = env.windrow(["answer", &row.name, "this"]).ok();
    env.await_run_end();
    env.expect_status("1", TaskStatus::Landed);
}

#[test]
fn p7_a_worker_of_an_old_generation_is_refused() {
    let env = place();
    let signs = env.signs();
    let line = format!(
        "env > {}; {}; {}",
        signs.path("vars-$WINDROW_GENERATION").display(),
        signs.put_line("up-$WINDROW_GENERATION"),
        signs.wait_line("go")
    );
    begin(&env, &[&line.replace('\'', "")], &[]);
    signs.wait("up-1");
    let vars = std::fs::read_to_string(signs.path("vars-1")).unwrap();
    let worker = env.playing(windrow_testkit::Role::Worker);
    assert!(worker.iter().any(windrow_testkit::Running::kill));
    signs.wait("up-2");
    let ask = |generation: &str| {
        let mut command = env.command(env.root(), &["ask", "Which?"]);
        for (name, value) in vars.lines().filter_map(|line| line.split_once('=')) {
            if name.starts_with("WINDROW_") {
                let value = if name == "WINDROW_GENERATION" { generation } else { value };
                command = command.env(name, value);
            }
        }
        env.finish(command)
    };
    let refused = ask("1").code(1);
    assert!(refused.err.contains("is at generation 2, the report is of 1"), "{refused}");
    let _asked = ask("2").ok();
    signs.put("go");
    let row = waiting(&env, "t-1");
    let _closed = env.windrow(["kill", &row.name]).ok();
}

#[test]
fn h14_a_worker_reads_what_it_is_told_once() {
    let env = place();
    let signs = env.signs();
    let line = format!(
        "{}; {}; windrow inbox > first.txt; windrow inbox > second.txt",
        signs.put_line("up"),
        signs.wait_line("go")
    );
    begin(&env, &[&line], &[]);
    signs.wait("up");
    let text = "mind the tests\nm-9:\n  and this";
    let told = env.windrow(["tell", "t-1", "nobody", text]).code(3);
    assert!(told.err.contains("there is no session or task `nobody`"), "{told}");
    assert_eq!(talk(&env, "s-1"), [said("message", text, "queued")]);
    signs.put("go");
    env.await_run_end();
    let first = env.repo().at_revision("main", "first.txt").unwrap();
    // No line of what was said can pass for a heading.
    assert_eq!(first, "m-1:\n  mind the tests\n  m-9:\n    and this\n");
    assert_eq!(env.repo().at_revision("main", "second.txt").as_deref(), Some(""));
    assert_eq!(talk(&env, "s-1"), [said("message", text, "seen")]);
    let refused = env.windrow(["tell", "s-1", "late"]).code(1);
    assert!(refused.err.contains("hears nothing more"), "{refused}");
}

#[test]
fn p7_what_is_said_as_json_has_the_form_of_its_schema() {
    let env = place();
    let ask = "windrow ask 'Which?' --option a --format json > ask.json";
    let line = format!("{ask}; windrow inbox --wait --format json > inbox.json");
    begin(&env, &[&line], &[]);
    let printed = |args: &[&str]| env.windrow([args, &["--format", "json"]].concat()).ok().out;
    expect_form("wait.json", &printed(&["wait", "t-1", "--for", "waiting"]));
    expect_form("next.json", &printed(&["next"]));
    expect_form("windrow.json", &printed(&[]));
    expect_form("explain.json", &printed(&["explain", "s-1"]));
    expect_form("answer.json", &printed(&["answer", "t-1", "1"]));
    env.await_run_end();
    for file in ["ask.json", "inbox.json"] {
        expect_form(file, &env.repo().at_revision("main", file).unwrap());
    }
    expect_form("next.json", &printed(&["next"]));
    expect_form("explain.json", &printed(&["explain", "s-1"]));
}

#[test]
fn h14_a_worker_does_not_speak_for_the_person() {
    let env = place();
    let line =
        "windrow answer $WINDROW_NAME yes 2> no.txt; windrow tell $WINDROW_NAME x 2>> no.txt; true";
    begin(&env, &[line], &[]);
    env.await_run_end();
    let no = env.repo().at_revision("main", "no.txt").unwrap();
    assert_eq!(no.matches("a worker does not speak for the person").count(), 2, "{no}");
    let outside = env.windrow(["ask", "Which?"]).code(1);
    assert!(outside.err.contains("this is no worker's shell"), "{outside}");
}

#[test]
fn h14_a_worker_that_waits_is_ended_and_its_work_is_kept() {
    let env = place();
    begin(&env, &["echo half > half.txt; windrow ask 'Which?'"], &[]);
    let row = waiting(&env, "t-1");
    wait_until("its turn is over", || env.sessions()[0].status == "waiting");
    let _stopped = env.windrow(["kill", &row.name]).ok().says("its work kept");
    env.await_run_end();
    env.expect_status("1", TaskStatus::Stuck);
    assert_eq!(env.repo().at_revision("main", "half.txt"), None);
    let folder = crate::place::restored(&env, &row.id);
    assert_eq!(std::fs::read_to_string(folder.join("half.txt")).unwrap(), "half\n");
}

#[test]
fn h9_next_names_who_waited_longest_and_what_to_type() {
    let env = place();
    let _nobody = env.windrow(["next"]).ok().says("Nobody waits for a person.");
    assert_eq!(env.windrow(["next", "--format", "json"]).ok().json(), Value::Null);
    let signs = env.signs();
    let second = format!("{}; windrow ask 'Second?' --option a --wait", signs.wait_line("go"));
    begin(&env, &["windrow ask 'First?' --wait", &second], &["--pool", "2"]);
    let first = waiting(&env, "t-1");
    signs.put("go");
    let last = waiting(&env, "t-2");
    let next = env.windrow(["next", "--format", "json"]).ok().json();
    assert_eq!(next["name"], first.name.as_str());
    assert_eq!(next["others"], 1);
    assert_eq!(next["activity"]["word"], "waiting for input");
    assert_eq!(next["command"], format!("windrow answer {} TEXT", first.name));
    let _told = env.windrow(["answer", &first.name, "yes"]).ok();
    let shown = env.windrow(["next"]).ok();
    for part in ["is waiting for input for", "it asked m-2: Second?", "(1) a", &last.name] {
        assert!(shown.out.contains(part), "no `{part}` in {shown}");
    }
    // Whoever stands in another folder finds the worker by its name.
    let _told = env.finish(env.command(env.root(), &["answer", &last.name, "1"])).ok();
    env.await_run_end();
}

#[test]
fn h10_what_a_worker_does_stands_with_its_evidence_wherever_it_is_shown() {
    let env = place();
    begin(&env, &["windrow ask 'Which?' --wait; exit 3"], &["--tries", "1"]);
    let row = waiting(&env, "t-1");
    let asks = "it asked m-1: Which?";
    let _table = env.windrow([""; 0]).ok().says("waiting for input").says("asks: Which?");
    let _page = env.windrow(["status"]).ok().says("WAITING FOR INPUT");
    let _why = env.windrow(["explain", &row.name]).ok().says(asks).says("windrow answer");
    let rows = env.windrow(["--format", "json"]).ok().json();
    assert_eq!(rows[0]["activity"]["evidence"], asks);
    assert_eq!(rows[0]["activity"]["source"], "journal");
    let wanted = env.windrow(["wait", &row.name, "--for", "working", "--timeout", "100ms"]).code(3);
    assert!(wanted.err.contains("did not come to that in time"), "{wanted}");
    let _answered = env.windrow(["answer", &row.name, "this"]).ok();
    let over = env.windrow(["wait", "s-1", "--for", "exited", "--format", "json"]).ok().json();
    assert_eq!(over["activity"]["evidence"], "its agent ended with 3");
    env.await_run_end();
}
