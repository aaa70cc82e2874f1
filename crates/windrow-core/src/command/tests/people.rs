//! Tasks as people add, edit, close and import them.

use crate::command::{
    AddTask, CloseTask, Command, DropKept, EditTask, ForgetTree, ImportTasks, ImportedTask,
};
use crate::effect::Effect;
use crate::ids::{TaskId, TreeId};
use crate::spec::{RunSpec, TaskSpec};
use crate::state::ClosedAs;
use crate::testing::{World, check, given, refused, spec};

fn add(line: &str) -> Command {
    Command::AddTask(AddTask { spec: spec(line) })
}

fn edit(task: u64, line: &str) -> Command {
    Command::EditTask(EditTask { task: TaskId(task), spec: spec(line) })
}

fn close(task: u64, how: ClosedAs) -> Command {
    Command::CloseTask(CloseTask { task: TaskId(task), how, reason: "enough".to_owned() })
}

fn import(lines: &[(&str, &str, &[&str], bool)]) -> Command {
    let tasks = lines.iter().map(|(key, line, depends, done)| ImportedTask {
        key: (*key).to_owned(),
        spec: spec(line),
        depends: depends.iter().map(|on| (*on).to_owned()).collect(),
        reads: Vec::new(),
        done: *done,
    });
    Command::ImportTasks(ImportTasks { file: "TASKS.md".to_owned(), tasks: tasks.collect() })
}

#[test]
fn a_task_is_added_with_the_next_number() {
    let mut world = given(&["one"], None);
    check(&mut world, &add("two <- 1"), "task_added task=2");
    refused(&mut world, &add(""), "the task title is empty or has more than one line: ``");
    refused(&mut world, &add("three <- 9"), "there is no task `t-9`");
    refused(&mut world, &add("three <- 3"), "task `t-3` cannot depend on itself");
    let spec = TaskSpec { priority: 5, ..spec("three") };
    let wrong = Command::AddTask(AddTask { spec });
    refused(&mut world, &wrong, "priority `5` is not between 0 and 4");
    let spec = TaskSpec { title: "two\nlines".to_owned(), ..TaskSpec::default() };
    let wrong = Command::AddTask(AddTask { spec });
    refused(&mut world, &wrong, "the task title is empty or has more than one line: `two\nlines`");
}

#[test]
fn a_task_is_edited_but_never_into_a_circle() {
    let mut world = given(&["one", "two <- 1", "three <- 2"], None);
    check(&mut world, &edit(1, "uno"), "task_edited task=1");
    check(&mut world, &edit(1, "uno"), "");
    refused(
        &mut world,
        &edit(1, "uno <- 3"),
        "the tasks depend on each other in a circle: t-1 -> t-3 -> t-2 -> t-1",
    );
    refused(&mut world, &edit(1, "uno <- 7"), "there is no task `t-7`");
    refused(&mut world, &edit(7, "seven"), "there is no task `t-7`");
    world.give(&close(3, ClosedAs::Done)).unwrap();
    refused(&mut world, &edit(3, "drei"), "task `t-3` is done; what is over is not changed");
}

#[test]
fn the_files_of_work_in_progress_and_its_gate_in_turn_stay() {
    let mut world = given(&["one @ src/**"], Some(RunSpec::default()));
    let rule = "its files and its gate are not changed under way";
    let narrow = edit(1, "one @ src/a");
    refused(&mut world, &narrow, &format!("task `t-1` is being worked on; {rule}"));
    check(&mut world, &edit(1, "other words @ src/**"), "task_edited task=1");
    world.until(|effect| matches!(effect, Effect::MergeEntry(..)));
    let gate = TaskSpec { gate: Some("true".to_owned()), ..spec("other words @ src/**") };
    let gate = Command::EditTask(EditTask { task: TaskId(1), spec: gate });
    refused(&mut world, &gate, &format!("task `t-1` is on its way to the branch; {rule}"));
}

#[test]
fn a_task_is_closed_whatever_it_does() {
    let mut world = given(&["one", "two", "three <- 2"], Some(RunSpec::default()));
    check(
        &mut world,
        &close(1, ClosedAs::Done),
        r#"
        stop_requested session=2 why="kill"
        task_closed how="done" reason="enough" task=1
    "#,
    );
    check(
        &mut world,
        &close(2, ClosedAs::Cancelled),
        r#"
        stop_requested session=1 why="kill"
        task_closed how="cancelled" reason="enough" task=2
    "#,
    );
    let refusal = "task `t-2` is cancelled; it is over already";
    refused(&mut world, &close(2, ClosedAs::Done), refusal);
    check(
        &mut world,
        &close(3, ClosedAs::Cancelled),
        r#"task_closed how="cancelled" reason="enough" task=3"#,
    );
    refused(&mut world, &close(9, ClosedAs::Done), "there is no task `t-9`");
}

#[test]
fn submitted_work_of_a_closed_task_leaves_the_queue_unless_it_lands_at_this_moment() {
    let mut world = given(&["one"], Some(RunSpec { hold: true, ..RunSpec::default() }));
    world.until(|effect| matches!(effect, Effect::ReleaseTree(..)));
    check(
        &mut world,
        &close(1, ClosedAs::Cancelled),
        r#"
        entry_withdrawn landing=1 reason="the task was closed: enough"
        task_closed how="cancelled" reason="enough" task=1
    "#,
    );

    let mut world = given(&["one"], Some(RunSpec::default()));
    world.until(|effect| matches!(effect, Effect::MoveTarget(..)));
    refused(
        &mut world,
        &close(1, ClosedAs::Cancelled),
        "task `t-1` is on its way to the branch; it is being landed; try again in a moment",
    );
}

#[test]
fn an_import_adds_and_edits_what_the_file_changed_and_nothing_else() {
    let mut world = World::default();
    let file = import(&[("1", "one", &[], false), ("2", "two", &["1"], false)]);
    check(
        &mut world,
        &file,
        r"
        task_added task=1
        task_added task=2
    ",
    );
    check(&mut world, &file, "");
    let file =
        import(&[("2", "two", &[], false), ("1", "uno", &["2"], false), ("3", "three", &[], true)]);
    check(
        &mut world,
        &file,
        r#"
        task_edited task=2
        task_edited task=1
        task_added task=3
        task_closed how="done" reason="the file says that it is done" task=3
        task_checked_off task=3
    "#,
    );
    let file = import(&[("2", "two", &[], true), ("1", "uno", &["2"], false)]);
    check(
        &mut world,
        &file,
        r#"
        task_closed how="done" reason="the file says that it is done" task=2
        task_checked_off task=2
    "#,
    );
}

#[test]
fn what_a_person_changed_stays_until_the_file_changes_that_field() {
    let mut world = World::default();
    let file = |title: &str, depends: &[&str]| {
        import(&[("1", title, depends, false), ("2", "two", &[], false)])
    };
    world.give(&file("one", &[])).unwrap();
    let mut mine = world.state.tasks[&TaskId(1)].spec.clone();
    mine.priority = 0;
    mine.title = "my own words".to_owned();
    let edit = EditTask { task: TaskId(1), spec: mine };
    world.give(&Command::EditTask(edit)).unwrap();
    check(&mut world, &file("one", &[]), "");
    // Another field of the file changes: what the person said stays beside it.
    check(&mut world, &file("one", &["2"]), "task_edited task=1");
    let task = |world: &World| world.state.tasks[&TaskId(1)].spec.clone();
    let depends = std::collections::BTreeSet::from([TaskId(2)]);
    assert_eq!((task(&world).title.as_str(), task(&world).priority), ("my own words", 0));
    assert_eq!(task(&world).depends, depends);
    // The field itself changes in the file: the file's newer word counts, once.
    check(&mut world, &file("uno", &["2"]), "task_edited task=1");
    assert_eq!((task(&world).title.as_str(), task(&world).priority), ("uno", 0));
    check(&mut world, &file("uno", &["2"]), "");
    // A dependency that a person added closes a circle with the file's, by way of another task.
    let own = crate::testing::spec("own <- 1");
    world.give(&Command::AddTask(AddTask { spec: own })).unwrap();
    let mut two = world.state.tasks[&TaskId(2)].spec.clone();
    two.depends.insert(TaskId(3));
    let circle = Command::EditTask(EditTask { task: TaskId(2), spec: two.clone() });
    assert!(world.give(&circle).is_err());
    world.give(&file("uno", &[])).unwrap();
    world.give(&circle).unwrap();
    let answer = world.give(&file("uno", &["2"]));
    assert!(answer.unwrap_err().to_string().contains("circle"));
}

#[test]
fn an_import_with_a_circle_or_an_unclear_key_is_refused_whole() {
    let mut world = World::default();
    let circle = import(&[("1", "one", &["2"], false), ("2", "two", &["1"], false)]);
    let message = "the tasks depend on each other in a circle: 1 -> 2 -> 1";
    refused(&mut world, &circle, message);
    let own = import(&[("1", "one", &["1"], false)]);
    refused(&mut world, &own, "task `t-1` cannot depend on itself");
    let double = import(&[("1", "one", &[], false), ("1", "two", &[], false)]);
    refused(&mut world, &double, "two tasks of one import share the key `1`");
    let missing = import(&[("1", "one", &["7"], false)]);
    refused(&mut world, &missing, "task `1` names `7`, which the import does not have");
}

#[test]
fn an_import_leaves_the_files_of_a_worker_as_they_are_until_later() {
    let mut world = World::default();
    world.give(&import(&[("1", "one @ src/**", &[], false)])).unwrap();
    let run = RunSpec { branch: "main".to_owned(), ..RunSpec::default() };
    let run = crate::command::StartRun { spec: run, tasks: vec![TaskId(1)] };
    world.give(&Command::StartRun(run)).unwrap();
    world.give(&import(&[("1", "uno @ docs/**", &[], true)])).unwrap();
    let spec = &world.state.tasks[&TaskId(1)].spec;
    assert_eq!((spec.title.as_str(), spec.scopes[0].as_str()), ("uno", "src/**"));
}

#[test]
fn trees_in_use_are_not_forgotten_and_kept_refs_only_once() {
    let mut world = given(&["one"], Some(RunSpec::default()));
    world.until(|effect| matches!(effect, Effect::WatchAgent(..)));
    let forget = |tree| Command::ForgetTree(ForgetTree { tree: TreeId(tree) });
    refused(&mut world, &forget(1), "worktree `w-1` is in use");
    check(&mut world, &forget(7), "");
    let drop = |refname: &str| {
        Command::DropKept(DropKept { refname: refname.to_owned(), why: "landed".to_owned() })
    };
    check(&mut world, &drop("refs/windrow/kept/s-1/1"), "");
    world.until(|effect| matches!(effect, Effect::FreeName(..)));
    check(&mut world, &forget(1), "tree_forgotten tree=1");
    check(
        &mut world,
        &drop("refs/windrow/kept/s-1/1"),
        r#"kept_dropped refname="refs/windrow/kept/s-1/1" why="landed""#,
    );
    check(&mut world, &drop("refs/windrow/kept/s-1/1"), "");
}
